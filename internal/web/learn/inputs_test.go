package learn_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lectern/internal/course"
	"lectern/ui"
)

func TestPreview(t *testing.T) {
	s, base := problemSite(t, numberXML, nil)
	s.get(base).has(t, "learn/problems.js", "learn/preview.js", "learn/inputs.css", "tex-mml-chtml.js", `data-preview="formula"`)
	ask := func(typed string) (reply, map[string]string) {
		r := s.do(http.MethodPost, base+"problem/p/preview", url.Values{"input": {"p_2_1"}, "typed": {typed}, "request_start": {"17"}})
		var got map[string]string
		if err := json.Unmarshal([]byte(r.Body), &got); err != nil && r.Status == http.StatusOK {
			t.Fatal(err)
		}
		return r, got
	}
	if _, got := ask("x^2"); got["preview"] != "x^{2}" || got["request_start"] != "17" || got["error"] != "" {
		t.Errorf("preview of x^2: %v", got)
	}
	if _, got := ask("x^"); got["preview"] != "" || got["error"] == "" {
		t.Errorf("preview of x^: %v", got)
	}
	status := 0
	for range 100 {
		r, _ := ask("1")
		status = r.Status
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("status %d after 100 previews at once", status)
	}
	other := s.launch("ben", "sequential", "s")
	if r := s.do(http.MethodPost, other+"problem/p/preview", url.Values{"input": {"p_2_1"}, "typed": {"1"}}); r.Status != http.StatusOK {
		t.Errorf("status %d for somebody else", r.Status)
	}
}

func TestPagesLoadOnlyWhatTheyNeed(t *testing.T) {
	s, base := problemSite(t, stringXML, nil)
	s.get(base).has(t, "learn/problems.js")
	s.get(base).lacks(t, "learn/preview.js", "learn/placing.js", "learn/program.js", "learn/image.js")
}

func TestNotCounted(t *testing.T) {
	s, base := problemSite(t, numberXML, attempts(2))
	r := s.post(base+"problem/p/submit", fields("input_p_2_1", "3 apples"))
	r.has(t, "Your attempt was not counted.", "You have used 0 of 2 attempts.", `value="3 apples"`)
	r = s.post(base+"problem/p/submit", fields("input_p_2_1", "4"))
	r.has(t, "Incorrect", "You have used 1 of 2 attempts.")
	r.lacks(t, "not counted")
}

// TestProgram: a page of the course asked for as a program has the bridge before
// everything else in it and an origin of its own.
func TestProgram(t *testing.T) {
	pages := map[string]struct{ text, want string }{
		"whole.html":   {"<!doctype html>\n<html lang=en><!-- <head> --><head><script src=a.js></script>", "<head>BRIDGE<script src=a.js>"},
		"headless.htm": {"<!doctype html><script>x</script>", "<!doctype html>BRIDGE<script>"},
		"text.html":    {"hello <head>", "BRIDGEhello <head>"},
		"body.html":    {"<html><body>x", "<html>BRIDGE<body>"},
		"empty.html":   {"", "BRIDGE"},
	}
	c := courseOf(block("chapter", "c", "C", block("sequential", "s", "S", block("vertical", "u", "Unit", htmlBlock("h", "x")))))
	files := []course.Asset{{Name: "a.js", SHA256: "sha-js"}, {Name: "locked.html", SHA256: "sha-locked", Locked: true}}
	for name := range pages {
		files = append(files, course.Asset{Name: name, SHA256: "sha-" + name})
	}
	c.Assets = course.NewAssets(files)
	s := newSite(t, c)
	s.put("sha-js", "x")
	s.put("sha-locked", "<head>")
	bridge := `<script src="` + ui.Asset("learn/bridge.js") + `"></script>`
	for name, p := range pages {
		s.put("sha-"+name, p.text)
		r := s.get("/asset/v1/static/" + name + "?program=x")
		if want := strings.ReplaceAll(p.want, "BRIDGE", bridge); r.Status != http.StatusOK || !strings.Contains(r.Body, want) {
			t.Errorf("%s: status %d, %s, want %s", name, r.Status, r.Body, want)
		}
		csp := r.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(csp, "sandbox ") || strings.Contains(csp, "same-origin") || r.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: policy %q, %v", name, csp, r.Header)
		}
		if r := s.get("/asset/v1/static/" + name); r.Body != p.text {
			t.Errorf("%s as a plain file: %s", name, r.Body)
		}
	}
	if r := s.get("/asset/v1/static/a.js?program=x"); r.Body != "x" {
		t.Errorf("a script as a program: %s", r.Body)
	}
	base := s.launch("ann", "sequential", "s")
	locked := s.get(base + "static/locked.html?program=x")
	if !strings.Contains(locked.Body, bridge) || !strings.HasPrefix(locked.Header.Get("Content-Security-Policy"), "sandbox ") {
		t.Errorf("a locked program: %d, %v", locked.Status, locked.Header)
	}
	if r := s.get("/asset/v1/static/locked.html?program=x"); r.Status == http.StatusOK {
		t.Error("a locked program is open to everybody")
	}
}
