package people_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/identity"
	"lectern/internal/people"
	"lectern/internal/pgtest"
	"lectern/internal/signin"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
)

var postgres pgtest.Server

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m, &postgres)) }

// onBoth runs test with a service on each engine.
func onBoth(t *testing.T, test func(t *testing.T, s *people.Service)) {
	t.Helper()
	for name, dsn := range map[string]func(t *testing.T) string{
		"SQLite":     func(t *testing.T) string { return filepath.Join(t.TempDir(), "test.db") },
		"PostgreSQL": func(t *testing.T) string { return postgres.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			db, err := sqlstore.Open(context.Background(), dsn(t), sqlstore.Options{Migrate: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			test(t, &people.Service{Store: db, Clock: func() time.Time { return time.Now().UTC() }})
		})
	}
}

// admin adds an administrator who can sign in.
func admin(t *testing.T, s *people.Service, name string) string {
	t.Helper()
	a, err := s.Add(t.Context(), "test", people.New{Username: name, Admin: true})
	if err != nil {
		t.Fatal(err)
	}
	err = s.Store.Update(t.Context(), func(tx store.Tx) error {
		a.PasswordHash = "$argon2id$x"
		return tx.Accounts().Update(t.Context(), a)
	})
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// Administrators who take each other's rights at the same time leave one.
func TestLastAdministratorAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *people.Service) {
		for range 10 {
			ids := []string{admin(t, s, account.RandomUsername()), admin(t, s, account.RandomUsername())}
			var wait sync.WaitGroup
			for i, id := range ids {
				wait.Go(func() {
					var err error
					if i == 0 {
						err = s.SetRole(t.Context(), "test", id, account.NoRole, nil)
					} else {
						err = s.Delete(t.Context(), "test", id)
					}
					if err != nil && !errors.Is(err, people.ErrLastAdmin) {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			left := 0
			err := s.Store.Update(t.Context(), func(tx store.Tx) error {
				admins, err := tx.Accounts().Admins(t.Context())
				left = len(admins)
				for _, a := range admins { // the next round begins without them
					a.Admin = false
					if err := tx.Accounts().Update(t.Context(), a); err != nil {
						return err
					}
				}
				return err
			})
			if err != nil || left != 1 {
				t.Fatalf("%d administrators left, %v", left, err)
			}
		}
	})
}

// Two first sign-ins of one person at once make one account.
func TestIdentityAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *people.Service) {
		c := &identity.Claims{Issuer: "https://idp.example", Subject: "1", Email: "ada@example.edu", Username: "ada"}
		ids := make([]string, 8)
		var wait sync.WaitGroup
		for i := range ids {
			wait.Go(func() {
				a, err := s.ByIdentity(t.Context(), c)
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
				t.Errorf("accounts %s and %s", ids[0], id)
			}
		}
	})
}

// Names from outside are never trusted to fit.
func TestIdentityHostileClaims(t *testing.T) {
	onBoth(t, func(t *testing.T, s *people.Service) {
		for i, c := range []identity.Claims{
			{Subject: "1", Username: "a\x00b", Name: "x\x00y\xff", Email: "no address"},
			{Subject: "2", Username: "<script>", Name: string(make([]byte, 1<<16))},
			{Subject: "3", Username: signin.FirstAdmin},
			{Subject: "4\xff"},
		} {
			c.Issuer = "https://idp.example"
			a, err := s.ByIdentity(t.Context(), &c)
			if i == 3 {
				if err == nil {
					t.Error("a subject that cannot be stored")
				}
				continue
			}
			if err != nil || !signin.ValidName(a.Username) || a.Admin || a.Email != "" || a.Username == signin.FirstAdmin {
				t.Errorf("%d: %+v, %v", i, a, err)
			}
		}
	})
}
