package sqlstore_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/storetest"
)

// BenchmarkUpdate measures what an answer writes: state, history and an owed
// score, durable when it returns.
func BenchmarkUpdate(b *testing.B) {
	for engine, dsn := range engines(b) {
		for _, callers := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/%d", engine, callers), func(b *testing.B) { benchmarkUpdate(b, dsn(), callers) })
		}
	}
}

func engines(b *testing.B) map[string]func() string {
	b.Helper()
	return map[string]func() string{
		"sqlite":   func() string { return filepath.Join(b.TempDir(), "x.db") },
		"postgres": func() string { return server.Database(b) },
	}
}

func benchmarkUpdate(b *testing.B, dsn string, callers int) {
	s := openAt(b, dsn)
	ctx := b.Context()
	who := make([]string, callers)
	target := make([]string, callers)
	err := s.Update(ctx, func(tx store.Tx) error {
		c := &lti.Consumer{Name: "c", Key: "k"}
		if err := tx.Consumers().Create(ctx, c); err != nil {
			return err
		}
		for i := range callers {
			a := &account.Account{Username: fmt.Sprint(i), Kind: account.Anonymous}
			if err := tx.Accounts().Create(ctx, a); err != nil {
				return err
			}
			id, err := tx.Placements().PutTarget(ctx, lti.GradeTarget{ConsumerID: c.ID, AccountID: a.ID, LinkKey: "l"})
			if err != nil {
				return err
			}
			who[i], target[i] = a.ID, id
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for i := range callers {
		all.Go(func() {
			for n.Add(1) <= int64(b.N) {
				if err := s.Update(ctx, func(tx store.Tx) error { return answer(b, tx, who[i], target[i]) }); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
}

func answer(b *testing.B, tx store.Tx, accountID, targetID string) error {
	ctx := b.Context()
	key := store.LearnerKey{AccountID: accountID, CourseKey: "c", Ref: course.Ref{Type: "problem", ID: "p"}}
	st, err := tx.Learners().State(ctx, key)
	if err != nil {
		return err
	}
	st.State, st.Answered, st.Earned, st.Possible = `{"answers":{"input_p_2_1":"choice_1"},"attempts":1}`, true, 1, 1
	if err := tx.Learners().Put(ctx, st); err != nil {
		return err
	}
	if err := tx.Learners().AppendScore(ctx, store.ScoreEvent{Key: key, Earned: 1, Possible: 1, Why: "answer"}); err != nil {
		return err
	}
	return tx.Owed().Owe(ctx, store.Debt{TargetID: targetID})
}

// BenchmarkView measures a point read.
func BenchmarkView(b *testing.B) {
	for engine, dsn := range engines(b) {
		b.Run(engine, func(b *testing.B) {
			s := openAt(b, dsn())
			if err := s.Update(b.Context(), put(b.Context(), "a")); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if err := has(b.Context(), s, "a"); err != nil {
						b.Error(err)
					}
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "views/s")
		})
	}
}

// BenchmarkLoad measures reading a whole course.
func BenchmarkLoad(b *testing.B) {
	for engine, dsn := range engines(b) {
		for _, blocks := range []int{400, 2600} {
			b.Run(fmt.Sprintf("%s/%d", engine, blocks), func(b *testing.B) {
				s := openAt(b, dsn())
				publish(b, s, storetest.Large("v", blocks))
				for b.Loop() {
					err := s.View(b.Context(), func(tx store.Tx) error {
						_, err := tx.Courses().Load(b.Context(), "v")
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkPublish measures writing a large course; nobody else writes to SQLite
// meanwhile.
func BenchmarkPublish(b *testing.B) {
	for engine, dsn := range engines(b) {
		b.Run(engine, func(b *testing.B) {
			s := openAt(b, dsn())
			for i := 0; b.Loop(); i++ {
				publish(b, s, storetest.Large(fmt.Sprint(i), 3000))
			}
		})
	}
}

func publish(b *testing.B, s store.Store, v *store.CourseVersion) {
	b.Helper()
	err := s.Update(b.Context(), func(tx store.Tx) error {
		_, err := tx.Courses().Publish(b.Context(), v)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}
