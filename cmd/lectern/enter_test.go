package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/continuation"
	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/store"
)

const somePassword = "a pass phrase"

// person adds an account that signs in with somePassword.
func (s *testSite) person(username, email string, change func(*account.Account)) *account.Account {
	s.t.Helper()
	ctx := context.Background()
	phc, err := s.app.Passwords.Hash(ctx, somePassword)
	if err != nil {
		s.t.Fatal(err)
	}
	a := &account.Account{
		Username: username, Email: email, Kind: account.Local, Enabled: true, PasswordHash: phc, CreatedAt: s.clock.now(),
	}
	if change != nil {
		change(a)
	}
	s.write(func(ctx context.Context, tx store.Tx) error { return tx.Accounts().Create(ctx, a) })
	return a
}

func (s *testSite) write(f func(ctx context.Context, tx store.Tx) error) {
	s.t.Helper()
	ctx := context.Background()
	if err := s.app.Store.Update(ctx, func(tx store.Tx) error { return f(ctx, tx) }); err != nil {
		s.t.Fatal(err)
	}
}

// signIn signs a browser in by the form that next leads to.
func (s *testSite) signIn(browser *http.Client, username, next string) page {
	s.t.Helper()
	form := s.get(browser, "/login?next="+url.QueryEscape(next))
	p := s.submit(browser, "/login", s.fill(form, "username", username, "password", somePassword, "next", next))
	if p.StatusCode != http.StatusSeeOther {
		s.t.Fatalf("signing in as %s: %d %.300s", username, p.StatusCode, p.body)
	}
	return p
}

// linked returns how the user of a consumer is linked, nil when not.
func (s *testSite) linked(c *lti.Consumer, userID string) *account.Link {
	s.t.Helper()
	var l *account.Link
	ctx := context.Background()
	if err := s.app.Store.View(ctx, func(tx store.Tx) (err error) {
		l, err = tx.Accounts().FindLink(ctx, c.ID, userID)
		return err
	}); err != nil {
		return nil
	}
	return l
}

// frame is a launch that waits in a frame.
type frame struct {
	page
	s       *testSite
	browser *http.Client
	tab, at string // addresses of the tab and of the frame itself
	code    string
}

var (
	tabPattern  = regexp.MustCompile(`href="(/enter/[^"]+)"`)
	atPattern   = regexp.MustCompile(`data-go="(/enter/[^"]+)"`)
	codeOnFrame = regexp.MustCompile(`enter-code">([^<]+)<`)
)

// waits posts a launch that must end up waiting.
func (s *testSite) waits(browser *http.Client, m *message) *frame {
	s.t.Helper()
	f := &frame{page: s.post(browser, m), s: s, browser: browser}
	f.read()
	return f
}

func (f *frame) read() {
	f.s.t.Helper()
	tab, at, code := tabPattern.FindStringSubmatch(f.body), atPattern.FindStringSubmatch(f.body), codeOnFrame.FindStringSubmatch(f.body)
	if f.StatusCode != http.StatusForbidden || tab == nil || at == nil || code == nil {
		f.s.t.Fatalf("the launch does not wait: %d %s", f.StatusCode, f.body)
	}
	f.tab, f.at, f.code = tab[1], at[1], code[1]
}

// state asks as the frame's script does.
func (f *frame) state() (state, other string) {
	f.s.t.Helper()
	p := f.s.get(f.browser, f.at+"wait")
	var v struct{ State, Other string }
	if p.StatusCode == http.StatusOK {
		if err := json.Unmarshal([]byte(p.body), &v); err != nil {
			f.s.t.Fatal(err)
		}
	}
	return v.State, v.Other
}

// give types a code in the tab.
func (f *frame) give(tab *http.Client, code string) page {
	f.s.t.Helper()
	form := f.s.get(tab, f.tab)
	if form.StatusCode != http.StatusOK {
		return form
	}
	return f.s.submit(tab, f.tab, f.s.fill(form, "code", code))
}

