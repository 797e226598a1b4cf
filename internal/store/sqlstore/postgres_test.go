package sqlstore_test

import (
	"sync"
	"testing"
	"time"

	"lectern/internal/store"
)

// TestDeadlock lets two updates lock each other out: PostgreSQL ends one of
// them, which is then tried again.
func TestDeadlock(t *testing.T) {
	s := openAt(t, server.Database(t))
	for _, name := range []string{"a", "b"} {
		if err := s.Update(t.Context(), put(t.Context(), name)); err != nil {
			t.Fatal(err)
		}
	}
	var all, met sync.WaitGroup
	met.Add(2)
	tries := make(chan bool, 100)
	for _, names := range [][2]string{{"a", "b"}, {"b", "a"}} {
		var once sync.Once
		all.Go(func() {
			err := s.Update(t.Context(), func(tx store.Tx) error {
				tries <- true
				if err := put(t.Context(), names[0])(tx); err != nil {
					return err
				}
				once.Do(func() { met.Done(); met.Wait() })
				return put(t.Context(), names[1])(tx)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(tries) != 3 {
		t.Errorf("%d tries of two updates, want 3", len(tries))
	}
}

// TestViewIsASnapshot reads twice in one view, with a change between.
func TestViewIsASnapshot(t *testing.T) {
	for name, dsn := range map[string]string{"sqlite": t.TempDir() + "/x.db", "postgres": server.Database(t)} {
		t.Run(name, func(t *testing.T) {
			s := openAt(t, dsn)
			write := func(value string) {
				if err := s.Update(t.Context(), func(tx store.Tx) error {
					return tx.Settings().Put(t.Context(), "x", value)
				}); err != nil {
					t.Fatal(err)
				}
			}
			write("old")
			began := time.Now()
			err := s.View(t.Context(), func(tx store.Tx) error {
				for range 2 {
					if v, err := tx.Settings().Value(t.Context(), "x"); err != nil || v != "old" {
						t.Errorf("read %q, %v; want old", v, err)
					}
					write("new")
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("a view held up writing for %v", took)
			}
		})
	}
}
