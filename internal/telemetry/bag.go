package telemetry

import (
	"context"
	"log/slog"
	"slices"
	"sync"
)

// maxFields bounds the fields of one request's line.
const maxFields = 64

type bagKey struct{}

type bag struct {
	mu     sync.Mutex
	fields []slog.Attr
}

// With returns a context that collects the fields of one request's log line.
func With(ctx context.Context) context.Context {
	return context.WithValue(ctx, bagKey{}, &bag{})
}

// Add adds fields to the request's line. A field replaces one with the same
// key. Without [With] it does nothing. It is safe for concurrent use.
func Add(ctx context.Context, fields ...slog.Attr) {
	b, ok := ctx.Value(bagKey{}).(*bag)
	if !ok {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range fields {
		i := slices.IndexFunc(b.fields, func(a slog.Attr) bool { return a.Key == f.Key })
		switch {
		case i >= 0:
			b.fields[i] = f
		case len(b.fields) < maxFields:
			b.fields = append(b.fields, f)
		}
	}
}

// Fields returns the fields collected so far, in the order of their first
// appearance.
func Fields(ctx context.Context) []slog.Attr {
	b, ok := ctx.Value(bagKey{}).(*bag)
	if !ok {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.fields)
}
