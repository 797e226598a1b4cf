package storetest

import (
	"errors"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/store"
)

func testIdentities(s suite) {
	a, b := s.person("a"), s.person("b")
	i := store.Identity{Issuer: "https://idp.example", Subject: "s-1", AccountID: a.ID, Email: "a@example.com", CreatedAt: now()}
	s.update(func(tx store.Tx) error { return tx.People().PutIdentity(s.ctx, i) })
	taken, stray := i, i
	taken.AccountID, stray.Subject, stray.AccountID = b.ID, "s-2", "nobody"
	s.fails(store.ErrConflict, func(tx store.Tx) error { return tx.People().PutIdentity(s.ctx, taken) })
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.People().PutIdentity(s.ctx, stray) })
	find := func(issuer, subject string) (*account.Account, error) {
		var got *account.Account
		return got, s.View(s.ctx, func(tx store.Tx) (err error) {
			got, err = tx.People().ByIdentity(s.ctx, issuer, subject)
			if err == nil {
				equal(s, "account of identity", got.ID, a.ID)
			}
			return err
		})
	}
	for _, tt := range []struct {
		issuer, subject string
		want            error
	}{
		{i.Issuer, "s-1", nil},
		{i.Issuer, "S-1", store.ErrNotFound},
		{"https://other.example", "s-1", store.ErrNotFound},
		{"a\x00b", "\xff", store.ErrNotFound},
	} {
		if _, err := find(tt.issuer, tt.subject); !errors.Is(err, tt.want) {
			s.Errorf("%q %q: got %v, want %v", tt.issuer, tt.subject, err, tt.want)
		}
	}
	list := func(id string) []store.Identity {
		s.Helper()
		return read(s, func(tx store.Tx) ([]store.Identity, error) { return tx.People().Identities(s.ctx, id) })
	}
	equal(s, "identities", list(a.ID), []store.Identity{i})
	equal(s, "of somebody else", len(list(b.ID)), 0)
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.People().DeleteIdentity(s.ctx, taken) })
	s.update(func(tx store.Tx) error { return tx.People().DeleteIdentity(s.ctx, i) })
	equal(s, "after deleting", len(list(a.ID)), 0)
}

