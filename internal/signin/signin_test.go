package signin_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/signin"
	"lectern/internal/store/sqlstore"
)

// newService returns a service on a fresh database with a clock that the test
// moves.
func newService(t *testing.T) (*signin.Service, *time.Time) {
	t.Helper()
	s, err := sqlstore.Open(context.Background(), filepath.Join(t.TempDir(), "test.db"), sqlstore.Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	clock := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	return &signin.Service{
		Store: s, Passwords: account.NewPasswords(2), Clock: func() time.Time { return clock },
	}, &clock
}

const password = "a pass phrase"

// firstAdmin goes through the first start.
func firstAdmin(t *testing.T, s *signin.Service) {
	t.Helper()
	ctx := context.Background()
	link, err := s.FirstRun(ctx)
	if err != nil || link == "" {
		t.Fatalf("FirstRun = %q, %v", link, err)
	}
	if _, err := s.Redeem(ctx, link, password); err != nil {
		t.Fatal(err)
	}
}

func TestFirstRun(t *testing.T) {
	ctx := context.Background()
	s, clock := newService(t)
	first, err := s.FirstRun(ctx)
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.FirstRun(ctx)
	if err != nil || second == "" {
		t.Fatalf("a restart before anybody signed in must print a link again: %q, %v", second, err)
	}
	if _, err := s.Redeem(ctx, first, password); !errors.Is(err, signin.ErrLink) {
		t.Errorf("the older link still works: %v", err)
	}
	if _, err := s.Redeem(ctx, second, "short"); !errors.Is(err, account.ErrPasswordWeak) {
		t.Errorf("weak password: %v", err)
	}
	token, err := s.Redeem(ctx, second, password)
	if err != nil {
		t.Fatalf("a weak try must not use the link up: %v", err)
	}
	if who, err := s.Visitor(ctx, token); err != nil || who.Username != signin.FirstAdmin {
		t.Errorf("Who = %+v, %v", who, err)
	}
	if _, err := s.Redeem(ctx, second, password); !errors.Is(err, signin.ErrLink) {
		t.Errorf("the link works twice: %v", err)
	}
	if link, err := s.FirstRun(ctx); link != "" || err != nil {
		t.Errorf("later starts print a link: %q, %v", link, err)
	}
	*clock = clock.Add(signin.SessionLife + time.Second)
	if _, err := s.Visitor(ctx, token); !errors.Is(err, signin.ErrSession) {
		t.Errorf("the session never ends: %v", err)
	}
}

func TestLinkExpires(t *testing.T) {
	ctx := context.Background()
	s, clock := newService(t)
	link, err := s.FirstRun(ctx)
	if err != nil {
		t.Fatal(err)
	}
	*clock = clock.Add(25 * time.Hour)
	if _, err := s.Redeem(ctx, link, password); !errors.Is(err, signin.ErrLink) {
		t.Errorf("an old link works: %v", err)
	}
}

func TestThrottle(t *testing.T) {
	ctx := context.Background()
	s, clock := newService(t)
	firstAdmin(t, s)
	for range 5 {
		if _, err := s.SignIn(ctx, "admin", "wrong password", "192.0.2.1"); !errors.Is(err, signin.ErrWrong) {
			t.Fatalf("wrong password: %v", err)
		}
	}
	if _, err := s.SignIn(ctx, "ADMIN", password, "192.0.2.9"); !errors.Is(err, signin.ErrThrottled) {
		t.Errorf("the name is not throttled: %v", err)
	}
	if _, err := s.SignIn(ctx, "somebody", "x", "192.0.2.1"); !errors.Is(err, signin.ErrWrong) {
		t.Errorf("others at the address are throttled by one: %v", err)
	}
	for i := range 44 {
		if _, err := s.SignIn(ctx, fmt.Sprintf("guess%d", i), "x", "192.0.2.1"); !errors.Is(err, signin.ErrWrong) {
			t.Fatalf("wrong name: %v", err)
		}
	}
	if _, err := s.SignIn(ctx, "nobody", "x", "192.0.2.1"); !errors.Is(err, signin.ErrThrottled) {
		t.Errorf("the address is not throttled: %v", err)
	}
	*clock = clock.Add(16 * time.Minute)
	token, err := s.SignIn(ctx, "Admin", password, "192.0.2.1")
	if err != nil {
		t.Fatalf("after the pause: %v", err)
	}
	if err := s.SignOut(ctx, token); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Visitor(ctx, token); !errors.Is(err, signin.ErrSession) {
		t.Errorf("signed out, still in: %v", err)
	}
}

func TestPasswordEndsSessions(t *testing.T) {
	ctx := context.Background()
	s, _ := newService(t)
	firstAdmin(t, s)
	token, err := s.SignIn(ctx, "admin", password, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	who, err := s.Find(ctx, "admin")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.SetPassword(ctx, "command line", who.ID, "another pass phrase"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Visitor(ctx, token); !errors.Is(err, signin.ErrSession) {
		t.Errorf("a new password must end sessions: %v", err)
	}
	if _, err := s.SignIn(ctx, "admin", password, "192.0.2.1"); !errors.Is(err, signin.ErrWrong) {
		t.Errorf("the old password works: %v", err)
	}
}

func TestAddAdmin(t *testing.T) {
	ctx := context.Background()
	s, _ := newService(t)
	for _, tt := range []struct {
		name string
		want error
	}{
		{"ines", nil}, {"Ines", signin.ErrUserTaken}, {"", signin.ErrUserName}, {"a b", signin.ErrUserName},
		{"i.nes+2@school", nil}, {"<script>", signin.ErrUserName},
	} {
		if _, err := s.AddAdmin(ctx, "test", tt.name, ""); !errors.Is(err, tt.want) && (err != nil || tt.want != nil) {
			t.Errorf("AddAdmin(%q) = %v, want %v", tt.name, err, tt.want)
		}
	}
}
