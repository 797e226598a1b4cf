package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"lectern/internal/lti"
	"lectern/internal/store"
)

func (s suite) session(id string) *store.Session {
	s.Helper()
	c, a := s.consumer("LMS of "+id), s.person("learner of "+id)
	return &store.Session{
		ID: id, ConsumerID: c.ID, AccountID: a.ID, PlacementID: "p", CourseKey: "course-v1:o+c+r", UsageKey: "u",
		Scope: "s", Staff: true, ScoreHost: "lms.example:8443", ReturnURL: "https://lms.example/?a=ü", Locale: "de-DE", Query: "show_title=1",
		TokenHash: []byte("t1"), HandleHash: []byte("h1"), HandleUntil: after(60), UserAgent: []byte("ua"),
		CreatedAt: now(), SeenAt: now(), ExpiresAt: after(3600),
	}
}

func testSessions(s suite) {
	want := s.session("L1")
	s.update(func(tx store.Tx) error { return tx.Launches().Create(s.ctx, want) })
	s.fails(store.ErrConflict, func(tx store.Tx) error { return tx.Launches().Create(s.ctx, want) })
	check := func(what string) {
		s.Helper()
		equal(s, what, read(s, func(tx store.Tx) (*store.Session, error) { return tx.Launches().ByID(s.ctx, "L1") }), want)
	}
	check("created")
	redeem := func(id, handle string, at int) func(tx store.Tx) error {
		return func(tx store.Tx) error {
			return tx.Launches().Redeem(s.ctx, id, []byte(handle), []byte("t3"), after(at))
		}
	}
	s.fails(store.ErrNotFound, redeem("L1", "wrong", 1))
	s.fails(store.ErrNotFound, redeem("L1", "", 1))
	s.fails(store.ErrNotFound, redeem("other", "h1", 1))
	s.fails(store.ErrNotFound, redeem("L1", "h1", 60)) // too old by then
	check("refused handles change nothing")

	s.update(func(tx store.Tx) error {
		return tx.Launches().Rehandle(s.ctx, "L1", []byte("h2"), []byte("t2"), after(120))
	})
	want.HandleHash, want.TokenHash, want.HandleUntil = []byte("h2"), []byte("t2"), after(120)
	check("new handle")
	s.fails(store.ErrNotFound, redeem("L1", "h1", 1))

	var won atomic.Int64
	atOnce(16, func(int) {
		if err := s.Update(s.ctx, redeem("L1", "h2", 61)); err == nil {
			won.Add(1)
		} else if !errors.Is(err, store.ErrNotFound) {
			s.Errorf("redeem at once: %v", err)
		}
	})
	if won.Load() != 1 {
		s.Errorf("one handle was redeemed %d times", won.Load())
	}
	want.HandleHash, want.TokenHash = nil, []byte("t3")
	check("redeemed")
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		return tx.Launches().Rehandle(s.ctx, "L1", []byte("h3"), []byte("t4"), after(180))
	})
	s.update(func(tx store.Tx) error { return tx.Launches().Seen(s.ctx, "L1", after(99)) })
	want.SeenAt = after(99)
	check("seen")
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		return tx.Launches().Create(s.ctx, &store.Session{ID: "stray", ConsumerID: "nobody", AccountID: want.AccountID})
	})
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Launches().Seen(s.ctx, "nobody", now()) })
}