// closedSite is a site with a consumer that requires an account, and Ines.
func closedSite(t *testing.T) (*testSite, *lti.Consumer, *account.Account) {
	t.Helper()
	s := startSite(t, nil)
	s.importFiles(testCourse())
	c := s.consumer("consumer_key_2", "secret_2", func(spec *registry.Spec) {
		spec.Name, spec.RequireUserAccount = "auto-link-consumer", true
	})
	return s, c, s.person("ines", "ines@school.example", nil)
}

// closed is a launch of that consumer.
func (s *testSite) closed(email string) *message {
	m := s.good(path("problem", "block_id")).set("lis_person_contact_email_primary", email).
		set("launch_presentation_return_url", "https://lms.example.edu/return")
	m.key, m.secret = "consumer_key_2", "secret_2"
	return m
}

// noCookies is a browser that keeps no cookie, as in a frame where all are
// blocked.
func noCookies(t testing.TB) *http.Client {
	b := newBrowser(t)
	b.Jar = nil
	return b
}

// T34, T36, T37, T109, T110: the launch waits, and goes on by itself, once,
// when its learner has signed in elsewhere; with and without cookies.
func TestT37ContinuesAfterSignIn(t *testing.T) {
	for name, browser := range map[string]func(testing.TB) *http.Client{"cookies": newBrowser, "no cookies": noCookies} {
		t.Run(name, func(t *testing.T) {
			s, c, ines := closedSite(t)
			f := s.waits(browser(t), s.closed("INES@school.example"))
			for _, want := range []string{"sign in", "not signed in", "i•••@school.example", `target="_blank"`, `rel="noopener`} {
				if !strings.Contains(strings.ToLower(f.body), strings.ToLower(want)) {
					t.Errorf("T34, T36: the page lacks %q", want)
				}
			}
			if state, _ := f.state(); state != "waiting" {
				t.Errorf("state %q", state)
			}
			if again := s.get(f.browser, f.at); again.StatusCode != http.StatusForbidden || !strings.Contains(again.body, f.code) {
				t.Errorf("reload: %d", again.StatusCode)
			}
			if s.linked(c, "LTI_User") != nil {
				t.Error("a waiting launch linked somebody")
			}

			tab := newBrowser(t)
			p := s.get(tab, f.tab)
			if to, err := p.Location(); err != nil || to.Path != "/login" || to.Query().Get("next") != f.tab {
				t.Fatalf("the tab must ask for a sign-in: %d %v", p.StatusCode, to)
			}
			if p = s.follow(tab, s.signIn(tab, "ines", f.tab)); !strings.Contains(p.body, "auto-link-consumer") ||
				!strings.Contains(p.body, "Some course") || !strings.Contains(p.body, "A choice") || !strings.Contains(p.body, "ines@school.example") {
				t.Errorf("the tab does not say what it is about: %s", p.body)
			}
			if strings.Contains(p.body, f.code) {
				t.Error("the tab shows the code")
			}
			if state, _ := f.state(); state != "waiting" {
				t.Errorf("signing in alone: state %q", state)
			}
			if p = f.give(tab, " "+strings.ToLower(f.code)); p.StatusCode != http.StatusOK || !strings.Contains(p.body, "Done") {
				t.Fatalf("right code: %d %s", p.StatusCode, p.body)
			}
			if l := s.linked(c, "LTI_User"); l == nil || l.AccountID != ines.ID || l.How != account.BySignIn {
				t.Errorf("link %+v", l)
			}
			if state, _ := f.state(); state != "confirmed" {
				t.Errorf("state %q", state)
			}
			if p = s.follow(f.browser, s.get(f.browser, f.at)); p.StatusCode != http.StatusOK || !strings.Contains(p.body, "Pick b") {
				t.Fatalf("the frame does not go on: %d %s", p.StatusCode, p.body)
			}
			if p = s.get(f.browser, f.at); p.StatusCode != http.StatusSeeOther || strings.Contains(p.Header.Get("Location"), "h=") {
				t.Errorf("going on twice: %d %s", p.StatusCode, p.Header.Get("Location"))
			}
			if p = f.give(tab, f.code); p.code() != continuation.ErrOver.Code {
				t.Errorf("the code works twice: %d %s", p.StatusCode, p.code())
			}
			if p = s.open(browser(t), s.closed("")); !strings.Contains(p.body, "Pick b") {
				t.Error("T113: the proof does not suffice for the next launch")
			}
			if l := s.linked(c, "LTI_User"); l.Note == "" {
				t.Error("the missing address was not noted")
			}
		})
	}
}

