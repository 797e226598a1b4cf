package pyrun

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"testing"
	"time"

	"lectern/internal/problem/script"
)

// BenchmarkStart is what each job costs besides itself: an interpreter.
func BenchmarkStart(b *testing.B) {
	needPython(b)
	e, err := compile(b.Context(), embedded, cacheDir())
	if err != nil {
		b.Fatal(err)
	}
	defer e.close(context.Background())
	for b.Loop() {
		g := start(b.Context(), e)
		<-g.ready
		g.cancel()
		<-g.ended
	}
}

// BenchmarkCompile is how long the first job of a process waits, without and with
// a folder that keeps the compiled interpreter.
func BenchmarkCompile(b *testing.B) {
	needPython(b)
	for name, dir := range map[string]string{"nowhere kept": "", "kept": cacheDir()} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				e, err := compile(b.Context(), embedded, dir)
				if err != nil {
					b.Fatal(err)
				}
				if err := e.close(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// typical is a script as courses have them, with a check.
const typical = `
import re
a = random.randint(2, 9)
b = random.randint(2, 9)
total = a + b

def check(expect, answer):
    if not re.match(r'\s*-?\d+\s*$', answer):
        return {'ok': False, 'msg': 'Please enter a whole number.'}
    return int(answer) == total
`

// BenchmarkJob runs a typical job: "ready" does not count the wait for an
// interpreter, "one after the other" does.
func BenchmarkJob(b *testing.B) {
	needPython(b)
	p := New(Options{Wait: time.Minute, Time: time.Minute, CacheDir: cacheDir()})
	defer p.Close(context.Background())
	job := &script.Job{Script: typical, Seed: 1, Call: &script.Call{Check: &script.Check{Function: "check", Answers: "7"}}}
	if _, err := p.Run(b.Context(), job); err != nil {
		b.Fatal(err)
	}
	b.Run("ready", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			g, err := p.take(b.Context())
			b.StartTimer()
			if err != nil {
				b.Fatal(err)
			}
			if err := g.hand(job, nil); err != nil {
				b.Fatal(err)
			}
			<-g.answered
			b.StopTimer()
			<-g.ended
			p.turns.end()
			b.StartTimer()
			if r, err := g.reply(); err != nil || r.Failure != nil {
				b.Fatal(r, err)
			}
		}
	})
	b.Run("one after the other", func(b *testing.B) {
		for b.Loop() {
			if r, err := p.Run(b.Context(), job); err != nil || r.Failure != nil {
				b.Fatal(r, err)
			}
		}
	})
}

// BenchmarkMemory reports what the process holds with a compiled interpreter and
// with eight ready ones; only Linux tells.
func BenchmarkMemory(b *testing.B) {
	needPython(b)
	const guests = 8
	for b.Loop() {
		before := resident(b)
		p := New(Options{Size: guests, CacheDir: cacheDir()})
		p.Warm()
		<-p.opened
		compiled := resident(b)
		for range guests {
			<-p.ready
		}
		ready := resident(b)
		b.ReportMetric((compiled-before)/(1<<20), "MB-compiled")
		b.ReportMetric((ready-compiled)/guests/(1<<20), "MB-each")
		if err := p.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric((resident(b)-before)/(1<<20), "MB-after")
	}
}

// resident returns the process's memory in bytes, without what is garbage.
func resident(b *testing.B) float64 {
	b.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip(err)
	}
	var size, pages float64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		b.Fatal(err)
	}
	return pages * float64(os.Getpagesize())
}

// BenchmarkPages serves small pages, alone and while hostile scripts run, and
// reports how long they take.
func BenchmarkPages(b *testing.B) {
	needPython(b)
	p := New(Options{Wait: time.Minute, Time: time.Second, CacheDir: cacheDir()})
	defer p.Close(context.Background())
	if _, err := p.Run(b.Context(), &script.Job{}); err != nil {
		b.Fatal(err)
	}
	page := make([]byte, 1<<20)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		sum := sha256.Sum256(page) // about as much work as a page
		_, _ = w.Write(sum[:])
	}))
	defer server.Close()
	for _, scripts := range []int{0, 4} {
		name := "alone"
		if scripts > 0 {
			name = "beside hostile scripts"
		}
		b.Run(name, func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context())
			var loops sync.WaitGroup
			for range scripts {
				loops.Go(func() {
					for ctx.Err() == nil {
						_, _ = p.Run(ctx, &script.Job{Script: "while True: pass"})
					}
				})
			}
			var took []time.Duration
			for b.Loop() {
				begin := time.Now()
				r, err := http.Get(server.URL)
				if err != nil {
					b.Fatal(err)
				}
				_ = r.Body.Close()
				took = append(took, time.Since(begin))
				time.Sleep(5 * time.Millisecond)
			}
			cancel()
			loops.Wait()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-median")
			b.ReportMetric(float64(took[len(took)*95/100].Microseconds()), "µs-95%")
		})
	}
}
