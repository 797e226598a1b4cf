package fakelms

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"lectern/internal/spectest"
)

// call is one outcome request of a test; its zero value is a good replaceResult
// of 0.5 for Ana.
type call struct {
	operation, score, sourcedid, body         string
	secret, key, method, contentType, nonce   string
	age                                       time.Duration
	noHeader, wrongHash, noAgent, repeatedKey bool
	old, new                                  string // replaced in the body
}

// send performs the call at a fresh or given LMS and returns status and body.
func send(t *testing.T, l *LMS, c call) (int, string) {
	t.Helper()
	or := func(a, b string) string {
		if a == "" {
			return b
		}
		return a
	}
	if c.sourcedid == "" {
		form, err := l.Launch("ana", "p1")
		if err != nil {
			t.Fatal(err)
		}
		c.sourcedid = form.Get("lis_result_sourcedid")
	}
	if c.body == "" {
		c.body = envelope(or(c.operation, "replaceResult"), c.sourcedid, or(c.score, "0.5"))
	}
	c.body = strings.Replace(c.body, c.old, c.new, 1)
	r := httptest.NewRequestWithContext(context.Background(), "POST", l.personality.OutcomePath, strings.NewReader(c.body))
	r.Header.Set("Content-Type", or(c.contentType, "application/xml"))
	if !c.noAgent {
		r.Header.Set("User-Agent", "test")
	}
	hash := sha1.Sum([]byte(c.body))
	if c.wrongHash {
		hash = sha1.Sum(nil)
	}
	pairs := []Pair{
		{"oauth_consumer_key", or(c.key, "k")}, {"oauth_nonce", or(c.nonce, strconv.FormatInt(time.Now().UnixNano(), 36))},
		{"oauth_timestamp", strconv.FormatInt(l.now().Add(-c.age).Unix(), 10)},
		{"oauth_signature_method", or(c.method, hmacSHA1)}, {"oauth_version", "1.0"},
		{"oauth_body_hash", base64.StdEncoding.EncodeToString(hash[:])},
	}
	target, err := splitURL(l.BaseURL() + l.personality.OutcomePath)
	if err != nil {
		t.Fatal(err)
	}
	sig := signature(or(c.method, hmacSHA1), "POST", target, append(parsePairs(target.query), pairs...), or(c.secret, "s"))
	pairs = append(pairs, Pair{"oauth_signature", sig})
	if c.repeatedKey {
		pairs = append(pairs, Pair{"oauth_consumer_key", "k"})
	}
	parts := []string{`realm=""`}
	for _, p := range pairs {
		parts = append(parts, p.Name+`="`+escape(p.Value)+`"`)
	}
	if !c.noHeader {
		r.Header.Set("Authorization", "OAuth "+strings.Join(parts, ", "))
	}
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func envelope(operation, sourcedid, score string) string {
	result := "<result><resultScore><language>en</language><textString>" + score + "</textString></resultScore></result>"
	if operation != "replaceResult" {
		result = ""
	}
	return `<?xml version="1.0" encoding="UTF-8"?>
<imsx_POXEnvelopeRequest xmlns="` + poxNamespace + `">
 <imsx_POXHeader><imsx_POXRequestHeaderInfo><imsx_version>V1.0</imsx_version>
  <imsx_messageIdentifier>m1</imsx_messageIdentifier></imsx_POXRequestHeaderInfo></imsx_POXHeader>
 <imsx_POXBody><` + operation + `Request><resultRecord><sourcedGUID><sourcedId>` + xmlText(sourcedid) +
		`</sourcedId></sourcedGUID>` + result + `</resultRecord></` + operation + `Request></imsx_POXBody>
</imsx_POXEnvelopeRequest>`
}

func TestOutcomeService(t *testing.T) {
	good := envelope("replaceResult", "s", "0.5")
	second := strings.TrimPrefix(good, `<?xml version="1.0" encoding="UTF-8"?>`)
	for _, tt := range []struct {
		name   string
		call   call
		want   string // codeMajor, or the status when there is no XML
		reason string // part of what the gradebook says
	}{
		{"half", call{}, "success", ""},
		{"zero", call{score: "0"}, "success", ""},
		{"one", call{score: "1"}, "success", ""},
		{"one point zero", call{score: "1.0"}, "success", ""},
		{"long decimal", call{score: "0.123456789012345"}, "success", ""},
		{"read", call{operation: "readResult"}, "success", ""},
		{"delete", call{operation: "deleteResult"}, "success", ""},
		{"above one", call{score: "1.01"}, "failure", "between"},
		{"negative", call{score: "-0.1"}, "failure", "numeric"},
		{"comma", call{score: "0,5"}, "failure", "numeric"},
		{"exponent", call{score: "5e-1"}, "failure", "numeric"},
		{"blank", call{score: " "}, "failure", "numeric"},
		{"NaN", call{score: "NaN"}, "failure", "numeric"},
		{"other operation", call{operation: "readMembership"}, "unsupported", "unsupported"},
		{"forged sourcedid", call{sourcedid: `{"data":{"instanceid":"p1","userid":"ben","typeid":"1","launchid":1},"hash":"00"}`}, "failure", "hash"},
		{"sourcedid of nothing", call{sourcedid: "x"}, "failure", "Invalid sourcedId"},
		{"wrong secret", call{secret: "t"}, "failure", "signature differs"},
		{"unknown key", call{key: "other"}, "failure", "unknown consumer key"},
		{"SHA-256 where SHA-1 is spoken", call{method: hmacSHA256}, "failure", "not accepted"},
		{"no header", call{noHeader: true}, "failure", "Authorization"},
		{"body hash of another body", call{wrongHash: true}, "failure", "oauth_body_hash"},
		{"repeated OAuth parameter", call{repeatedKey: true}, "failure", "twice"},
		{"299 seconds old", call{age: 299 * time.Second}, "success", ""},
		{"302 seconds old", call{age: 302 * time.Second}, "failure", "oauth_timestamp"},
		{"two hours ahead", call{age: -2 * time.Hour}, "failure", "oauth_timestamp"},
		{"text/xml", call{contentType: "text/xml"}, "415", "Content-Type"},
		{"charset", call{contentType: "application/xml; charset=utf-8"}, "415", "Content-Type"},
		{"no User-Agent", call{noAgent: true}, "403", "User-Agent"},
		{"not XML", call{body: "<a><b></a>"}, "failure", "Invalid XML"},
		{"other namespace", call{old: "imsoms_v1p0", new: "imsoms_v2p0"}, "failure", "Invalid XML"},
		{"document type", call{old: "\n<imsx", new: "\n<!DOCTYPE a><imsx"}, "failure", "Invalid XML"},
		{"two roots", call{body: good + second}, "failure", "Invalid XML"},
		{"score twice", call{old: "</resultScore>", new: "<textString>1</textString></resultScore>"}, "failure", "Invalid XML"},
		{"no message identifier", call{old: ">m1<", new: "><"}, "failure", "Invalid XML"},
		{"other language", call{old: ">en<", new: ">de<"}, "failure", "Language"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLMS(t, Options{})
			status, body := send(t, l, tt.call)
			got := between(body, "<imsx_codeMajor>", "</imsx_codeMajor>")
			if got == "" {
				got = strconv.Itoa(status)
			}
			if got != tt.want {
				t.Errorf("answer %q, want %q: %s", got, tt.want, body)
			}
			m := l.Messages()
			if len(m) != 1 || m[0].Accepted != (tt.want == "success") || !strings.Contains(m[0].Reason, tt.reason) {
				t.Errorf("history %+v, want one message about %q", m, tt.reason)
			}
		})
	}
}

