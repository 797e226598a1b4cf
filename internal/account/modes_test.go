package account_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// pii adds a consumer that sends names and addresses and is trusted with these
// domains.
func (f *fixture) pii(id string, domains ...string) *lti.Consumer {
	f.t.Helper()
	now := time.Now().UTC()
	c := &lti.Consumer{
		ID: id, Name: id, Key: "key_" + id, Enabled: true, UseLTIPII: true, TrustedDomains: domains,
		CreatedAt: now, UpdatedAt: now,
	}
	f.update(func(ctx context.Context, tx store.Tx) error { return tx.Consumers().Create(ctx, c) })
	return c
}

// person adds an account.
func (f *fixture) person(a account.Account) *account.Account {
	f.t.Helper()
	if a.Kind == "" {
		a.Kind = account.Local
	}
	a.Enabled, a.CreatedAt = true, time.Now().UTC()
	f.update(func(ctx context.Context, tx store.Tx) error { return tx.Accounts().Create(ctx, &a) })
	return &a
}

func (f *fixture) must(c *lti.Consumer, u lti.User) *account.Account {
	f.t.Helper()
	a, err := f.resolveUser(c, u)
	if err != nil {
		f.t.Fatal(err)
	}
	return a
}

func (f *fixture) link(c *lti.Consumer, userID string) (l *account.Link) {
	f.t.Helper()
	ctx := context.Background()
	if err := f.store.View(ctx, func(tx store.Tx) (err error) {
		l, err = tx.Accounts().FindLink(ctx, c.ID, userID)
		return err
	}); err != nil {
		f.t.Fatal(err)
	}
	return l
}

func (f *fixture) prove(c *lti.Consumer, userID string, a *account.Account) {
	f.t.Helper()
	f.update(func(ctx context.Context, tx store.Tx) error {
		return tx.Accounts().Prove(ctx, account.Link{
			ConsumerID: c.ID, LTIUserID: userID, AccountID: a.ID, How: account.BySignIn, CreatedAt: time.Now().UTC(),
		})
	})
}

// T115: how a launch's names become one.
func TestT115FullName(t *testing.T) {
	for _, tt := range []struct{ full, given, family, want string }{
		{"", "John", "Doe", "John Doe"},
		{"John Doe", "Jacob", "", "John Doe"},
		{"John Doe", "", "", "John Doe"},
		{"", "", "", ""},
		{"", "John", "", "John"},
		{"", "", "Doe", ""},
	} {
		if got := account.FullName(lti.User{FullName: tt.full, GivenName: tt.given, FamilyName: tt.family}); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}

// T116, T122, T123, T124: with personal information the account is named as the
// LMS says, as far as the name is free and can be one.
func TestT122PersonalInformation(t *testing.T) {
	f := newFixture(t)
	c := f.pii("pii")
	f.person(account.Account{Username: "taken"})
	f.person(account.Account{Username: "someone", Email: "mail@school.example"})
	for _, tt := range []struct {
		name, id, email, wantName, wantEmail string
	}{
		{"free", "john_doe", "some.user@example.com", "john_doe", "some.user@example.com"},
		{"no address", "edx_id", "", "edx_id", "edx_id@lti.example.com"},
		{"taken", "taken", "t@example.com", "", "t@example.com"},
		{"taken but for case", "TAKEN", "t2@example.com", "", "t2@example.com"},
		{"no user name", "a b", "ab@example.com", "", "ab@example.com"},
		{"the first administrator's", "admin", "x@example.com", "", "x@example.com"},
		{"somebody's address", "mail@school.example", "y@example.com", "", "y@example.com"},
		{"long", strings.Repeat("x", 151), "z@example.com", "", "z@example.com"},
		{"no address either", "no-mail", "not an address", "no-mail", "no-mail@lti.example.com"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := f.must(c, lti.User{ID: tt.id, Email: tt.email, FullName: "John Doe"})
			random := len(a.Username) == 30
			if tt.wantName != "" && a.Username != tt.wantName || tt.wantName == "" && !random {
				t.Errorf("user name %q", a.Username)
			}
			if a.Email != tt.wantEmail || a.Name != "John Doe" || a.Kind != account.FromLMS || a.PasswordHash != "" || a.Admin {
				t.Errorf("account %+v", a)
			}
			if l := f.link(c, tt.id); l.How != account.ByPII || l.AccountID != a.ID {
				t.Errorf("link %+v", l)
			}
		})
	}
}

