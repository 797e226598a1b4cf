package pyrun

import "testing"

// BenchmarkStart is what each job costs besides itself: an interpreter.
func BenchmarkStart(b *testing.B) {
	needPython(b)
	e, err := compile(b.Context(), embedded, cacheDir())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		g := start(b.Context(), e)
		<-g.ready
		g.cancel(nil)
		<-g.ended
	}
}
