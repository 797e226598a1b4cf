package main

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"lectern/internal/account"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// consoleOf returns a browser in which the administrator boss is signed in.
func (s *testSite) consoleOf() (*http.Client, *account.Account) {
	s.t.Helper()
	boss := s.local("boss", "boss@example.edu", "a pass phrase", true)
	return s.signedInAs("boss", "a pass phrase"), boss
}

// press submits a form of an account's page and returns the page that follows.
func (s *testSite) press(browser *http.Client, id, act string, fields ...string) page {
	s.t.Helper()
	form := s.get(browser, "/admin/accounts/"+id)
	return s.follow(browser, s.submit(browser, "/admin/accounts/"+id+act, s.fill(form, fields...)))
}

// acts returns what the audit says about an account, newest first.
func (s *testSite) acts(id string) []store.AuditEntry {
	s.t.Helper()
	var list []store.AuditEntry
	s.view(func(ctx context.Context, tx store.Tx) (err error) {
		list, err = tx.People().AuditAbout(ctx, id, 0)
		return err
	})
	return list
}

// TestConsoleAccounts goes through an account's life in the console.
func TestConsoleAccounts(t *testing.T) {
	s := startSite(t, nil)
	browser, boss := s.consoleOf()
	add := s.get(browser, "/admin/accounts/add")
	for _, tt := range []struct{ name, email, want string }{
		{"a b", "", "letters, digits"},
		{"BOSS", "", "is taken"},
		{"ada", "no address", "not an e-mail address"},
		{"ada", "Boss@Example.edu", "has this e-mail address"},
	} {
		p := s.submit(browser, "/admin/accounts/add", s.fill(add, "username", tt.name, "email", tt.email))
		if p.StatusCode != 400 || !strings.Contains(p.body, tt.want) {
			t.Errorf("%q %q: %d, want %q", tt.name, tt.email, p.StatusCode, tt.want)
		}
	}
	p := s.follow(browser, s.submit(browser, "/admin/accounts/add", s.fill(add, "username", "ada", "email", "Ada@example.edu", "name", "Ada <L>")))
	if p.StatusCode != 200 || !strings.Contains(p.body, "Ada &lt;L&gt;") {
		t.Fatalf("add: %d", p.StatusCode)
	}
	ada := s.account("ada")
	if list := s.get(browser, "/admin/accounts?q=ADA@EX"); !strings.Contains(list.body, "/admin/accounts/"+ada.ID) || strings.Contains(list.body, boss.ID) {
		t.Error("search")
	}
	if p := s.press(browser, ada.ID, "", "username", "ada2", "email", "ada2@example.edu", "name", "A"); !strings.Contains(p.body, "ada2@example.edu") {
		t.Errorf("edit: %d", p.StatusCode)
	}
	link := hiddenValue(t, s.press(browser, ada.ID, "/sign-in"), "sign-in")
	owner := newBrowser(t)
	at := strings.TrimPrefix(link, s.url)
	s.submit(owner, at, s.fill(s.get(owner, at), "password", "a pass phrase", "again", "a pass phrase"))
	if s.whoIs(owner) != "ada2" {
		t.Fatal("the sign-in link does not work")
	}
	s.press(browser, ada.ID, "/role", "role", "administrator")
	owner = s.signedInAs("ada2", "a pass phrase")
	if p := s.get(owner, "/admin"); p.StatusCode != 200 {
		t.Errorf("made administrator: %d", p.StatusCode)
	}
	s.press(browser, ada.ID, "/role", "role", "")
	if s.whoIs(owner) != "" {
		t.Error("a session outlives the rights it was opened with")
	}
	owner = s.signedInAs("ada2", "a pass phrase")
	s.press(browser, ada.ID, "/disable")
	if p := s.trySignIn(newBrowser(t), "ada2", "a pass phrase", ""); p.StatusCode != 403 || s.whoIs(owner) != "" {
		t.Error("a closed account gets in")
	}
	s.press(browser, ada.ID, "/enable")
	s.signedInAs("ada2", "a pass phrase")
	for _, act := range []string{"/role", "/disable", "/delete"} {
		if p := s.press(browser, boss.ID, act, "role", "support"); p.StatusCode != 400 || !strings.Contains(p.body, "last administrator") {
			t.Errorf("the last administrator, %s: %d", act, p.StatusCode)
		}
	}
	acts := ""
	for _, e := range s.acts(ada.ID) {
		acts = e.Act + " " + acts
		if e.Who != boss.ID && e.Who != ada.ID || strings.Contains(e.Before+e.After, "argon2") {
			t.Errorf("audit: %+v", e)
		}
		if e.Act == "user.change" && (!strings.Contains(e.Before, `"ada"`) || !strings.Contains(e.After, `"ada2"`)) {
			t.Errorf("before and after: %+v", e)
		}
	}
	if want := "user.create user.change user.sign_in_link user.password user.role user.role user.disable user.enable "; acts != want {
		t.Errorf("audit has %s, want %s", acts, want)
	}
	if p := s.get(browser, "/admin/audit"); !strings.Contains(p.body, "user.disable") || !strings.Contains(p.body, "ada2") {
		t.Error("the audit page")
	}
	if p := s.press(browser, ada.ID, "/delete"); !strings.Contains(p.body, "are deleted") || strings.Contains(p.body, ada.ID) {
		t.Errorf("delete: %d", p.StatusCode)
	}
}