// works gives a person a state, an event and, for p1, a gradebook cell.
func (s suite) works(accountID, consumerID string, blocks ...string) {
	s.Helper()
	s.update(func(tx store.Tx) error {
		for _, id := range blocks {
			k := store.LearnerKey{AccountID: accountID, CourseKey: "c", Ref: course.Ref{Type: "problem", ID: id}}
			err := errors.Join(
				tx.Learners().Put(s.ctx, &store.LearnerState{Key: k, State: accountID, Answered: true, Earned: 1, Possible: 2, UpdatedAt: now()}),
				tx.Learners().AppendScore(s.ctx, store.ScoreEvent{Key: k, At: now(), Earned: 1, Possible: 2, Why: "answer"}))
			if err != nil {
				return err
			}
			target, err := tx.Placements().PutTarget(s.ctx, gradeTarget(consumerID, accountID, id))
			if err != nil {
				return err
			}
			if err := tx.Owed().Owe(s.ctx, store.Debt{TargetID: target, At: now()}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s suite) history(accountID string) *store.History {
	s.Helper()
	return read(s, func(tx store.Tx) (*store.History, error) { return tx.People().History(s.ctx, accountID) })
}

func testHistory(s suite) {
	a, b, lms := s.person("a"), s.person("b"), s.consumer("LMS")
	s.works(a.ID, lms.ID, "p2", "p1")
	h := s.history(a.ID)
	if len(h.States) != 2 || h.States[0].Key.Ref.ID != "p1" || h.States[1].Earned != 1 ||
		len(h.Events) != 2 || h.Events[0].Why != "answer" || h.Events[0].Key.AccountID != a.ID ||
		len(h.Targets) != 2 || h.Targets[0].LinkKey != "p1" {
		s.Errorf("history: %+v", h)
	}
	equal(s, "history of somebody else", s.history(b.ID), &store.History{})
	s.update(func(tx store.Tx) error {
		return errors.Join(
			tx.Audit().Append(s.ctx, store.AuditEntry{At: now(), Who: "x", Act: "1", Subject: a.ID}),
			tx.Audit().Append(s.ctx, store.AuditEntry{At: after(1), Who: "x", Act: "2", Subject: a.ID}),
			tx.Audit().Append(s.ctx, store.AuditEntry{At: now(), Who: a.ID, Act: "3", Subject: b.ID}))
	})
	about := func(subject string, limit int) (acts string) {
		s.Helper()
		for _, e := range read(s, func(tx store.Tx) ([]store.AuditEntry, error) {
			return tx.People().AuditAbout(s.ctx, subject, limit)
		}) {
			acts += e.Act
		}
		return acts
	}
	equal(s, "audit about a", about(a.ID, 0), "21")
	equal(s, "newest about a", about(a.ID, 1), "2")
	equal(s, "about nobody", about("a\x00", 0), "")
}

func testMerge(s suite) {
	from, into, lms := s.person("from"), s.person("into"), s.consumer("LMS")
	s.works(from.ID, lms.ID, "both", "only-from")
	s.works(into.ID, lms.ID, "both", "only-into")
	s.link(lms.ID, "U1", from.ID)
	s.update(func(tx store.Tx) error {
		return errors.Join(
			tx.People().PutIdentity(s.ctx, store.Identity{Issuer: "i", Subject: "s", AccountID: from.ID}),
			tx.Launches().Create(s.ctx, &store.Session{ID: "open", ConsumerID: lms.ID, AccountID: from.ID, ExpiresAt: after(60)}))
	})
	m := write(s, func(tx store.Tx) (*store.Merged, error) { return tx.People().Merge(s.ctx, from.ID, into.ID, after(5)) })
	kept := store.LearnerKey{AccountID: from.ID, CourseKey: "c", Ref: course.Ref{Type: "problem", ID: "both"}}
	equal(s, "merged", m, &store.Merged{States: 1, Events: 1, Links: 1, Targets: 1, Kept: []store.LearnerKey{kept}})

	h := s.history(into.ID)
	if len(h.States) != 3 || h.States[0].State != into.ID || h.States[1].State != from.ID ||
		len(h.Events) != 3 || len(h.Targets) != 3 {
		s.Errorf("into: %+v", h)
	}
	for _, target := range h.Targets {
		equal(s, "cell that goes on", target.Refused, "")
	}
	left := s.history(from.ID)
	if len(left.States) != 1 || len(left.Events) != 1 || len(left.Targets) != 1 || left.Targets[0].Refused == "" {
		s.Errorf("from: %+v", left)
	}
	links := read(s, func(tx store.Tx) ([]account.Link, error) { return tx.Accounts().Links(s.ctx, into.ID) })
	if len(links) != 1 || links[0].How != account.ByOperator || !links[0].CreatedAt.Equal(after(5)) ||
		links[0].PreviousAccountID != from.ID {
		s.Errorf("links: %+v", links)
	}
	s.view(func(tx store.Tx) error {
		a, err := tx.People().ByIdentity(s.ctx, "i", "s")
		if err == nil {
			equal(s, "identity", a.ID, into.ID)
		}
		return err
	})
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Launches().ByID(s.ctx, "open")
		return err
	})
	again := write(s, func(tx store.Tx) (*store.Merged, error) { return tx.People().Merge(s.ctx, from.ID, into.ID, after(6)) })
	equal(s, "merged again", again, &store.Merged{Kept: []store.LearnerKey{kept}})
}

func testDeletePerson(s suite) {
	a, b, lms := s.person("a"), s.person("b"), s.consumer("LMS")
	for _, id := range []string{a.ID, b.ID} {
		s.works(id, lms.ID, "p1")
		s.link(lms.ID, "U "+id, id)
		s.update(func(tx store.Tx) error {
			return errors.Join(
				tx.People().PutIdentity(s.ctx, store.Identity{Issuer: "i", Subject: id, AccountID: id}),
				tx.Launches().Create(s.ctx, &store.Session{ID: "open " + id, ConsumerID: lms.ID, AccountID: id, ExpiresAt: after(60)}),
				tx.Console().CreateSession(s.ctx, store.ConsoleSession{TokenHash: []byte(id), AccountID: id, ExpiresAt: after(60)}),
				tx.Audit().Append(s.ctx, store.AuditEntry{At: now(), Who: id, Act: "x", Subject: id, Before: "{}", After: `{"email":"x"}`}))
		})
	}
	s.update(func(tx store.Tx) error { return tx.People().Delete(s.ctx, a.ID) })
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.People().Delete(s.ctx, a.ID) })
	equal(s, "nothing is left", s.history(a.ID), &store.History{})
	s.view(func(tx store.Tx) error {
		_, byID := tx.Accounts().ByID(s.ctx, a.ID)
		_, byLink := tx.Accounts().ByLink(s.ctx, lms.ID, "U "+a.ID)
		_, launch := tx.Launches().ByID(s.ctx, "open "+a.ID)
		_, session := tx.Console().Session(s.ctx, []byte(a.ID), now())
		_, identity := tx.People().ByIdentity(s.ctx, "i", a.ID)
		for i, err := range []error{byID, byLink, launch, session, identity} {
			if !errors.Is(err, store.ErrNotFound) {
				s.Errorf("lookup %d: %v", i, err)
			}
		}
		about, err := tx.People().AuditAbout(s.ctx, a.ID, 0)
		if len(about) != 1 || about[0].Who != a.ID || about[0].Before+about[0].After != "" {
			s.Errorf("audit keeps more than the ID: %+v", about)
		}
		_, other := tx.Accounts().ByLink(s.ctx, lms.ID, "U "+b.ID)
		_, open := tx.Launches().ByID(s.ctx, "open "+b.ID)
		return errors.Join(err, other, open)
	})
	if h := s.history(b.ID); len(h.States) != 1 || len(h.Events) != 1 || len(h.Targets) != 1 {
		s.Errorf("somebody else lost: %+v", h)
	}
}
