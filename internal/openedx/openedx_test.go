package openedx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lectern/internal/catalog"
	"lectern/internal/course"
	"lectern/internal/keys"
	"lectern/internal/openedx"
	"lectern/internal/registry"
	"lectern/internal/sealed"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
)

const courseKey = "course-v1:o+c+r"

// site is a database with a course, and what a dump says of one learner.
type site struct {
	*openedx.Importer
	t     *testing.T
	store *sqlstore.Store
	dir   string
	now   time.Time
}

func block(typ, id string, change ...func(*course.Block)) *course.Block {
	b := &course.Block{Ref: course.Ref{Type: typ, ID: id}, Name: id, Fate: course.Shown, Fields: map[string]string{}}
	for _, f := range change {
		f(b)
	}
	return b
}

func fields(pairs ...string) func(*course.Block) {
	return func(b *course.Block) {
		for i := 0; i < len(pairs); i += 2 {
			b.Fields[pairs[i]] = pairs[i+1]
		}
	}
}

func newSite(t *testing.T) *site {
	t.Helper()
	ctx := t.Context()
	db, err := sqlstore.Open(ctx, filepath.Join(t.TempDir(), "lectern.db"), sqlstore.Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	key, err := keys.ParseCourse(courseKey)
	if err != nil {
		t.Fatal(err)
	}
	weight := 10.0
	lib := block("library_content", "lib")
	lib.Children = []*course.Block{block("problem", "a"), block("problem", "b"), block("problem", "c")}
	unit := block("vertical", "v")
	unit.Children = []*course.Block{
		block("problem", "p", func(b *course.Block) { b.Settings.Weight, b.Scored, b.MaxScore = &weight, true, 2 }),
		block("drag-and-drop-v2", "d", func(b *course.Block) { b.Scored, b.MaxScore = true, 1 }),
		block("poll", "poll", fields("answers", `[["R",{"label":"Red"}],["B",{"label":"Blue"}]]`)),
		block("survey", "survey"), block("word_cloud", "cloud"), block("done", "done"), block("html", "h"), lib,
		block("poll_question", "pq", func(b *course.Block) {
			b.Data = `<poll_question><answer id="yes">Yes</answer><answer id="no">No</answer></poll_question>`
		}),
	}
	seq := block("sequential", "s")
	seq.Children = []*course.Block{unit}
	root := block("course", "course")
	root.Children = []*course.Block{seq}
	c := course.New(&course.Course{Key: key, VersionID: "v1", Root: root, Partitions: []course.Partition{
		{ID: 7, Scheme: "random", Groups: []course.Group{{ID: 0}, {ID: 1}}},
	}})
	s := &site{t: t, store: db, dir: t.TempDir(), now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	s.update(func(tx store.Tx) error {
		_, err := tx.Courses().Publish(ctx, &store.CourseVersion{Course: c, Report: "{}", ImportAt: s.now})
		return err
	})
	clock := func() time.Time { return s.now }
	s.Importer = &openedx.Importer{
		Store: db, Catalog: catalog.New(db), Clock: clock, CheckURL: func(string) error { return nil },
		Registry: &registry.Registry{Store: db, Keys: sealed.NewKeyring(sealed.Key{}), Clock: clock},
	}
	return s
}

func (s *site) update(f func(tx store.Tx) error) {
	s.t.Helper()
	if err := s.store.Update(s.t.Context(), f); err != nil {
		s.t.Fatal(err)
	}
}

// dump writes a consumer with one learner, and these other objects.
func (s *site) dump(objects ...string) string {
	s.t.Helper()
	all := append([]string{
		`{"model": "lti_provider.lticonsumer", "pk": 1, "fields": {"consumer_name": "LMS", "consumer_key": "k", "consumer_secret": "s"}}`,
		`{"model": "lti_provider.ltiuser", "pk": 1, "fields": {"lti_consumer": 1, "lti_user_id": "u", "edx_user": 1}}`,
		`{"model": "auth.user", "pk": 1, "fields": {"username": "qUv3xT7aLmN0pRsW2yZbC4dEfG6hJk", "email": "", "is_active": true}}`,
	}, objects...)
	path := filepath.Join(s.dir, "dump.json")
	if err := os.WriteFile(path, []byte("["+strings.Join(all, ",\n")+"]"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// module is what the learner did with a block.
func module(typ, id, state, grade, modified string) string {
	quoted, err := json.Marshal(state)
	if err != nil {
		panic(err)
	}
	earned, possible, found := strings.Cut(grade, "/")
	if !found {
		earned, possible = "null", "null"
	}
	return fmt.Sprintf(`{"model": "courseware.studentmodule", "pk": 5, "fields": {"module_type": %q, `+
		`"module_state_key": "block-v1:o+c+r+type@%s+block@%s", "student": 1, "course_id": %q, "state": %s, `+
		`"grade": %s, "max_grade": %s, "done": "na", "modified": %q}}`, typ, typ, id, courseKey, quoted, earned, possible, modified)
}

const monday, tuesday = "2026-02-02T10:00:00Z", "2026-02-03T10:00:00Z"

func (s *site) take(objects ...string) *openedx.Report {
	s.t.Helper()
	report, err := s.Import(s.t.Context(), []string{s.dump(objects...)}, openedx.Options{Who: "test"})
	if err != nil {
		s.t.Fatal(err)
	}
	return report
}

// state returns what is kept of the learner on a block.
func (s *site) state(typ, id string) (state *store.LearnerState) {
	s.t.Helper()
	ctx := s.t.Context()
	s.update(func(tx store.Tx) error {
		a, err := tx.Accounts().ByUsername(ctx, "qUv3xT7aLmN0pRsW2yZbC4dEfG6hJk")
		if err != nil {
			return err
		}
		state, err = tx.Learners().State(ctx, store.LearnerKey{
			AccountID: a.ID, CourseKey: courseKey, Ref: course.Ref{Type: typ, ID: id},
		})
		return err
	})
	return state
}

// TestStates: what each kind of block keeps, in the forms that Open edX has
// written over the years.
func TestStates(t *testing.T) {
	for name, tt := range map[string]struct {
		typ, id, state, grade string
		want                  string // state here, "" when it is skipped
		answered              bool
		earned, possible      float64
	}{
		"problem": {
			"problem", "p", `{"seed": 7, "attempts": 2, "done": true, "student_answers": {"p_2_1": "x"}, "correct_map": {"p_2_1": {"correctness": "correct", "npoints": 1.5, "msg": "", "hint": "", "hintmode": null, "queuestate": null}},
				"score": {"raw_earned": 1.5, "raw_possible": 2}, "last_submission_time": "2026-02-02T10:00:00.123456+00:00", "input_state": {"p_2_1": {}}}`, "1.5/2.0",
			`{"attempts":2,"done":true,"seed":7,"student_answers":{"p_2_1":"x"},"correct_map":{"p_2_1":{"correctness":"correct","npoints":1.5,"msg":"","hint":"","hintmode":"","answervariable":""}},` +
				`"score":{"raw_earned":1.5,"raw_possible":2},"score_history":[{"raw_earned":1.5,"raw_possible":2}],"has_saved_answers":false,"last_submission_time":"2026-02-02T10:00:00.123456Z","input_state":{"p_2_1":{}}}`,
			true, 7.5, 10,
		},
		"problem of odd types": {
			"problem", "p", `{"seed": null, "attempts": "3", "done": 1, "student_answers": {"a_2_1": 5, "b_2_1": ["x", 2], "c_2_1": null, "d_2_1": {"k": 1}}, "correct_map": [], "score": "x", "last_submission_time": 12, "input_state": []}`, "",
			`{"attempts":0,"done":false,"student_answers":{"a_2_1":"5","b_2_1":["x","2"],"d_2_1":{"k":1}},"correct_map":{},"has_saved_answers":false}`, false, 0, 0,
		},
		"problem, only seen":           {"problem", "p", `{"seed": 3, "input_state": {}}`, "", `{"attempts":0,"done":false,"seed":3,"correct_map":{},"has_saved_answers":false}`, false, 0, 0},
		"problem, a zero never earned": {"problem", "p", `{"seed": 3}`, "0.0/2.0", `{"attempts":0,"done":false,"seed":3,"correct_map":{},"has_saved_answers":false}`, false, 0, 0},
		"problem, graded by staff":     {"problem", "p", `{"seed": 3}`, "2.0/2.0", `{"attempts":0,"done":false,"seed":3,"correct_map":{},"has_saved_answers":false}`, true, 10, 10},
		"problem, null":                {"problem", "p", `null`, "", "", false, 0, 0},
		"problem, no object":           {"problem", "p", `[1]`, "", "", false, 0, 0},
		"problem, cut":                 {"problem", "p", `{"seed": `, "", "", false, 0, 0},
		"drag": {
			"drag-and-drop-v2", "d", `{"item_state": {"0": {"zone": "z1", "correct": true, "x_percent": 1}, "1": [10, 20], "2": {"correct": false}}, "attempts": 1, "completed": false, "raw_earned": 0.5}`, "0.5/1.0",
			`{"item_state":{"0":{"zone":"z1","correct":true}},"attempts":1,"completed":false,"raw_earned":0.5}`, true, 0.5, 1,
		},
		"drag, older":     {"drag-and-drop-v2", "d", `{"item_state": {"0": {"zone": "z1"}}, "completed": true}`, "4.0/4.0", `{"item_state":{"0":{"zone":"z1","correct":true}},"attempts":0,"completed":true,"raw_earned":1}`, true, 1, 1},
		"poll":            {"poll", "poll", `{"choice": "R", "submissions_count": 1}`, "", `{"voted":true,"choice":"R","poll_answer":"R","submissions_count":1}`, false, 0, 0},
		"poll, gone":      {"poll", "poll", `{"choice": "X"}`, "", "", false, 0, 0},
		"poll, not voted": {"poll", "poll", `{"choice": null}`, "", "", false, 0, 0},
		"survey":          {"survey", "survey", `{"choices": {"enjoy": "Y", "recommend": "N", "learn": "M"}, "submissions_count": 2}`, "", `{"voted":true,"choices":{"enjoy":"Y","learn":"M","recommend":"N"},"submissions_count":2}`, false, 0, 0},
		"poll question":   {"poll_question", "pq", `{"voted": true, "poll_answer": "yes"}`, "", `{"voted":true,"choice":"yes","poll_answer":"yes","submissions_count":1}`, false, 0, 0},
		"word cloud":      {"word_cloud", "cloud", `{"submitted": true, "student_words": {"Sun": 2, "sea": 1}}`, "", `{"voted":true,"submitted":true,"student_words":["sun","sun","sea"]}`, false, 0, 0},
		"done":            {"done", "done", `{"done": true}`, "", `{"done":true}`, false, 0, 0},
		"position":        {"sequential", "s", `{"position": 3}`, "", `{"position":3}`, false, 0, 0},
		"library":         {"library_content", "lib", `{"selected": [["problem", "c"], ["problem", "gone"], ["problem", "a"]]}`, "", `{"selected":[["problem","c"],["problem","a"]]}`, false, 0, 0},
		"library, gone":   {"library_content", "lib", `{"selected": [["problem", "gone"]]}`, "", "", false, 0, 0},
		"text":            {"html", "h", `{"x": 1}`, "", "", false, 0, 0},
		"unknown block":   {"problem", "nowhere", `{}`, "1.0/1.0", "", false, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			report := s.take(module(tt.typ, tt.id, tt.state, tt.grade, monday))
			got := s.state(tt.typ, tt.id)
			if got.State != tt.want {
				t.Errorf("kept\n%s\nwant\n%s", got.State, tt.want)
			}
			if got.Answered != tt.answered || got.Earned != tt.earned || got.Possible != tt.possible {
				t.Errorf("answered %v, %v of %v", got.Answered, got.Earned, got.Possible)
			}
			if skipped := len(report.Skipped) > 0; skipped != (tt.want == "") {
				t.Errorf("skipped: %+v", report.Skipped)
			}
			if again := s.take(module(tt.typ, tt.id, tt.state, tt.grade, monday)); again.Changed() {
				t.Error("a second import changed something")
			}
		})
	}
}

// TestNewerWins: a dump of the day of the move completes an earlier one, and
// nothing that was done here is lost.
func TestNewerWins(t *testing.T) {
	s := newSite(t)
	s.take(module("poll", "poll", `{"choice": "R"}`, "", monday), module("problem", "p", `{"attempts": 1, "done": true}`, "1.0/2.0", monday))
	s.take(module("poll", "poll", `{"choice": "B"}`, "", tuesday), module("problem", "p", `{"attempts": 2, "done": true}`, "2.0/2.0", tuesday))
	if got := s.state("problem", "p"); got.Earned != 10 || got.Version != 2 {
		t.Errorf("after the second dump: %+v", got)
	}
	report := s.take(module("poll", "poll", `{"choice": "R"}`, "", monday), module("problem", "p", `{"attempts": 1, "done": true}`, "1.0/2.0", monday))
	if report.Changed() || s.state("problem", "p").Earned != 10 {
		t.Errorf("an older dump won: %+v", report.Models)
	}
	ctx, key := t.Context(), s.state("problem", "p").Key
	s.update(func(tx store.Tx) error {
		votes, err := tx.Tallies().Top(ctx, store.TallyKey{CourseKey: courseKey, Ref: course.Ref{Type: "poll", ID: "poll"}}, 0)
		counts := map[string]int64{}
		for _, v := range votes {
			counts[v.Answer] = v.Votes
		}
		if counts["R"] != 0 || counts["B"] != 1 {
			t.Errorf("votes %v", counts)
		}
		events, err2 := tx.Learners().Scores(ctx, key)
		if len(events) != 2 || events[1].Earned != 10 || !events[1].At.Equal(time.Date(2026, 2, 3, 10, 0, 0, 0, time.UTC)) {
			t.Errorf("history %+v", events)
		}
		return errors.Join(err, err2)
	})
}

// TestGroups: learners stay in their group of an experiment.
func TestGroups(t *testing.T) {
	s := newSite(t)
	tag := func(key, value string) string {
		return fmt.Sprintf(`{"model": "user_api.usercoursetag", "pk": 1, "fields": {"user": 1, "key": %q, "course_id": %q, "value": %q}}`, key, courseKey, value)
	}
	report := s.take(tag("xblock.partition_service.partition_7", "1"), tag("xblock.partition_service.partition_7", "9"), tag("theme", "dark"))
	if got := s.state("user_partition", "7"); got.State != `{"group":1}` {
		t.Errorf("kept %q", got.State)
	}
	if len(report.Skipped) != 1 || report.Skipped[0].Count != 2 {
		t.Errorf("skipped %+v", report.Skipped)
	}
}

// TestInterrupted: an import that was broken off is finished by the next.
func TestInterrupted(t *testing.T) {
	s := newSite(t)
	var objects []string
	for i := range 450 {
		objects = append(objects, strings.Replace(module("problem", "p", `{"attempts": 1}`, "1.0/2.0", monday), `"pk": 5`, fmt.Sprintf(`"pk": %d`, i), 1))
	}
	objects = append(objects, module("done", "done", `{"done": true}`, "", monday))
	ctx, cancel := context.WithCancel(t.Context())
	failing := *s.Importer
	failing.Store = &stopping{Store: s.store, after: 3, stop: cancel}
	if _, err := failing.Import(ctx, []string{s.dump(objects...)}, openedx.Options{}); err == nil {
		t.Fatal("it was not interrupted")
	}
	if s.state("done", "done").Version != 0 {
		t.Fatal("it was interrupted too late to tell")
	}
	s.take(objects...)
	if s.state("done", "done").Version != 1 || s.state("problem", "p").Version != 1 {
		t.Error("not completed, or something was done twice")
	}
}

// stopping ends the import after some transactions.
type stopping struct {
	store.Store
	after int
	stop  func()
}

func (s *stopping) Update(ctx context.Context, f func(store.Tx) error) error {
	if s.after--; s.after < 0 {
		s.stop()
		return context.Canceled
	}
	return s.Store.Update(ctx, f)
}

// TestFiles: what files may not be.
func TestFiles(t *testing.T) {
	s := newSite(t)
	other := filepath.Join(s.dir, "other.json")
	text := `[{"model": "lti_provider.lticonsumer", "pk": 1, "fields": {"consumer_name": "X", "consumer_key": "x", "consumer_secret": "x"}}]`
	if err := os.WriteFile(other, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Import(t.Context(), []string{s.dump(), other}, openedx.Options{}); err == nil || !strings.Contains(err.Error(), "other.json, object 1") {
		t.Errorf("files of two sites: %v", err)
	}
	if err := os.WriteFile(other, []byte(`[{"model": "sites.site", "pk": 1, "fields": {}}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Import(t.Context(), []string{other}, openedx.Options{}); !errors.Is(err, openedx.ErrNothing) {
		t.Errorf("nothing of LTI: %v", err)
	}
	report := s.take(`{"model": "sites.site", "pk": 1, "fields": {}}`)
	if !slices.ContainsFunc(report.Skipped, func(r *openedx.Reason) bool { return r.Model == "sites.site" }) {
		t.Errorf("skipped %+v", report.Skipped)
	}
}

// FuzzState takes any state of any block without an error: a learner's odd state
// must not stop a move.
func FuzzState(f *testing.F) {
	f.Add("problem", "p", `{"attempts": 1e300, "seed": -1, "correct_map": {"a": {"npoints": 1e999}}}`)
	f.Add("drag-and-drop-v2", "d", `{"item_state": {"": {"zone": ""}}, "raw_earned": -5}`)
	f.Add("word_cloud", "cloud", `{"student_words": {"a\u0000b": 1000000000}}`)
	f.Add("survey", "survey", `{"choices": {"enjoy": ["Y"]}}`)
	f.Add("library_content", "lib", `{"selected": [[1, 2], null]}`)
	f.Fuzz(func(t *testing.T, typ, id, state string) {
		s := newSite(t)
		if !json.Valid([]byte(module(typ, id, state, "1.0/2.0", monday))) {
			t.Skip()
		}
		_, err := s.Import(t.Context(), []string{s.dump(module(typ, id, state, "1.0/2.0", monday))}, openedx.Options{})
		if err != nil && !strings.Contains(err.Error(), "openedx_object_malformed") {
			t.Errorf("%v", err)
		}
	})
}
