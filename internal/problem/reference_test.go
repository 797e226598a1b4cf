package problem

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"lectern/internal/errs"
	"lectern/internal/spectest"
)

// referenceCase is a grading case of the shared data. Input keys are suffixes
// of the problem's id.
type referenceCase struct {
	ID         string
	Response   string
	XML        string
	Seed       int64
	Submission map[string]json.RawMessage
	Expect     struct {
		Inputs map[string]struct {
			Correctness Correctness
			Points      float64
			Msg, Hint   string
		}
		Score, Max     *float64
		OverallMessage string `json:"overall_message"`
		Error, Message string
	}
}

type referenceFile struct {
	Cases       []referenceCase
	ChoiceOrder []struct {
		ID             string
		XML            string
		Seed           int64
		DisplayedOrder json.RawMessage `json:"displayed_order"`
	} `json:"choice_order"`
	ShowAnswer []struct {
		Settings  referenceSettings
		State     referenceState
		Available bool `json:"answer_available"`
	} `json:"showanswer_cases"`
	CorrectnessVisible []struct {
		referenceSettings
		referenceState
		Visible bool
	} `json:"correctness_visible_cases"`
	Closed []struct {
		referenceSettings
		referenceState
		Closed bool
	} `json:"closed_cases"`
	Button []struct {
		referenceSettings
		referenceState
		Button string
		Shown  bool `json:"shown_or_enabled"`
	} `json:"button_cases"`
	GradingMethod []struct {
		Method    string    `json:"grading_method"`
		RawScores []float64 `json:"raw_scores"`
		After     []float64 `json:"block_score_after_each"`
	} `json:"grading_method_cases"`
	Actions []struct {
		Given, Action, Result string
		Incremented           bool `json:"attempts_incremented"`
	} `json:"submit_save_reset_cases"`
	Seeds []struct {
		Rerandomize string
		UserID      int    `json:"user_id"`
		UsageKey    string `json:"usage_key"`
		Seed        int64
	} `json:"seed_cases"`
}

func readReference(t *testing.T) *referenceFile {
	t.Helper()
	var f referenceFile
	spectest.JSON(t, &f, "data", "capa-cases.json")
	return &f
}

func readSubmission(t *testing.T, id string, submission map[string]json.RawMessage) Answers {
	t.Helper()
	answers := Answers{}
	for suffix, raw := range submission {
		var a Answer
		if err := json.Unmarshal(raw, &a); err != nil {
			t.Fatal(err)
		}
		answers[id+suffix] = a
	}
	return answers
}

// checkReferenceCase grades a case and returns what differs from what Open edX
// does.
func checkReferenceCase(t *testing.T, tt referenceCase) error {
	t.Helper()
	result, err := gradeWith(Options{ID: "P", Scripts: sandbox(t)}, tt.XML, tt.Seed, readSubmission(t, "P", tt.Submission))
	if tt.Expect.Error != "" {
		return checkReferenceError(tt, err)
	}
	if err != nil {
		return err
	}
	for suffix, want := range tt.Expect.Inputs {
		got, ok := result.Marks.Get("P" + suffix)
		if !ok {
			return fmt.Errorf("no mark for %s", suffix)
		}
		if got.Correctness != want.Correctness || math.Abs(got.Earned()-want.Points) > 1e-9 {
			return fmt.Errorf("%s: %s, %v points; want %s, %v", suffix, got.Correctness, got.Earned(), want.Correctness, want.Points)
		}
		if got.Msg != want.Msg || got.Hint != want.Hint {
			return fmt.Errorf("%s: message %q, hint %q\nwant     %q,      %q", suffix, got.Msg, got.Hint, want.Msg, want.Hint)
		}
	}
	switch {
	case tt.Expect.Score != nil && math.Abs(result.Earned-*tt.Expect.Score) > 1e-9:
		return fmt.Errorf("score %v, want %v", result.Earned, *tt.Expect.Score)
	case tt.Expect.Max != nil && result.Possible != *tt.Expect.Max:
		return fmt.Errorf("max %v, want %v", result.Possible, *tt.Expect.Max)
	case result.OverallMessage != tt.Expect.OverallMessage:
		return fmt.Errorf("overall message %q, want %q", result.OverallMessage, tt.Expect.OverallMessage)
	}
	return nil
}

// pythonException finds the exception in Open edX's message about a script that
// failed, which also names an address in its memory.
var pythonException = regexp.MustCompile(`^\('\w+: (.*)', <traceback object at 0x[0-9a-f]+>\)$`)

