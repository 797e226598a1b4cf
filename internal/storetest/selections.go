package storetest

import (
	"lectern/internal/course"
	"lectern/internal/lti"
	"lectern/internal/store"
)

func testSelections(s suite) {
	lms := s.consumer("LMS")
	want := &store.Selection{
		ID: "S1", ConsumerID: lms.ID, TokenHash: []byte("t"), UserAgent: []byte("ua"), Box: []byte{0, 1, 255},
		CreatedAt: now(), ExpiresAt: after(600),
	}
	s.update(func(tx store.Tx) error { return tx.Selections().Create(s.ctx, want) })
	s.fails(store.ErrConflict, func(tx store.Tx) error { return tx.Selections().Create(s.ctx, want) })
	s.fails(store.ErrNotFound, func(tx store.Tx) error {
		return tx.Selections().Create(s.ctx, &store.Selection{ID: "S2", ConsumerID: "nobody"})
	})
	check := func(what string) {
		s.Helper()
		equal(s, what, read(s, func(tx store.Tx) (*store.Selection, error) { return tx.Selections().ByID(s.ctx, "S1") }), want)
	}
	check("created")
	s.update(func(tx store.Tx) error { return tx.Selections().Renew(s.ctx, "S1", []byte("t2")) })
	want.TokenHash = []byte("t2")
	check("renewed")
	for _, at := range []int{5, 9} {
		s.update(func(tx store.Tx) error { return tx.Selections().Opened(s.ctx, "S1", after(at)) })
	}
	want.OpenedAt = after(5)
	check("opened twice")
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Selections().Renew(s.ctx, "S1", []byte("t3")) })
	check("seen: it keeps its credential")
	prune := func(at int) int64 {
		return write(s, func(tx store.Tx) (int64, error) { return tx.Selections().Prune(s.ctx, after(at), 10) })
	}
	equal(s, "pruned too early", prune(600), int64(0))
	equal(s, "pruned", prune(601), int64(1))
	s.fails(store.ErrNotFound, func(tx store.Tx) error { _, err := tx.Selections().ByID(s.ctx, "S1"); return err })
}

func testStaged(s suite) {
	stage := func(id, key string, seconds int) *store.StagedImport {
		x := &store.StagedImport{
			ID: id, CourseKey: key, Base: "V1", FileName: "Übung.tar.gz", Size: 1 << 40, By: "who", Report: `{"a":1}`,
			Changes: `{"b":2}`, CreatedAt: after(seconds), ExpiresAt: after(seconds + 100),
		}
		s.update(func(tx store.Tx) error { return tx.Staged().Create(s.ctx, x) })
		return x
	}
	first, second := stage("1", "course-v1:o+c+r", 0), stage("2", "course-v1:o+c+r", 1)
	stage("3", "course-v1:o+c+other", 2)
	equal(s, "by id", read(s, func(tx store.Tx) (*store.StagedImport, error) { return tx.Staged().ByID(s.ctx, "1") }), first)
	brief := func(x store.StagedImport) store.StagedImport {
		x.Report, x.Changes = "", ""
		return x
	}
	list := func(key string) []store.StagedImport {
		return read(s, func(tx store.Tx) ([]store.StagedImport, error) { return tx.Staged().List(s.ctx, key) })
	}
	equal(s, "of a course", list("course-v1:o+c+r"), []store.StagedImport{brief(*second), brief(*first)})
	equal(s, "all", len(list("")), 3)
	expired := func(at, limit int) []string {
		return read(s, func(tx store.Tx) ([]string, error) { return tx.Staged().Expired(s.ctx, after(at), limit) })
	}
	equal(s, "none yet", expired(100, 10), nil)
	equal(s, "over", expired(200, 2), []string{"1", "2"})
	s.update(func(tx store.Tx) error { return tx.Staged().Delete(s.ctx, "1") })
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Staged().Delete(s.ctx, "1") })
	s.fails(store.ErrNotFound, func(tx store.Tx) error { _, err := tx.Staged().ByID(s.ctx, "1"); return err })
}

