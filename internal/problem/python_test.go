package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"lectern/internal/errs"
	"lectern/internal/problem/script"
)

// scriptedBy is a runner that answers as f says and keeps the jobs it got.
type scriptedBy struct {
	f    func(*script.Job) (*script.Reply, error)
	jobs []*script.Job
}

func (s *scriptedBy) Run(_ context.Context, job *script.Job) (*script.Reply, error) {
	s.jobs = append(s.jobs, job)
	return s.f(job)
}

// returns is a runner whose calls have the given result.
func returns(result string) *scriptedBy {
	return &scriptedBy{f: func(job *script.Job) (*script.Reply, error) {
		r := &script.Reply{Globals: map[string]script.Value{
			"a": {Text: "1e-05"}, "ab": {Text: "two <b>"}, "word": {Text: "red"},
		}}
		if job.Call != nil {
			r.Result = json.RawMessage(result)
		}
		return r, nil
	}}
}

func failing(f script.Failure) *scriptedBy {
	return &scriptedBy{f: func(*script.Job) (*script.Reply, error) { return &script.Reply{Failure: &f}, nil }}
}

const checked = `<problem><script type="loncapa/python">def f(e, a): return True</script>` +
	`<customresponse cfn="f" expect="x" cfn_extra_args="attempt options other" options="o"><textline/>%s</customresponse></problem>`

func parseWith(t *testing.T, xml string, opts Options) *Definition {
	t.Helper()
	opts.ID = "P"
	d, err := Parse(xml, opts)
	if err != nil {
		t.Fatal(err, errors.Unwrap(err))
	}
	return d
}