func checkReferenceError(tt referenceCase, err error) error {
	want := map[string]*errs.Error{
		"Exception":         ErrAnswer, // there a page of its own for what nobody can mean to send
		"StudentInputError": ErrAnswer, "ResponseError": ErrGrader, "LoncapaProblemError": ErrContent,
	}[tt.Expect.Error]
	if want == nil || !errors.Is(err, want) {
		return fmt.Errorf("error %w, want %s", err, tt.Expect.Error)
	}
	if tt.Expect.Error == "Exception" {
		return nil
	}
	message := tt.Expect.Message
	if m := pythonException.FindStringSubmatch(message); m != nil {
		message = m[1]
	}
	message, _, _ = strings.Cut(message, " (<traceback object")
	public := errs.From(err).Public
	if public != message && html.EscapeString(public) != message {
		return fmt.Errorf("message %q, want %q", public, message)
	}
	return nil
}

// gradeOnce parses, makes an instance and grades; the problem's id is P.
func gradeOnce(xml string, seed int64, a Answers) (Result, error) {
	return gradeWith(Options{ID: "P"}, xml, seed, a)
}

func gradeWith(opts Options, xml string, seed int64, a Answers) (Result, error) {
	d, err := Parse(xml, opts)
	if err != nil {
		return Result{}, err
	}
	p, err := d.Instance(context.Background(), Variant{Seed: seed})
	if err != nil {
		return Result{}, err
	}
	return p.Grade(context.Background(), a, 1)
}

func TestReferenceChoiceOrder(t *testing.T) {
	for _, tt := range readReference(t).ChoiceOrder {
		d, err := Parse(tt.XML, Options{ID: "P"})
		if err != nil {
			t.Errorf("%s: %v", tt.ID, err)
			continue
		}
		p, err := d.Instance(t.Context(), Variant{Seed: tt.Seed})
		if err != nil {
			t.Errorf("%s: %v", tt.ID, err)
			continue
		}
		var orders [][]string
		for _, r := range p.responses {
			var order []string
			for _, c := range r.inputs[0].choices {
				order = append(order, c.name)
			}
			orders = append(orders, order)
		}
		var got any = orders
		if len(orders) == 1 {
			got = orders[0]
		}
		if b, _ := json.Marshal(got); string(b) != strings.ReplaceAll(compactJSON(tt.DisplayedOrder), " ", "") {
			t.Errorf("%s: order %s, want %s", tt.ID, b, tt.DisplayedOrder)
		}
	}
}

func compactJSON(raw json.RawMessage) string {
	return strings.Join(strings.Fields(string(raw)), "")
}

// referenceSettings are a case's settings; days count from now.
type referenceSettings struct {
	ShowAnswer       string   `json:"showanswer"`
	ShowCorrectness  string   `json:"show_correctness"`
	MaxAttempts      *int     `json:"max_attempts"`
	DueDays          *float64 `json:"due_days"`
	GraceDays        float64  `json:"grace_days"`
	CourseEndDays    *float64 `json:"course_end_days"`
	AttemptsBefore   int      `json:"attempts_before_showanswer_button"`
	Rerandomize      string   `json:"rerandomize"`
	ShowResetButton  *bool    `json:"show_reset_button"`
	ForceSaveButton  bool     `json:"force_save_button"`
	SubmissionWaitIn float64  `json:"submission_wait_seconds"`
}

type referenceState struct {
	Attempts int
	Correct  bool
	Done     bool
}

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (s referenceSettings) settings() Settings {
	day := 24 * time.Hour
	at := func(days *float64) *time.Time {
		if days == nil {
			return nil
		}
		t := testNow.Add(time.Duration(*days * float64(day)))
		return &t
	}
	set := Settings{
		ShowAnswer: s.ShowAnswer, ShowCorrectness: s.ShowCorrectness, MaxAttempts: s.MaxAttempts,
		Due: at(s.DueDays), Grace: time.Duration(s.GraceDays * float64(day)), CourseEnd: at(s.CourseEndDays),
		AttemptsBeforeShowAnswer: s.AttemptsBefore, Rerandomize: s.Rerandomize, ForceSaveButton: s.ForceSaveButton,
	}
	set.ShowResetButton = s.ShowResetButton != nil && *s.ShowResetButton
	if set.Rerandomize == "" {
		set.Rerandomize = "never" // the cases' default; an empty value means always
	}
	return set
}