func hiddenValue(t *testing.T, p page, id string) string {
	t.Helper()
	_, after, ok := strings.Cut(p.body, `id="`+id+`"`)
	_, after, ok2 := strings.Cut(after, `value="`)
	value, _, _ := strings.Cut(after, `"`)
	if !ok || !ok2 {
		t.Fatalf("no %s on the page: %d %s", id, p.StatusCode, p.code())
	}
	return value
}

// TestT114Merge: what a learner did anonymously becomes part of the account
// that they are linked to; work on the same block stays theirs; the changed
// score is owed.
func TestT114Merge(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	c := s.consumer("consumer_key", "secret", nil)
	browser, boss := s.consoleOf()
	outcome := func(m *message) *message {
		return m.set("lis_outcome_service_url", "http://127.0.0.1:9/outcome").set("lis_result_sourcedid", "cell")
	}
	var opened string
	launch := func(user, problem, link, answer string) *http.Client {
		b := newBrowser(t)
		p := s.open(b, outcome(s.good(path("problem", problem)).set("user_id", user).set("resource_link_id", link)))
		opened = s.answer(b, p, problem, map[string]string{"_2_1": answer}).Request.URL.Path
		return b
	}
	launch("anonymous", "block_id", "rl-block", "choice_1")
	learner := launch("anonymous", "p2", "rl-p2", "42")
	if p := s.get(learner, opened); p.StatusCode != 200 {
		t.Fatalf("the learner's page: %d", p.StatusCode)
	}
	mine := opened
	ada := s.local("ada", "ada@example.edu", "a pass phrase", false)
	if p := s.press(browser, ada.ID, "/link", "consumer", c.ID, "user", "second"); !strings.Contains(p.body, "by an operator") {
		t.Fatalf("link: %d", p.StatusCode)
	}
	launch("second", "block_id", "rl-block", "choice_0")
	var from *account.Account
	s.view(func(ctx context.Context, tx store.Tx) (err error) {
		from, err = tx.Accounts().ByLink(ctx, c.ID, "anonymous")
		return err
	})
	look := s.get(browser, "/admin/accounts/"+ada.ID+"/merge?from="+from.Username)
	if !strings.Contains(look.body, "work on 2 blocks, 1 LMS links") {
		t.Errorf("before: %s", look.body)
	}
	done := s.submit(browser, "/admin/accounts/"+ada.ID+"/merge", s.fill(look, "from", from.Username))
	if !strings.Contains(done.body, "1 blocks") || !strings.Contains(done.body, "block_id") {
		t.Errorf("after: %d %s", done.StatusCode, done.body)
	}
	s.mergedInto(ada, from, c)
	if p := s.get(learner, mine); p.StatusCode == 200 {
		t.Error("a launch of the emptied account goes on")
	}
	again := s.open(newBrowser(t), s.good(path("problem", "p2")).set("user_id", "anonymous").set("resource_link_id", "rl-p2"))
	if !strings.Contains(again.body, "42") {
		t.Error("the merged work is not there")
	}
	acts := s.acts(ada.ID)
	if acts[0].Act != "user.merge" || acts[0].Who != boss.ID || !strings.Contains(acts[0].After, from.ID) ||
		!strings.Contains(acts[0].After, "block_id") {
		t.Errorf("audit: %+v", acts[0])
	}
	for from, want := range map[string]string{"ada": "into itself", "boss": "without rights", "nobody": "no such user"} {
		if p := s.get(browser, "/admin/accounts/"+ada.ID+"/merge?from="+from); !strings.Contains(p.body, want) {
			t.Errorf("merge %s: want %q", from, want)
		}
	}
}