// testNonces uses one nonce many times at once: exactly one caller is first, and
// everybody else learns who.
func testNonces(s suite) {
	const callers = 32
	for round := range 5 {
		hash := fmt.Appendf(nil, "hash %d", round)
		winners := make([]string, callers)
		atOnce(callers, func(i int) {
			n := store.Nonce{
				Hash: hash, Fingerprint: []byte{byte(i)}, LaunchID: fmt.Sprint(i), At: after(i), ExpiresAt: after(60 + i),
			}
			err := s.Update(s.ctx, func(tx store.Tx) error {
				winners[i] = n.LaunchID
				taken, err := tx.Launches().UseNonce(s.ctx, n)
				if taken != nil {
					winners[i] = taken.LaunchID
				}
				return err
			})
			if err != nil {
				s.Errorf("nonce: %v", err)
			}
		})
		for i, w := range winners {
			if w != winners[0] {
				s.Fatalf("round %d: launch %d saw %s win, launch 0 saw %s", round, i, w, winners[0])
			}
		}
	}
	s.fails(errBroken, func(tx store.Tx) error { // a launch that fails later leaves its nonce unused
		_, err := tx.Launches().UseNonce(s.ctx, store.Nonce{Hash: []byte("free")})
		return errors.Join(err, errBroken)
	})
	n := store.Nonce{Hash: []byte("free"), Fingerprint: []byte("f"), LaunchID: "L", At: now(), ExpiresAt: after(1)}
	for i, want := range []*store.Nonce{nil, &n} {
		equal(s, fmt.Sprintf("use %d", i), write(s, func(tx store.Tx) (*store.Nonce, error) {
			return tx.Launches().UseNonce(s.ctx, n)
		}), want)
	}
}

func testLaunchPrune(s suite) {
	base := s.session("base")
	s.update(func(tx store.Tx) error {
		var list []error
		for i := range 10 {
			next := *base
			next.ID, next.ExpiresAt = fmt.Sprint(i), after(i)
			_, err := tx.Launches().UseNonce(s.ctx, store.Nonce{Hash: []byte{byte(i)}, ExpiresAt: after(i)})
			list = append(list, err, tx.Launches().Create(s.ctx, &next))
		}
		return errors.Join(list...)
	})
	prune := func(seconds, limit int) int64 {
		return write(s, func(tx store.Tx) (int64, error) { return tx.Launches().Prune(s.ctx, after(seconds), limit) })
	}
	equal(s, "first pass", prune(5, 3), 6)
	equal(s, "second pass", prune(5, 3), 4)
	equal(s, "nothing left", prune(5, 3), 0)
	for id, want := range map[string]error{"4": store.ErrNotFound, "5": nil} {
		err := s.View(s.ctx, func(tx store.Tx) error {
			_, err := tx.Launches().ByID(s.ctx, id)
			return err
		})
		if !errors.Is(err, want) {
			s.Errorf("session %s after pruning: got %v, want %v", id, err, want)
		}
	}
}

func testLaunchLog(s suite) {
	skew := 3 * time.Second
	entry := store.LaunchEntry{
		ID: "id-A", At: now(), Code: "ok", Verified: true, ConsumerID: "c1", ConsumerKey: "k", CourseKey: "course",
		UsageKey: "usage", Detail: "clock 3 s", Skew: &skew, Evidence: `{"p":["roles=Learner"]}`, TestID: "test-1",
	}
	refused := store.LaunchEntry{ID: "id_B", At: after(1), Code: "launch_stale", ConsumerID: "c2", ConsumerKey: "k", Cause: "ahead 100%"}
	s.update(func(tx store.Tx) error {
		return errors.Join(tx.LaunchLog().Append(s.ctx, entry), tx.LaunchLog().Append(s.ctx, refused))
	})
	for _, tt := range []struct {
		name string
		f    store.LaunchFilter
		want []store.LaunchEntry
	}{
		{"all, newest first", store.LaunchFilter{}, []store.LaunchEntry{refused, entry}},
		{"limit", store.LaunchFilter{Limit: 1}, []store.LaunchEntry{refused}},
		{"consumer", store.LaunchFilter{ConsumerID: "c1"}, []store.LaunchEntry{entry}},
		{"code", store.LaunchFilter{Code: "launch_stale"}, []store.LaunchEntry{refused}},
		{"failed", store.LaunchFilter{Failed: true}, []store.LaunchEntry{refused}},
		{"reference", store.LaunchFilter{Reference: "-A"}, []store.LaunchEntry{entry}},
		{"opened", store.LaunchFilter{Opened: true}, []store.LaunchEntry{entry}},
		{"course", store.LaunchFilter{CourseKey: "course"}, []store.LaunchEntry{entry}},
		{"text, ignoring case", store.LaunchFilter{Text: "USAG"}, []store.LaunchEntry{entry}},
		{"text of the cause", store.LaunchFilter{Text: "100%"}, []store.LaunchEntry{refused}},
		{"text without wildcard", store.LaunchFilter{Text: "ah%d"}, nil},
		{"after a place", store.LaunchFilter{Before: refused.Key()}, []store.LaunchEntry{entry}},
		{"after the last", store.LaunchFilter{Before: entry.Key()}, nil},
		{"test", store.LaunchFilter{TestID: "test-1", Failed: true}, []store.LaunchEntry{entry}},
		{"no wildcard", store.LaunchFilter{Reference: "_A"}, nil},
		{"together", store.LaunchFilter{Reference: "A", Failed: true}, nil},
	} {
		equal(s, tt.name, s.log(tt.f), tt.want)
	}
	huge := strings.Repeat("é", 1<<20)
	s.update(func(tx store.Tx) error {
		return tx.LaunchLog().Append(s.ctx, store.LaunchEntry{
			At: after(2), Code: "x", ConsumerKey: huge, Detail: huge, UsageKey: huge, Cause: huge, Evidence: huge,
		})
	})
	if e := s.log(store.LaunchFilter{Code: "x"})[0]; len(e.Detail)+len(e.ConsumerKey)+len(e.UsageKey)+len(e.Cause)+len(e.Evidence) > 1<<13 {
		s.Error("a huge entry was kept whole")
	}
	equal(s, "pruned", write(s, func(tx store.Tx) (int64, error) {
		return tx.LaunchLog().Prune(s.ctx, after(1), 10)
	}), 1)
	equal(s, "left", len(s.log(store.LaunchFilter{})), 2)
}

