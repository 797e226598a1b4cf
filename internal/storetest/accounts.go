package storetest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/store"
)

func testAccounts(s suite) {
	a := &account.Account{
		Username: "Zoë", Email: "zoe@example.com", Name: "Zoë Ünal 学生", Kind: account.Local, Admin: true, Enabled: true,
		PasswordHash: "$argon2id$x", CreatedAt: now(),
	}
	s.update(func(tx store.Tx) error { return tx.Accounts().Create(s.ctx, a) })
	byName := func(name string) *account.Account {
		s.Helper()
		return read(s, func(tx store.Tx) (*account.Account, error) { return tx.Accounts().ByUsername(s.ctx, name) })
	}
	equal(s, "by user name, ignoring case", byName("zOË"), a)
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Accounts().ByUsername(s.ctx, "zoe")
		return err
	})
	other := s.person("bob")
	s.update(func(tx store.Tx) error { // goes on after a conflict
		taken := account.Account{Username: "ZOË", Kind: account.Local}
		if err := tx.Accounts().Create(s.ctx, &taken); !errors.Is(err, store.ErrConflict) {
			s.Errorf("create a taken name: got %v", err)
		}
		taken = *other
		taken.Username = "zoë"
		if err := tx.Accounts().Update(s.ctx, &taken); !errors.Is(err, store.ErrConflict) {
			s.Errorf("change to a taken name: got %v", err)
		}
		a.Username, a.Name, a.Admin, a.Enabled, a.PasswordHash = "zoë", "Z", true, false, ""
		return tx.Accounts().Update(s.ctx, a)
	})
	equal(s, "updated", byName("zoë"), a)
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		return tx.Accounts().Update(s.ctx, &account.Account{ID: "nobody", Username: "new"})
	})
	s.listAccounts(a, other)
}

func (s suite) listAccounts(a, other *account.Account) {
	s.Helper()
	for _, tt := range []struct {
		search string
		limit  int
		want   []*account.Account
	}{
		{"", 0, []*account.Account{other, a}},
		{"", 1, []*account.Account{other}},
		{"ZOE@EX", 10, []*account.Account{a}},
		{"OË", 10, []*account.Account{a}},
		{"%", 10, nil},
	} {
		equal(s, "search "+tt.search, read(s, func(tx store.Tx) ([]*account.Account, error) {
			return tx.Accounts().List(s.ctx, tt.search, tt.limit)
		}), tt.want)
	}
	equal(s, "administrators", read(s, func(tx store.Tx) ([]*account.Account, error) {
		return tx.Accounts().Admins(s.ctx)
	}), []*account.Account{a})
}

func testAccountLinks(s suite) {
	lms, other := s.consumer("LMS"), s.consumer("other LMS")
	a, b := s.person("a"), s.person("b")
	link := func(consumerID, user, accountID string) string {
		s.Helper()
		return write(s, func(tx store.Tx) (string, error) {
			return tx.Accounts().Link(s.ctx, account.Link{
				ConsumerID: consumerID, LTIUserID: user, AccountID: accountID, How: "launch", CreatedAt: now(),
			})
		})
	}
	equal(s, "first link", link(lms.ID, "U1", a.ID), a.ID)
	equal(s, "second link of the same user", link(lms.ID, "U1", b.ID), a.ID)
	equal(s, "user IDs differ by case", link(lms.ID, "u1", b.ID), b.ID)
	equal(s, "the same ID elsewhere", link(other.ID, "U1", b.ID), b.ID)

	owner := func(consumerID, user string) string {
		s.Helper()
		return read(s, func(tx store.Tx) (*account.Account, error) {
			return tx.Accounts().ByLink(s.ctx, consumerID, user)
		}).ID
	}
	equal(s, "account of U1", owner(lms.ID, "U1"), a.ID)
	equal(s, "account of u1", owner(lms.ID, "u1"), b.ID)
	links := read(s, func(tx store.Tx) ([]account.Link, error) { return tx.Accounts().Links(s.ctx, b.ID) })
	if len(links) != 2 || links[0].How != "launch" || !links[0].CreatedAt.Equal(now()) {
		s.Errorf("links of b: %v", links)
	}
	s.update(func(tx store.Tx) error { return tx.Accounts().Unlink(s.ctx, lms.ID, "U1") })
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Accounts().Unlink(s.ctx, lms.ID, "U1") })
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Accounts().ByLink(s.ctx, lms.ID, "U1")
		return err
	})
	equal(s, "linked anew", link(lms.ID, "U1", b.ID), b.ID)
	for _, l := range []account.Link{
		{ConsumerID: "nobody", LTIUserID: "x", AccountID: a.ID},
		{ConsumerID: lms.ID, LTIUserID: "x", AccountID: "nobody"},
	} {
		s.fails(store.ErrNotFound, func(tx store.Tx) error {
			_, err := tx.Accounts().Link(s.ctx, l)
			return err
		})
	}
}