// mergedInto checks what a merge leaves: the link, the closed account, and two
// scores that are owed.
func (s *testSite) mergedInto(ada, from *account.Account, c *lti.Consumer) {
	s.t.Helper()
	s.view(func(ctx context.Context, tx store.Tx) error {
		now, err := tx.Accounts().ByLink(ctx, c.ID, "anonymous")
		if err != nil || now.ID != ada.ID {
			s.t.Errorf("the anonymous learner is %v, %v", now, err)
		}
		old, err := tx.Accounts().ByID(ctx, from.ID)
		if err != nil || old.Enabled {
			s.t.Errorf("the emptied account: %+v, %v", old, err)
		}
		owed, err := tx.Owed().List(ctx, store.OwedFilter{AccountID: ada.ID})
		if err != nil || len(owed) != 2 {
			s.t.Errorf("owed: %+v, %v", owed, err)
		}
		return nil
	})
}

// TestT113Relink: an operator says who an LMS user is; what is open as somebody else
// ends, and the link is proof enough.
func TestT113Relink(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	c := s.consumer("consumer_key", "secret", nil)
	browser, _ := s.consoleOf()
	ada := s.local("ada", "", "", false)
	learner := newBrowser(t)
	opened := s.open(learner, s.good(path("html", "h1")))
	if p := s.press(browser, ada.ID, "/link", "consumer", c.ID, "user", "LTI_User"); !strings.Contains(p.body, "Was <a") {
		t.Errorf("the page does not say who it was before: %d", p.StatusCode)
	}
	if p := s.get(learner, opened.Request.URL.Path); p.StatusCode == 200 {
		t.Error("a launch as somebody else goes on")
	}
	code, _, errOut := s.command("consumer", "set", "consumer_key", "--require-user-account")
	if code != 0 {
		t.Fatal(errOut)
	}
	if p := s.open(newBrowser(t), s.good(path("html", "h1"))); !strings.Contains(p.body, "Words of unit one") {
		t.Errorf("linked by an operator, and asked to sign in: %d", p.StatusCode)
	}
	for _, tt := range []struct{ consumer, user string }{{"nobody", "x"}, {c.ID, ""}, {c.ID, strings.Repeat("x", 256)}} {
		if p := s.press(browser, ada.ID, "/link", "consumer", tt.consumer, "user", tt.user); p.StatusCode < 400 {
			t.Errorf("link %+v: %d", tt, p.StatusCode)
		}
	}
	if p := s.press(browser, ada.ID, "/unlink", "consumer", c.ID, "user", "LTI_User"); !strings.Contains(p.body, "No LMS user is linked") {
		t.Errorf("unlink: %d", p.StatusCode)
	}
}

func TestImportAccounts(t *testing.T) {
	s := startSite(t, nil)
	browser, _ := s.consoleOf()
	send := func(text, file string) page {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		form := s.fill(s.get(browser, "/admin/accounts/import"))
		_ = w.WriteField("csrf", form.Get("csrf"))
		_ = w.WriteField("text", text)
		part, _ := w.CreateFormFile("file", "people.csv")
		_, _ = part.Write([]byte(file))
		_ = w.Close()
		r, err := http.NewRequest(http.MethodPost, s.url+"/admin/accounts/import", &b)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", w.FormDataContentType())
		return s.do(browser, r)
	}
	p := send("", "\ufeffemail,username,name,admin\nada@example.edu,ada,\"Ada, Lovelace\"\nno address,bob,Bob\ngrace@example.edu,grace,Grace,admin\nada@example.edu,ada3,again\n,x\n")
	for _, want := range []string{"2 of 5 accounts", "not an e-mail address", "has this e-mail address", "address is missing"} {
		if !strings.Contains(p.body, want) {
			t.Errorf("report lacks %q", want)
		}
	}
	if a := s.account("ada"); a.Name != "Ada, Lovelace" || a.Admin || !s.account("grace").Admin {
		t.Errorf("imported: %+v", a)
	}
	if p := send("paste@example.edu,paste", ""); p.StatusCode != 200 || s.account("paste").Email != "paste@example.edu" {
		t.Errorf("pasted: %d", p.StatusCode)
	}
	for name, bad := range map[string]string{
		"nothing": "", "a quote": "a@b.example,\"x\nb@b.example,y", "too long": strings.Repeat("a@b.example,x\n", 10_001),
		"too big": strings.Repeat("x", 3<<20),
	} {
		if p := send("", bad); p.StatusCode != 400 {
			t.Errorf("%s: %d", name, p.StatusCode)
		}
	}
}
