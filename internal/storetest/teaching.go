package storetest

import (
	"slices"
	"time"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/lti"
	"lectern/internal/store"
)

func testGiven(s suite) {
	k := learnerKey(s.person("a").ID)
	st := store.LearnerState{
		Key: k, State: "x", UpdatedAt: now(),
		Given: &store.Given{Earned: 0.5, Possible: 2, By: "boss", Why: "☃ oral", At: now()},
	}
	s.put1(st, nil)
	get := func() *store.LearnerState {
		s.Helper()
		return read(s, func(tx store.Tx) (*store.LearnerState, error) { return tx.Learners().State(s.ctx, k) })
	}
	st.Version = 1
	equal(s, "given", get(), &st)
	if earned, possible, counts := get().Counts(); earned != 0.5 || possible != 2 || !counts {
		s.Errorf("counts %v of %v, %v", earned, possible, counts)
	}
	st.Given = nil
	s.put1(st, nil)
	st.Version = 2
	equal(s, "withdrawn", get(), &st)
	if _, _, counts := get().Counts(); counts {
		s.Error("nothing counts that was never answered")
	}
}

// testOfBlock pages through those who worked on a block.
func testOfBlock(s suite) {
	var want []store.RescoreKey
	for _, name := range []string{"a", "b", "c"} {
		k := learnerKey(s.person(name).ID)
		for _, scope := range []string{"", "ctx"} {
			k.Scope = scope
			s.put1(store.LearnerState{Key: k, State: "x"}, nil)
			want = append(want, store.RescoreKey{AccountID: k.AccountID, Scope: scope})
		}
		k.Ref.ID = "another"
		s.put1(store.LearnerState{Key: k, State: "x"}, nil)
	}
	slices.SortFunc(want, func(a, b store.RescoreKey) int {
		return slices.Compare([]string{a.AccountID, a.Scope}, []string{b.AccountID, b.Scope})
	})
	var got []store.RescoreKey
	after := store.RescoreKey{}
	for range 5 {
		page := read(s, func(tx store.Tx) ([]store.RescoreKey, error) {
			return tx.Learners().OfBlock(s.ctx, "c", learnerKey("").Ref, after, 2)
		})
		if got = append(got, page...); len(page) > 0 {
			after = page[len(page)-1]
		}
	}
	equal(s, "all, once each", got, want)
	equal(s, "scopes", read(s, func(tx store.Tx) ([]string, error) {
		return tx.Learners().Scopes(s.ctx, want[0].AccountID, "c")
	}), []string{"", "ctx"})
}

func testMembers(s suite) {
	c := s.consumer("Moodle")
	ada, bob, eve, sam := s.person("ada"), s.person("bob"), s.person("eve"), s.person("sam")
	place := func(contextID, link string) string {
		s.Helper()
		return write(s, func(tx store.Tx) (string, error) {
			return tx.Placements().Upsert(s.ctx, store.Placement{
				ConsumerID: c.ID, LinkKey: link, LMSContext: lti.Context{ID: contextID}, CourseKey: "c", FirstAt: now(),
			})
		})
	}
	first, same, other := place("m1", "l1"), place("m1", "l2"), place("m2", "l1")
	s.link(c.ID, "user-ada", ada.ID)
	seen := func(placement string, who *account.Account, staff bool) {
		s.Helper()
		s.update(func(tx store.Tx) error { return tx.Members().Seen(s.ctx, placement, who.ID, staff, now()) })
	}
	seen(first, ada, false)
	seen(same, ada, false)
	seen(same, bob, false)
	seen(first, sam, true)
	seen(other, eve, false)
	list := func(placement, after string, limit int) (names []string) {
		s.Helper()
		for _, m := range read(s, func(tx store.Tx) ([]store.Member, error) {
			return tx.Members().List(s.ctx, placement, after, limit)
		}) {
			names = append(names, m.Username+" "+m.LTIUserID)
		}
		return names
	}
	equal(s, "learners of the context", list(first, "", 9), []string{"ada user-ada", "bob "})
	equal(s, "by another link of it", list(same, "", 1), []string{"ada user-ada"})
	equal(s, "the next page", list(same, ada.ID, 9), []string{"bob "})
	equal(s, "count", read(s, func(tx store.Tx) (int64, error) { return tx.Members().Count(s.ctx, first) }), 2)
	seen(first, bob, true) // teaches now
	equal(s, "teachers are no learners", list(first, "", 9), []string{"ada user-ada"})
	for _, who := range []*account.Account{ada, bob, eve} {
		k := learnerKey(who.ID)
		s.put1(store.LearnerState{Key: k, State: who.Username}, nil)
	}
	states := read(s, func(tx store.Tx) ([]store.LearnerState, error) {
		return tx.Members().States(s.ctx, first, "", learnerKey(""), 9)
	})
	if len(states) != 1 || states[0].State != "ada" {
		s.Errorf("states of the context: %+v", states)
	}
	takes := func(who *account.Account, key string) bool {
		s.Helper()
		return read(s, func(tx store.Tx) (bool, error) { return tx.Members().Takes(s.ctx, who.ID, key) })
	}
	if !takes(eve, "c") || takes(eve, "another") || takes(s.person("nobody"), "c") {
		s.Error("who takes a course")
	}
	s.update(func(tx store.Tx) error { return tx.People().Delete(s.ctx, ada.ID) })
	equal(s, "gone with the account", list(first, "", 9), nil)
	copied := func(id string, keys ...string) string {
		s.Helper()
		return write(s, func(tx store.Tx) (string, error) { return tx.Placements().Copied(s.ctx, id, c.ID, keys) })
	}
	equal(s, "copied from the first known", copied(other, "gone", "l2", "l1"), same)
	equal(s, "once", copied(other, "l1"), "")
	equal(s, "from nothing known", copied(first, "gone", "l1x"), "")
	equal(s, "noted", read(s, func(tx store.Tx) (*store.Placement, error) { return tx.Placements().ByID(s.ctx, other) }).CopiedFrom, same)
	equal(s, "found by its link", read(s, func(tx store.Tx) (*store.Placement, error) {
		return tx.Placements().Find(s.ctx, c.ID, "m2", "l1")
	}).ID, other)
}

