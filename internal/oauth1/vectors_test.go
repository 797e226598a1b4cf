package oauth1

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/spectest"
)

type vector struct {
	ID              string      `json:"id"`
	Kind            string      `json:"kind"`
	Key             string      `json:"consumer_key"`
	Secret          string      `json:"consumer_secret"`
	Method          Method      `json:"signature_method"`
	SignedParams    [][2]string `json:"signed_params"`
	BaseStringURI   string      `json:"base_string_uri"`
	Normalized      string      `json:"normalized_parameters"`
	BaseString      string      `json:"signature_base_string"`
	SigningKey      string      `json:"signing_key"`
	Signature       string      `json:"signature"`
	BodyHash        string      `json:"oauth_body_hash"`
	PublishedMatter string      `json:"published_signature"`
	Expect          string      `json:"expect"`
	SignedURL       string      `json:"signed_url"`
	Request         struct {
		Method      string            `json:"method"`
		ExternalURL string            `json:"external_url"`
		Headers     map[string]string `json:"headers"`
		Body        string            `json:"body"`
	} `json:"request"`
}

func vectors(t *testing.T) []vector {
	t.Helper()
	var file struct {
		Vectors []vector `json:"vectors"`
	}
	spectest.JSON(t, &file, "data", "oauth1-vectors.json")
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors")
	}
	return file.Vectors
}

// TestVectorBaseStrings builds what each vector's sender signed.
func TestVectorBaseStrings(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			m := Message{Method: v.Request.Method}
			for _, p := range v.SignedParams {
				m.Form = append(m.Form, Pair{p[0], p[1]})
			}
			if got := normalize(m.Form); got != v.Normalized {
				t.Errorf("normalized parameters:\n got %s\nwant %s", got, v.Normalized)
			}
			base := m.join(v.BaseStringURI, normalize(m.Form))
			if base != v.BaseString {
				t.Errorf("base string:\n got %s\nwant %s", base, v.BaseString)
			}
			sig := base64.StdEncoding.EncodeToString(v.Method.mac(v.SigningKey, base))
			if sig != v.Signature {
				t.Errorf("signature %s, want %s", sig, v.Signature)
			}
			if v.PublishedMatter != "" && sig != v.PublishedMatter {
				t.Errorf("signature %s, published %s", sig, v.PublishedMatter)
			}
			if v.Kind != "anchor" && v.Secret != "" && v.Method.Sign(v.Secret, base) != v.Signature {
				t.Error("Method.Sign differs")
			}
		})
	}
}

// TestVectorAddresses derives the base string URI from the address.
func TestVectorAddresses(t *testing.T) {
	for _, v := range vectors(t) {
		if v.Expect != "valid" {
			continue // the sender signed another form of the address
		}
		t.Run(v.ID, func(t *testing.T) {
			a, err := ParseAddress(v.Request.ExternalURL)
			if err != nil || a.BaseStringURI() != v.BaseStringURI {
				t.Errorf("base string URI of %s: %s, %v; want %s",
					v.Request.ExternalURL, a.BaseStringURI(), err, v.BaseStringURI)
			}
		})
	}
}

