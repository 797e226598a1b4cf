package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"lectern/internal/store"
)

var errBroken = errors.New("broken on purpose")

func (s suite) put(name, value string) func(tx store.Tx) error {
	return func(tx store.Tx) error { return tx.Settings().Put(s.ctx, name, value) }
}

func (s suite) value(name string) (string, error) {
	var v string
	err := s.View(s.ctx, func(tx store.Tx) (err error) {
		v, err = tx.Settings().Value(s.ctx, name)
		return err
	})
	return v, err
}

// has checks that a setting is there.
func (s suite) has(name, want string) {
	s.Helper()
	if got, err := s.value(name); err != nil || got != want {
		s.Errorf("setting %s = %q, %v; want %q", name, got, err, want)
	}
}

// hasNot checks that a setting is absent.
func (s suite) hasNot(name string) {
	s.Helper()
	if got, err := s.value(name); !errors.Is(err, store.ErrNotFound) {
		s.Errorf("setting %s = %q, %v; want ErrNotFound", name, got, err)
	}
}

func testTransactions(s suite) {
	if err := s.Ping(s.ctx); err != nil {
		s.Errorf("ping: %v", err)
	}
	s.update(s.put("kept", "1"))
	s.has("kept", "1")

	s.fails(errBroken, func(tx store.Tx) error {
		return errors.Join(s.put("lost", "1")(tx), s.put("kept", "2")(tx), errBroken)
	})
	s.hasNot("lost")
	s.has("kept", "1")

	s.update(func(tx store.Tx) error { // an update sees its own writes
		if err := s.put("own", "1")(tx); err != nil {
			return err
		}
		got, err := tx.Settings().Value(s.ctx, "own")
		if got != "1" {
			s.Errorf("own write reads %q", got)
		}
		return err
	})
	if err := s.View(s.ctx, s.put("viewed", "1")); err == nil {
		s.Error("a view wrote")
	}
	s.hasNot("viewed")

	s.panics(func(tx store.Tx) error {
		if err := s.put("panicked", "1")(tx); err != nil {
			return err
		}
		panic("on purpose")
	})
	s.hasNot("panicked")
	s.update(s.put("after", "1"))
	s.has("after", "1")
}

// panics checks that the caller of Update gets f's panic.
func (s suite) panics(f func(tx store.Tx) error) {
	s.Helper()
	defer func() {
		if recover() == nil {
			s.Error("the panic got lost")
		}
	}()
	err := s.Update(s.ctx, f)
	s.Errorf("update returned %v", err)
}

// testConcurrentUpdates mixes functions that succeed, fail and panic: each one's
// fate is its own, and who is told of success is there to read.
func testConcurrentUpdates(s suite) {
	const callers, rounds = 24, 12
	var kept atomic.Int64
	atOnce(callers, func(i int) {
		for j := range rounds {
			name := fmt.Sprintf("%d/%d", i, j)
			switch (i + j) % 4 {
			case 0:
				err := s.Update(s.ctx, func(tx store.Tx) error { return errors.Join(s.put(name, "1")(tx), errBroken) })
				if !errors.Is(err, errBroken) {
					s.Errorf("update %s: got %v, want errBroken", name, err)
				}
				s.hasNot(name)
			case 1:
				s.panics(func(tx store.Tx) error { panic(fmt.Sprint(s.put(name, "1")(tx))) })
				s.hasNot(name)
			default:
				if err := s.Update(s.ctx, s.put(name, name)); err != nil {
					s.Errorf("update %s: %v", name, err)
				}
				s.has(name, name)
				kept.Add(1)
			}
		}
	})
	if kept.Load() != callers*rounds/2 {
		s.Errorf("%d updates succeeded, want %d", kept.Load(), callers*rounds/2)
	}
	s.counter(callers)
}

// counter adds up in one row: no update may be lost. Who read an old version is
// told so, and tries again.
func (s suite) counter(callers int) {
	s.Helper()
	key := learnerKey(s.person("counter").ID)
	atOnce(callers, func(int) {
		for {
			err := s.Update(s.ctx, func(tx store.Tx) error {
				st, err := tx.Learners().State(s.ctx, key)
				if err != nil {
					return err
				}
				st.Earned++
				return tx.Learners().Put(s.ctx, st)
			})
			if err == nil {
				return
			}
			if !errors.Is(err, store.ErrConflict) {
				s.Errorf("count: %v", err)
				return
			}
		}
	})
	st := read(s, func(tx store.Tx) (*store.LearnerState, error) { return tx.Learners().State(s.ctx, key) })
	if st.Earned != float64(callers) || st.Version != int64(callers) {
		s.Errorf("counted to %v in %d versions, want %d", st.Earned, st.Version, callers)
	}
}

func testCancelledUpdates(s suite) {
	cancelled, cancel := context.WithCancel(s.ctx)
	cancel()
	if err := s.Update(cancelled, s.put("never", "1")); !errors.Is(err, context.Canceled) {
		s.Errorf("update with an ended context: got %v", err)
	}
	if err := s.View(cancelled, func(store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		s.Errorf("view with an ended context: got %v", err)
	}
	s.hasNot("never")

	const callers = 40
	atOnce(callers, func(i int) {
		name := fmt.Sprintf("cancelled %d", i)
		ctx, cancel := context.WithTimeout(s.ctx, time.Duration(i%8)*time.Millisecond)
		defer cancel()
		if i%2 == 0 {
			ctx = s.ctx
		}
		err := s.Update(ctx, func(tx store.Tx) error {
			time.Sleep(time.Millisecond)
			return tx.Settings().Put(ctx, name, name)
		})
		switch {
		case err == nil:
			s.has(name, name)
		case i%2 == 0:
			s.Errorf("update beside cancelled ones: %v", err)
		default:
			s.hasNot(name)
		}
	})
	s.update(s.put("after", "1"))
}