// testUse: what hangs on the blocks of a course, and who made its versions.
func testUse(s suite) {
	const key, usage = "course-v1:o+c+r", "block-v1:o+c+r+type@problem+block@p1"
	one, two := s.consumer("One"), s.consumer("Two")
	for _, p := range []store.Placement{
		{ConsumerID: one.ID, LinkKey: "a", UsageKey: usage, LastLaunchAt: after(1)},
		{ConsumerID: one.ID, LinkKey: "a", UsageKey: usage, LastLaunchAt: after(5)},
		{ConsumerID: one.ID, LinkKey: "b", UsageKey: usage, LastLaunchAt: after(3)},
		{ConsumerID: one.ID, LinkKey: "c", UsageKey: "other", LastLaunchAt: after(4)},
		{ConsumerID: two.ID, LinkKey: "a", UsageKey: usage, LastLaunchAt: after(2)},
		{ConsumerID: two.ID, LinkKey: "d", UsageKey: usage, LastLaunchAt: after(9), CourseKey: "course-v1:o+c+other"},
	} {
		if p.CourseKey == "" {
			p.CourseKey = key
		}
		p.LMSContext = lti.Context{ID: "ctx"}
		s.update(func(tx store.Tx) error { _, err := tx.Placements().Upsert(s.ctx, p); return err })
	}
	got := map[string]store.PlacementUse{}
	for _, u := range read(s, func(tx store.Tx) ([]store.PlacementUse, error) { return tx.Placements().Use(s.ctx, key) }) {
		got[u.UsageKey+" "+u.ConsumerID] = u
	}
	equal(s, "use of links", got, map[string]store.PlacementUse{
		usage + " " + one.ID: {UsageKey: usage, ConsumerID: one.ID, Links: 2, Launches: 3, LastLaunchAt: after(5)},
		"other " + one.ID:    {UsageKey: "other", ConsumerID: one.ID, Links: 1, Launches: 1, LastLaunchAt: after(4)},
		usage + " " + two.ID: {UsageKey: usage, ConsumerID: two.ID, Links: 1, Launches: 1, LastLaunchAt: after(2)},
	})
	ana, ben := s.person("ana"), s.person("ben")
	ref := course.Ref{Type: "problem", ID: "p1"}
	for _, k := range []store.LearnerKey{
		{AccountID: ana.ID, CourseKey: key, Ref: ref}, {AccountID: ana.ID, CourseKey: key, Scope: "x", Ref: ref},
		{AccountID: ben.ID, CourseKey: key, Ref: ref}, {AccountID: ben.ID, CourseKey: key, Ref: course.Ref{Type: "poll", ID: "q"}},
		{AccountID: ben.ID, CourseKey: "course-v1:o+c+other", Ref: ref},
	} {
		s.update(func(tx store.Tx) error { return tx.Learners().Put(s.ctx, &store.LearnerState{Key: k, State: "{}"}) })
	}
	equal(s, "learners", read(s, func(tx store.Tx) (map[course.Ref]int64, error) { return tx.Learners().Use(s.ctx, key) }),
		map[course.Ref]int64{ref: 2, {Type: "poll", ID: "q"}: 1})

	for i, who := range []string{"", "who"} {
		v := sample(s, key, []string{"V1", "V2"}[i])
		v.By = who
		s.publish(v)
	}
	versions := func(limit int) []store.VersionInfo {
		return read(s, func(tx store.Tx) ([]store.VersionInfo, error) { return tx.Courses().Versions(s.ctx, key, limit) })
	}
	newest := store.VersionInfo{ID: "V2", Number: 2, Name: "Übung V2", Blocks: 5, ImportedAt: now(), By: "who"}
	equal(s, "newest", versions(1), []store.VersionInfo{newest})
	equal(s, "all", len(versions(0)), 2)
}