func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	got, _, _ := strings.Cut(rest, to)
	return got
}

func TestOutcomeReplay(t *testing.T) {
	l := newLMS(t, Options{})
	if _, body := send(t, l, call{nonce: "n"}); !strings.Contains(body, "success") {
		t.Fatalf("first message refused: %s", body)
	}
	if _, body := send(t, l, call{nonce: "n"}); !strings.Contains(body, "failure") {
		t.Errorf("second message with the same nonce taken: %s", body)
	}
}

func TestUngradedLinkTakesNoScore(t *testing.T) {
	l := newLMS(t, Options{})
	s := l.sourcedid(l.users[0], Link{ID: "h1"}, 7)
	if _, body := send(t, l, call{sourcedid: s}); !strings.Contains(body, "Tool does not accept grades") {
		t.Errorf("answer %s", body)
	}
}

// Whatever the personality, a score arrives, can be read and can be deleted, and
// the sourcedid of an older launch stays good.
func TestOutcomesOfEverySeed(t *testing.T) {
	for seed := range uint64(100) {
		l := newLMS(t, Options{Seed: seed})
		first, err := l.Launch("ana", "p1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Launch("ana", "p1"); err != nil {
			t.Fatal(err)
		}
		id := first.Get("lis_result_sourcedid")
		status, body := send(t, l, call{sourcedid: id, score: "0.25"})
		if g, ok := l.Grade("ana", "p1"); status != 200 || !ok || g.Value != "0.25" {
			t.Fatalf("seed %d: %d, grade %+v, %s", seed, status, g, body)
		}
		if _, body := send(t, l, call{sourcedid: id, operation: "readResult"}); !strings.Contains(body, ">0.25</") {
			t.Errorf("seed %d: readResult answered %s", seed, body)
		}
		send(t, l, call{sourcedid: id, operation: "deleteResult"})
		if g, ok := l.Grade("ana", "p1"); ok {
			t.Errorf("seed %d: grade %+v after deleteResult", seed, g)
		}
	}
}