func TestVariables(t *testing.T) {
	runner := returns("")
	d := parseWith(t, `<problem><script>a = 1</script><script type="text/javascript">b = $a</script>`+
		`<p title="$ab">$ab $a $abc</p><optionresponse><optioninput options="('$word','blue')" correct="$word"/></optionresponse>`+
		`<solution>$a</solution></problem>`, Options{Scripts: runner})
	if class, _ := d.Class(); class != Python || !d.Answerable() || d.MaxScore() != 1 {
		t.Fatalf("class %s, answerable %v, max %v", class, d.Answerable(), d.MaxScore())
	}
	p, err := d.Instance(t.Context(), Variant{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Render(View{ShowAnswers: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"two <b> 1e-05 two <b>c", `<option value="red"`, "b = 1e-05", `<div id="P_solution_1">1e-05</div>`} {
		if !strings.Contains(string(out), want) {
			t.Errorf("lacks %s in %s", want, out)
		}
	}
	result, err := p.Grade(t.Context(), Answers{"P_2_1": One("red")}, 1)
	if mark, _ := result.Marks.Get("P_2_1"); err != nil || mark.Correctness != Correct || mark.AnswerVariable != "$word" {
		t.Errorf("%+v, %v", mark, err)
	}
	job := runner.jobs[0]
	if job.Seed != 7 || job.Script != "a = 1\n" || job.Call != nil || len(job.Context) != 1 {
		t.Errorf("job %+v", job)
	}
}

// TestAnonymousID checks that scripts learn who is there only if they ask, so
// that replies can be shared by learners otherwise.
func TestAnonymousID(t *testing.T) {
	for xml, want := range map[string]any{
		`<problem><script>a = anonymous_student_id</script></problem>`: "somebody",
		`<problem><script>a = 1</script></problem>`:                    nil,
	} {
		runner := returns("")
		if _, err := parseWith(t, xml, Options{Scripts: runner}).Instance(t.Context(), Variant{1, "somebody"}); err != nil {
			t.Fatal(err)
		}
		if got := runner.jobs[0].Context["anonymous_student_id"]; got != want {
			t.Errorf("%s: %v, want %v", xml, got, want)
		}
	}
}

func TestCheckJob(t *testing.T) {
	runner := returns("true")
	d := parseWith(t, fmt.Sprintf(checked, ""), Options{Scripts: runner, Library: &script.Library{SHA256: "abc"}})
	p, err := d.Instance(t.Context(), Variant{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Grade(t.Context(), Answers{"P_2_1": One("hello")}, 4); err != nil {
		t.Fatal(err)
	}
	job, err := json.Marshal(runner.jobs[1])
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"protocol":1,"script":"def f(e, a): return True\n","seed":3,"context":{"seed":3},"library":{"sha256":"abc"},` +
		`"call":{"check":{"function":"f","expect":"x","answers":"hello","extra":["attempt","options","other"],` +
		`"globals":{"attempt":4,"options":"o"}}}}`
	if string(job) != want {
		t.Errorf("job\n%s\nwant\n%s", job, want)
	}
}

// TestVerdicts reads what check functions return [capa 2.2].
func TestVerdicts(t *testing.T) {
	two := strings.Replace(fmt.Sprintf(checked, "<textline/>"), "cfn_extra_args", "x", 1)
	one := fmt.Sprintf(checked, "")
	for _, tt := range []struct {
		result, xml, want string // of one input: "word points message"; of two: both, then the overall message
	}{
		{`true`, one, "correct 1 "},
		{`null`, one, "incorrect 0 "},
		{`""`, one, "incorrect 0 "},
		{`" FALSE "`, one, "incorrect 0 "},
		{`"Partially"`, one, "partially-correct 0.5 "},
		{`0.1`, one, "correct 1 "},
		{`[]`, one, "incorrect 0 "},
		{`{"ok": 1}`, one, "correct 1 "},
		{`{"ok": "no", "msg": " <p>hi</p> "}`, one, "correct 1 <p>hi</p>"},
		{`{"ok": false, "msg": null, "grade_decimal": "0.25"}`, one, "incorrect 0.25 "},
		{`{"ok": true, "msg": "<script>x()</script><b onclick='x'>b</b><a href='javascript:x'>c</a>"}`, one, "correct 1 <b>b</b>c"},
		{`{"ok": "partial", "msg": "m"}`, two, "partially-correct 0.5 | partially-correct 0.5 | m"},
		{`{"input_list": [{"ok": true, "msg": "1"}, {"ok": "yes"}], "overall_message": "<i>o</i>"}`, two, "correct 1 1| correct 0 | <i>o</i>"},
		{`{"input_list": [{"ok": "PARTIAL"}, {"ok": 0, "grade_decimal": 0.5}]}`, two, "partially-correct 0.5 | incorrect 0.5 | "},
		{`{"input_list": [{"ok": true}]}`, two, "problem_grader_failed"},
		{`{"input_list": [1, 2]}`, two, "problem_grader_failed"},
		{`{"input_list": "x"}`, two, "problem_grader_failed"},
		{`{"ok": true, "grade_decimal": "much"}`, one, "problem_grader_failed"},
		{`{"ok": true, "grade_decimal": "nan"}`, one, "problem_grader_failed"},
		{`{"correct": true}`, one, "problem_grader_failed"},
		{`nonsense`, one, "problem_grader_failed"},
	} {
		p, err := parseWith(t, tt.xml, Options{Scripts: returns(tt.result)}).Instance(t.Context(), Variant{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		result, err := p.Grade(t.Context(), Answers{"P_2_1": One("a"), "P_2_2": One("b")}, 1)
		got := ""
		if err != nil {
			got = errs.From(err).Code
			if CountsAttempt(err) {
				t.Errorf("%s: the attempt counts", tt.result)
			}
		} else {
			for _, in := range p.InputIDs() {
				mark, _ := result.Marks.Get(in)
				got += fmt.Sprintf("%s %v %s| ", mark.Correctness, mark.Earned(), mark.Msg)
			}
			got = strings.TrimSuffix(got, "| ")
			if tt.xml == two {
				got += "| " + result.OverallMessage
			}
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.result, got, tt.want)
		}
	}
}

func TestAnswerCode(t *testing.T) {
	const xml = `<problem><customresponse><textline points="4"/><textline/><answer>correct[0] = 'correct'</answer></customresponse>` +
		`<schematicresponse><schematic/><answer>correct = []</answer></schematicresponse></problem>`
	runner := &scriptedBy{f: func(job *script.Job) (*script.Reply, error) {
		r := &script.Reply{Result: json.RawMessage(`{"correct": ["correct", "unknown"], "messages": ["m", null], "overall_message": "all"}`)}
		if _, circuit := job.Call.Code.Globals["submission"].([]any)[0].(map[string]any); circuit {
			r.Result = json.RawMessage(`{"correct": ["incorrect"]}`)
		}
		return r, nil
	}}
	p, err := parseWith(t, xml, Options{Scripts: runner}).Instance(t.Context(), Variant{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(runner.jobs) != 0 {
		t.Error("a problem without script ran one")
	}
	result, err := p.Grade(t.Context(), Answers{"P_2_1": One("a"), "P_3_1": One(`{"v": 1}`)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if result.Earned != 4 || result.Possible != 6 || result.OverallMessage != "all" {
		t.Errorf("%+v", result)
	}
	if _, err = p.Grade(t.Context(), Answers{"P_2_1": One("a"), "P_3_1": One("")}, 1); !errors.Is(err, ErrAnswer) {
		t.Errorf("a circuit that is none: %v", err)
	}
}

// TestScriptFailures follows what goes wrong in a script to what people see.
func TestScriptFailures(t *testing.T) {
	boom := script.Failure{Kind: script.Raised, Type: "Exception", Message: "Please enter a number", Line: 2}
	called := boom
	called.InCall = true
	long := called
	long.Message = strings.Repeat("x", maxMessage)
	module := script.Failure{Kind: script.Import, Type: "ImportError", Module: "numpy", Line: 1}
	limit := &scriptedBy{f: func(*script.Job) (*script.Reply, error) { return nil, script.ErrLimit.With("time") }}
	for _, tt := range []struct {
		name   string
		runner script.Runner
		want   error
		public string
	}{
		{"setup", failing(boom), ErrContent, ErrContent.Public},
		{"call", failing(called), ErrGrader, "Please enter a number"},
		{"long", failing(long), ErrGrader, ErrGrader.Public},
		{"module", failing(module), ErrModule, ErrModule.Public},
		{"limit", limit, script.ErrLimit, script.ErrLimit.Public},
	} {
		st := &State{Answers: Answers{"P_2_1": One("before")}}
		_, err := parseWith(t, fmt.Sprintf(checked, ""), Options{Scripts: tt.runner}).
			Submit(t.Context(), Settings{Rerandomize: "never"}, st, "", Answers{"P_2_1": One("a")}, testNow)
		if !errors.Is(err, tt.want) || errs.From(err).Public != tt.public {
			t.Errorf("%s: %v", tt.name, err)
		}
		if CountsAttempt(err) || st.Attempts != 0 || st.Answers["P_2_1"].Value() != "a" {
			t.Errorf("%s: state %+v", tt.name, st)
		}
		var f *script.Failure
		if !errors.Is(tt.want, script.ErrLimit) && !errors.As(err, &f) {
			t.Errorf("%s: no failure in %v", tt.name, err)
		}
	}
}

// TestExternal follows problems to the grader outside of this program.
func TestExternal(t *testing.T) {
	heavy := `<problem><script>import numpy</script><numericalresponse answer="$a"><textline/></numericalresponse></problem>`
	module := failing(script.Failure{Kind: script.Import, Module: "mpmath"})
	for _, tt := range []struct {
		name, xml          string
		inside, outside    script.Runner
		answerable, worked bool
	}{
		{"heavy, none outside", heavy, returns(""), nil, false, false},
		{"heavy, outside", heavy, failing(script.Failure{}), returns(""), true, true},
		{"module found outside", fmt.Sprintf(checked, ""), module, returns("true"), true, true},
		{"module found nowhere", fmt.Sprintf(checked, ""), module, module, true, false},
		{"no runner", fmt.Sprintf(checked, ""), nil, nil, false, false},
		{"queue", `<problem><coderesponse><textbox/></coderesponse></problem>`, returns(""), returns(""), false, false},
	} {
		opts := Options{Scripts: tt.inside, External: tt.outside}
		d := parseWith(t, tt.xml, opts)
		_, err := d.Trial(t.Context())
		if d.Answerable() != tt.answerable || (err == nil && d.Answerable()) != tt.worked {
			t.Errorf("%s: answerable %v, %v", tt.name, d.Answerable(), err)
		}
		if _, err := d.Submit(t.Context(), Settings{Rerandomize: "never"}, &State{}, "", Answers{"P_2_1": One("0.00001")}, testNow); (err == nil) != tt.worked {
			t.Errorf("%s: submit %v", tt.name, err)
		}
	}
}

func TestHintFunction(t *testing.T) {
	const xml = `<problem><script>x</script><numericalresponse answer="1"><textline points="2"/>` +
		`<hintgroup hintfn="h"/></numericalresponse></problem>`
	runner := returns(`{"P_2_1": {"correctness": "corrrectnr", "npoints": null, "msg": "", "hint": "<b>go</b><script/>", "hintmode": "always"}}`)
	d := parseWith(t, xml, Options{Scripts: runner})
	st := &State{}
	set := Settings{Rerandomize: "never"}
	if _, err := d.Submit(t.Context(), set, st, "", Answers{"P_2_1": One("1")}, testNow); err != nil {
		t.Fatal(err)
	}
	mark, _ := st.Marks.Get("P_2_1")
	if mark.Correctness != "corrrectnr" || mark.Earned() != 1 || mark.Hint != "<b>go</b>" || mark.HintMode != "always" {
		t.Errorf("mark %+v", mark)
	}
	if _, err := d.Submit(t.Context(), set, st, "", Answers{"P_2_1": One("2")}, testNow); err != nil {
		t.Fatal(err)
	}
	hint := runner.jobs[len(runner.jobs)-1].Call.Hint
	if hint == nil || !strings.Contains(string(hint.Old), "corrrectnr") || !strings.Contains(string(hint.New), `"incorrect"`) {
		t.Errorf("hint job %+v", hint)
	}
}
