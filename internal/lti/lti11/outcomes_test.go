package lti11

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"lectern/internal/lti"
	"lectern/internal/oauth1"
	"lectern/internal/safehttp"
	"lectern/internal/spectest"
)

const success = `<?xml version="1.0" encoding="UTF-8"?>
<imsx_POXEnvelopeResponse xmlns="http://www.imsglobal.org/services/ltiv1p1/xsd/imsoms_v1p0"><imsx_POXHeader>
<imsx_POXResponseHeaderInfo><imsx_version>V1.0</imsx_version><imsx_messageIdentifier>1</imsx_messageIdentifier>
<imsx_statusInfo><imsx_codeMajor>success</imsx_codeMajor><imsx_severity>status</imsx_severity>
<imsx_description>fine</imsx_description></imsx_statusInfo></imsx_POXResponseHeaderInfo></imsx_POXHeader>
<imsx_POXBody><replaceResultResponse/></imsx_POXBody></imsx_POXEnvelopeResponse>`

func answer(major, description string) string {
	r := strings.Replace(success, ">success<", ">"+major+"<", 1)
	return strings.Replace(r, ">fine<", ">"+description+"<", 1)
}

// loopback is a client that may call test servers.
func loopback() *http.Client {
	return safehttp.New(safehttp.Options{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
}

// lms serves one fixed answer and keeps the request.
type lms struct {
	*httptest.Server
	status  int
	header  http.Header
	reply   string
	request *http.Request
	body    []byte
}

func newLMS(t *testing.T, status int, reply string, header ...string) *lms {
	l := &lms{status: status, reply: reply, header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		l.header.Set(header[i], header[i+1])
	}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.request = r
		l.body, _ = io.ReadAll(r.Body)
		for k, v := range l.header {
			w.Header()[k] = v
		}
		w.WriteHeader(l.status)
		_, _ = io.WriteString(w, l.reply)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *lms) target() Target {
	return Target{ServiceURL: l.URL + "/grade%2Fpassback?a=1&b=x%20y", SourcedID: `{"a":"<&>é"}`, Key: "consumer_key", Secret: "consumer_secret"}
}

func TestReplaceResultRequest(t *testing.T) {
	l := newLMS(t, 200, success)
	got, err := ReplaceResult(t.Context(), loopback(), l.target(), lti.Score{Earned: 1, Possible: 4})
	if err != nil || got.Class != Done || got.Sent != "0.25" || got.Description != "fine" || got.HTTPStatus != 200 {
		t.Fatalf("reply %+v, %v", got, err)
	}
	var sent struct {
		MessageID string `xml:"imsx_POXHeader>imsx_POXRequestHeaderInfo>imsx_messageIdentifier"`
		SourcedID string `xml:"imsx_POXBody>replaceResultRequest>resultRecord>sourcedGUID>sourcedId"`
		Score     string `xml:"imsx_POXBody>replaceResultRequest>resultRecord>result>resultScore>textString"`
		Language  string `xml:"imsx_POXBody>replaceResultRequest>resultRecord>result>resultScore>language"`
	}
	if err := xml.Unmarshal(l.body, &sent); err != nil {
		t.Fatal(err)
	}
	if sent.MessageID != got.MessageID || len(got.MessageID) != 36 || sent.SourcedID != `{"a":"<&>é"}` ||
		sent.Score != "0.25" || sent.Language != "en" {
		t.Errorf("T173 document %+v", sent)
	}
	h := l.request.Header
	if l.request.Method != "POST" || h.Get("Content-Type") != "application/xml" ||
		!strings.HasPrefix(h.Get("User-Agent"), "Lectern/") || !strings.Contains(h.Get("Authorization"), "oauth_body_hash=") {
		t.Errorf("T174 request %s %v", l.request.Method, h)
	}
	t.Run("T174 the signature covers what was sent", func(t *testing.T) {
		var nonce, stamp string
		fields := strings.NewReplacer("OAuth ", "", `"`, "").Replace(h.Get("Authorization"))
		for field := range strings.SplitSeq(fields, ", ") {
			name, value, _ := strings.Cut(field, "=")
			switch name {
			case "oauth_nonce":
				nonce = value
			case "oauth_timestamp":
				stamp = value
			}
		}
		var sec int64
		_, _ = fmt.Sscan(stamp, &sec)
		again, err := oauth1.Signer{Key: "consumer_key", Secret: "consumer_secret", Clock: clock(sec),
			Nonce: func() string { return nonce }}.Header("POST", "http://"+l.request.Host+l.request.RequestURI, l.body)
		if err != nil || again != h.Get("Authorization") {
			t.Errorf("header\n got %s\nwant %s", h.Get("Authorization"), again)
		}
	})
}

// TestEnvelope is the document of case T184, byte for byte.
func TestEnvelope(t *testing.T) {
	got := envelope(replaceResult, "11111111-2222-3333-4444-555555555555", "sourcedid", "0.25")
	sum := sha256.Sum256(got)
	if len(got) != 620 || hex.EncodeToString(sum[:]) != "118d8e692203f006af0036517eeda74696ff22e6e466a49b525ded6ea82f679d" {
		t.Errorf("T184: %d bytes\n%s", len(got), got)
	}
}

func TestScoreText(t *testing.T) {
	l := newLMS(t, 200, success)
	for _, tt := range []struct {
		name             string
		earned, possible float64
		want             string
	}{
		{"T154 all", 2, 2, "1"},
		{"T155 nothing to earn", 2, 0, "0"},
		{"T156 half", 1, 2, "0.5"},
		{"T164 more than all", 3, 2, "1"},
		{"T165 tiny, no exponent", 1, 100000, "0.00001"},
		{"T166 a third", 1, 3, "0.333333"},
		{"less than nothing", -1, 2, "0"},
	} {
		got, err := ReplaceResult(t.Context(), loopback(), l.target(), lti.Score{Earned: tt.earned, Possible: tt.possible})
		if err != nil || got.Sent != tt.want || !strings.Contains(string(l.body), "<textString>"+tt.want+"</textString>") {
			t.Errorf("%s: %q, %v; want %q", tt.name, got.Sent, err, tt.want)
		}
	}
}

// TestAnswers covers what LMSs answer and what it means.
func TestAnswers(t *testing.T) {
	two := strings.Replace(success, "<imsx_severity>", "<imsx_codeMajor>success</imsx_codeMajor><imsx_severity>", 1)
	none := strings.Replace(success, "<imsx_codeMajor>success</imsx_codeMajor>", "", 1)
	canvas := func(code string) string {
		return strings.Replace(answer("failure", "no"), "</imsx_statusInfo>",
			"<ext_canvas_error_code>"+code+"</ext_canvas_error_code></imsx_statusInfo>", 1)
	}
	for _, tt := range []struct {
		name   string
		status int
		reply  string
		want   Class
	}{
		{"T176 success", 200, success, Done},
		{"T177 500", 500, "", Transient},
		{"T177 500 that says success", 500, success, Transient},
		{"T178 broken XML", 200, "<badly>formatted</xml>", Transient},
		{"T179 two codeMajor", 200, two, Transient},
		{"T180 no codeMajor", 200, none, Transient},
		{"T181 failure", 200, answer("failure", "who knows"), Unclear},
		{"T182 capital Success", 200, answer("Success", ""), Done},
		{"T183 201", 201, success, Done},
		{"T183 204 without a document", 204, "", Transient},
		{"processing", 200, answer("processing", ""), Done},
		{"BOM and blanks", 200, "\xef\xbb\xbf \n" + success, Done},
		{"other namespace", 200, strings.ReplaceAll(success, "imsoms_v1p0", "x"), Done},
		{"latin-1", 200, strings.Replace(answer("success", "fine \xe9"), "UTF-8", "ISO-8859-1", 1), Done},
		{"unsupported", 200, answer("unsupported", ""), Permanent},
		{"unknown codeMajor", 200, answer("maybe", ""), Unclear},
		{"login page", 200, "<!DOCTYPE html><html><body>Log in</body></html>", Transient},
		{"HTML with a codeMajor", 200, "<html><imsx_codeMajor>success</imsx_codeMajor></html>", Transient},
		{"document type", 200, strings.Replace(success, "?>", `?><!DOCTYPE x [<!ENTITY e "success">]>`, 1), Transient},
		{"undeclared entity", 200, answer("&e;", ""), Transient},
		{"too deep", 200, strings.Repeat("<a>", 10_000), Transient},
		{"too long", 200, strings.Replace(success, "fine", strings.Repeat("x", 300<<10), 1), Transient},
		{"empty", 200, "", Transient},
		{"signature", 200, answer("failure", "Message signature not valid"), Config},
		{"no such activity", 200, answer("failure", "Tool does not accept grades"), Permanent},
		{"Open edX past due", 200, answer("failure", "Grade is past due"), Permanent},
		{"Canvas: user left", 422, canvas("user_not_in_course"), Permanent},
		{"Canvas: course over", 422, canvas("course_not_available"), Permanent},
		{"Canvas: sourcedid", 422, canvas("sourcedid_invalid"), Permanent},
		{"Canvas: our clock", 422, canvas("timestamp_in_future"), Config},
		{"Canvas: something else", 422, canvas("no_points_possible"), Unclear},
		{"400", 400, "", Unclear},
		{"401", 401, "", Config},
		{"401 with a document", 401, answer("failure", "no"), Config},
		{"403", 403, "<html/>", Config},
		{"404", 404, "<html/>", Gone},
		{"404 that says success", 404, success, Gone},
		{"410", 410, "", Gone},
		{"408", 408, "", Transient},
		{"415", 415, "", Unclear},
		{"425", 425, "", Transient},
		{"429", 429, answer("failure", "slow down"), Transient},
		{"502", 502, "<html/>", Transient},
		{"503", 503, "<html/>", Transient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLMS(t, tt.status, tt.reply)
			got, err := ReplaceResult(t.Context(), loopback(), l.target(), lti.Score{Earned: 1, Possible: 1})
			if got.Class != tt.want || got.HTTPStatus != tt.status {
				t.Errorf("class %s (%s), status %d; want %s", got.Class, got.Why, got.HTTPStatus, tt.want)
			}
			if (err == nil) != (tt.want == Done) || err != nil && (!errors.Is(err, ErrOutcome) || got.Why == "") {
				t.Errorf("err = %v, why %q", err, got.Why)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, " 7 ": 7 * time.Second, "-5": 0, "soon": 0, "99999999999": 0,
		"1000000": maxRetryAfter, "Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 02 Jan 2025 03:05:05 GMT": 0,
	} {
		if got := retryAfter(value, at); got != want {
			t.Errorf("retryAfter(%q) = %v, want %v", value, got, want)
		}
	}
	l := newLMS(t, 503, "", "Retry-After", "90")
	if got, _ := ReplaceResult(t.Context(), loopback(), l.target(), lti.Score{}); got.RetryAfter != 90*time.Second {
		t.Errorf("RetryAfter %v", got.RetryAfter)
	}
}

func TestRedirectIsReported(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		l := newLMS(t, status, "", "Location", "https://new.example/x?secret=1")
		got, _ := ReplaceResult(t.Context(), loopback(), l.target(), lti.Score{})
		if got.Class != Config || got.RedirectHost != "new.example" || !strings.HasSuffix(got.Why, "to new.example") {
			t.Errorf("%d: %+v", status, got)
		}
	}
}

func TestNoAnswer(t *testing.T) {
	served := newLMS(t, 200, success)
	gone := newLMS(t, 200, success)
	gone.Close()
	hang := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	t.Cleanup(slow.Close)
	t.Cleanup(func() { close(hang) })
	impatient := loopback()
	impatient.Timeout = 50 * time.Millisecond
	public := safehttp.New(safehttp.Options{})
	for _, tt := range []struct {
		name   string
		client *http.Client
		target Target
		want   Class
	}{
		{"T175 address from before the guard", public, Target{ServiceURL: "http://127.0.0.1/", SourcedID: "s"}, Permanent},
		{"T175 private https address", public, Target{ServiceURL: "https://127.0.0.1/", SourcedID: "s"}, Permanent},
		{"script", public, Target{ServiceURL: "javascript:1", SourcedID: "s"}, Permanent},
		{"no address", public, Target{SourcedID: "s"}, Permanent},
		{"no sourcedid", loopback(), Target{ServiceURL: served.URL}, Permanent},
		{"sourcedid that XML cannot carry", loopback(), Target{ServiceURL: served.URL, SourcedID: "a\x00b"}, Permanent},
		{"nobody listens", loopback(), gone.target(), Transient},
		{"time-out", impatient, Target{ServiceURL: slow.URL, SourcedID: "s"}, Transient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ReplaceResult(t.Context(), tt.client, tt.target, lti.Score{Earned: 1, Possible: 1})
			if got.Class != tt.want || got.HTTPStatus != 0 || !errors.Is(err, ErrOutcome) || got.Why == "" {
				t.Errorf("%+v, %v", got, err)
			}
			if u := tt.target.ServiceURL; u != "" && strings.Contains(err.Error(), u) {
				t.Errorf("the error shows the address: %v", err)
			}
		})
	}
	if served.request != nil {
		t.Error("T175 something was sent")
	}
}

func TestReadAndDelete(t *testing.T) {
	for _, tt := range []struct {
		text  string
		value float64
		ok    bool
	}{{"0.91", .91, true}, {"1", 1, true}, {"", 0, false}, {"success", 0, false}, {"NaN", 0, false}, {"7", 0, false}} {
		l := newLMS(t, 200, strings.Replace(success, "<replaceResultResponse/>", "<readResultResponse><result><resultScore>"+
			"<language>en</language><textString>"+tt.text+"</textString></resultScore></result></readResultResponse>", 1))
		got, err := ReadResult(t.Context(), loopback(), l.target())
		if v, ok := got.Value(); err != nil || v != tt.value || ok != tt.ok {
			t.Errorf("result %q: %v %v, %v", tt.text, v, ok, err)
		}
		if !strings.Contains(string(l.body), "<readResultRequest>") || strings.Contains(string(l.body), "resultScore") {
			t.Errorf("request %s", l.body)
		}
	}
	l := newLMS(t, 200, success)
	if got, err := DeleteResult(t.Context(), loopback(), l.target()); err != nil || got.Class != Done ||
		!strings.Contains(string(l.body), "<deleteResultRequest>") {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestMoodleAnswers classifies what a real Moodle answers.
func TestMoodleAnswers(t *testing.T) {
	var file struct {
		Cases []struct {
			Case, CodeMajor, Response string
			HTTPStatus                int `json:"http_status"`
		}
	}
	spectest.JSON(t, &file, "data", "moodle", "moodle-lti11-outcomes-cases.json")
	failures := map[string]Class{
		"score 1.01": Unclear, "score -0.1": Unclear, "score empty": Unclear, `score "0,5"`: Unclear,
		"malformed xml": Unclear, "sourcedid hash tampered": Permanent, "sourcedid not json": Permanent,
		"sourcedid userid other (hash mismatch)": Permanent, "sourcedid unknown instance": Permanent,
		"unsupported op": Permanent, "wrong secret": Config, "unknown key": Config, "no authorization header": Config,
		"timestamp -301s": Config, "content-type application/x-www-form-urlencoded": Config, "HMAC-SHA256": Config,
	}
	for _, c := range file.Cases {
		t.Run(c.Case, func(t *testing.T) {
			env, err := parseReply([]byte(c.Response))
			if err != nil || env.CodeMajor != c.CodeMajor {
				t.Fatalf("%+v, %v", env, err)
			}
			want, failed := failures[c.Case]
			if !failed {
				want = Done
			}
			if got, why := classify(c.HTTPStatus, env, err); got != want || failed != (c.CodeMajor != "success") {
				t.Errorf("class %s (%s), want %s", got, why, want)
			}
		})
	}
}

func TestDescriptionIsTamed(t *testing.T) {
	env, err := parseReply([]byte(answer("failure", " a\n* line 85 of /mod/lti/servicelib.php\t\u0085"+strings.Repeat("é", 500))))
	if err != nil || len(env.Description) > 500 || strings.ContainsAny(env.Description, "\n\t\u0085") ||
		!strings.HasPrefix(env.Description, "a * line 85") {
		t.Errorf("%q, %v", env.Description, err)
	}
}

func FuzzParseReply(f *testing.F) {
	f.Add([]byte(success))
	f.Add([]byte(answer("failure", "&#x41;<![CDATA[x]]>")))
	f.Add([]byte("<!DOCTYPE x><a>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		env, err := parseReply(body)
		if len(env.Description) > maxDescription || len(env.CodeMajor) > maxDescription {
			t.Error("unbounded text")
		}
		if err == nil && !strings.Contains(string(body), "codeMajor") {
			t.Errorf("a reply out of nothing: %+v", env)
		}
		classify(200, env, err)
	})
}
