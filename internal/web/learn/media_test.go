package learn_test

import (
	"net/http"
	"strings"
	"testing"

	"lectern/internal/course"
)

const (
	srtText   = "1\n00:00:01,000 --> 00:00:02,000\nHello <b>there</b> & you\n"
	sjsonText = `{"start":[0],"end":[1000],"text":["Bonjour"]}`
)

// videoSite serves one unit with one video.
func videoSite(t *testing.T, data string, fields map[string]string) (*site, string) {
	t.Helper()
	b := block("video", "v1", "Film")
	b.Data, b.Fields = data, fields
	c := courseOf(block("chapter", "c", "C", block("sequential", "s", "S", block("vertical", "u", "Unit", b))))
	c.Assets = course.NewAssets([]course.Asset{
		{Name: "film-en.srt", SHA256: "e1"}, {Name: "fr_subs_SUB.srt.sjson", SHA256: "f1", Locked: true},
		{Name: "subs_abcdefghijk.srt.sjson", SHA256: "f1"}, {Name: "broken.srt", SHA256: "b1"}, {Name: "film.mp4", SHA256: "m1"},
	})
	s := newSite(t, c)
	s.put("e1", srtText)
	s.put("f1", sjsonText)
	s.put("b1", "no captions")
	return s, s.launch("ann", "vertical", "u")
}

func TestVideoFile(t *testing.T) {
	s, base := videoSite(t, `<video><source src="https://cdn.test/a.mp4"/><handout src="/static/film-en.srt"/>`+
		`<transcript language="fr" src="fr_subs_SUB.srt.sjson"/></video>`, map[string]string{
		"html5_sources": `["https://cdn.test/a.mp4", "javascript:alert(1)", "/static/film.mp4"]`, "transcripts": `{"en": "film-en.srt", "de": "gone.srt"}`,
		"start_time": "00:01:05", "end_time": "90.0", "youtube_id_1_0": "abcdefghijk", "download_video": "true", "sub": "SUB",
	})
	r := s.get(base)
	r.has(t, `<video controls`, `src="https://cdn.test/a.mp4#t=65,90" type="video/mp4"`, `src="/asset/v1/static/film.mp4#t=65,90"`,
		`<track kind="captions" src="`+base+`transcript/v1/en" label="English" srclang="en" default>`,
		`label="français" srclang="fr"`, "Hello there &amp; you", "Download the video", "Download the handout",
		`data-youtube="https://www.youtube-nocookie.com/embed/abcdefghijk?`)
	r.lacks(t, "javascript:", "autoplay", "<iframe", "transcript/v1/de")
	vtt := s.get(base + "transcript/v1/en")
	if want := "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHello there &amp; you\n"; vtt.Body != want || !strings.HasPrefix(vtt.Header.Get("Content-Type"), "text/vtt") {
		t.Errorf("%s: %q", vtt.Header.Get("Content-Type"), vtt.Body)
	}
	if r := s.get(base + "transcript/v1/fr?as=text"); r.Body != "Bonjour\n" {
		t.Errorf("text %q", r.Body)
	}
	s.get(base+"transcript/v1/fr?as=html").has(t, `<span class="cue" data-start="0.00">Bonjour</span>`)
	for _, path := range []string{"transcript/v1/de", "transcript/v2/en", "transcript/v1", "transcript/"} {
		if r := s.get(base + path); r.Status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, r.Status)
		}
	}
}