// T35, T112: somebody signed in with another address gets in neither by the
// right code nor silently, stays signed in, and both pages say why.
func TestT35OtherAddress(t *testing.T) {
	s, c, _ := closedSite(t)
	s.person("bob", "bob@other.example", nil)
	f := s.waits(newBrowser(t), s.closed("ines@school.example"))
	tab := newBrowser(t)
	s.signIn(tab, "bob", f.tab)
	if p := f.give(tab, f.code); p.StatusCode != http.StatusForbidden || !strings.Contains(p.body, "another e-mail address") {
		t.Errorf("tab: %d %s", p.StatusCode, p.body)
	}
	if state, other := f.state(); state != "waiting" || other != "b•••@other.example" {
		t.Errorf("state %q, other %q", state, other)
	}
	if p := s.get(f.browser, f.at); !strings.Contains(p.body, "signed in with another address") || !strings.Contains(p.body, "b•••@other.example") {
		t.Errorf("frame: %s", p.body)
	}
	if s.linked(c, "LTI_User") != nil {
		t.Error("linked to the wrong account")
	}
	if p := s.get(tab, "/account"); p.StatusCode == http.StatusSeeOther {
		t.Error("the visitor was signed out")
	}
	s.signIn(newBrowser(t), "ines", f.tab)
	right := newBrowser(t)
	s.signIn(right, "ines", f.tab)
	if p := f.give(right, f.code); p.StatusCode != http.StatusOK {
		t.Errorf("the right account afterwards: %d %s", p.StatusCode, p.code())
	}
}

// The LMS sent no address: the page says so, where to change it, and offers no
// sign-in that could not help.
func TestNoAddress(t *testing.T) {
	s, _, _ := closedSite(t)
	for family, want := range map[string]string{
		"canvas": "“Email Only” or “Public”", "moodle": "Share launcher", "BlackboardLearn": "Blackboard",
		"desire2learn": "Brightspace", "sakai": "Sakai", "schoology": "Schoology", "unheard-of": "privacy settings",
	} {
		p := s.post(newBrowser(t), s.closed("").set("tool_consumer_info_product_family_code", family))
		if p.StatusCode != http.StatusForbidden || p.code() != account.ErrRequired.Code || !strings.Contains(p.body, want) {
			t.Errorf("%s: %d %s %s", family, p.StatusCode, p.code(), p.body)
		}
		if tabPattern.MatchString(p.body) {
			t.Errorf("%s: offers a sign-in", family)
		}
	}
}