// testLinkRace sends one LMS user in a hundred times at once: all must end with
// one account.
func testLinkRace(s suite) {
	const launches = 100
	lms := s.consumer("LMS")
	got := make([]string, launches)
	atOnce(launches, func(i int) {
		err := s.Update(s.ctx, func(tx store.Tx) error {
			a := &account.Account{Username: fmt.Sprintf("anonymous %d", i), Kind: account.Anonymous, Enabled: true}
			if err := tx.Accounts().Create(s.ctx, a); err != nil {
				return err
			}
			id, err := tx.Accounts().Link(s.ctx, account.Link{
				ConsumerID: lms.ID, LTIUserID: "same", AccountID: a.ID, How: "launch", CreatedAt: now(),
			})
			got[i] = id
			return err
		})
		if err != nil {
			s.Errorf("launch %d: %v", i, err)
		}
	})
	owner := read(s, func(tx store.Tx) (*account.Account, error) {
		return tx.Accounts().ByLink(s.ctx, lms.ID, "same")
	})
	for i, id := range got {
		if id != owner.ID {
			s.Errorf("launch %d got account %s, want %s", i, id, owner.ID)
		}
	}
}

func testConsoleSessions(s suite) {
	a := s.person("admin")
	session := func(token string, until time.Time) store.ConsoleSession {
		return store.ConsoleSession{TokenHash: []byte(token), AccountID: a.ID, CreatedAt: now(), ExpiresAt: until}
	}
	good, old := session("good", after(60)), session("old", after(5))
	s.update(func(tx store.Tx) error {
		return errors.Join(tx.Console().CreateSession(s.ctx, good), tx.Console().CreateSession(s.ctx, old),
			tx.Console().CreateSetupLink(s.ctx, store.SetupLink{TokenHash: []byte("l"), AccountID: a.ID, ExpiresAt: after(5)}))
	})
	s.fails(store.ErrConflict, func(tx store.Tx) error { return tx.Console().CreateSession(s.ctx, good) })
	find := func(token string, at time.Time) error {
		return s.View(s.ctx, func(tx store.Tx) error {
			got, err := tx.Console().Session(s.ctx, []byte(token), at)
			if err == nil && token == "good" {
				equal(s, "session", *got, good)
			}
			return err
		})
	}
	peek := func(at time.Time) error {
		return s.View(s.ctx, func(tx store.Tx) error {
			_, err := tx.Console().PeekSetupLink(s.ctx, []byte("l"), at)
			return err
		})
	}
	for _, tt := range []struct {
		name string
		err  error
		want error
	}{
		{"good", find("good", now()), nil},
		{"unknown", find("unknown", now()), store.ErrNotFound},
		{"before its end", find("old", after(4)), nil},
		{"at its end", find("old", after(5)), store.ErrNotFound},
		{"link", peek(after(4)), nil},
		{"link is not used up", peek(after(4)), nil},
		{"late link", peek(after(5)), store.ErrNotFound},
	} {
		if !errors.Is(tt.err, tt.want) {
			s.Errorf("%s: got %v, want %v", tt.name, tt.err, tt.want)
		}
	}
	s.update(func(tx store.Tx) error { return tx.Console().Prune(s.ctx, after(5)) })
	if err := find("old", now()); !errors.Is(err, store.ErrNotFound) {
		s.Errorf("pruned session: %v", err)
	}
	s.update(func(tx store.Tx) error {
		return errors.Join(tx.Console().DeleteSession(s.ctx, []byte("good")), tx.Console().CreateSession(s.ctx, old))
	})
	if err := find("good", now()); !errors.Is(err, store.ErrNotFound) {
		s.Errorf("ended session: %v", err)
	}
	s.update(func(tx store.Tx) error {
		return errors.Join(tx.Console().DeleteSessions(s.ctx, a.ID), tx.Console().DeleteSetupLinks(s.ctx, a.ID))
	})
	if err := find("old", now()); !errors.Is(err, store.ErrNotFound) {
		s.Errorf("session after all were ended: %v", err)
	}
}

