package storetest

import (
	"errors"
	"sync/atomic"

	"lectern/internal/account"
	"lectern/internal/lti"
	"lectern/internal/store"
)

func (s suite) continuation(id, consumerID string) *store.Continuation {
	s.Helper()
	c := &store.Continuation{
		ID: id, ConsumerID: consumerID, TokenHash: []byte("t"), UserAgent: []byte("ua"), CodeHash: []byte("c"),
		Box: []byte{0, 1, 255}, CreatedAt: now(), ExpiresAt: after(600),
	}
	s.update(func(tx store.Tx) error { return tx.Continuations().Create(s.ctx, c) })
	return c
}

func testContinuations(s suite) {
	lms, who := s.consumer("LMS"), s.person("who")
	want := s.continuation("C1", lms.ID)
	check := func(what string) {
		s.Helper()
		equal(s, what, read(s, func(tx store.Tx) (*store.Continuation, error) {
			return tx.Continuations().ByID(s.ctx, "C1")
		}), want)
	}
	want.State = store.ContinuationWaiting
	check("created")
	s.fails(store.ErrConflict, func(tx store.Tx) error { return tx.Continuations().Create(s.ctx, want) })
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		return tx.Continuations().Create(s.ctx, &store.Continuation{ID: "C2", ConsumerID: "nobody"})
	})
	try := func(id string, at int) func(tx store.Tx) error {
		return func(tx store.Tx) error { return tx.Continuations().Try(s.ctx, id, 3, after(at)) }
	}
	use := func(at int) func(tx store.Tx) error {
		return func(tx store.Tx) error { return tx.Continuations().Use(s.ctx, "C1", after(at)) }
	}
	s.fails(store.ErrNotFound, try("nobody", 0))
	s.fails(store.ErrNotFound, try("C1", 600)) // over by then
	s.fails(store.ErrNotFound, use(0))         // nobody confirmed
	s.update(try("C1", 599))
	s.update(func(tx store.Tx) error { return tx.Continuations().Other(s.ctx, "C1", "b•••@x") })
	want.Other = "b•••@x"
	check("another account: the try is taken back")

	s.update(try("C1", 1))
	s.update(func(tx store.Tx) error { return tx.Continuations().Confirm(s.ctx, "C1", who.ID) })
	want.Tries, want.State, want.AccountID, want.Other = 1, store.ContinuationConfirmed, who.ID, ""
	check("confirmed")
	s.fails(store.ErrNotFound, try("C1", 1))
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Continuations().Confirm(s.ctx, "C1", who.ID) })
	s.fails(store.ErrNotFound, use(600))
	var won atomic.Int64
	atOnce(16, func(int) {
		if err := s.Update(s.ctx, use(599)); err == nil {
			won.Add(1)
		} else if !errors.Is(err, store.ErrNotFound) {
			s.Errorf("use at once: %v", err)
		}
	})
	if won.Load() != 1 {
		s.Errorf("one launch went on %d times", won.Load())
	}
	s.pruneContinuations(lms.ID)
}

func (s suite) pruneContinuations(consumerID string) {
	s.Helper()
	prune := func(at, limit int) int64 {
		s.Helper()
		return write(s, func(tx store.Tx) (int64, error) { return tx.Continuations().Prune(s.ctx, after(at), limit) })
	}
	equal(s, "pruned too early", prune(600, 10), int64(0))
	s.continuation("C3", consumerID)
	equal(s, "pruned with a limit", prune(601, 1), int64(1))
	equal(s, "pruned", prune(601, 10), int64(1))
	s.continuation("C4", consumerID)
	s.update(func(tx store.Tx) error { return tx.Consumers().Delete(s.ctx, consumerID) })
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Continuations().ByID(s.ctx, "C4")
		return err
	})
}

// testTries sends many codes at once: no more are judged than allowed.
func testTries(s suite) {
	lms := s.consumer("LMS")
	s.continuation("C1", lms.ID)
	var judged atomic.Int64
	atOnce(40, func(int) {
		err := s.Update(s.ctx, func(tx store.Tx) error { return tx.Continuations().Try(s.ctx, "C1", 5, now()) })
		if err == nil {
			judged.Add(1)
		} else if !errors.Is(err, store.ErrNotFound) {
			s.Errorf("try: %v", err)
		}
	})
	equal(s, "codes judged", judged.Load(), int64(5))
}

