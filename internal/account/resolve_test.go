package account_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
)

// fixture is a database with two consumers, and a resolver.
type fixture struct {
	t        *testing.T
	store    store.Store
	resolver *account.Resolver
	open     *lti.Consumer // anonymous
	closed   *lti.Consumer // requires an account
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	ctx := context.Background()
	s, err := sqlstore.Open(ctx, filepath.Join(t.TempDir(), "test.db"), sqlstore.Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	now := func() time.Time { return time.Now().UTC() }
	f := &fixture{t: t, store: s, resolver: &account.Resolver{
		EmailDomain: "lti.example.com", Clock: now, Absent: store.ErrNotFound, Taken: store.ErrConflict,
	}}
	f.open = &lti.Consumer{ID: "c1", Name: "consumer", Key: "consumer_key", Enabled: true, CreatedAt: now(), UpdatedAt: now()}
	f.closed = &lti.Consumer{ID: "c2", Name: "closed", Key: "consumer_key_2", Enabled: true, RequireUserAccount: true,
		CreatedAt: now(), UpdatedAt: now()}
	f.update(func(ctx context.Context, tx store.Tx) error {
		if err := tx.Consumers().Create(ctx, f.open); err != nil {
			return err
		}
		return tx.Consumers().Create(ctx, f.closed)
	})
	return f
}

func (f *fixture) update(do func(ctx context.Context, tx store.Tx) error) {
	f.t.Helper()
	ctx := context.Background()
	if err := f.store.Update(ctx, func(tx store.Tx) error { return do(ctx, tx) }); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) resolve(c *lti.Consumer, userID string) (*account.Account, error) {
	return f.resolveUser(c, lti.User{ID: userID})
}

func (f *fixture) resolveUser(c *lti.Consumer, u lti.User) (a *account.Account, err error) {
	ctx := context.Background()
	err = f.store.Update(ctx, func(tx store.Tx) error {
		a, err = f.resolver.Resolve(ctx, tx.Accounts(), tx.Consumers(), &lti.Launch{Consumer: c, User: u})
		return err
	})
	return a, err
}

// T105-T108, T116, T117: an unknown user gets an anonymous account, a known one
// gets theirs, whoever the browser belongs to.
func TestT105Anonymous(t *testing.T) {
	f := newFixture(t)
	first, err := f.resolve(f.open, "LTI_User")
	if err != nil {
		t.Fatal(err)
	}
	if first.Kind != account.Anonymous || first.Name != "" || first.Email != first.Username+"@lti.example.com" || first.PasswordHash != "" {
		t.Errorf("account %+v", first)
	}
	again, err := f.resolve(f.open, "LTI_User")
	if err != nil || again.ID != first.ID {
		t.Errorf("second launch: %v, %v", again, err)
	}
	other, err := f.resolve(f.open, "lti_user")
	if err != nil || other.ID == first.ID {
		t.Errorf("user IDs differ in case: %v, %v", other, err)
	}
}

// T120: first launches that arrive together make one account.
func TestT120SimultaneousFirstLaunches(t *testing.T) {
	f := newFixture(t)
	ids := make([]string, 32)
	var wait sync.WaitGroup
	for i := range ids {
		wait.Go(func() {
			a, err := f.resolve(f.open, "LTI_User")
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = a.ID
		})
	}
	wait.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("two accounts: %s and %s", id, ids[0])
		}
	}
}

// T111, T114: without a proven account nobody gets in, learners known
// anonymously from before neither, and nothing is written.
func TestT114RequireUserAccount(t *testing.T) {
	f := newFixture(t)
	if _, err := f.resolve(f.closed, "new"); !errors.Is(err, account.ErrRequired) {
		t.Errorf("unknown learner: %v", err)
	}
	known, err := f.resolve(f.open, "LTI_User")
	if err != nil {
		t.Fatal(err)
	}
	f.open.RequireUserAccount = true
	if _, err := f.resolve(f.open, "LTI_User"); !errors.Is(err, account.ErrRequired) {
		t.Errorf("anonymous learner from before: %v", err)
	}
	f.open.RequireUserAccount = false
	if again, err := f.resolve(f.open, "LTI_User"); err != nil || again.ID != known.ID {
		t.Errorf("switching the option off again: %v, %v", again, err)
	}
}

// T121: one account, linked from two consumers; an operator's link is proof
// enough for a consumer that requires an account.
func TestT121LinkedTwice(t *testing.T) {
	f := newFixture(t)
	now := time.Now().UTC()
	ines := &account.Account{ID: "a1", Username: "ines", Kind: account.Local, Enabled: true, CreatedAt: now}
	f.update(func(ctx context.Context, tx store.Tx) error {
		if err := tx.Accounts().Create(ctx, ines); err != nil {
			return err
		}
		for _, c := range []string{"c1", "c2"} {
			if _, err := tx.Accounts().Link(ctx, account.Link{
				ConsumerID: c, LTIUserID: "u1", AccountID: "a1", How: "operator", CreatedAt: now,
			}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, c := range []*lti.Consumer{f.open, f.closed} {
		if a, err := f.resolve(c, "u1"); err != nil || a.ID != "a1" {
			t.Errorf("consumer %s: %v, %v", c.Name, a, err)
		}
	}
}

// T128: a disabled account does not get in.
func TestT128Disabled(t *testing.T) {
	f := newFixture(t)
	a, err := f.resolve(f.open, "LTI_User")
	if err != nil {
		t.Fatal(err)
	}
	a.Enabled = false
	f.update(func(ctx context.Context, tx store.Tx) error { return tx.Accounts().Update(ctx, a) })
	if _, err := f.resolve(f.open, "LTI_User"); !errors.Is(err, account.ErrDisabled) {
		t.Errorf("disabled account: %v", err)
	}
}

// crowded is a directory in which every user name is taken.
type crowded struct {
	account.Directory
	tries int
}

func (d *crowded) Linked(context.Context, string, string) (*account.Link, *account.Account, error) {
	return nil, nil, store.ErrNotFound
}

func (d *crowded) Create(context.Context, *account.Account) error {
	d.tries++
	return store.ErrConflict
}

// T127: clashes of names end, whatever causes them.
func TestT127Bounded(t *testing.T) {
	f, d := newFixture(t), &crowded{}
	_, err := f.resolver.Resolve(context.Background(), d, nil, &lti.Launch{Consumer: f.open, User: lti.User{ID: "u"}})
	if err == nil || d.tries > 10 {
		t.Errorf("%d tries, error %v", d.tries, err)
	}
}
