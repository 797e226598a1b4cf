package main

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"io"
	"net/http"
	"strings"
	"testing"

	"lectern/internal/config"
)

// TestLinkFiles: files that LMSs fetch by themselves, without a session.
func TestLinkFiles(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.PublicURL = "https://tool.example" })
	s.importFiles(testCourse())
	stranger := newBrowser(t)
	p := s.get(stranger, strings.Replace(path("problem", "p2"), "/lti_provider/courses/", "/lti/cartridge/", 1)+"/cartridge.xml")
	want := "https://tool.example" + path("problem", "p2")
	if p.StatusCode != http.StatusOK || !strings.HasPrefix(p.Header.Get("Content-Type"), "application/xml") ||
		!strings.Contains(p.body, "<blti:secure_launch_url>"+want+"<") || !strings.Contains(p.body, "<blti:title>A number<") {
		t.Errorf("cartridge: %d %s", p.StatusCode, p.body)
	}
	p = s.get(stranger, "/lti/config.xml")
	if p.StatusCode != http.StatusOK || !strings.Contains(p.body, ">https://tool.example/lti_provider/content_item<") {
		t.Errorf("config: %d %s", p.StatusCode, p.body)
	}
	var any struct{}
	if err := xml.Unmarshal([]byte(p.body), &any); err != nil {
		t.Error(err)
	}
	for _, to := range []string{
		"/lti/cartridge/" + someCourse + "/" + someBlock + "vertical+block@staff/cartridge.xml", "/lti/cartridge/x/y/cartridge.xml",
		"/lti/cartridge/" + someCourse + "/" + someBlock + "problem+block@none/cartridge.xml", "/lti/cartridge/course-v1:a+b+c/" + someBlock + "problem+block@p2/cartridge.xml",
		"/lti/cartridge/" + someCourse + "/" + someBlock + "problem+block@p2",
	} {
		if p := s.get(stranger, to); p.StatusCode != http.StatusNotFound && p.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", to, p.StatusCode)
		}
	}
}

// TestTakeLinks: cartridge and table of a course, of the whole grain and no
// more, for who is signed in.
func TestTakeLinks(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	if p := s.get(newBrowser(t), "/admin/cartridge/"+someCourse+"?grain=unit"); p.StatusCode != http.StatusSeeOther {
		t.Errorf("a stranger gets %d", p.StatusCode)
	}
	browser := s.signedInBrowser()
	for grain, want := range map[string]int{"section": 1, "subsection": 1, "unit": 3, "component": 4} {
		p := s.get(browser, "/admin/cartridge/"+someCourse+"?grain="+grain)
		z, err := zip.NewReader(bytes.NewReader([]byte(p.body)), int64(len(p.body)))
		if err != nil {
			t.Fatalf("%s: %d %v", grain, p.StatusCode, err)
		}
		links := 0
		for _, f := range z.File {
			if strings.HasPrefix(f.Name, "lti/") {
				links++
			}
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(r)
			if err != nil || strings.Contains(string(b), "@staff") || strings.Contains(string(b), "Secret") {
				t.Errorf("%s: %s tells what is for staff: %v", grain, f.Name, err)
			}
		}
		if links != want {
			t.Errorf("%s: %d links, want %d", grain, links, want)
		}
	}
	if p := s.get(browser, "/admin/cartridge/"+someCourse+"?grain=word"); p.StatusCode != http.StatusBadRequest {
		t.Errorf("no such grain: %d", p.StatusCode)
	}
	p := s.get(browser, "/admin/links.csv/"+someCourse)
	rows, err := csv.NewReader(strings.NewReader(p.body)).ReadAll()
	if err != nil || len(rows) < 10 || rows[0][7] != "lti_link" || !strings.HasPrefix(rows[1][7], s.url+"/lti_provider/courses/") {
		t.Errorf("table: %v %v", rows, err)
	}
}

// TestPreviewSession: a preview is a page of its own, for who asked, and no
// launch comes of its consumer.
func TestPreviewSession(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	browser := s.signedInBrowser()
	usage := someBlock + "problem+block@p2"
	block := s.get(browser, "/admin/block/"+someCourse+"?usage="+strings.ReplaceAll(usage, "+", "%2B"))
	if block.StatusCode != http.StatusOK || !strings.Contains(block.body, `<svg class="qr"`) {
		t.Fatalf("block page: %d %.300s", block.StatusCode, block.body)
	}
	for range 2 {
		p := s.follow(browser, s.submit(browser, "/admin/preview/"+someCourse, s.fill(block, "usage", usage)))
		if p.StatusCode != http.StatusOK || !strings.Contains(p.body, "no score is sent") {
			t.Fatalf("preview: %d %s", p.StatusCode, p.code())
		}
		p = s.answer(browser, p, "p2", map[string]string{"_2_1": "42"})
		if !strings.Contains(p.body, "no score is sent") {
			t.Errorf("after an answer: %d", p.StatusCode)
		}
	}
	if p := s.get(browser, "/admin/consumers"); strings.Contains(p.body, "Preview (built in)") {
		t.Error("the consumer of previews is listed")
	}
	if p := s.get(browser, "/admin/block/"+someCourse+"?usage=none"); p.code() != "course_block_unknown" {
		t.Errorf("no such block: %d %s", p.StatusCode, p.code())
	}
	m := s.good(path("problem", "p2"))
	m.key = s.consumerNow("preview").Key
	if p := s.post(newBrowser(t), m); p.StatusCode != http.StatusForbidden {
		t.Errorf("a launch of the consumer of previews: %d", p.StatusCode)
	}
}
