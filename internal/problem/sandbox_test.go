package problem

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"lectern/internal/problem/pyrun"
	"lectern/internal/problem/script"
)

// sandboxes is the pool that all tests share; nothing is kept from one job to
// the next.
var sandboxes = sync.OnceValues(func() (script.Runner, error) {
	runner := script.NewCache(pyrun.New(pyrun.Options{Wait: 2 * time.Minute, Time: 20 * time.Second}), 10_000, 64<<20)
	_, err := runner.Run(context.Background(), &script.Job{Protocol: script.Protocol})
	return runner, err
})

// sandbox returns what runs Python. Where the interpreter was not fetched the
// test is skipped.
func sandbox(t testing.TB) script.Runner {
	t.Helper()
	runner, err := sandboxes()
	if errors.Is(err, script.ErrUnavailable) && os.Getenv("CI") != "true" {
		t.Skipf("no Python: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return runner
}
