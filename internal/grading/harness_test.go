package grading_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/keys"
	"lectern/internal/lti"
	"lectern/internal/problem"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
)

// choiceXML is a problem whose first choice is right.
const choiceXML = `<problem><multiplechoiceresponse><choicegroup>` +
	`<choice correct="true">yes</choice><choice correct="false">no</choice></choicegroup></multiplechoiceresponse>` +
	`<demandhint><hint>Think.</hint><hint>Think again.</hint></demandhint></problem>`

const (
	right = "choice_0"
	wrong = "choice_1"
)

// bench is a database with one learner and a course.
type bench struct {
	*grading.Service
	t      *testing.T
	store  *sqlstore.Store
	course *course.Course
	who    grading.Who
	woken  atomic.Int32

	mu  sync.Mutex
	now time.Time
}

func (b *bench) Wake() { b.woken.Add(1) }

func (b *bench) Course(_ context.Context, key string) (*course.Course, error) {
	if key != b.course.Key.String() {
		return nil, store.ErrNotFound
	}
	return b.course, nil
}

func newBench(t *testing.T, children ...*course.Block) *bench {
	t.Helper()
	ctx := t.Context()
	s, err := sqlstore.Open(ctx, filepath.Join(t.TempDir(), "lectern.db"), sqlstore.Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	b := &bench{
		t: t, store: s, who: grading.Who{AccountID: "a1"},
		now:    time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
		course: newCourse(t, children...),
	}
	b.Service = &grading.Service{
		Store: s, Courses: b, Outcome: b, Clock: b.clock, AggregateDelay: 15 * time.Minute,
	}
	b.update(func(tx store.Tx) error {
		for _, id := range []string{"c1", "c2"} {
			c := &lti.Consumer{ID: id, Name: id, Key: id, Enabled: true, CreatedAt: b.now, UpdatedAt: b.now}
			if err := tx.Consumers().Create(ctx, c); err != nil {
				return err
			}
		}
		for _, id := range []string{"a1", "a2"} {
			err := tx.Accounts().Create(ctx, &account.Account{
				ID: id, Username: id, Email: id + "@lti.example.com", Kind: account.Anonymous, Enabled: true, CreatedAt: b.now,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return b
}

func newCourse(t *testing.T, children ...*course.Block) *course.Course {
	t.Helper()
	key, err := keys.ParseCourse("course-v1:some_org+some_course+some_run")
	if err != nil {
		t.Fatal(err)
	}
	unit := block("vertical", "V", children...)
	root := block("course", "course", block("chapter", "C", block("sequential", "S", unit)))
	return course.New(&course.Course{
		Key: key, VersionID: "v1", Root: root,
		Partitions: []course.Partition{{
			ID: 7, Name: "experiment", Scheme: "random", Groups: []course.Group{{ID: 0, Name: "A"}, {ID: 1, Name: "B"}},
		}},
	})
}

func block(typ, id string, children ...*course.Block) *course.Block {
	return &course.Block{
		Ref: course.Ref{Type: typ, ID: id}, Name: id, Fate: course.Container, Fields: map[string]string{}, Children: children,
	}
}

// question is a problem of one point whose first choice is right.
func question(id string, change ...func(*course.Block)) *course.Block {
	b := block("problem", id)
	b.Fate, b.Scored, b.MaxScore, b.Data, b.Class = course.Shown, true, 1, choiceXML, "native"
	b.Settings.Rerandomize, b.Settings.ShowAnswer = "never", "finished"
	for _, f := range change {
		f(b)
	}
	return b
}

func weight(w float64) func(*course.Block) {
	return func(b *course.Block) { b.Settings.Weight = &w }
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bench) update(f func(tx store.Tx) error) {
	b.t.Helper()
	if err := b.store.Update(b.t.Context(), f); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) at(id string) grading.At {
	b.t.Helper()
	block := b.course.BlockByID(id)
	if block == nil {
		b.t.Fatalf("no block %s", id)
	}
	return grading.At{Course: b.course, Block: block}
}

// form is what a page showing version posts.
func (b *bench) form(id, choice string, version int64) grading.Form {
	return grading.Form{Version: version, Answers: problem.Answers{id + "_2_1": problem.One(choice)}}
}

// answer submits from a page that shows what is there now.
func (b *bench) answer(id, choice string) *grading.Outcome {
	b.t.Helper()
	v, err := b.Problem(b.t.Context(), b.who, b.at(id))
	if err != nil {
		b.t.Fatal(err)
	}
	out, err := b.Submit(b.t.Context(), b.who, b.at(id), b.form(id, choice, v.Version))
	if err != nil {
		b.t.Fatal(err)
	}
	return out
}

// target launches a block, so that its score is wanted.
func (b *bench) target(consumer, account, link, id string) string {
	b.t.Helper()
	at := b.at(id)
	var target string
	b.update(func(tx store.Tx) (err error) {
		target, err = tx.Placements().PutTarget(b.t.Context(), lti.GradeTarget{
			ConsumerID: consumer, AccountID: account, LinkKey: link,
			CourseKey: b.course.Key.String(), UsageKey: b.course.Usage(at.Block).String(),
			Outcome:   lti.Outcome{ServiceURL: "https://lms.example/grades", SourcedID: link},
			UpdatedAt: b.clock(),
		})
		return err
	})
	return target
}

// owed returns the owed rows by link; nil when a target has none.
func (b *bench) owed(consumer, account, link string) (o *store.OwedScore) {
	b.t.Helper()
	err := b.store.View(b.t.Context(), func(tx store.Tx) (err error) {
		o, err = tx.Owed().ForLink(b.t.Context(), consumer, account, link)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		b.t.Fatal(err)
	}
	return o
}

// owes returns how many rows are owed and the total of their versions.
func (b *bench) owes() (rows int, versions int64) {
	b.t.Helper()
	err := b.store.View(b.t.Context(), func(tx store.Tx) error {
		list, err := tx.Owed().List(b.t.Context(), store.OwedFilter{})
		for _, o := range list {
			if o.State == store.Unowed {
				continue
			}
			rows++
			versions += o.WantedVersion
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return rows, versions
}

func (b *bench) score(id string) (lti.Score, bool) {
	b.t.Helper()
	score, answered, err := b.Score(b.t.Context(), b.who, b.course, b.at(id).Block.Ref)
	if err != nil {
		b.t.Fatal(err)
	}
	return score, answered
}