func TestOutcomeFaults(t *testing.T) {
	for _, tt := range []struct {
		fault  OutcomeFault
		status int
		text   string
		stored bool
	}{
		{Fails500, 500, "<h1>", false},
		{Maintenance, 503, "maintenance", false},
		{HTMLPage, 200, "Log in", false},
		{Unauthorized, 401, "Unauthorized", false},
		{Forbidden, 403, "blocked", false},
		{Missing, 404, "Not found", false},
		{TooManyFault, 429, "Too many", false},
		{Redirects, 302, "Moved", false},
		{Refuses, 200, ">failure<", false},
		{Refuses422, 422, "<ext_canvas_error_code>user_not_in_course<", false},
		{Unsupported, 200, ">unsupported<", false},
		{BadSignature, 200, "Message signature not valid", false},
		{Processing, 200, ">processing<", true},
		{HalfAnswer, 200, "<imsx_POXHeader>", true},
	} {
		t.Run(string(tt.fault), func(t *testing.T) {
			l := newLMS(t, Options{})
			l.FailOutcomes(tt.fault, 1)
			status, body := send(t, l, call{})
			if _, stored := l.Grade("ana", "p1"); status != tt.status || !strings.Contains(body, tt.text) || stored != tt.stored {
				t.Errorf("%d, stored %v, want %d, %v: %s", status, stored, tt.status, tt.stored, body)
			}
			if status, body := send(t, l, call{}); status != 200 || !strings.Contains(body, ">success<") {
				t.Errorf("second message met the fault too: %d %s", status, body)
			}
			if n := len(l.Messages()); n != 2 {
				t.Errorf("%d messages in the history, want 2", n)
			}
		})
	}
}

func TestConnectionFaults(t *testing.T) {
	for _, tt := range []struct {
		fault  OutcomeFault
		stored bool
	}{{HangsUp, false}, {LosesAnswer, true}} {
		l := newLMS(t, Options{})
		l.FailOutcomes(tt.fault, 1)
		func() {
			defer func() {
				if r := recover(); fmt.Sprint(r) != http.ErrAbortHandler.Error() {
					t.Errorf("%s: recovered %v", tt.fault, r)
				}
			}()
			send(t, l, call{})
		}()
		if _, stored := l.Grade("ana", "p1"); stored != tt.stored {
			t.Errorf("%s: stored %v, want %v", tt.fault, stored, tt.stored)
		}
	}
}

// The messages of the reference data arrive with signatures made elsewhere.
func TestSharedOutcome(t *testing.T) {
	var data struct {
		Vectors []struct {
			ID      string
			Request struct {
				Method  string
				Target  string `json:"request_target"`
				Headers map[string]string
				Body    string
			}
		}
	}
	spectest.JSON(t, &data, "data", "oauth1-vectors.json")
	for _, v := range data.Vectors {
		if v.ID != "40-pox-replace" && v.ID != "41-pox-replace-xml-escape" {
			continue
		}
		l := newLMS(t, Options{BaseURL: "https://" + v.Request.Headers["Host"],
			Now: func() time.Time { return time.Unix(1750000130, 0) }})
		l.SetCredentials("8e7f9b2c-consumer-key", "S3cr3t-shared-with-the-LMS")
		r := httptest.NewRequestWithContext(context.Background(), v.Request.Method, v.Request.Target, strings.NewReader(v.Request.Body))
		r.Header.Set("Authorization", v.Request.Headers["Authorization"])
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.checkSignature(r, body); err != nil {
			t.Errorf("%s: %v", v.ID, err)
		}
		if pox, err := parsePOX(body); err != nil || pox.operation != "replaceResult" || pox.score == "" {
			t.Errorf("%s: %+v, %v", v.ID, pox, err)
		}
	}
}

func FuzzParsePOX(f *testing.F) {
	f.Add([]byte(envelope("replaceResult", "s", "1")))
	f.Add([]byte("<a xmlns='" + poxNamespace + "'><a><a/></a></a>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if m, err := parsePOX(body); err == nil && m.id == "" {
			t.Errorf("message without identifier taken: %+v", m)
		}
	})
}

func FuzzOAuthHeader(f *testing.F) {
	f.Add(`OAuth a="b", c="%41"`)
	f.Fuzz(func(t *testing.T, h string) {
		if m, err := oauthHeader([]string{h}); err == nil && len(m) == 0 {
			t.Errorf("%q parsed to nothing", h)
		}
	})
}
