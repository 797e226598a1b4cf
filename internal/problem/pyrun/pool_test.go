package pyrun

import (
	"testing"
	"time"

	"lectern/internal/problem/script"
)

func TestBasic(t *testing.T) {
	p := New(Options{CacheDir: "/tmp/pyx/cache2"})
	defer p.Close(t.Context())
	for i := range 6 {
		b := time.Now()
		r, err := p.Run(t.Context(), &script.Job{Script: "import math\nx = [1,2.5,float('nan')]\ny=math.pi\ndef f(e, a): return {'ok': e==a, 'msg': random.randint(0,10**9)}\nz=math.sin", Seed: int64(i) + 718,
			Call: &script.Call{Check: &script.Check{Function: "f", Expect: "1", Answers: "1"}}})
		t.Log(time.Since(b), err)
		if r != nil {
			t.Logf("%+v %s %v", r, r.Result, r.Failure)
		}
	}
}