func testThrottle(s suite) {
	const window = time.Minute
	fail := func(at time.Time, keys ...string) int {
		s.Helper()
		return write(s, func(tx store.Tx) (int, error) { return tx.Console().Throttle(s.ctx, keys, at, window) })
	}
	count := func(at time.Time, keys ...string) int {
		s.Helper()
		return read(s, func(tx store.Tx) (int, error) { return tx.Console().Throttled(s.ctx, keys, at) })
	}
	equal(s, "nobody failed", count(now(), "name", "address"), 0)
	equal(s, "first failure", fail(now(), "name", "address"), 1)
	equal(s, "a key given twice counts once", fail(after(1), "name", "name"), 2)
	equal(s, "largest of both", fail(after(2), "address", "name", "new"), 3)
	equal(s, "address", count(after(2), "address"), 2)
	equal(s, "largest", count(after(2), "address", "name"), 3)
	equal(s, "window over", count(after(60), "name"), 0)
	equal(s, "new window", fail(after(60), "name"), 1)
	s.update(func(tx store.Tx) error { return tx.Console().Unthrottle(s.ctx, []string{"name", "unknown"}) })
	equal(s, "forgiven", count(after(61), "name"), 0)
	equal(s, "hostile key", fail(now(), "a\x00\xff"+string(make([]byte, 1<<16))), 1)
	atOnce(20, func(i int) {
		keys := []string{"p", "q"}
		if i%2 == 0 {
			keys = []string{"q", "p"} // the other way round
		}
		err := s.Update(s.ctx, func(tx store.Tx) error {
			_, err := tx.Console().Throttle(s.ctx, keys, now(), window)
			return err
		})
		if err != nil {
			s.Errorf("throttle at once: %v", err)
		}
	})
	equal(s, "counted at once", count(now(), "p"), 20)
	s.update(func(tx store.Tx) error { return tx.Console().Prune(s.ctx, after(600)) })
	equal(s, "pruned", count(now(), "p"), 0)
}

func testAuditAndSettings(s suite) {
	s.update(func(tx store.Tx) error {
		var list []error
		for i := range 5 {
			list = append(list, tx.Audit().Append(s.ctx, store.AuditEntry{
				At: now(), Who: "command line", Act: "consumer.set", Subject: fmt.Sprint(i), Before: `{"a":1}`,
			}))
		}
		return errors.Join(list...)
	})
	list := read(s, func(tx store.Tx) ([]store.AuditEntry, error) { return tx.Audit().List(s.ctx, 2) })
	if len(list) != 2 || list[0].Subject != "4" || list[1].Subject != "3" || list[0].ID == "" {
		s.Errorf("audit: %+v", list)
	}
	older := func(e store.AuditEntry, subject string) []store.AuditEntry {
		return read(s, func(tx store.Tx) ([]store.AuditEntry, error) { return tx.Audit().Before(s.ctx, e, subject, 2) })
	}
	if rest := older(list[1], ""); len(rest) != 2 || rest[0].Subject != "2" || rest[1].Subject != "1" {
		s.Errorf("before that: %+v", rest)
	}
	if rest := older(list[0], "1"); len(rest) != 1 || rest[0].Subject != "1" || len(older(rest[0], "1")) != 0 || len(older(rest[0], "\x00")) != 0 {
		s.Errorf("before that, of one subject: %+v", rest)
	}
	equal(s, "entry", list[0], store.AuditEntry{
		ID: list[0].ID, At: now(), Who: "command line", Act: "consumer.set", Subject: "4", Before: `{"a":1}`,
	})
	s.hasNot("name")
	s.update(s.put("name", ""))
	s.has("name", "")
	s.update(s.put("name", "grün\nзелёный"))
	s.has("name", "grün\nзелёный")
}