func TestVideoYouTube(t *testing.T) {
	for _, tt := range []struct {
		name, data string
		fields     map[string]string
		want, not  []string
	}{
		{"id", "<video/>", map[string]string{"youtube_id_1_0": "abcdefghijk", "start_time": "10"},
			[]string{`title="Video: Film"`, "youtube-nocookie.com/embed/abcdefghijk?", "start=10", "Bonjour", "<details class=\"transcript\" open>", "watch?v=abcdefghijk"}, []string{"autoplay", "<video"}},
		{"speeds", "<video/>", map[string]string{"youtube": "0.75:slowslowslow,1.0:abcdefghijk"}, []string{"embed/abcdefghijk?"}, []string{"slowslow"}},
		{"nothing given", "<video/>", nil, []string{"embed/3_yD_cEKoCk?"}, nil},
		{"none on purpose", "<video/>", map[string]string{"youtube_id_1_0": ""}, []string{"no file that can be played"}, []string{"<iframe"}},
		{"no id at all", "<video/>", map[string]string{"youtube_id_1_0": `x" onload="alert(1)`}, []string{"no file that can be played"}, []string{"onload"}},
		{"element that cannot be read", "<video", map[string]string{"youtube_id_1_0": "abcdefghijk"}, []string{"embed/abcdefghijk?"}, nil},
		{"transcript that cannot be read", "<video/>", map[string]string{"youtube_id_1_0": "ABCDEFGHIJK", "transcripts": `{"en":"broken.srt"}`},
			[]string{"This transcript cannot be shown here."}, nil},
		{"encoded files", `<video><video_asset><encoded_video profile="desktop_mp4" url="https://cdn.test/x.mp4"/><encoded_video profile="youtube" url="abcdefghijk"/></video_asset></video>`,
			nil, []string{`<source src="https://cdn.test/x.mp4"`}, []string{"<iframe"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, base := videoSite(t, tt.data, tt.fields)
			r := s.get(base)
			r.has(t, tt.want...)
			r.lacks(t, tt.not...)
		})
	}
}

func TestAssets(t *testing.T) {
	c := demo()
	c.Assets = course.NewAssets([]course.Asset{
		{Name: "css/a b.css", SHA256: "aa11", ContentType: "text/plain"},
		{Name: "secret.pdf", SHA256: "bb22", ContentType: "application/pdf", Locked: true},
		{Name: "gone.png", SHA256: "cc33"}, {Name: "page.html", SHA256: "aa11"}, {Name: "odd", SHA256: "aa11", ContentType: "x"},
	})
	s := newSite(t, c)
	s.put("aa11", "body{color:red}")
	s.put("bb22", "%PDF")
	base := s.launch("ann", "sequential", "s1")

	r := s.get("/asset/v1/static/css/a%20b.css")
	r.has(t, "body{color:red}")
	for name, want := range map[string]string{
		"Content-Type": "text/css; charset=utf-8", "Cache-Control": "public, max-age=31536000, immutable",
		"Etag": `"aa11"`, "X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if r := s.get("/asset/v1/static/css/a%20b.css", "If-None-Match", `"aa11"`); r.Status != http.StatusNotModified {
		t.Errorf("known content: status %d", r.Status)
	}
	r = s.get("/asset/v1/static/css/a%20b.css", "Range", "bytes=5-9")
	if r.Status != http.StatusPartialContent || r.Body != "color" {
		t.Errorf("range: %d %q", r.Status, r.Body)
	}
	if r := s.do(http.MethodHead, "/asset/v1/static/css/a_b.css", nil); r.Status != http.StatusOK || r.Body != "" {
		t.Errorf("HEAD by cleaned name: %d %q", r.Status, r.Body)
	}
	for path, want := range map[string]string{"page.html": "text/html; charset=utf-8", "odd": "application/octet-stream"} {
		if r := s.get("/asset/v1/static/" + path); r.Header.Get("Content-Type") != want {
			t.Errorf("%s: %q", path, r.Header.Get("Content-Type"))
		}
	}
	for _, path := range []string{"/asset/v1/static/secret.pdf", "/asset/v1/static/none", "/asset/v1/static/gone.png", "/asset/v2/static/page.html", "/asset/v1/static/"} {
		if r := s.get(path); r.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, r.Status)
		}
	}
	t.Run("locked files need the session", func(t *testing.T) {
		r := s.get(base + "static/secret.pdf")
		r.has(t, "%PDF")
		if got := r.Header.Get("Cache-Control"); !strings.HasPrefix(got, "private") {
			t.Errorf("cached as %q", got)
		}
		if r := s.get("/learn/other/static/secret.pdf"); r.Status == http.StatusOK {
			t.Error("served without a session")
		}
	})
}
