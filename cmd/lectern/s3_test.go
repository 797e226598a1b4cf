package main

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"lectern/internal/assets"
	"lectern/internal/config"
	"lectern/internal/importer"
	"lectern/internal/s3test"
)

// withPicture is the test course with a file beside it.
func withPicture(text string) map[string]string {
	files := testCourse()
	files["static/picture.txt"] = text
	return files
}

// TestSiteOnS3 serves course files from a bucket, whole and in part, and says
// 503 with a code, never 500, when it cannot; pages and answers go on meanwhile.
func TestSiteOnS3(t *testing.T) {
	s3 := s3test.Start(t)
	s := startSite(t, func(c *config.Config) { c.Assets = s3.URL })
	report := s.importFiles(withPicture("a picture"))
	s.consumer("consumer_key", "secret", nil)
	at := "/asset/" + report.VersionID + "/static/picture.txt"
	browser := newBrowser(t)
	if p := s.get(browser, at); p.StatusCode != http.StatusOK || p.body != "a picture" {
		t.Fatalf("the file: %d %q", p.StatusCode, p.body)
	}
	r, err := http.NewRequest(http.MethodGet, s.url+at, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Range", "bytes=2-4")
	if p := s.do(browser, r); p.StatusCode != http.StatusPartialContent || p.body != "pic" {
		t.Errorf("a part of it: %d %q", p.StatusCode, p.body)
	}
	for fault, code := range map[s3test.Fault]string{s3test.Denied: "assets_forbidden", s3test.Busy: "assets_unavailable"} {
		s3.Always(fault)
		p := s.get(browser, at)
		if p.StatusCode != http.StatusServiceUnavailable || p.code() != code || strings.Contains(p.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %s, Cache-Control %q", fault, p.StatusCode, p.code(), p.Header.Get("Cache-Control"))
		}
		shown := s.open(newBrowser(t), s.good(path("problem", "block_id")).set("user_id", code))
		if shown.StatusCode != http.StatusOK {
			t.Errorf("%s: a page without files: %d", fault, shown.StatusCode)
		}
	}
	s3.Always(s3test.None)
	if p := s.get(browser, at); p.StatusCode != http.StatusOK {
		t.Errorf("afterwards: %d", p.StatusCode)
	}
}

// TestImportToBrokenBucket: a course whose files could not be stored is not
// published, and the one before stays whole.
func TestImportToBrokenBucket(t *testing.T) {
	s3 := s3test.Start(t)
	s := startSite(t, func(c *config.Config) { c.Assets = s3.URL })
	before := s.importFiles(withPicture("a picture"))
	files := withPicture("another picture")
	files["static/second.txt"], files["static/third.txt"] = "second", "third"
	folder := filepath.Join(t.TempDir(), "course")
	writeFiles(t, folder, files)
	puts := 0
	s3.Fail(func(r *http.Request) s3test.Fault {
		if r.Method != http.MethodPut {
			return s3test.None
		}
		if puts++; puts > 1 {
			return s3test.Busy
		}
		return s3test.None
	})
	_, err := s.app.Importer.Import(context.Background(), folder, importer.Options{})
	if err == nil || !strings.Contains(err.Error(), assets.ErrUnavailable.Code) {
		t.Fatalf("import: %v", err)
	}
	if r, err := s.app.Importer.Report(context.Background(), before.CourseKey); err != nil || r.VersionID != before.VersionID {
		t.Errorf("published is %+v, %v", r, err)
	}
	s3.Fail(nil)
	fresh, err := s.app.Importer.Import(context.Background(), folder, importer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]string{before.VersionID: "a picture", fresh.VersionID: "another picture"} {
		if p := s.get(newBrowser(t), "/asset/"+version+"/static/picture.txt"); p.body != want {
			t.Errorf("%d %q, want %q", p.StatusCode, p.body, want)
		}
	}
}

// TestBackupOfBucket saves a site on S3, brings it back to folders, and brings
// that one back to S3.
func TestBackupOfBucket(t *testing.T) {
	s3 := s3test.Start(t)
	t.Setenv("LECTERN_ASSETS", s3.URL)
	data, folder := t.TempDir(), filepath.Join(t.TempDir(), "course")
	writeFiles(t, folder, withPicture("a picture"))
	do := func(data string, args ...string) {
		t.Helper()
		if code, out, errOut := command(data, args...); code != exitDone {
			t.Fatalf("%v: exit %d: %s%s", args, code, out, errOut)
		}
	}
	saved := filepath.Join(t.TempDir(), "saved.tar")
	do(data, "course", "import", folder)
	do(data, "backup", "--with-key", saved)
	t.Setenv("LECTERN_ASSETS", "")
	local, again := t.TempDir(), filepath.Join(t.TempDir(), "again.tar")
	do(local, "restore", saved)
	if found := examined(t, []string{"--data", local}); found["course-files"].Status != wellOK {
		t.Errorf("restored to folders: %+v", found["course-files"])
	}
	do(local, "backup", "--with-key", again)
	other := s3test.Start(t)
	t.Setenv("LECTERN_ASSETS", other.URL)
	back := t.TempDir()
	do(back, "restore", again)
	if found := examined(t, []string{"--data", back}); found["course-files"].Status != wellOK || other.Writes() == 0 {
		t.Errorf("restored to S3: %+v", found["course-files"])
	}
}

// TestBucketAbsent: a site does not start on a bucket that is not there or not
// its own, and doctor says the same.
func TestBucketAbsent(t *testing.T) {
	s3 := s3test.Start(t)
	data := scoreData(t)
	for _, tt := range []struct {
		address string
		fault   s3test.Fault
		code    string // S3's
		says    string
	}{
		{s3.Other(), s3test.None, "NoSuchBucket", "no such bucket"},
		{s3.URL, s3test.Denied, "AccessDenied", "credentials"},
	} {
		s3.Always(tt.fault)
		t.Setenv("LECTERN_ASSETS", tt.address)
		code, _, errOut := command(data, "serve")
		if code != exitRefused || !strings.Contains(errOut, tt.code) || !strings.Contains(errOut, tt.says) {
			t.Errorf("%s: serve: exit %d: %s", tt.code, code, errOut)
		}
		found := examined(t, []string{"--data", data})["course-files"]
		if found.Status != wellFail || !strings.Contains(found.Says+found.Do, tt.says) {
			t.Errorf("%s: doctor: %+v", tt.code, found)
		}
	}
}