// testHostileText tries texts that PostgreSQL cannot hold: lookups find nothing,
// what people read is kept without them, and nothing breaks.
func testHostileText(s suite) {
	a, c := s.person("learner"), s.consumer("LMS")
	for _, text := range []string{"a\x00b", "a\xffb", "\xed\xa0\x80"} {
		s.view(func(tx store.Tx) error {
			_, byKey := tx.Consumers().ByKey(s.ctx, text)
			_, byID := tx.Consumers().ByID(s.ctx, text)
			_, byName := tx.Accounts().ByUsername(s.ctx, text)
			_, byLink := tx.Accounts().ByLink(s.ctx, c.ID, text)
			_, session := tx.Launches().ByID(s.ctx, text)
			_, course := tx.Courses().Info(s.ctx, text)
			_, version := tx.Courses().Load(s.ctx, text)
			for i, err := range []error{byKey, byID, byName, byLink, session, course, version} {
				if !errors.Is(err, store.ErrNotFound) {
					s.Errorf("lookup %d of %q: got %v, want ErrNotFound", i, text, err)
				}
			}
			_, err1 := tx.Consumers().List(s.ctx, text)
			_, err2 := tx.Accounts().List(s.ctx, text, 1)
			_, err3 := tx.LaunchLog().List(s.ctx, store.LaunchFilter{Reference: text, Code: text, ConsumerID: text})
			return errors.Join(err1, err2, err3)
		})
		s.update(func(tx store.Tx) error {
			_, err := tx.Placements().Upsert(s.ctx, store.Placement{
				ConsumerID: c.ID, LinkKey: "l", Title: text, CourseKey: "c", UsageKey: "u", LastLaunchAt: now(),
			})
			g := gradeTarget(c.ID, a.ID, "l")
			g.Outcome.SourcedID = text
			id, err2 := tx.Placements().PutTarget(s.ctx, g)
			if err := errors.Join(err, err2); err != nil {
				return err
			}
			got, err := tx.Placements().Target(s.ctx, id)
			if err == nil {
				equal(s, "sourcedid", got.Outcome.SourcedID, text)
			}
			return errors.Join(err, tx.LaunchLog().Append(s.ctx, store.LaunchEntry{At: now(), Code: text, Detail: text}))
		})
		s.refusesNames(c.ID, a.ID, text)
	}
	var long strings.Builder // too long to be indexed, and not to be compressed
	for i := range 20_000 {
		fmt.Fprintf(&long, "%x", i*i)
	}
	s.refusesNames(c.ID, a.ID, long.String())
}

// refusesNames checks that what identifies something is never stored changed.
func (s suite) refusesNames(consumerID, accountID, name string) {
	s.Helper()
	for what, f := range map[string]func(tx store.Tx) error{
		"an account": func(tx store.Tx) error {
			return tx.Accounts().Create(s.ctx, &account.Account{Username: name})
		},
		"a consumer": func(tx store.Tx) error {
			return tx.Consumers().Create(s.ctx, &lti.Consumer{Name: "n", Key: name})
		},
		"a user": func(tx store.Tx) error {
			_, err := tx.Accounts().Link(s.ctx, account.Link{ConsumerID: consumerID, LTIUserID: name, AccountID: accountID})
			return err
		},
		"a link": func(tx store.Tx) error {
			_, err := tx.Placements().Upsert(s.ctx, store.Placement{ConsumerID: consumerID, LinkKey: name})
			return err
		},
		"a course of an LMS": func(tx store.Tx) error {
			_, err := tx.Placements().Upsert(s.ctx, store.Placement{ConsumerID: consumerID, LMSContext: lti.Context{ID: name}})
			return err
		},
		"a target": func(tx store.Tx) error {
			_, err := tx.Placements().PutTarget(s.ctx, gradeTarget(consumerID, accountID, name))
			return err
		},
		"an origin": func(tx store.Tx) error { return tx.Consumers().LearnOrigin(s.ctx, consumerID, name, now()) },
	} {
		if err := s.Update(s.ctx, f); errs.From(err) == nil || errs.From(err).Kind != errs.Invalid {
			s.Errorf("%s called %.20q: got %v, want an error of kind Invalid", what, name, err)
		}
	}
	s.view(func(tx store.Tx) error {
		_, err := tx.Accounts().ByLink(s.ctx, consumerID, name)
		if !errors.Is(err, store.ErrNotFound) {
			s.Errorf("user %.20q: got %v, want ErrNotFound", name, err)
		}
		return nil
	})
}