func (s referenceState) state() *State {
	st := &State{Attempts: s.Attempts, Done: s.Done, Score: &Score{0, 1}}
	if s.Correct {
		st.Score.Earned = 1
	}
	return st
}

func TestReferenceRules(t *testing.T) {
	f := readReference(t)
	for i, tt := range f.ShowAnswer {
		set := tt.Settings.settings()
		if got := set.AnswerAvailable(tt.State.state(), testNow, false); got != tt.Available {
			t.Errorf("show answer case %d %+v %+v: %v", i, tt.Settings, tt.State, got)
		}
	}
	for i, tt := range f.CorrectnessVisible {
		set := tt.settings()
		if got := set.CorrectnessVisible(testNow, false); got != tt.Visible {
			t.Errorf("correctness case %d %+v: %v", i, tt, got)
		}
	}
	for i, tt := range f.Closed {
		set := tt.settings()
		if got := set.Closed(tt.state(), testNow); got != tt.Closed {
			t.Errorf("closed case %d %+v: %v", i, tt, got)
		}
	}
	for i, tt := range f.Button {
		set, st := tt.settings(), tt.state()
		var got bool
		switch tt.Button {
		case "submit":
			got = set.CanSubmit(st, testNow)
		case "reset":
			got = set.ShowReset(st, testNow)
		case "save":
			got = set.ShowSave(st, testNow)
		default:
			t.Fatalf("button %q", tt.Button)
		}
		if got != tt.Shown {
			t.Errorf("button case %d %+v: %v", i, tt, got)
		}
	}
	t.Logf("%d + %d + %d + %d cases", len(f.ShowAnswer), len(f.CorrectnessVisible), len(f.Closed), len(f.Button))
}

func TestReferenceGradingMethods(t *testing.T) {
	for _, tt := range readReference(t).GradingMethod {
		var history []Score
		for i, raw := range tt.RawScores {
			history = append(history, Score{raw, 1})
			if got := methodScore(tt.Method, history); got.Earned != tt.After[i] {
				t.Errorf("%s after %v: %v, want %v", tt.Method, tt.RawScores[:i+1], got.Earned, tt.After[i])
			}
		}
	}
}

func TestReferenceSeeds(t *testing.T) {
	for _, tt := range readReference(t).Seeds {
		got := Seed(tt.Rerandomize, jsonInt(tt.UserID), tt.UsageKey, func() uint32 { return 0xffffffff })
		if got != tt.Seed {
			t.Errorf("%s, user %d, %s: seed %d, want %d", tt.Rerandomize, tt.UserID, tt.UsageKey, got, tt.Seed)
		}
	}
}

func jsonInt(n int) string { b, _ := json.Marshal(n); return string(b) }

// TestReferenceActions replays what may be submitted, saved and reset in which
// state. "given" is "closed" or "rerandomize in (a,b), done".
func TestReferenceActions(t *testing.T) {
	d, err := Parse(`<problem><stringresponse answer="a"><textline/></stringresponse></problem>`, Options{ID: "P"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range readReference(t).Actions {
		for _, set := range actionSettings(tt.Given) {
			st := &State{Attempts: 1, Done: strings.Contains(tt.Given, "done")}
			var err error
			switch tt.Action {
			case "submit":
				_, err = d.Submit(t.Context(), set, st, "", Answers{"P_2_1": One("a")}, testNow)
			case "save":
				err = d.Save(set, st, Answers{"P_2_1": One("a")}, testNow)
			case "reset":
				_, err = d.Reset(set, st, testNow, func() uint32 { return 5 })
			}
			refused := strings.HasPrefix(tt.Result, "refused") || strings.Contains(tt.Result, "false")
			if refused != (err != nil) || tt.Incremented != (st.Attempts == 2) {
				t.Errorf("%s when %s (%s): %v, %d attempts; want %s", tt.Action, tt.Given, set.Rerandomize, err, st.Attempts, tt.Result)
			}
		}
	}
}

func actionSettings(given string) []Settings {
	past := testNow.Add(-time.Hour)
	if strings.HasPrefix(given, "closed") {
		return []Settings{{Rerandomize: "never", Due: &past}}
	}
	_, rest, _ := strings.Cut(given, "(")
	words, _, _ := strings.Cut(rest, ")")
	var all []Settings
	for word := range strings.SplitSeq(words, ",") {
		all = append(all, Settings{Rerandomize: strings.TrimSpace(word)})
	}
	return all
}