func (s suite) log(f store.LaunchFilter) []store.LaunchEntry {
	s.Helper()
	return read(s, func(tx store.Tx) ([]store.LaunchEntry, error) { return tx.LaunchLog().List(s.ctx, f) })
}

// testLaunchCauses groups refusals with one cure, and reads clocks.
func testLaunchCauses(s suite) {
	add := func(e store.LaunchEntry) {
		s.Helper()
		s.update(func(tx store.Tx) error { return tx.LaunchLog().Append(s.ctx, e) })
	}
	seconds := func(n int) *time.Duration {
		d := time.Duration(n) * time.Second
		return &d
	}
	add(store.LaunchEntry{ID: "old", At: after(-90), Code: "bad", ConsumerID: "c1", Cause: "host"})
	for i, e := range []store.LaunchEntry{
		{Code: "bad", ConsumerID: "c1", ConsumerKey: "k1", Cause: "host", Repeats: 4},
		{Code: "bad", ConsumerID: "c1", ConsumerKey: "k1", Cause: "host"},
		{Code: "bad", ConsumerID: "c1", ConsumerKey: "k1", Cause: "scheme"},
		{Code: "bad", ConsumerID: "c2", ConsumerKey: "k2", Cause: "host", Skew: seconds(-7), Verified: true},
		{Code: "bad", ConsumerID: "c2", ConsumerKey: "k2", Cause: "host", TestID: "t", Skew: seconds(999)},
		{Code: "ok", ConsumerID: "c2", Skew: seconds(840), Verified: true},
		{Code: "ok", ConsumerID: "c2", Skew: seconds(0), Verified: true},
		{Code: "ok", ConsumerID: "c2"},
	} {
		e.ID, e.At = fmt.Sprintf("row-%d", i), after(i)
		add(e)
	}
	causes := read(s, func(tx store.Tx) ([]store.LaunchCause, error) { return tx.LaunchLog().Causes(s.ctx, after(-1), 10) })
	equal(s, "causes", causes, []store.LaunchCause{
		{ConsumerID: "c1", ConsumerKey: "k1", Code: "bad", Cause: "host", Count: 6, First: after(0), Last: after(1), Newest: "row-1"},
		{ConsumerID: "c2", ConsumerKey: "k2", Code: "bad", Cause: "host", Count: 1, First: after(3), Last: after(3), Newest: "row-3"},
		{ConsumerID: "c1", ConsumerKey: "k1", Code: "bad", Cause: "scheme", Count: 1, First: after(2), Last: after(2), Newest: "row-2"},
	})
	var good, refused int64
	s.view(func(tx store.Tx) (err error) {
		good, refused, err = tx.LaunchLog().Counts(s.ctx, after(-1))
		return err
	})
	if good != 3 || refused != 8 {
		s.Errorf("Counts = %d good, %d refused; want 3 and 8", good, refused)
	}
	skews := func(limit int) []time.Duration {
		return read(s, func(tx store.Tx) ([]time.Duration, error) { return tx.LaunchLog().Skews(s.ctx, "c2", after(-1), limit) })
	}
	equal(s, "clocks, newest first", skews(10), []time.Duration{0, 840 * time.Second, -7 * time.Second})
	equal(s, "newest clock", skews(1), []time.Duration{0})
}

