package trial_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/course"
	"lectern/internal/course/trial"
	"lectern/internal/keys"
	"lectern/internal/problem"
	"lectern/internal/problem/script"
)

// runner answers by what a script says.
type runner struct {
	has string // a module that is there
}

func (r *runner) Run(ctx context.Context, job *script.Job) (*script.Reply, error) {
	says := func(s string) bool { return strings.Contains(job.Script, s) }
	at := func(s string) int {
		return slices.IndexFunc(strings.Split(job.Script, "\n"), func(l string) bool { return strings.Contains(l, s) }) + 1
	}
	switch {
	case says("numpy") && r.has != "numpy":
		return &script.Reply{Failure: &script.Failure{
			Kind: script.Import, Type: "ModuleNotFoundError", Message: "No module named 'numpy'", Line: at("numpy"), Module: "numpy",
		}}, nil
	case says("1/0"):
		return &script.Reply{Failure: &script.Failure{
			Kind: script.Raised, Type: "ZeroDivisionError", Message: "division by zero", Line: at("1/0"),
		}}, nil
	case says("while True"):
		return nil, script.ErrLimit.With("5 s")
	case says("busy"):
		return nil, script.ErrBusy
	case says("down"):
		return nil, script.ErrUnavailable.With("secret of the peer")
	case says("hang"):
		<-ctx.Done()
		return nil, script.ErrLimit.Wrap(ctx.Err())
	case says("print 1"):
		return &script.Reply{Notes: []string{"Python 2's print was read."}}, nil
	}
	return &script.Reply{Globals: map[string]script.Value{"x": {Text: "2", JSON: []byte("2")}}}, nil
}

const (
	asks  = `<numericalresponse answer="2"><textline/></numericalresponse></problem>`
	plain = `<problem>` + asks
)

// with returns a problem with a script.
func with(python string) string {
	return `<problem><script type="loncapa/python">` + python + `</script>` + asks
}

// build returns a course with these problems, named p0, p1, ….
func build(t *testing.T, problems ...string) *course.Course {
	t.Helper()
	key, err := keys.ParseCourse("course-v1:O+C+R")
	if err != nil {
		t.Fatal(err)
	}
	root := &course.Block{Ref: course.Ref{Type: "course", ID: "course"}, Fate: course.Container}
	for i, xml := range problems {
		root.Children = append(root.Children, &course.Block{
			Ref: course.Ref{Type: "problem", ID: "p" + string(rune('0'+i))}, Name: "Name", Data: xml, Fate: course.Shown,
		})
	}
	return course.New(&course.Course{Key: key, Root: root})
}

func TestRun(t *testing.T) {
	sandbox, grader := &runner{}, &runner{has: "numpy"}
	none := trial.Options{}
	inside := trial.Options{Scripts: sandbox}
	both := trial.Options{Scripts: sandbox, External: grader}
	poor := trial.Options{Scripts: sandbox, External: sandbox}
	for _, tt := range []struct {
		name string
		xml  string
		o    trial.Options
		want trial.Entry // without Usage and Name
		fate course.Fate
		max  float64
	}{
		{"native", plain, none, trial.Entry{Status: problem.Native, Answerable: true}, course.Shown, 1},
		{"not XML", "<problem>", none, trial.Entry{Status: problem.Broken, Reason: "element <problem> is not closed", Line: 1}, course.Broken, 0},
		{"breaks a rule", "<problem>\n<stringresponse answer=\"x\"><optioninput/></stringresponse></problem>", none,
			trial.Entry{Status: problem.Broken, Reason: "stringresponse: cannot have input field optioninput", Line: 2}, course.Broken, 0},
		{"python", with("x = 2"), inside,
			trial.Entry{Status: problem.Python, Answerable: true, Reason: "The problem has a Python script."}, course.Shown, 1},
		{"python, nothing runs it", with("x = 2"), none,
			trial.Entry{Status: problem.Python, Reason: "The problem has a Python script.", NotRun: "Nothing on this site runs Python."}, course.Unsupported, 0},
		{"read leniently", with("print 1"), inside,
			trial.Entry{Status: problem.Python, Answerable: true, Reason: "The problem has a Python script.", Notes: []string{"Python 2's print was read."}}, course.Shown, 1},
		{"script fails", with("\nx = 1\ny = 1/0"), inside,
			trial.Entry{Status: problem.Broken, Reason: "ZeroDivisionError: division by zero", Line: 3}, course.Broken, 0},
		{"endless", with("while True: pass"), inside,
			trial.Entry{Status: problem.Broken, Reason: "Its script did not end within the limits of time and memory."}, course.Broken, 0},
		{"module missing, line of the second script", `<problem>` + "\n<script>a = 1</script>\n<text>x</text><script\n type=\"loncapa/python\">\nimport numpy\n</script>" + asks, inside,
			trial.Entry{
				Status: problem.External, Module: "numpy", Line: 5,
				Reason: "It needs the Python module numpy, which only an external grader can have.",
			}, course.Unsupported, 0},
		{"external grader", with("import numpy"), both,
			trial.Entry{Status: problem.External, Answerable: true, Reason: "The problem's Python imports numpy, which only an external grader offers."}, course.Shown, 1},
		{"external grader without the module", with("import numpy"), poor,
			trial.Entry{Status: problem.External, Module: "numpy", Line: 1, Reason: "It needs the Python module numpy, which the external grader does not have."}, course.Unsupported, 0},
		{"external, nothing runs Python", with("import numpy"), none,
			trial.Entry{Status: problem.External, Reason: "The problem's Python imports numpy, which only an external grader offers.", NotRun: "Nothing on this site runs Python."}, course.Unsupported, 0},
		{"busy", with("busy"), inside,
			trial.Entry{Status: problem.Python, Answerable: true, Reason: "The problem has a Python script.", NotRun: "Whatever runs Python was busy."}, course.Shown, 1},
		{"down", with("down"), inside,
			trial.Entry{Status: problem.Python, Answerable: true, Reason: "The problem has a Python script.", NotRun: "Nothing on this site could run its Python when it was tried."}, course.Shown, 1},
		{"queue", `<problem><coderesponse queuename="q"><textbox/></coderesponse></problem>`, both,
			trial.Entry{Status: problem.Unsupported, Reason: "The problem uses a response graded by an external queue (coderesponse)."}, course.Unsupported, 0},
		{"gone from Open edX too", `<problem><jsmeresponse/></problem>`, both,
			trial.Entry{Status: problem.Unsupported, Reason: "The problem uses a molecule response, which Open edX no longer has either (jsmeresponse)."}, course.Unsupported, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := build(t, tt.xml)
			got := trial.Run(t.Context(), c, tt.o)
			tt.want.Usage, tt.want.Name = "block-v1:O+C+R+type@problem+block@p0", "Name"
			if diff := cmp.Diff([]trial.Entry{tt.want}, got); diff != "" {
				t.Error(diff)
			}
			b := c.BlockByID("p0")
			if b.Fate != tt.fate || b.MaxScore != tt.max || b.Scored != (tt.max > 0) || b.Class != string(tt.want.Status) {
				t.Errorf("block %s, %v points, scored %v, class %s", b.Fate, b.MaxScore, b.Scored, b.Class)
			}
		})
	}
}