// T119, T126: an address alone leads into no account that somebody signs in to
// or that may do something, nor into one that another LMS made.
func TestT126AddressIsNoProof(t *testing.T) {
	f := newFixture(t)
	plain, trusting := f.pii("plain"), f.pii("trusting", "school.example")
	other := f.pii("other")
	admin := f.person(account.Account{Username: "root", Email: "root@school.example", Admin: true})
	teacher := f.person(account.Account{Username: "teacher", Email: "teacher@school.example", PasswordHash: "x"})
	campus := f.person(account.Account{Username: "campus", Email: "campus@school.example"})
	f.update(func(ctx context.Context, tx store.Tx) error {
		return tx.People().PutIdentity(ctx, store.Identity{
			Issuer: "https://idp.school.example", Subject: "1", AccountID: campus.ID, CreatedAt: time.Now().UTC(),
		})
	})
	listed := f.person(account.Account{Username: "listed", Email: "listed@school.example"})
	foreign := f.must(other, lti.User{ID: "f", Email: "foreign@school.example"})
	for _, tt := range []struct {
		name  string
		c     *lti.Consumer
		email string
		want  *account.Account // nil: an account of its own
	}{
		{"administrator", trusting, admin.Email, nil},
		{"has a password", trusting, teacher.Email, nil},
		{"signs in by the campus", trusting, campus.Email, nil},
		{"made by an LMS that nobody trusts with the domain", trusting, foreign.Email, nil},
		{"consumer not trusted", plain, listed.Email, nil},
		{"other domain", trusting, "listed@school.example.evil.example", nil},
		{"trusted", trusting, "LISTED@school.example", listed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := f.must(tt.c, lti.User{ID: tt.name, Email: tt.email})
			if tt.want != nil {
				if a.ID != tt.want.ID || f.link(tt.c, tt.name).How != account.ByEmail {
					t.Errorf("got %+v", a)
				}
				return
			}
			for _, old := range []*account.Account{admin, teacher, campus, listed, foreign} {
				if a.ID == old.ID {
					t.Errorf("got into the account of %s", old.Username)
				}
			}
		})
	}
	if a := f.must(trusting, lti.User{ID: "second", Email: listed.Email}); a.ID == listed.ID {
		t.Error("two users of one LMS share an account")
	}
}

// T128: whom an operator shut out does not come back by an account of the same
// address, where the address is believed.
func TestT128ClosedByAddress(t *testing.T) {
	f := newFixture(t)
	trusting, plain := f.pii("trusting", "school.example"), f.pii("plain")
	for i, kind := range []account.Kind{account.Local, account.FromLMS} {
		email := string(rune('a'+i)) + "@school.example"
		var closed *account.Account
		if kind == account.Local {
			closed = f.person(account.Account{Username: "closed", Email: email, PasswordHash: "x"})
		} else {
			closed = f.must(f.pii("first", "school.example"), lti.User{ID: "closed-too", Email: email})
		}
		closed.Enabled = false
		f.update(func(ctx context.Context, tx store.Tx) error { return tx.Accounts().Update(ctx, closed) })
		if _, err := f.resolveUser(trusting, lti.User{ID: "u" + email, Email: email}); !errors.Is(err, account.ErrDisabled) {
			t.Errorf("%s: %v", kind, err)
		}
		f.must(plain, lti.User{ID: "u" + email, Email: email}) // believed nothing, told nothing
	}
}

// T121: two LMSs that are both trusted with a domain share its people.
func TestT121TwoTrustedConsumers(t *testing.T) {
	f := newFixture(t)
	a, b := f.pii("a", "school.example"), f.pii("b", "school.example")
	first := f.must(a, lti.User{ID: "1", Email: "ana@school.example", FullName: "Ana"})
	second := f.must(b, lti.User{ID: "x", Email: "ana@school.example", FullName: "Anna"})
	if first.ID != second.ID {
		t.Error("one person, two accounts")
	}
	if again := f.must(a, lti.User{ID: "1", Email: "ana@school.example", FullName: "Renamed"}); again.Name != "Ana" {
		t.Errorf("one LMS renames for all: %q", again.Name)
	}
}

// What the LMS says of a person later is taken over; what it no longer says
// stays. Anonymous accounts stay anonymous when the option is turned on.
func TestPIIRefresh(t *testing.T) {
	f := newFixture(t)
	c := f.pii("pii")
	f.must(c, lti.User{ID: "u", Email: "old@example.com", FullName: "Old"})
	f.must(c, lti.User{ID: "u", Email: "new@example.com", FullName: "New"})
	if a := f.must(c, lti.User{ID: "u"}); a.Email != "new@example.com" || a.Name != "New" || a.Username != "u" {
		t.Errorf("account %+v", a)
	}
	anonymous := f.must(f.open, lti.User{ID: "v"})
	f.open.UseLTIPII = true
	if a := f.must(f.open, lti.User{ID: "v", Email: "v@example.com", FullName: "V"}); *a != *anonymous {
		t.Errorf("turning the option on changed %+v", a)
	}
}