// testTestLaunches keeps what operators try out, and what its gradebook got.
func testTestLaunches(s suite) {
	lms := s.consumer("LMS")
	l := store.TestLaunch{
		MadeAt: now(), MadeBy: "a", ConsumerID: lms.ID, CourseKey: "c", UsageKey: "u", Person: "ana", LMS: "canvas",
		Fault: "stale", OutcomeFault: "422",
	}
	s.update(func(tx store.Tx) error { return tx.TestLaunches().Create(s.ctx, &l) })
	byID := func(id string) (*store.TestLaunch, error) {
		var got *store.TestLaunch
		err := s.View(s.ctx, func(tx store.Tx) (err error) {
			got, err = tx.TestLaunches().ByID(s.ctx, id)
			return err
		})
		return got, err
	}
	m := store.TestMessage{
		ID: "m1", TestID: l.ID, At: after(1), Operation: "replaceResult", Score: "0.5", Accepted: true, Status: 200,
		Request: "<a/>", Answer: "<b/>",
	}
	refused := store.TestMessage{ID: "m2", TestID: l.ID, At: after(2), Reason: "no", Status: 422}
	s.update(func(tx store.Tx) error {
		return errors.Join(tx.TestLaunches().Receive(s.ctx, m, "0.5"), tx.TestLaunches().Receive(s.ctx, refused, "0.5"))
	})
	l.Grade = "0.5"
	got, err := byID(l.ID)
	if err != nil {
		s.Fatal(err)
	}
	equal(s, "test", *got, l)
	messages := func(limit int) []store.TestMessage {
		return read(s, func(tx store.Tx) ([]store.TestMessage, error) { return tx.TestLaunches().Messages(s.ctx, l.ID, limit) })
	}
	equal(s, "messages, oldest first", messages(10), []store.TestMessage{m, refused})
	equal(s, "the newest", messages(1), []store.TestMessage{refused})
	for _, id := range []string{lms.ID, ""} {
		equal(s, "list", read(s, func(tx store.Tx) ([]store.TestLaunch, error) {
			return tx.TestLaunches().List(s.ctx, id, 10)
		}), []store.TestLaunch{l})
	}
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		return tx.TestLaunches().Receive(s.ctx, store.TestMessage{TestID: "nobody"}, "")
	})
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		return tx.TestLaunches().Create(s.ctx, &store.TestLaunch{ConsumerID: "nobody", MadeAt: now()})
	})
	second := store.TestLaunch{MadeAt: after(10), ConsumerID: lms.ID}
	s.update(func(tx store.Tx) error { return tx.TestLaunches().Create(s.ctx, &second) })
	equal(s, "pruned", write(s, func(tx store.Tx) (int64, error) { return tx.TestLaunches().Prune(s.ctx, after(5), 10) }), 1)
	if _, err := byID(l.ID); !errors.Is(err, store.ErrNotFound) {
		s.Errorf("a pruned test: %v", err)
	}
	equal(s, "its messages", len(messages(10)), 0)
	s.update(func(tx store.Tx) error { return tx.Consumers().Delete(s.ctx, lms.ID) })
	if _, err := byID(second.ID); !errors.Is(err, store.ErrNotFound) {
		s.Errorf("a test of a deleted consumer: %v", err)
	}
}