// T114: who was anonymous before the option was on signs in, and the anonymous
// history stays where it was, for somebody to merge.
func TestT114AnonymousBefore(t *testing.T) {
	s, c, ines := closedSite(t)
	s.setConsumer(c, func(spec *registry.Spec) { spec.RequireUserAccount = false })
	graded := func() *message {
		return s.closed("ines@school.example").set("lis_result_sourcedid", "cell").set("lis_outcome_service_url", somewhere)
	}
	s.open(newBrowser(t), graded())
	before := s.linked(c, "LTI_User")
	s.setConsumer(c, func(spec *registry.Spec) { spec.RequireUserAccount = true })
	f := s.waits(newBrowser(t), graded())
	tab := newBrowser(t)
	s.signIn(tab, "ines", f.tab)
	f.give(tab, f.code)
	s.follow(f.browser, s.get(f.browser, f.at))
	if l := s.linked(c, "LTI_User"); l.AccountID != ines.ID || l.PreviousAccountID != before.AccountID {
		t.Errorf("link %+v, before %+v", l, before)
	}
	usage := someBlock + "problem+block@block_id"
	s.view(func(ctx context.Context, tx store.Tx) error {
		for id, retired := range map[string]bool{before.AccountID: true, ines.ID: false} {
			targets, err := tx.Placements().Targets(ctx, id, "", someCourse, []string{usage})
			if err != nil || len(targets) != 1 || (targets[0].Refused != "") != retired {
				t.Errorf("two scores would go into one cell: %+v, %v", targets, err)
			}
		}
		return nil
	})
	s.setConsumer(c, func(spec *registry.Spec) { spec.RequireUserAccount = false })
	s.open(newBrowser(t), s.closed("ines@school.example"))
	if l := s.linked(c, "LTI_User"); l.AccountID != ines.ID {
		t.Error("turning the option off unlinked somebody")
	}
	rollback := s.consumer("consumer_key_9", "secret_9", nil)
	m := s.closed("ines@school.example")
	m.key, m.secret = rollback.Key, "secret_9"
	s.open(newBrowser(t), m) // the guide's advice for going back works at once
}

// setConsumer changes a consumer's options.
func (s *testSite) setConsumer(c *lti.Consumer, change func(*registry.Spec)) {
	s.t.Helper()
	spec := registry.SpecOf(s.consumerNow(c.ID))
	change(&spec)
	if _, err := s.app.Registry.Set(context.Background(), "test", c.ID, spec); err != nil {
		s.t.Fatal(err)
	}
}

// Confirming needs an enabled account, a live consumer, and time.
func TestContinuationEnds(t *testing.T) {
	t.Run("account disabled", func(t *testing.T) {
		s, c, ines := closedSite(t)
		f := s.waits(newBrowser(t), s.closed("ines@school.example"))
		late := s.waits(newBrowser(t), s.closed("ines@school.example").set("user_id", "late"))
		tab := newBrowser(t)
		s.signIn(tab, "ines", f.tab)
		f.give(tab, f.code)
		ines.Enabled = false
		s.write(func(ctx context.Context, tx store.Tx) error { return tx.Accounts().Update(ctx, ines) })
		if p := s.get(f.browser, f.at); p.code() != account.ErrDisabled.Code {
			t.Errorf("T128: %d %s", p.StatusCode, p.code())
		}
		waiting := &continuation.Service{Store: s.app.Store, Keys: s.app.Registry.Keys, Clock: s.clock.now}
		err := waiting.Confirm(context.Background(), strings.TrimPrefix(late.tab, "/enter/"), ines.ID, late.code)
		if !errors.Is(err, account.ErrDisabled) || s.linked(c, "late") != nil {
			t.Errorf("a closed account was linked: %v", err)
		}
	})
	t.Run("consumer disabled", func(t *testing.T) {
		s, c, _ := closedSite(t)
		f := s.waits(newBrowser(t), s.closed("ines@school.example"))
		tab := newBrowser(t)
		s.signIn(tab, "ines", f.tab)
		f.give(tab, f.code)
		if err := s.app.Registry.SetEnabled(context.Background(), "test", c.ID, false); err != nil {
			t.Fatal(err)
		}
		if p := s.get(f.browser, f.at); p.code() != "launch_consumer_disabled" {
			t.Errorf("%d %s", p.StatusCode, p.code())
		}
	})
	t.Run("too late", func(t *testing.T) {
		s, _, _ := closedSite(t)
		f := s.waits(newBrowser(t), s.closed("ines@school.example"))
		tab := newBrowser(t)
		s.signIn(tab, "ines", f.tab)
		f.give(tab, f.code)
		s.clock.add(continuation.Life + time.Second)
		if p := s.get(f.browser, f.at); p.code() != continuation.ErrOver.Code {
			t.Errorf("%d %s", p.StatusCode, p.code())
		}
	})
}
