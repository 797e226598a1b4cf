package extern_test

import (
	"context"
	"strconv"
	"testing"

	"lectern/internal/problem/extern"
	"lectern/internal/problem/script"
)

// runner answers with its name, or misses a module in scripts that name it.
type runner struct {
	name   string
	misses string
	runs   int
}

func (r *runner) Run(_ context.Context, job *script.Job) (*script.Reply, error) {
	r.runs++
	if r.misses != "" && job.Script == r.misses {
		return &script.Reply{Failure: &script.Failure{Kind: script.Import, Module: "numpy"}}, nil
	}
	if job.Script == "broken" {
		return &script.Reply{Failure: &script.Failure{Kind: script.Raised, Type: "NameError"}}, nil
	}
	return &script.Reply{Notes: []string{r.name}}, nil
}

func TestRouter(t *testing.T) {
	const box, out = "sandbox", "external"
	for _, tt := range []struct {
		name              string
		sandbox, external bool
		all               bool
		script            string
		want              string // who answers; "" for a failure, "-" for an error
	}{
		{"plain script", true, true, false, "x = 1", box},
		{"needs numpy", true, true, false, "numpy", out},
		{"needs numpy, no grader", true, false, false, "numpy", ""},
		{"all", true, true, true, "x = 1", out},
		{"all, but there is no grader", true, false, true, "x = 1", box},
		{"no sandbox", false, true, false, "x = 1", out},
		{"neither", false, false, false, "x = 1", "-"},
		{"another failure is not a missing module", true, true, false, "broken", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &extern.Router{All: tt.all}
			if tt.sandbox {
				r.Sandbox = &runner{name: box, misses: "numpy"}
			}
			if tt.external {
				r.External = &runner{name: out}
			}
			reply, err := r.Run(t.Context(), &script.Job{Script: tt.script})
			if tt.want == "-" {
				refused(t, err, script.ErrUnavailable, "built without")
				return
			}
			if err != nil || (reply.Failure != nil) != (tt.want == "") || tt.want != "" && reply.Notes[0] != tt.want {
				t.Errorf("%+v, %v", reply, err)
			}
		})
	}
}

func TestRouterRemembers(t *testing.T) {
	box, out := &runner{misses: "numpy"}, &runner{}
	r := &extern.Router{Sandbox: box, External: out}
	for range 3 {
		if _, err := r.Run(t.Context(), &script.Job{Script: "numpy"}); err != nil {
			t.Fatal(err)
		}
	}
	if box.runs != 1 || out.runs != 3 {
		t.Errorf("sandbox %d, grader %d", box.runs, out.runs)
	}
	for _, sum := range []string{"one", "two"} { // the library may bring the module
		job := &script.Job{Script: "numpy", Library: &script.Library{SHA256: sum}}
		if _, err := r.Run(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	if box.runs != 3 {
		t.Errorf("sandbox %d after other libraries", box.runs)
	}
	for i := range 10_000 { // they fill the memory, and it begins anew
		box.misses = strconv.Itoa(i)
		if _, err := r.Run(t.Context(), &script.Job{Script: box.misses}); err != nil {
			t.Fatal(err)
		}
	}
	before := box.runs
	box.misses = "numpy"
	if _, err := r.Run(t.Context(), &script.Job{Script: "numpy"}); err != nil || box.runs != before+1 {
		t.Errorf("the oldest: %v, sandbox asked %d times more", err, box.runs-before)
	}
}