func TestRunOutOfTime(t *testing.T) {
	c := build(t, with("hang"), with("hang"), with("x = 1"), plain)
	start := time.Now()
	got := trial.Run(t.Context(), c, trial.Options{Scripts: &runner{}, Budget: 100 * time.Millisecond, Parallel: 2})
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	for i, e := range got[:3] {
		if e.Status != problem.Python || !e.Answerable || !strings.Contains(e.NotRun, "was over") {
			t.Errorf("p%d: %+v", i, e)
		}
	}
	if e := got[3]; e.Status != problem.Native || e.NotRun != "" {
		t.Errorf("native: %+v", e)
	}
}

// tired fails with a limit while others are at work, as a machine with much to
// do may.
type tired struct{ n int }

func (r *tired) Run(context.Context, *script.Job) (*script.Reply, error) {
	if r.n++; r.n == 1 {
		return nil, script.ErrLimit
	}
	return &script.Reply{}, nil
}

func TestRunLimitOnce(t *testing.T) {
	got := trial.Run(t.Context(), build(t, with("x = 1")), trial.Options{Scripts: &tired{}, Parallel: 1})
	if e := got[0]; e.Status != problem.Python || !e.Answerable || e.Reason != "The problem has a Python script." {
		t.Errorf("%+v", e)
	}
}

func TestWeightless(t *testing.T) {
	c := build(t, plain)
	zero := 0.0
	c.BlockByID("p0").Settings.Weight = &zero
	trial.Run(t.Context(), c, trial.Options{})
	if b := c.BlockByID("p0"); b.Scored || b.Fate != course.Shown {
		t.Errorf("%+v", b)
	}
}

func TestLibrary(t *testing.T) {
	read := func(_ context.Context, a course.Asset) ([]byte, error) {
		if a.SHA256 == "bad" {
			return nil, errors.New("bucket gone")
		}
		return []byte("zip of " + a.SHA256), nil
	}
	for _, tt := range []struct {
		asset course.Asset
		want  string // "" for none
		fail  string
	}{
		{course.Asset{Name: "other.zip"}, "", ""},
		{course.Asset{Name: "python_lib.zip", SHA256: "abc", Size: 3}, "zip of abc", ""},
		{course.Asset{Name: "python_lib.zip", SHA256: "bad", Size: 3}, "", "bucket gone"},
		{course.Asset{Name: "python_lib.zip", SHA256: "abc", Size: 1 << 30}, "", "at most"},
	} {
		lib := trial.Library(course.NewAssets([]course.Asset{tt.asset}), read)
		if tt.want == "" && tt.fail == "" {
			if lib != nil {
				t.Errorf("%s is a library", tt.asset.Name)
			}
			continue
		}
		got, err := lib.Open(t.Context())
		if lib.SHA256 != tt.asset.SHA256 || string(got) != tt.want || (tt.fail == "") != (err == nil) ||
			err != nil && !strings.Contains(err.Error(), tt.fail) {
			t.Errorf("%+v: %q, %v", tt.asset, got, err)
		}
	}
}
