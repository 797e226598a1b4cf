package poll_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lectern/internal/poll"
)

func parse(t *testing.T, typ string, fields map[string]string, data string) *poll.Poll {
	t.Helper()
	p, err := poll.Parse(typ, fields, data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const twoAnswers = `[["a",{"label":"**A**","img":" /static/a.png ","img_alt":"an A"}],[2,{"label":"B","img":null}]]`

func TestParse(t *testing.T) {
	p := parse(t, "poll", map[string]string{
		"question": "Which?", "answers": twoAnswers, "feedback": "# Thanks\n\nfor *that*", "private_results": "True", "max_submissions": "3",
	}, "")
	want := &poll.Poll{
		Questions: []poll.Option{{Label: "Which?"}},
		Answers:   []poll.Option{{"a", "<strong>A</strong>", "/static/a.png", "an A"}, {Key: "2", Label: "B"}},
		Feedback:  "<h4>Thanks</h4>\n<p>for <em>that</em></p>", Private: true, Most: 3,
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	survey := parse(t, "survey", nil, "") // all fields as Studio begins with
	if len(survey.Questions) != 3 || len(survey.Answers) != 3 || survey.Most != 1 {
		t.Errorf("%+v", survey)
	}
	old := parse(t, "poll_question", map[string]string{"reset": "false"},
		`<poll_question reset="false"><p>Do you <b>agree</b>?</p><answer id="yes">Yes <i>sir</i></answer><answer id="no">No</answer><answer>lost</answer></poll_question>`)
	want = &poll.Poll{
		Questions: []poll.Option{{Label: "<p>Do you <b>agree</b>?</p>"}},
		Answers:   []poll.Option{{Key: "yes", Label: "Yes <i>sir</i>"}, {Key: "no", Label: "No"}}, Most: 1,
	}
	if diff := cmp.Diff(want, old); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ typ, answers, data string }{
		"no JSON":         {"poll", `[["a"`, ""},
		"no pairs":        {"poll", `[["a"]]`, ""},
		"no object":       {"poll", `[["a",7]]`, ""},
		"no answers":      {"survey", `[]`, ""},
		"keys alike":      {"poll", `[["a","x"],["a","y"]]`, ""},
		"an empty key":    {"poll", `[["","x"],["a","y"]]`, ""},
		"a long key":      {"poll", `[["` + strings.Repeat("k", 101) + `","x"]]`, ""},
		"too many":        {"poll", "[" + strings.Repeat(`["a","x"],`, 201) + `["b","y"]]`, ""},
		"no answer tags":  {"poll_question", "", "<poll_question>Well?</poll_question>"},
		"no XML":          {"poll_question", "", "<poll_question>"},
		"no kind of poll": {"problem", "", ""},
	} {
		if _, err := poll.Parse(tt.typ, map[string]string{"answers": tt.answers}, tt.data); !errors.Is(err, poll.ErrContent) {
			t.Errorf("%s: %v, want ErrContent", name, err)
		}
	}
}

// TestVote votes in polls of different settings. Each step says what is added to
// the counts.
func TestVote(t *testing.T) {
	type step struct {
		answers string // by question, "q=a q=b"
		want    string // changes, or the code of a refusal
	}
	for name, tt := range map[string]struct {
		typ    string
		fields map[string]string
		steps  []step
	}{
		"once": {"poll", nil, []step{
			{"", "poll_choice_missing"}, {"=X", "poll_choice_missing"}, {"=R", "=R+1"}, {"=R", ""}, {"=B", "poll_voted"},
		}},
		"twice": {"poll", map[string]string{"max_submissions": "2"}, []step{{"=R", "=R+1"}, {"=B", "=R-1 =B+1"}, {"=G", "poll_voted"}}},
		"at will": {"poll", map[string]string{"max_submissions": "0"}, []step{
			{"=R", "=R+1"}, {"=R", ""}, {"=B", "=R-1 =B+1"}, {"=R", "=B-1 =R+1"},
		}},
		"survey": {"survey", map[string]string{"max_submissions": "0"}, []step{
			{"enjoy=Y learn=Y", "poll_choice_missing"},
			{"enjoy=Y recommend=N learn=M", "enjoy=Y+1 recommend=N+1 learn=M+1"},
			{"enjoy=Y recommend=Y learn=M stray=Y", "recommend=N-1 recommend=Y+1"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			p, st := parse(t, tt.typ, tt.fields, ""), &poll.State{}
			for _, s := range tt.steps {
				answers := map[string]string{}
				for _, pair := range strings.Fields(s.answers) {
					q, a, _ := strings.Cut(pair, "=")
					answers[q] = a
				}
				changes, err := p.Vote(st, answers)
				if got := show(changes, err); got != s.want {
					t.Errorf("%q: %q, want %q", s.answers, got, s.want)
				}
			}
		})
	}
}

func show(changes []poll.Change, err error) string {
	for _, refusal := range []interface {
		error
		Is(error) bool
	}{poll.ErrChoice, poll.ErrVoted, poll.ErrKept} {
		if errors.Is(err, refusal) {
			return strings.SplitN(refusal.Error(), ":", 2)[0]
		}
	}
	var out []string
	for _, c := range changes {
		sign := "+1"
		if c.By < 0 {
			sign = "-1"
		}
		out = append(out, c.Question+"="+c.Answer+sign)
	}
	return strings.Join(out, " ")
}

func TestTakeBack(t *testing.T) {
	const xml = `<poll_question>?<answer id="yes">Yes</answer></poll_question>`
	p, st := parse(t, "poll_question", nil, xml), &poll.State{}
	if _, err := p.TakeBack(st); !errors.Is(err, poll.ErrKept) {
		t.Errorf("before the vote: %v", err)
	}
	if _, err := p.Vote(st, map[string]string{"": "yes"}); err != nil || !st.Voted || st.Answer != "yes" {
		t.Fatal(err, st)
	}
	changes, err := p.TakeBack(st)
	if err != nil || show(changes, nil) != "=yes-1" || st.Voted || st.Answer != "" || !p.CanVote(st) {
		t.Errorf("%v %v %+v", changes, err, st)
	}
	kept := parse(t, "poll_question", map[string]string{"reset": "False"}, xml)
	if _, err := kept.TakeBack(&poll.State{Voted: true, Answer: "yes"}); !errors.Is(err, poll.ErrKept) {
		t.Errorf("reset is off: %v", err)
	}
	gone := &poll.State{Voted: true, Answer: "maybe", Submissions: 1}
	if p.HasVoted(gone) || !p.CanVote(gone) {
		t.Error("an answer that the course no longer has keeps a learner from voting")
	}
}

func TestCloud(t *testing.T) {
	c, st := poll.ParseCloud(map[string]string{"num_inputs": "3", "num_top_words": "-2", "display_student_percents": "false"}), &poll.State{}
	if c.Inputs != 3 || c.Top != 250 || c.Percents {
		t.Errorf("%+v", c)
	}
	if _, err := c.Add(st, []string{"", " \u200b\x00 "}); !errors.Is(err, poll.ErrNoWords) {
		t.Errorf("no words: %v", err)
	}
	typed := []string{" Blue\n\tSky ", strings.Repeat("É", 150), "blue sky", "a fourth"}
	changes, err := c.Add(st, typed)
	want := []poll.Change{{"", "blue sky", 1}, {"", strings.Repeat("é", 100), 1}, {"", "blue sky", 1}}
	if diff := cmp.Diff(want, changes); diff != "" || err != nil || !st.Submitted || len(st.Words) != 3 {
		t.Error(diff, err, st)
	}
	if changes, err := c.Add(st, typed); len(changes) != 0 || err != nil {
		t.Errorf("a double click: %v %v", changes, err)
	}
	if _, err := c.Add(st, []string{"more"}); !errors.Is(err, poll.ErrSubmitted) {
		t.Errorf("more: %v", err)
	}
}

// TestMarkdown shows which part of Markdown is understood.
func TestMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"a **b** *c* d*e*f":                      "a <strong>b</strong> <em>c</em> d*e*f",
		"2 * 3 * 4":                              "2 * 3 * 4",
		"one\n\ntwo":                             "<p>one</p>\n<p>two</p>",
		"## Head ##\nand text":                   "<h4>Head</h4>\n<p>and text</p>",
		"- a\n- *b*":                             "<ul><li>a</li><li><em>b</em></li></ul>",
		"1. a\n2. b":                             "<ol><li>a</li><li>b</li></ol>",
		"[x](/jump_to_id/u) ![y](/static/z.png)": `<a href="/jump_to_id/u">x</a> <img src="/static/z.png" alt="y">`,
		"`a*b*` & c < d &amp; <b>e</b>":          "<code>a&#42;b&#42;</code> &amp; c &lt; d &amp; <b>e</b>",
		"<p>is *HTML*</p>":                       "<p>is *HTML*</p>",
	} {
		p := parse(t, "poll", map[string]string{"question": in}, "")
		if got := p.Questions[0].Label; got != want {
			t.Errorf("%q:\n got %s\nwant %s", in, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("poll", twoAnswers, "q", "")
	f.Add("survey", `[["Y","Yes"]]`, `[["a","*b*"]]`, "")
	f.Add("poll_question", "", "", `<poll_question><answer id="a"/></poll_question>`)
	f.Fuzz(func(t *testing.T, typ, answers, question, data string) {
		p, err := poll.Parse(typ, map[string]string{"answers": answers, "question": question, "questions": question, "feedback": question}, data)
		if err != nil {
			if !errors.Is(err, poll.ErrContent) {
				t.Fatal(err)
			}
			return
		}
		st, all := &poll.State{}, map[string]string{}
		for _, q := range p.Questions {
			all[q.Key] = p.Answers[0].Key
		}
		if _, err := p.Vote(st, all); err != nil && p.Answers[0].Key != "" {
			t.Errorf("cannot vote: %v", err)
		}
	})
}
