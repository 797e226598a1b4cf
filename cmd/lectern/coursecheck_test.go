package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lectern/internal/course/trial"
	"lectern/internal/problem/extern"
)

// mixedCourse is a course with a sound problem, one that needs numpy and, if
// torn, one that is broken.
func mixedCourse(torn bool) map[string]string {
	c := map[string]string{
		"course.xml": `<course url_name="R" org="O" course="Mixed"/>`,
		"course/R.xml": `<course display_name="Mixed"><chapter url_name="c"><sequential url_name="s"><vertical url_name="v">
<problem url_name="fine"/><problem url_name="heavy"/><problem url_name="third"/></vertical></sequential></chapter></course>`,
		"problem/fine.xml":  `<problem display_name="Fine"><numericalresponse answer="1"><textline/></numericalresponse></problem>`,
		"problem/heavy.xml": `<problem display_name="Heavy"><script>import numpy</script><numericalresponse answer="1"><textline/></numericalresponse></problem>`,
		"problem/third.xml": `<problem display_name="Third"><numericalresponse answer="2"><textline/></numericalresponse></problem>`,
	}
	if torn {
		c["problem/third.xml"] = "<problem>\n<numericalresponse answer=\"2\"><textline/></problem>"
	}
	return c
}

// graderProgram writes a grader that answers every job alike, and returns the
// command that runs it.
func graderProgram(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "grader.sh")
	script := "#!/bin/sh\ncat >/dev/null\necho '{\"protocol\":1,\"globals\":{}}'\n"
	if err := os.WriteFile(file, []byte(script), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	return file
}

func TestCourseCheck(t *testing.T) {
	dir := t.TempDir()
	sound, torn, data := filepath.Join(dir, "sound"), filepath.Join(dir, "torn"), filepath.Join(dir, "data")
	writeFiles(t, sound, mixedCourse(false))
	writeFiles(t, torn, mixedCourse(true))
	const key = "course-v1:O+Mixed+R"
	do := func(args ...string) (code int, out, errOut string) {
		var stdout, stderr bytes.Buffer
		code = run(t.Context(), append(args, "--data", data), &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	grader := "--grader-command=" + graderProgram(t)
	for _, tt := range []struct {
		name string
		args []string
		code int
		says []string // in either stream
	}{
		{"a folder", []string{"course", "check", sound}, exitDone, []string{"2 of 3 work here", "external", "Heavy", "numpy"}},
		{"a broken problem", []string{"course", "check", torn}, exitRefused,
			[]string{"problem/third.xml:2", "1 broken", "The course has problems that are broken"}},
		{"no such thing", []string{"course", "check", filepath.Join(dir, "none")}, exitRefused, []string{"There is no course"}},
		{"not imported", []string{"course", "check", key}, exitRefused, []string{"There is no course"}},
		{"publish a folder", []string{"course", "check", sound, "--publish"}, exitRefused, []string{"import this one instead"}},
		{"import", []string{"course", "import", sound}, exitDone, []string{"2 of 3 work here"}},
		{"key", []string{"course", "check", key}, exitDone, []string{"2 of 3 work here"}},
		{"key with a grader", []string{"course", "check", key, "--all", grader}, exitDone, []string{"3 of 3 work here", "external, works", "native, works"}},
		{"nothing was stored", []string{"course", "show", key}, exitDone, []string{"version 1", "2 of 3 work here"}},
		{"publish", []string{"course", "check", key, "--publish", grader}, exitDone, []string{"Published as version 2", "3 of 3"}},
		{"show", []string{"course", "show", key}, exitDone, []string{"version 2", "3 of 3 work here"}},
		{"two graders", []string{"course", "list", grader, "--grader-url=http://localhost/"}, exitRefused, []string{"not both"}},
		{"no such program", []string{"course", "list", "--grader-command=/no/such/grader"}, exitRefused, []string{"/no/such/grader"}},
	} {
		code, out, errOut := do(tt.args...)
		if code != tt.code {
			t.Errorf("%s: status %d, want %d: %s%s", tt.name, code, tt.code, out, errOut)
		}
		for _, words := range tt.says {
			if !strings.Contains(out+errOut, words) {
				t.Errorf("%s: lacks %q: %s%s", tt.name, words, out, errOut)
			}
		}
	}
	code, out, _ := do("course", "check", torn, "--json")
	var list []trial.Entry
	if err := json.Unmarshal([]byte(out), &list); err != nil || code != exitRefused || len(list) != 3 || list[2].Line != 2 {
		t.Errorf("JSON: %d, %v, %s", code, err, out)
	}
}

// TestCoursePage checks a course in the console, with what a browser sends.
func TestCoursePage(t *testing.T) {
	s := startSite(t, nil)
	s.app.Importer.Scripts = nil
	s.importFiles(mixedCourse(true))
	browser := s.signedInBrowser()
	const at = "/admin/courses/course-v1:O+Mixed+R"
	for query, want := range map[string]struct{ has, lacks string }{
		"":                      {"Heavy", "Fine<br>"},
		"?status=all":           {"Fine<", "need attention (2)</option><option selected"},
		"?status=native":        {"Fine<", "third</code>"},
		"?status=broken":        {"problem/third.xml", "heavy</code>"},
		"?status=all&q=HEAVY":   {"heavy</code>", "fine</code>"},
		"?status=all&q=zzz":     {"No problem matches", "fine</code>"},
		"?status=python":        {"There is none of these", "fine</code>"},
		"?status=%3Cscript%3E":  {"There is none of these", "<script>"},
		"?status=all&q=%22%3E<": {"No problem matches", `name="q" type="search" value="">`},
	} {
		p := s.get(browser, at+query)
		if p.StatusCode != http.StatusOK || !strings.Contains(p.body, want.has) || strings.Contains(p.body, want.lacks) {
			t.Errorf("%s: %d, wants %q and not %q: %s", query, p.StatusCode, want.has, want.lacks, p.body)
		}
	}
	page := s.get(browser, at)
	if forged := s.submit(browser, at, map[string][]string{"csrf": {"no"}}); forged.StatusCode != http.StatusForbidden {
		t.Errorf("a form without its token: %d", forged.StatusCode)
	}
	if same := s.follow(browser, s.submit(browser, at, s.fill(page))); !strings.Contains(same.body, "Nothing has changed") {
		t.Errorf("checked with nothing new: %d %s", same.StatusCode, same.body)
	}
	grader, err := extern.NewCommand([]string{graderProgram(t)}, extern.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s.app.Importer.External = grader
	changed := s.follow(browser, s.submit(browser, at, s.fill(page)))
	if !strings.Contains(changed.body, "What has changed is in effect") || !strings.Contains(changed.body, "2 of 3 work here") {
		t.Errorf("checked with a grader: %d %s", changed.StatusCode, changed.body)
	}
	if audit := s.get(browser, "/admin/audit"); strings.Count(audit.body, "course.check") != 2 {
		t.Errorf("the audit: %s", audit.body)
	}
	if lost := s.submit(browser, "/admin/courses/course-v1:No+Such+Course", s.fill(page)); lost.StatusCode != http.StatusNotFound {
		t.Errorf("no such course: %d", lost.StatusCode)
	}
}