// testLaunchLogCap floods the log: strangers cannot fill the disk.
func testLaunchLogCap(s suite) {
	stranger := func(at int, key string) {
		s.Helper()
		s.update(func(tx store.Tx) error {
			return tx.LaunchLog().AppendUnverified(s.ctx,
				store.LaunchEntry{At: after(at), Code: "launch_unknown_key", ConsumerKey: key}, after(at-60), 3)
		})
	}
	s.update(func(tx store.Tx) error {
		return tx.LaunchLog().Append(s.ctx, store.LaunchEntry{At: now(), Code: "ok", Verified: true})
	})
	for i := range 20 {
		stranger(i, fmt.Sprintf("k%d", i%4))
	}
	repeats := map[string]int64{}
	for _, e := range s.log(store.LaunchFilter{Failed: true}) {
		repeats[e.ConsumerKey] = e.Repeats
	}
	equal(s, "repeats", repeats, map[string]int64{"k0": 4, "k1": 4, "k2": 4})
	stranger(120, "k3") // the window has passed
	equal(s, "rows", len(s.log(store.LaunchFilter{})), 5)
}

func testPlacements(s suite) {
	lms, other := s.consumer("LMS"), s.consumer("other")
	p := store.Placement{
		ConsumerID: lms.ID, LinkKey: "link", LMSContext: lti.Context{ID: "ctx", Title: "Old", Label: "O"}, Title: "First",
		CourseKey: "c1", UsageKey: "u1", FirstAt: now(), LastLaunchAt: now(),
	}
	upsert := func(p store.Placement) string {
		s.Helper()
		return write(s, func(tx store.Tx) (string, error) { return tx.Placements().Upsert(s.ctx, p) })
	}
	list := func(consumerID, courseKey string) []store.Placement {
		s.Helper()
		return read(s, func(tx store.Tx) ([]store.Placement, error) {
			return tx.Placements().List(s.ctx, consumerID, courseKey)
		})
	}
	p.ID = upsert(p)
	p.Launches = 1
	equal(s, "first launch", list(lms.ID, ""), []store.Placement{p})

	p.LMSContext.Title, p.LMSContext.Label = "Neu – 新", ""
	p.Title, p.CourseKey, p.UsageKey, p.LastLaunchAt, p.Launches = "Second", "c2", "u2", after(5), 2
	again := p
	again.ID, again.FirstAt = "", after(5)
	equal(s, "ID of the second launch", upsert(again), p.ID)
	equal(s, "second launch", list("", "c2"), []store.Placement{p})
	equal(s, "course it left", list("", "c1"), nil)

	for _, elsewhere := range []store.Placement{
		{ConsumerID: lms.ID, LinkKey: "link", LMSContext: lti.Context{ID: "ctx2"}, LastLaunchAt: after(1)},
		{ConsumerID: lms.ID, LinkKey: "Link", LMSContext: lti.Context{ID: "ctx"}, LastLaunchAt: after(2)},
		{ConsumerID: lms.ID, LinkKey: "link", LastLaunchAt: after(3)},
		{ConsumerID: other.ID, LinkKey: "link", LMSContext: lti.Context{ID: "ctx"}, LastLaunchAt: after(4)},
	} {
		if id := upsert(elsewhere); id == p.ID {
			s.Errorf("%+v is the same placement", elsewhere)
		}
	}
	equal(s, "placements of the LMS", len(list(lms.ID, "")), 4)
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Placements().Upsert(s.ctx, store.Placement{ConsumerID: "nobody", LinkKey: "x"})
		return err
	})
	atOnce(20, func(int) {
		err := s.Update(s.ctx, func(tx store.Tx) error {
			_, err := tx.Placements().Upsert(s.ctx, again)
			return err
		})
		if err != nil {
			s.Errorf("upsert at once: %v", err)
		}
	})
	equal(s, "launches", list("", "c2")[0].Launches, 22)
}