// T113, T114: only proof gets in where an account is required; afterwards the
// address may change or be missing, and operators are told.
func TestT113ProofSuffices(t *testing.T) {
	f := newFixture(t)
	ines := f.person(account.Account{Username: "ines", Email: "ines@school.example", PasswordHash: "x"})
	for _, how := range []string{account.ByLaunch, account.ByPII, account.ByEmail} {
		f.update(func(ctx context.Context, tx store.Tx) error {
			_, err := tx.Accounts().Link(ctx, account.Link{
				ConsumerID: f.closed.ID, LTIUserID: how, AccountID: ines.ID, How: how, CreatedAt: time.Now().UTC(),
			})
			return err
		})
		if _, err := f.resolveUser(f.closed, lti.User{ID: how, Email: ines.Email}); !errors.Is(err, account.ErrRequired) {
			t.Errorf("link made by %s: %v", how, err)
		}
	}
	f.closed.RequireUserAccount = false
	before := f.must(f.closed, lti.User{ID: "u"})
	f.closed.RequireUserAccount = true
	f.prove(f.closed, "u", ines)
	if l := f.link(f.closed, "u"); l.PreviousAccountID != before.ID || l.How != account.BySignIn {
		t.Errorf("link %+v forgot the history before it", l)
	}
	for _, tt := range []struct{ email, note string }{
		{"INES@school.example", ""},
		{"ines@new.example", "The LMS sends another e-mail address now: i•••@new.example."},
		{"", "The LMS sends no e-mail address any more."},
		{"ines@school.example", ""},
	} {
		if a := f.must(f.closed, lti.User{ID: "u", Email: tt.email}); a.ID != ines.ID {
			t.Errorf("%q: got %+v", tt.email, a)
		}
		if l := f.link(f.closed, "u"); l.Note != tt.note || l.NotedAt.IsZero() != (tt.note == "") {
			t.Errorf("%q: noted %q at %v", tt.email, l.Note, l.NotedAt)
		}
	}
}

// Require user account wins over Use lti pii, and trusted domains prove nobody.
func TestRequireWins(t *testing.T) {
	f := newFixture(t)
	c := f.pii("both", "school.example")
	c.RequireUserAccount = true
	f.person(account.Account{Username: "listed", Email: "listed@school.example"})
	if _, err := f.resolveUser(c, lti.User{ID: "u", Email: "listed@school.example"}); !errors.Is(err, account.ErrRequired) {
		t.Errorf("got %v", err)
	}
}

// T120: simultaneous first launches make one account and leave no other behind.
func TestT120PersonalInformationAtOnce(t *testing.T) {
	f := newFixture(t)
	c := f.pii("pii")
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			if _, err := f.resolveUser(c, lti.User{ID: "u", Email: "u@example.com"}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	ctx := context.Background()
	if err := f.store.View(ctx, func(tx store.Tx) error {
		all, err := tx.Accounts().List(ctx, "", 0)
		if len(all) != 1 || all[0].Username != "u" {
			t.Errorf("accounts %+v", all)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func FuzzMaskAddress(f *testing.F) {
	f.Add("ana@school.example")
	f.Add("@")
	f.Fuzz(func(t *testing.T, email string) {
		masked := account.MaskAddress(email)
		if at := strings.LastIndexByte(email, '@'); at > 4 && strings.Contains(masked, email[:at]) {
			t.Errorf("%q shows whose %q is", masked, email)
		}
	})
}

// occupied is a directory in which the first names tried are taken.
type occupied struct {
	account.Directory
	refuse int
	tried  []string
}

func (d *occupied) Create(ctx context.Context, a *account.Account) error {
	d.tried = append(d.tried, a.Username)
	if len(d.tried) <= d.refuse {
		return store.ErrConflict
	}
	return d.Directory.Create(ctx, a)
}

// T117, T118, T124: a name that is taken is followed by a random one, and the
// address follows the name.
func TestT118NextName(t *testing.T) {
	f := newFixture(t)
	c := f.pii("pii")
	for _, who := range []*lti.Consumer{f.open, c} {
		f.update(func(ctx context.Context, tx store.Tx) error {
			d := &occupied{Directory: tx.Accounts(), refuse: 2}
			a, err := f.resolver.Resolve(ctx, d, tx.Consumers(), &lti.Launch{Consumer: who, User: lti.User{ID: "edx_id"}})
			if err != nil {
				return err
			}
			if len(d.tried) != 3 || a.Username != d.tried[2] || a.Email != a.Username+"@lti.example.com" {
				t.Errorf("tried %v, got %+v", d.tried, a)
			}
			return nil
		})
	}
}

// T102, T103, T125: what names an account is the consumer and the LMS's user
// together; neither alone, and no other LMS's.
func TestT125WhoIsWho(t *testing.T) {
	f := newFixture(t)
	one, two := f.pii("one"), f.pii("two")
	first := f.must(one, lti.User{ID: "u"})
	if other := f.must(two, lti.User{ID: "u"}); other.ID == first.ID {
		t.Error("two LMSs share a user because their IDs are alike")
	}
	if other := f.must(one, lti.User{ID: "U"}); other.ID == first.ID {
		t.Error("IDs that differ in case are one user")
	}
	if again := f.must(one, lti.User{ID: "u"}); again.ID != first.ID {
		t.Error("one user, two accounts")
	}
}
