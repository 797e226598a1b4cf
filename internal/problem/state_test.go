package problem

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/errs"
)

func mustParse(t testing.TB, xml string) *Definition {
	t.Helper()
	d, err := Parse(xml, Options{ID: "P"})
	if err != nil {
		t.Fatal(err, errors.Unwrap(err))
	}
	return d
}

func limit(n int) *int { return &n }

func TestSubmit(t *testing.T) {
	d := mustParse(t, text(`answer="a"`, ""))
	st := &State{}
	set := Settings{Rerandomize: "never", MaxAttempts: limit(2), SubmissionWait: 90 * time.Second}

	attempt, err := d.Submit(t.Context(), set, st, "", Answers{"P_2_1": One("b"), "other_2_1": One("x")}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if attempt.Success != Incorrect || !attempt.Published || attempt.Score != (Score{0, 1}) || !st.Done || st.Attempts != 1 {
		t.Errorf("after the first attempt: %+v, state %+v", attempt, st)
	}
	if _, kept := st.Answers["other_2_1"]; kept {
		t.Error("an answer of another problem was kept")
	}

	_, err = d.Submit(t.Context(), set, st, "", Answers{"P_2_1": One("a")}, testNow.Add(30*time.Second))
	want := "You must wait at least 1 minute 30 seconds between submissions. 1 minute remaining."
	if !errors.Is(err, ErrWait) || errs.From(err).Public != want {
		t.Errorf("too early: %v, %q", err, errs.From(err).Public)
	}

	if attempt, err = d.Submit(t.Context(), set, st, "", Answers{"P_2_1": One("a")}, testNow.Add(2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if attempt.Success != Correct || !st.Correct() || set.AttemptsLeft(st) != 0 {
		t.Errorf("after the second attempt: %+v", attempt)
	}
	if _, err = d.Submit(t.Context(), set, st, "", Answers{}, testNow.Add(time.Hour)); !errors.Is(err, ErrClosed) {
		t.Errorf("third attempt: %v", err)
	}
}

func TestSubmitRefusedByGrading(t *testing.T) {
	d := mustParse(t, numeric(`answer="1"`, ""))
	st := &State{}
	if _, err := d.Submit(t.Context(), Settings{Rerandomize: "never"}, st, "", Answers{"P_2_1": One("1+")}, testNow); !errors.Is(err, ErrAnswer) {
		t.Fatal(err)
	}
	if st.Attempts != 0 || st.Done || st.LastSubmission != nil || st.Answers["P_2_1"].Value() != "1+" {
		t.Errorf("state %+v: the attempt must not count, the answer must stay", st)
	}
}

func TestSaveAndReset(t *testing.T) {
	d := mustParse(t, text(`answer="a"`, ""))
	set := Settings{Rerandomize: "onreset"}
	st := &State{}
	if _, err := d.Reset(set, st, testNow, nil); !errors.Is(err, ErrNothingToReset) {
		t.Errorf("reset of nothing: %v", err)
	}
	if err := d.Save(set, st, Answers{"P_2_1": One("draft")}, testNow); err != nil || !st.Saved || st.Attempts != 0 {
		t.Errorf("save: %v, %+v", err, st)
	}
	if st.Answered() {
		t.Error("saving is no answering")
	}
	if _, err := d.Submit(t.Context(), set, st, "", Answers{"P_2_1": One("a")}, testNow); err != nil || st.Saved {
		t.Fatalf("submit: %v, saved %v", err, st.Saved)
	}
	publish, err := d.Reset(set, st, testNow, func() uint32 { return 1234 })
	if err != nil || !publish {
		t.Fatalf("reset: %v, publish %v", err, publish)
	}
	want := &State{Attempts: 1, Seed: new(int64), Score: &Score{0, 1}}
	*want.Seed = 234
	want.LastSubmission, want.ScoreHistory = st.LastSubmission, st.ScoreHistory
	if diff := cmp.Diff(want, st, cmp.AllowUnexported(Marks{}, markEntry{})); diff != "" {
		t.Errorf("state after reset (-want +got):\n%s", diff)
	}
}

func TestStateJSON(t *testing.T) {
	d := mustParse(t, question(oneOfThree+strings.Replace(boxes, "%s", "", 1)+dropdown))
	st := &State{}
	answers := Answers{"P_2_1": One("choice_1"), "P_3_1": List("choice_0", "choice_2"), "P_4_1": One("red"),
		"P_5_1": {Object: json.RawMessage(`{"a":1}`)}}
	if _, err := d.Submit(t.Context(), Settings{Rerandomize: "never"}, st, "", answers, testNow); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(st)
	if err != nil {
		t.Fatal(err)
	}
	var back State
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*st, back, cmp.AllowUnexported(Marks{}, markEntry{})); diff != "" {
		t.Errorf("after JSON (-want +got):\n%s", diff)
	}
	for _, part := range []string{`"correct_map":{"P_2_1":`, `"student_answers":{"P_2_1":"choice_1","P_3_1":["choice_0","choice_2"]`,
		`"score":{"raw_earned":2,"raw_possible":3}`, `"has_saved_answers":false`} {
		if !strings.Contains(string(b), part) {
			t.Errorf("JSON lacks %s:\n%s", part, b)
		}
	}
	if success := back.Marks.Success(); success != Partial {
		t.Errorf("mixed inputs are %s, want partially correct", success)
	}
}

// TestChangedProblem draws and grades a problem with the state of an earlier
// version that had other inputs.
func TestChangedProblem(t *testing.T) {
	old := mustParse(t, question(oneOfThree+dropdown+strings.Replace(boxes, "%s", "", 1)))
	st := &State{}
	_, err := old.Submit(t.Context(), Settings{Rerandomize: "never"}, st, "", Answers{"P_2_1": One("choice_c"), "P_3_1": One("red"), "P_4_1": List("choice_4")}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	for _, xml := range []string{question(""), text(`answer="a"`, ""), question(dropdown), question(strings.Replace(boxes, "%s", "", 1)),
		question("<jsmeresponse answer='x'><textline/></jsmeresponse>")} {
		d := mustParse(t, xml)
		p, err := d.Instance(t.Context(), Variant{Seed: st.seed()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Render(st.View()); err != nil {
			t.Error(err)
		}
		if _, err := p.Grade(t.Context(), st.Answers, 2); err != nil && !errors.Is(err, ErrUnsupported) {
			t.Error(err)
		}
	}
	if st.Score.Possible != 3 {
		t.Errorf("possible %v, want the 3 points of when it was answered", st.Score.Possible)
	}
}

func TestHistoriesAreBounded(t *testing.T) {
	d := mustParse(t, text(`answer="a"`, ""))
	st := &State{}
	for i := range 1200 {
		answer := "b"
		if i == 0 {
			answer = "a"
		}
		if _, err := d.Submit(t.Context(), Settings{Rerandomize: "never", GradingMethod: "first_score"}, st, "", Answers{"P_2_1": One(answer)}, testNow); err != nil {
			t.Fatal(err)
		}
	}
	if len(st.MarksHistory) > historyLength || len(st.AnswersHistory) > historyLength || len(st.ScoreHistory) > 1000 {
		t.Errorf("histories of %d, %d and %d entries", len(st.MarksHistory), len(st.AnswersHistory), len(st.ScoreHistory))
	}
	if !st.Correct() {
		t.Error("the first score was forgotten")
	}
}

func TestGradingMethods(t *testing.T) {
	history := []Score{{0, 1}, {1, 1}, {0.5, 1}}
	for method, want := range map[string]float64{"": 0.5, "last_score": 0.5, "first_score": 0, "highest_score": 1, "average_score": 0.5, "x": 0.5} {
		if got := methodScore(method, history); got.Earned != want {
			t.Errorf("%q: %v, want %v", method, got.Earned, want)
		}
	}
	if got := methodScore("average_score", []Score{{1, 1}, {0, 1}, {0, 1}}); got.Earned != 0.33 {
		t.Errorf("average %v, want 0.33", got.Earned)
	}
}

func TestWeighted(t *testing.T) {
	weight := func(f float64) Settings { return Settings{Weight: &f} }
	for _, tt := range []struct {
		raw  Score
		set  Settings
		want [2]float64
	}{
		{Score{1, 2}, Settings{}, [2]float64{1, 2}},
		{Score{1, 2}, weight(5), [2]float64{2.5, 5}},
		{Score{1, 2}, weight(0), [2]float64{0, 0}},
		{Score{0, 0}, weight(5), [2]float64{0, 0}},
	} {
		if earned, possible := Weighted(tt.raw, tt.set); earned != tt.want[0] || possible != tt.want[1] {
			t.Errorf("%v of weight %v: %v of %v, want %v", tt.raw, tt.set.Weight, earned, possible, tt.want)
		}
	}
}

func TestSeed(t *testing.T) {
	for _, bits := range []uint32{0, 999, 1000, 0x7fffffff, 0x80000000, 0xffffffff} {
		for _, mode := range []string{"always", "true", "", "onreset", "once"} {
			if got := Seed(mode, "7", "k", func() uint32 { return bits }); got < 0 || got > 999 {
				t.Errorf("Seed(%q) of %#x = %d, not below 1000", mode, bits, got)
			}
		}
	}
	if got := Seed("false", "1", "block-v1:edX+DemoX+2014+type@problem+block@p1", nil); got != 0 {
		t.Errorf(`"false" is per student: %d, want 0`, got)
	}
}

func TestScoreVisible(t *testing.T) {
	set := Settings{ShowCorrectness: "never_but_include_grade"}
	if set.CorrectnessVisible(testNow, true) || !set.ScoreVisible(testNow, false) {
		t.Error("never_but_include_grade hides correctness and shows the grade")
	}
	v := set.View(&State{}, testNow, false)
	if !v.CorrectnessHidden {
		t.Error("the view shows correctness")
	}
}

func TestParseForm(t *testing.T) {
	got, err := ParseForm(url.Values{
		"input_P_2_1": {"x"}, "input_P_3_1[]": {"a", "b"}, "input_P_4_1{}": {`{"k":1}`}, "input_P_5_1{}": {"[1]"},
		"input_fromjs_P_6_1": {"1", "2"}, "input_P_7_1[]": {},
	})
	want := Answers{"P_2_1": One("x"), "P_3_1": List("a", "b"), "P_4_1": {Object: json.RawMessage(`{"k":1}`)},
		"P_5_1": {Object: json.RawMessage(`{}`)}, "fromjs_P_6_1": One("2"), "P_7_1": List([]string{}...)}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	many := url.Values{}
	for i := range maxAnswers + 1 {
		many["input_"+jsonInt(i)] = []string{""}
	}
	for name, form := range map[string]url.Values{
		"no underscore": {"input": {"x"}}, "nothing after it": {"input_": {"x"}},
		"twice": {"input_P_2_1": {"x"}, "input_P_2_1[]": {"x"}},
		"large": {"input_P_2_1": {strings.Repeat("x", maxAnswerBytes+1)}}, "many": many,
	} {
		if _, err := ParseForm(form); !errors.Is(err, ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
