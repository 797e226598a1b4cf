package main

import (
	"io/fs"
	"net/url"
	gopath "path"
	"regexp"
	"strings"
	"testing"

	"lectern/docs"
	"lectern/internal/config"
)

// TestHelp opens every guide in the console and follows its links to others.
func TestHelp(t *testing.T) {
	s := startSite(t, nil)
	browser := s.signedInBrowser()
	index := s.get(browser, "/admin/help").body
	err := fs.WalkDir(docs.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".md") {
			return err
		}
		if !strings.Contains(index, `href="/admin/help/`+name+`"`) {
			t.Errorf("the list of guides lacks %s", name)
		}
		p := s.get(browser, "/admin/help/"+name)
		if p.StatusCode != 200 {
			t.Errorf("%s: %d", name, p.StatusCode)
		}
		for _, m := range regexp.MustCompile(`<a href="([^":#]+)[#"]`).FindAllStringSubmatch(p.body, -1) {
			if strings.HasPrefix(m[1], "/") {
				continue
			}
			target := gopath.Join(gopath.Dir(name), m[1])
			if _, err := fs.Stat(docs.FS, target); err != nil {
				t.Errorf("%s links to %s, which the console cannot show", name, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"nothing.md", "docs.go", "../README.md", "operator"} {
		if p := s.get(browser, "/admin/help/"+url.PathEscape(bad)); p.StatusCode != 404 {
			t.Errorf("help %s: %d, want 404", bad, p.StatusCode)
		}
	}
}

// TestSettingsPage shows what was set, and no secret.
func TestSettingsPage(t *testing.T) {
	s := startSite(t, func(c *config.Config) {
		c.OIDCClientSecret = "hush-client"
		c.SMTPURL, c.MailFrom = "smtp://post:hush-mail@mail.example:587", "lectern@mail.example"
		c.LaunchLogDays = 77
	})
	body := s.get(s.signedInBrowser(), "/admin/settings").body
	if strings.Contains(body, "hush") {
		t.Error("the settings page shows a secret")
	}
	for _, want := range []string{"mail.example:587", ">77<", "LECTERN_PUBLIC_URL"} {
		if !strings.Contains(body, want) {
			t.Errorf("the settings page lacks %q", want)
		}
	}
}

// TestSecretSettings notices a new setting that sounds secret.
func TestSecretSettings(t *testing.T) {
	list, err := settingsList(&App{Config: &config.Config{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range list {
		sounds := regexp.MustCompile(`secret|token|password|-key$`).MatchString(one.Name) && one.Name != "tls-key"
		if shown := harmless(one.Name, "hush"); sounds && shown == "hush" {
			t.Errorf("%s would be shown", one.Name)
		}
	}
	for _, address := range []string{"postgres://me:hush@db/lectern", "https://grader.example/?token=hush", "s3://bucket?key=hush"} {
		if shown := harmless("any", address); strings.Contains(shown, "hush") {
			t.Errorf("%s is shown as %s", address, shown)
		}
	}
}

// TestSearchEverywhere finds consumers, courses, their pieces and accounts.
func TestSearchEverywhere(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer("moodle-key", "a secret", nil)
	boss := s.signedInBrowser()
	find := func(what string) string { return s.get(boss, "/admin/search?q="+url.QueryEscape(what)).body }
	for what, want := range map[string]string{
		"MOODLE-key":       `/admin/consumers/`,
		"admin":            `/admin/accounts/`,
		"nothing like it ": "Nothing here has",
		"<script>alert(1)": "&lt;script&gt;",
	} {
		if body := find(what); !strings.Contains(body, want) {
			t.Errorf("searching %q: no %q", what, want)
		}
	}
	for _, what := range []string{"some COURSE", "a number", "block_id"} {
		if !strings.Contains(find(what), `href="/admin/courses/`) {
			t.Errorf("searching %q finds no course", what)
		}
	}
	if body := s.get(boss, "/admin/search").body; strings.Contains(body, "Nothing here has") {
		t.Error("an empty search complains")
	}
}