func testRescores(s suite) {
	a := s.person("ada")
	r := store.Rescore{
		ID: "r1", CourseKey: "c", Ref: course.Ref{Type: "problem", ID: "p"}, OnlyHigher: true, AskedBy: "boss", AskedAt: now(),
	}
	s.update(func(tx store.Tx) error { return tx.Rescores().Create(s.ctx, r) })
	due := func(at time.Time) bool {
		s.Helper()
		return read(s, func(tx store.Tx) (bool, error) { return tx.Rescores().Due(s.ctx, at) })
	}
	if due(after(-1)) || !due(now()) {
		s.Error("when it is due")
	}
	claimed := write(s, func(tx store.Tx) (*store.Rescore, error) { return tx.Rescores().Claim(s.ctx, now(), after(60)) })
	r.State, r.DueAt = store.RescorePreview, after(60)
	equal(s, "claimed", claimed, &r)
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		_, err := tx.Rescores().Claim(s.ctx, after(1), after(61))
		return err
	})
	r.State, r.DueAt, r.Seen, r.Raised, r.After = store.RescoreReady, time.Time{}, 3, 1, store.RescoreKey{AccountID: "x", Scope: "y"}
	s.fails(store.ErrConflict, func(tx store.Tx) error { return tx.Rescores().Save(s.ctx, r, after(59)) })
	s.update(func(tx store.Tx) error {
		row := store.RescoreRow{RescoreKey: store.RescoreKey{AccountID: a.ID}, OldPossible: 1, NewEarned: 1, NewPossible: 1, Outcome: "changes"}
		if err := tx.Rescores().PutRow(s.ctx, "r1", row); err != nil {
			return err
		}
		row.Scope = "ctx"
		if err := tx.Rescores().PutRow(s.ctx, "r1", row); err != nil {
			return err
		}
		row.Outcome = "applied"
		if err := tx.Rescores().PutRow(s.ctx, "r1", row); err != nil {
			return err
		}
		return tx.Rescores().Save(s.ctx, r, after(60))
	})
	equal(s, "saved", read(s, func(tx store.Tx) (*store.Rescore, error) { return tx.Rescores().ByID(s.ctx, "r1") }), &r)
	rows := read(s, func(tx store.Tx) ([]store.RescoreRow, error) {
		return tx.Rescores().Rows(s.ctx, "r1", store.RescoreKey{AccountID: a.ID}, 9)
	})
	equal(s, "rows after the first", rows, []store.RescoreRow{{
		RescoreKey: store.RescoreKey{AccountID: a.ID, Scope: "ctx"}, Username: "ada",
		OldPossible: 1, NewEarned: 1, NewPossible: 1, Outcome: "applied",
	}})
	move := func(from, to store.RescoreState) func(tx store.Tx) error {
		return func(tx store.Tx) error { return tx.Rescores().Move(s.ctx, "r1", from, to, after(5), time.Time{}) }
	}
	s.fails(store.ErrConflict, move(store.RescorePreview, store.RescoreApply))
	s.update(move(store.RescoreReady, store.RescoreApply))
	if due(after(4)) || !due(after(5)) {
		s.Error("when applying is due")
	}
	equal(s, "listed", len(read(s, func(tx store.Tx) ([]store.Rescore, error) { return tx.Rescores().List(s.ctx, "c", 5) })), 1)
}