// TestVectorServices signs outgoing calls and compares.
func TestVectorServices(t *testing.T) {
	for _, v := range vectors(t) {
		if v.Kind != "service-body-hash" {
			continue
		}
		t.Run(v.ID, func(t *testing.T) {
			want := headerFields(v.Request.Headers["Authorization"])
			delete(want, "realm") // optional and never signed [RFC5849 §3.5.1]
			sec, err := strconv.ParseInt(want["oauth_timestamp"], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			s := Signer{
				Key: v.Key, Secret: v.Secret, Method: v.Method,
				Clock: func() time.Time { return time.Unix(sec, 0) },
				Nonce: func() string { return want["oauth_nonce"] },
			}
			h, err := s.Header(v.Request.Method, v.Request.ExternalURL, []byte(v.Request.Body))
			if err != nil {
				t.Fatal(err)
			}
			got := headerFields(h)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if got["oauth_body_hash"] != v.BodyHash || got["oauth_signature"] != v.Signature {
				t.Errorf("hash %s, signature %s", got["oauth_body_hash"], got["oauth_signature"])
			}
		})
	}
}

// headerFields reads an Authorization header, for tests only.
func headerFields(h string) map[string]string {
	fields := map[string]string{}
	for _, m := range regexp.MustCompile(`(\w+)="([^"]*)"`).FindAllStringSubmatch(h, -1) {
		fields[m[1]] = decode(m[2], false)
	}
	return fields
}

// TestMoodleServiceCalls signs again what a real Moodle accepted.
func TestMoodleServiceCalls(t *testing.T) {
	type call struct{ URL, Authorization, Body string }
	var calls []call
	for _, name := range []string{
		"moodle-lti11-replaceResult.json", "moodle-lti11-readResult.json",
		"https/moodle-lti11-replaceResult.json", "https/moodle-lti11-readResult.json",
	} {
		var c struct{ Request call }
		spectest.JSON(t, &c, "data", "moodle", name)
		calls = append(calls, c.Request)
	}
	var cases struct {
		Cases []struct {
			Case, Authorization, CodeMajor, Response string
			RequestBody                              string `json:"request_body"`
		}
	}
	spectest.JSON(t, &cases, "data", "moodle", "moodle-lti11-outcomes-cases.json")
	for _, c := range cases.Cases {
		if c.CodeMajor == "success" {
			calls = append(calls, call{"http://127.0.0.1:8081/mod/lti/service.php", c.Authorization, c.RequestBody})
		}
	}
	for _, c := range calls {
		want := headerFields(c.Authorization)
		sec, _ := strconv.ParseInt(want["oauth_timestamp"], 10, 64)
		s := Signer{
			Key: "acckey", Secret: "accsecret", Method: Method(want["oauth_signature_method"]),
			Clock: func() time.Time { return time.Unix(sec, 0) },
			Nonce: func() string { return want["oauth_nonce"] },
		}
		h, err := s.Header("POST", c.URL, []byte(c.Body))
		got := headerFields(h)
		if err != nil || got["oauth_signature"] != want["oauth_signature"] ||
			got["oauth_body_hash"] != want["oauth_body_hash"] {
			t.Errorf("nonce %s: signature %s, want %s; %v",
				want["oauth_nonce"], got["oauth_signature"], want["oauth_signature"], err)
		}
	}
}

// TestKnownAnswer is case T184: header fields, their order and encoding as
// Open edX sends them.
func TestKnownAnswer(t *testing.T) {
	body := "<?xml version='1.0' encoding='UTF-8'?>\n" +
		`<imsx_POXEnvelopeRequest xmlns="http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0"><imsx_POXHeader>` +
		`<imsx_POXRequestHeaderInfo><imsx_version>V1.0</imsx_version><imsx_messageIdentifier>` +
		`11111111-2222-3333-4444-555555555555</imsx_messageIdentifier></imsx_POXRequestHeaderInfo></imsx_POXHeader>` +
		`<imsx_POXBody><replaceResultRequest><resultRecord><sourcedGUID><sourcedId>sourcedid</sourcedId></sourcedGUID>` +
		`<result><resultScore><language>en</language><textString>0.25</textString></resultScore></result>` +
		`</resultRecord></replaceResultRequest></imsx_POXBody></imsx_POXEnvelopeRequest>`
	s := Signer{
		Key: "consumer_key", Secret: "consumer_secret",
		Clock: func() time.Time { return time.Unix(1700000000, 0) },
		Nonce: func() string { return "nonce-0001" },
	}
	got, err := s.Header("POST", "https://canvas.example.edu/api/lti/v1/tools/1/grade_passback", []byte(body))
	want := `OAuth oauth_nonce="nonce-0001", oauth_timestamp="1700000000", oauth_version="1.0", ` +
		`oauth_signature_method="HMAC-SHA1", oauth_consumer_key="consumer_key", ` +
		`oauth_body_hash="%2B8dM4Tk9CYy5r11uVvDvzNLNWQU%3D", oauth_signature="6YU5oXFSnyw4JA%2F7C0zx4GqMgnM%3D"`
	if err != nil || got != want || len(body) != 620 {
		t.Errorf("T184 (%d bytes, %v):\n got %s\nwant %s", len(body), err, got, want)
	}
}

func TestSignFormVerifies(t *testing.T) {
	for _, method := range []Method{"", HMACSHA1, HMACSHA256, HMACSHA512} {
		s := Signer{Key: "key é", Secret: "s&cr=t é", Method: method}
		address := "https://Tool.example:443/a%2Fb;c?x=1&y=%20+z"
		form, err := s.Form(address, []Pair{{"user_id", "ü & + ~*"}, {"empty", ""}, {"user_id", "twice"}})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := ParseAddress(address)
		query, _ := ParseForm([]byte(a.RawQuery), LaunchLimits())
		body, err := ParseForm([]byte(EncodeForm(form)), LaunchLimits())
		if err != nil || cmp.Diff(form, body) != "" {
			t.Errorf("form does not survive encoding: %v", err)
		}
		m := Message{Method: "POST", Address: a, Query: query, Form: body}
		got, err := m.Verify([]string{"other", "s&cr=t é"}, Options{})
		if err != nil || got != (Result{Strict, 1}) {
			t.Errorf("%s: %+v, %v", method, got, err)
		}
	}
}

func TestSignerRefuses(t *testing.T) {
	for name, s := range map[string]Signer{"plaintext": {Method: "PLAINTEXT"}, "rsa": {Method: "RSA-SHA1"}} {
		if _, err := s.Header("POST", "https://x.example/", nil); err == nil {
			t.Errorf("%s signs", name)
		}
	}
	for _, bad := range []string{"", "/x", "ftp://x/", "https:///x", "https://u@x/", "https://x/?a=%ff"} {
		if _, err := (Signer{}).Header("POST", bad, nil); err == nil {
			t.Errorf("%q is signed for", bad)
		}
	}
}

func TestNoncesDiffer(t *testing.T) {
	a, _ := Signer{}.Header("POST", "https://x.example/", nil)
	b, _ := Signer{}.Header("POST", "https://x.example/", nil)
	if headerFields(a)["oauth_nonce"] == headerFields(b)["oauth_nonce"] || !strings.HasPrefix(a, "OAuth ") {
		t.Errorf("%s\n%s", a, b)
	}
}
