package main

import (
	"context"
	"slices"
	"strings"
	"testing"

	"lectern/internal/account"
	"lectern/internal/store"
)

func (s *testSite) movedPeople() {
	t := s.t
	s.view(func(ctx context.Context, tx store.Tx) error {
		for name, want := range map[string]struct {
			kind       account.Kind
			how, named string
			password   bool
		}{
			movedUser: {account.Anonymous, account.ByLaunch, "", false},
			"jdoe42":  {account.FromLMS, account.ByPII, "", false},
			"alice":   {account.Local, account.ByOperator, "Alice B. Adams", true},
		} {
			a, err := tx.Accounts().ByUsername(ctx, name)
			if err != nil {
				return err
			}
			links, err := tx.Accounts().Links(ctx, a.ID)
			if err != nil {
				return err
			}
			if a.Kind != want.kind || a.Name != want.named || (a.PasswordHash != "") != want.password || a.Admin ||
				len(links) != 1 || links[0].How != want.how || a.CreatedAt.Year() != 2025 {
				t.Errorf("%s: %+v, links %+v", name, a, links)
			}
		}
		return nil
	})
}

// TestMoveMoodle: a launch with another launch ID in the sourcedid is of the
// same gradebook cell, and composite scores follow.
func TestMoveMoodle(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.move(moveIn(t, []string{"natural.json"})...)
	const sourcedid = `{"data":{"instanceid":"7","userid":"42","typeid":"3","launchid":333},"hash":"cccc"}`
	m := s.good(path("vertical", "v1")).set("user_id", "jdoe42").set("resource_link_id", "7").
		set("lis_result_sourcedid", sourcedid).set("lis_outcome_service_url", "https://moodle.example.edu/mod/lti/service.php")
	m.key, m.secret = "11112222333344445555666677778888", "88887777666655554444333322221111"
	s.open(newBrowser(t), m)
	s.view(func(ctx context.Context, tx store.Tx) error {
		a, err := tx.Accounts().ByUsername(ctx, "jdoe42")
		if err != nil {
			return err
		}
		rows, err := tx.Owed().List(ctx, store.OwedFilter{AccountID: a.ID})
		if err != nil || len(rows) != 1 {
			t.Fatalf("scores %+v, %v", rows, err)
		}
		target, err := tx.Placements().Target(ctx, rows[0].TargetID)
		if err == nil && (target.LinkKey != "7" || target.Outcome.SourcedID != sourcedid) {
			t.Errorf("target %+v", target)
		}
		return err
	})
}

// TestMovePasswords: Django's hashes let people in once, and become ours.
func TestMovePasswords(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	report := s.move(append([]string{"--all-users"}, moveIn(t, []string{"natural.json"})...)...)
	for name, password := range map[string]string{"alice": "correct horse", "bob": "short pw"} {
		if _, err := s.site.signIn.SignIn(t.Context(), name, password+"x", "192.0.2.1"); err == nil {
			t.Errorf("%s: signed in with a wrong password", name)
		}
		for range 2 {
			if _, err := s.site.signIn.SignIn(t.Context(), name, password, "192.0.2.1"); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			s.view(func(ctx context.Context, tx store.Tx) error {
				a, err := tx.Accounts().ByUsername(ctx, name)
				if err == nil && !strings.HasPrefix(a.PasswordHash, "$argon2id$") || a.Admin {
					t.Errorf("%s after signing in: %+v", name, a)
				}
				return err
			})
		}
	}
	var notes []string
	for _, n := range report.Notes {
		notes = append(notes, n.Why)
	}
	if !slices.Contains(notes, "They were staff in Open edX: no rights are taken over.") {
		t.Errorf("notes %q", notes)
	}
}