// testVersions goes back to an earlier version, and lets go of files that no
// version names.
func testVersions(s suite) {
	const key = "course-v1:o+c+r"
	names := func(v *store.CourseVersion, sums ...string) *store.CourseVersion {
		var list []course.Asset
		for _, sum := range sums {
			list = append(list, course.Asset{Name: sum, SHA256: sum})
		}
		v.Course.Assets = course.NewAssets(list)
		return v
	}
	first, second := names(sample(s, key, "v1"), "both", "old"), names(sample(s, key, "v2"), "both", "new")
	s.publish(first)
	second.ImportAt = after(60)
	s.publish(second)
	versions := func() []store.VersionInfo {
		s.Helper()
		return read(s, func(tx store.Tx) ([]store.VersionInfo, error) { return tx.Courses().Versions(s.ctx, key, 0) })
	}
	list := versions()
	if len(list) != 2 || list[0].ID != "v2" || !list[0].LeftAt.IsZero() || !list[1].LeftAt.Equal(after(60)) {
		s.Fatalf("versions: %+v", list)
	}
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Courses().Point(s.ctx, key, "v9", after(90)) })
	s.update(func(tx store.Tx) error { return tx.Courses().Point(s.ctx, key, "v1", after(90)) })
	info := read(s, func(tx store.Tx) (*store.CourseInfo, error) { return tx.Courses().Info(s.ctx, key) })
	if list = versions(); info.VersionID != "v1" || !list[0].LeftAt.Equal(after(90)) || !list[1].LeftAt.IsZero() {
		s.Errorf("back at the first: %s, %+v", info.VersionID, list)
	}
	s.fails(store.ErrConflict, func(tx store.Tx) error { return tx.Courses().DeleteVersion(s.ctx, key, "v1", after(100)) })
	s.update(func(tx store.Tx) error { return tx.Courses().DeleteVersion(s.ctx, key, "v2", after(100)) })
	garbage := func(at int) []string {
		s.Helper()
		return read(s, func(tx store.Tx) ([]string, error) { return tx.Courses().Garbage(s.ctx, after(at), 9) })
	}
	equal(s, "not yet", garbage(99), nil)
	equal(s, "what nobody names", garbage(100), []string{"new"})
	rescue := func(sums ...string) []string {
		s.Helper()
		return write(s, func(tx store.Tx) ([]string, error) { return tx.Courses().Rescue(s.ctx, sums) })
	}
	equal(s, "rescued in time", rescue("new", "both"), nil)
	equal(s, "no garbage", garbage(100), nil)
	third := names(sample(s, key, "v3"), "gone")
	third.ImportAt = after(110)
	s.publish(third)
	s.update(func(tx store.Tx) error {
		if err := tx.Courses().Point(s.ctx, key, "v1", after(120)); err != nil {
			return err
		}
		return tx.Courses().DeleteVersion(s.ctx, key, "v3", after(120))
	})
	take := func(sum string) bool {
		s.Helper()
		return write(s, func(tx store.Tx) (bool, error) { return tx.Courses().TakeGarbage(s.ctx, sum) })
	}
	if !take("gone") || take("both") {
		s.Error("only what nobody names may be taken")
	}
	equal(s, "too late to rescue", rescue("gone"), []string{"gone"})
	s.update(func(tx store.Tx) error { return tx.Courses().ForgetGarbage(s.ctx, "gone") })
	equal(s, "its bytes are gone", rescue("gone"), nil)
	s.update(func(tx store.Tx) error { return tx.Courses().MarkFiles(s.ctx, "v1", after(130)) })
	equal(s, "files of a version that is about to go", len(garbage(130)), 2)
}