func testProvenLinks(s suite) {
	lms := s.consumer("LMS")
	anonymous, ines := s.person("anonymous"), s.person("ines")
	link := account.Link{ConsumerID: lms.ID, LTIUserID: "U1", AccountID: anonymous.ID, How: account.ByLaunch, CreatedAt: now()}
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Accounts().FindLink(s.ctx, lms.ID, "U1")
		return err
	})
	s.update(func(tx store.Tx) error {
		_, err := tx.Accounts().Link(s.ctx, link)
		return err
	})
	check := func(what string) {
		s.Helper()
		equal(s, what, read(s, func(tx store.Tx) (*account.Link, error) {
			return tx.Accounts().FindLink(s.ctx, lms.ID, "U1")
		}), &link)
	}
	check("linked by a launch")
	s.update(func(tx store.Tx) error {
		return tx.Accounts().NoteLink(s.ctx, lms.ID, "U1", "another address", after(1))
	})
	link.Note, link.NotedAt = "another address", after(1)
	check("noted")
	proven := account.Link{ConsumerID: lms.ID, LTIUserID: "U1", AccountID: ines.ID, How: account.BySignIn, CreatedAt: after(2)}
	for range 2 { // the second time nothing is forgotten
		s.update(func(tx store.Tx) error { return tx.Accounts().Prove(s.ctx, proven) })
		link = proven
		link.PreviousAccountID = anonymous.ID
		check("proven")
	}
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Accounts().NoteLink(s.ctx, lms.ID, "U2", "x", now()) })
	fresh := account.Link{ConsumerID: lms.ID, LTIUserID: "U2", AccountID: ines.ID, How: account.BySignIn, CreatedAt: now()}
	s.update(func(tx store.Tx) error { return tx.Accounts().Prove(s.ctx, fresh) })
	equal(s, "counted by how", read(s, func(tx store.Tx) (map[string]int64, error) {
		return tx.Accounts().CountLinks(s.ctx, lms.ID)
	}), map[string]int64{account.BySignIn: 2})
	equal(s, "counted elsewhere", read(s, func(tx store.Tx) (map[string]int64, error) {
		return tx.Accounts().CountLinks(s.ctx, "nobody")
	}), nil)
	equal(s, "links of the account", read(s, func(tx store.Tx) ([]account.Link, error) {
		return tx.Accounts().Links(s.ctx, ines.ID)
	}), []account.Link{fresh, link})
}

func testRetire(s suite) {
	lms, other := s.consumer("LMS"), s.consumer("other LMS")
	a := s.person("a")
	put := func(consumerID, link string) string {
		return write(s, func(tx store.Tx) (string, error) {
			return tx.Placements().PutTarget(s.ctx, gradeTarget(consumerID, a.ID, link))
		})
	}
	gone, kept, elsewhere := put(lms.ID, "l1"), put(lms.ID, "l2"), put(other.ID, "l1")
	s.update(func(tx store.Tx) error {
		return errors.Join(tx.Placements().Retire(s.ctx, lms.ID, a.ID, "l1", "moved"),
			tx.Placements().Retire(s.ctx, lms.ID, "nobody", "l1", "moved"))
	})
	for id, want := range map[string]string{gone: "moved", kept: "", elsewhere: ""} {
		got := read(s, func(tx store.Tx) (*lti.GradeTarget, error) { return tx.Placements().Target(s.ctx, id) })
		equal(s, "refused", got.Refused, want)
	}
}

func testAddresses(s suite) {
	first, second := s.person("first"), s.person("second")
	second.Email, second.PasswordHash = first.Email, "x"
	s.update(func(tx store.Tx) error { return tx.Accounts().Update(s.ctx, second) })
	same := func(email string, limit int) []*account.Account {
		s.Helper()
		return read(s, func(tx store.Tx) ([]*account.Account, error) { return tx.Accounts().ByEmail(s.ctx, email, limit) })
	}
	equal(s, "by address, who signs in first", same(first.Email, 10), []*account.Account{second, first})
	equal(s, "limit", same(first.Email, 1), []*account.Account{second})
	equal(s, "no address", same("", 10), nil)
	equal(s, "text that no engine holds", same("\x00", 10), nil)
	signsIn := func(id string) bool {
		s.Helper()
		return read(s, func(tx store.Tx) (bool, error) { return tx.Accounts().SignsIn(s.ctx, id) })
	}
	equal(s, "no password", signsIn(first.ID), false)
	equal(s, "password", signsIn(second.ID), true)
	s.update(func(tx store.Tx) error {
		return tx.People().PutIdentity(s.ctx, store.Identity{Issuer: "i", Subject: "s", AccountID: first.ID, CreatedAt: now()})
	})
	equal(s, "campus identity", signsIn(first.ID), true)
	s.update(func(tx store.Tx) error { return tx.Accounts().Discard(s.ctx, second.ID) })
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Accounts().Discard(s.ctx, second.ID) })
	lms := s.consumer("LMS")
	s.update(func(tx store.Tx) error {
		_, err := tx.Accounts().Link(s.ctx, account.Link{ConsumerID: lms.ID, LTIUserID: "u", AccountID: first.ID, How: "launch"})
		return err
	})
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Accounts().Discard(s.ctx, first.ID) })
}
