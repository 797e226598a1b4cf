package learn_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"lectern/internal/course"
	"lectern/internal/lti"
	"lectern/internal/session"
	"lectern/internal/store"
)

const (
	choiceXML = `<multiplechoiceresponse><label>Which <b>one</b>?</label><choicegroup>` +
		`<choice correct="false">Wrong <choicehint>Not this.</choicehint></choice><choice correct="true">Right</choice></choicegroup>` +
		`<solution><p>Because \(x\). <a href="/jump_to_id/h9">out</a></p></solution></multiplechoiceresponse>` +
		`<demandhint><hint>First clue</hint><hint>Second clue</hint></demandhint>`
	numberXML = `<numericalresponse answer="3"><label>Three?</label><formulaequationinput/></numericalresponse>`
	stringXML = `<stringresponse answer="abc" type="ci"><label>Letters?</label><textline/></stringresponse>`
)

// problemSite serves a subsection of one unit with one problem p.
func problemSite(t *testing.T, xml string, change func(*course.Block)) (*site, string) {
	t.Helper()
	p := problemBlock("p", xml)
	if change != nil {
		change(p)
	}
	s := newSite(t, courseOf(block("chapter", "c", "C", block("sequential", "s", "S", block("vertical", "u", "Unit", p)))))
	return s, s.launch("ann", "sequential", "s")
}

func fields(pairs ...string) url.Values {
	form := url.Values{"version": {"0"}, "hints": {"0"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

func attempts(n int) func(*course.Block) {
	return func(b *course.Block) { b.Settings.MaxAttempts = &n }
}

// TestAnswerWithoutScript answers as a browser without JavaScript does.
func TestAnswerWithoutScript(t *testing.T) {
	s, base := problemSite(t, choiceXML, attempts(2))
	s.get(base).has(t, `<form class="problem-form" method="post" action="`+base+`problem/p/submit#problem_p"`, `name="input_p_2_1"`,
		`formaction="`+base+`problem/p/save#problem_p"`, "1 point possible (ungraded)", "You have used 0 of 2 attempts.", ">Hint</button>", `id="problem_p"`)

	r := s.do(http.MethodPost, base+"problem/p/submit", fields("input_p_2_1", "choice_0"))
	if got, want := r.Header.Get("Location"), base+"block/vertical/u#problem_p"; r.Status != http.StatusSeeOther || got != want {
		t.Fatalf("%d to %q, want 303 to %q: %s", r.Status, got, want, r.Body)
	}
	s.get(base).has(t, "Incorrect (0/1 point)", "Not this.", "You have used 1 of 2 attempts.", "checked")
	s.post(base+"problem/p/submit", fields("input_p_2_1", "choice_1", "version", "1")).
		has(t, "Correct (1/1 point)", "1/1 point (ungraded)", "You have used 2 of 2 attempts.", ">Show answer</button>")
	s.post(base+"problem/p/submit", fields("input_p_2_1", "choice_0")).has(t, "Problem is closed.")
	s.post(base+"problem/p/answer", fields()).has(t, "Because", `\(x\)`, base+"elsewhere", "correct answer")
	t.Run("another learner starts anew", func(t *testing.T) {
		s.get(s.launch("ben", "sequential", "s")).has(t, "You have used 0 of 2 attempts.")
	})
	t.Run("a reload of the answer's address shows the page", func(t *testing.T) {
		if r := s.get(base + "problem/p/submit"); r.Status != http.StatusSeeOther {
			t.Errorf("status %d", r.Status)
		}
	})
}

func TestHintsSaveAndReset(t *testing.T) {
	s, base := problemSite(t, choiceXML, func(b *course.Block) {
		attempts(3)(b)
		b.Settings.ShowResetButton = true
	})
	r := s.post(base+"problem/p/hint", fields("input_p_2_1", "choice_0"))
	r.has(t, "First clue", "Hint (1 of 2)", `name="hints" value="1"`, "checked")
	r.lacks(t, "Second clue")
	form := fields("input_p_2_1", "choice_0")
	form.Set("hints", "1")
	s.post(base+"problem/p/hint", form).has(t, "First clue", "Second clue")
	s.get(base).lacks(t, "checked", "First clue")

	s.post(base+"problem/p/save", fields("input_p_2_1", "choice_0")).has(t, "checked", "not graded", "You have used 0 of 3")
	s.post(base+"problem/p/submit", fields("input_p_2_1", "choice_0", "version", "9")).has(t, "Incorrect")
	s.post(base+"problem/p/reset", fields()).lacks(t, "checked", "Incorrect")
}

func TestAnswersThatCannotBeGraded(t *testing.T) {
	s, base := problemSite(t, numberXML, attempts(2))
	r := s.post(base+"problem/p/submit", fields("input_p_2_1", `1+<script>"x"`))
	r.has(t, `role="status"`, "notification error", "You have used 0 of 2 attempts.", `value="1+&lt;script&gt;&#34;x&#34;"`)
	r.lacks(t, `<script>"x"`)
	s.get(base).has(t, "You have used 0 of 2 attempts.")
	for name, form := range map[string]url.Values{
		"a field that is no input":    {"nonsense": {"1"}},
		"the same input twice":        {"input_p_2_1": {"1"}, "input_p_2_1[]": {"2"}},
		"fields of another problem":   {"input_q_2_1": {"1"}},
		"a file's worth of an answer": {"input_p_2_1": {strings.Repeat("x", 2<<20)}},
	} {
		t.Run(name, func(t *testing.T) {
			if r := s.do(http.MethodPost, base+"problem/p/submit", form); r.Status >= 500 {
				t.Errorf("status %d", r.Status)
			}
		})
	}
	for _, path := range []string{"problem/p/", "problem/p/what", "problem/", "problem/u/submit", "problem/none/submit"} {
		if r := s.do(http.MethodPost, base+path, fields()); r.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, r.Status)
		}
	}
}

func TestTypedTextIsEscaped(t *testing.T) {
	const evil = `"><img src=x onerror=alert(1)><script>alert(1)</script>`
	s, base := problemSite(t, stringXML, attempts(5))
	for _, action := range []string{"save", "submit", "hint", "answer"} {
		s.do(http.MethodPost, base+"problem/p/"+action, fields("input_p_2_1", evil))
		s.post(base+"problem/p/"+action, fields("input_p_2_1", evil)).lacks(t, "<img src=x", "<script>alert")
	}
	s.get(base).has(t, "&lt;img src=x")
	s.get(base+"?h="+url.QueryEscape(evil)).lacks(t, "<img src=x")
	if r := s.get(base + "elsewhere/" + url.PathEscape(evil)); strings.Contains(r.Body, "<img") {
		t.Error("an address came back as markup")
	}
}

func TestTypedAddressesStayAsTyped(t *testing.T) {
	p := problemBlock("p", `<stringresponse answer="x"><label>Where?</label><textline/></stringresponse>`)
	c := courseOf(block("chapter", "c", "C", block("sequential", "s", "S", block("vertical", "u", "Unit", p))))
	c.Assets = course.NewAssets([]course.Asset{{Name: "a.png", SHA256: "aa"}})
	s := newSite(t, c)
	base := s.launch("ann", "vertical", "u")
	for _, text := range []string{"/static/a.png", "asset-v1:Org+C1+R1+type@asset+block@a.png", `'/static/a.png'`, "/jump_to_id/u"} {
		s.post(base+"problem/p/submit", fields("input_p_2_1", text)).has(t, `value="`+html.EscapeString(text)+`"`)
	}
}

func TestAnswerByScript(t *testing.T) {
	s, base := problemSite(t, choiceXML, attempts(1))
	post := func(action string, form url.Values) (status int, reply struct{ Status, Message, HTML, Score string }) {
		r := s.do(http.MethodPost, base+"problem/p/"+action, form, "Accept", "application/json")
		if err := json.Unmarshal([]byte(r.Body), &reply); err != nil {
			t.Fatalf("%v in %q", err, r.Body)
		}
		return r.Status, reply
	}
	status, reply := post("submit", fields("input_p_2_1", "choice_1"))
	if status != http.StatusOK || reply.Status != "ok" || !strings.HasPrefix(reply.HTML, "<section") || !strings.Contains(reply.HTML, "Correct (1/1 point)") {
		t.Errorf("%d %+v", status, reply)
	}
	_, reply = post("submit", fields("input_p_2_1", "choice_0"))
	if reply.Status != "problem_closed" || reply.Message != "Problem is closed." || !strings.Contains(reply.HTML, "notification error") {
		t.Errorf("%+v", reply)
	}
}

func TestCorrectnessIsWithheld(t *testing.T) {
	s, base := problemSite(t, choiceXML, func(b *course.Block) { b.Settings.ShowCorrectness = "never" })
	r := s.post(base+"problem/p/submit", fields("input_p_2_1", "choice_0"))
	r.has(t, "Answer submitted.", "results hidden")
	r.lacks(t, "Incorrect", "Not this.", "0/1", "Show answer", "choicegroup_incorrect")
}

func TestDueDates(t *testing.T) {
	due := now.Add(-time.Hour)
	s, base := problemSite(t, choiceXML, func(b *course.Block) { b.Settings.Due, b.Settings.Grace = &due, 2*time.Hour })
	s.get(base).has(t, "Due ", "23 November 2026, 11:00", `class="primary"`)
	s, base = problemSite(t, choiceXML, func(b *course.Block) { b.Settings.Due = &due })
	s.get(base).has(t, "This was due on", "This question is closed.", "disabled")
	s.post(base+"problem/p/submit", fields("input_p_2_1", "choice_1")).has(t, "Problem is closed.")
}

// TestScoreLine follows a score on its way to the LMS.
func TestScoreLine(t *testing.T) {
	s, _ := problemSite(t, choiceXML, nil)
	base := s.launch("ann", "problem", "p")
	var target string
	update := func(f func(tx store.Tx) error) {
		t.Helper()
		if err := s.store.Update(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx store.Tx) (err error) {
		target, err = tx.Placements().PutTarget(t.Context(), lti.GradeTarget{
			ConsumerID: "lms", AccountID: "ann", LinkKey: "link", CourseKey: testKey.String(),
			UsageKey: testKey.Usage("problem", "p").String(), UpdatedAt: now,
			Outcome: lti.Outcome{ServiceURL: "https://lms.test/outcomes", SourcedID: "sid"},
		})
		return err
	})
	r := s.get(base)
	r.lacks(t, "score-line")
	if n := strings.Count(r.Body, "<h1>Problem p</h1>"); n != 1 {
		t.Errorf("%d headings, want 1", n)
	}
	s.post(base+"problem/p/submit", fields("input_p_2_1", "choice_1")).has(t, "Your score is on its way to Test LMS.", "Correct (1/1 point)")
	claim := func(tx store.Tx, at time.Time) store.OwedScore {
		list, err := tx.Owed().Claim(t.Context(), at, "me", time.Minute, 1)
		if err != nil || len(list) != 1 || list[0].TargetID != target {
			t.Fatalf("%v %v", list, err)
		}
		return list[0].OwedScore
	}
	update(func(tx store.Tx) error {
		failed := claim(tx, now)
		failed.State, failed.NextAt, failed.Attempts = store.Retrying, now.Add(time.Minute), 1
		return tx.Owed().Finish(t.Context(), failed, "me", store.Attempt{OwedID: failed.ID, At: now, Class: "transient", Status: 500})
	})
	s.get(base).has(t, "Waiting, will retry.", "Test LMS did not take it yet. Next try:", "12:01")
	update(func(tx store.Tx) error {
		done := claim(tx, now.Add(time.Minute))
		ratio := 1.0
		done.State, done.DeliveredVersion, done.DeliveredAt, done.LastScore = store.Delivered, done.WantedVersion, now, &ratio
		return tx.Owed().Finish(t.Context(), done, "me", store.Attempt{ID: "a1", OwedID: done.ID, At: now, Class: "done", Status: 200})
	})
	s.get(base).has(t, "Sent to Test LMS,", "23 November 2026, 12:00")
}

func TestRandomizedContent(t *testing.T) {
	pool := []*course.Block{problemBlock("p1", choiceXML), problemBlock("p2", choiceXML), problemBlock("p3", choiceXML)}
	lib := block("library_content", "lib", "", pool...)
	lib.Fields["max_count"], lib.Fields["allow_resetting_children"] = "1", "true"
	s := newSite(t, courseOf(block("chapter", "c", "C", block("sequential", "s", "S", block("vertical", "u", "Unit", lib)))))
	base := s.launch("ann", "vertical", "u")
	first := s.get(base)
	first.has(t, "Reset these problems", "1 point possible")
	if n := strings.Count(first.Body, `class="block block-problem"`); n != 1 {
		t.Fatalf("%d problems, want 1", n)
	}
	if again := s.get(base); again.Body != first.Body {
		t.Error("the draw was not kept")
	}
	drawn := "p1"
	for _, p := range pool {
		if strings.Contains(first.Body, `id="problem_`+p.ID+`"`) {
			drawn = p.ID
		}
	}
	for _, p := range pool {
		r := s.do(http.MethodPost, base+"problem/"+p.ID+"/submit", fields("input_"+p.ID+"_2_1", "choice_1"))
		if want := map[bool]int{true: 303, false: 404}[p.ID == drawn]; r.Status != want {
			t.Errorf("answering %s, where %s was drawn: %d, want %d", p.ID, drawn, r.Status, want)
		}
	}
	if r := s.do(http.MethodPost, base+"library/library_content/lib/reset", url.Values{}); r.Status != http.StatusSeeOther {
		t.Errorf("reset: %d", r.Status)
	}
	if n := strings.Count(s.get(base).Body, `class="block block-problem"`); n != 1 {
		t.Errorf("%d problems after the reset, want 1", n)
	}
}

func TestExperimentAndCondition(t *testing.T) {
	test := block("split_test", "x", "", htmlBlock("a", "<p>Branch A</p>"), htmlBlock("b", "<p>Branch B</p>"))
	test.Fields["user_partition_id"] = "7"
	test.Fields["group_id_to_child"] = `{"0":"i4x://Old/Course/html/a","1":"block-v1:Org+C1+R1+type@html+block@b"}`
	cond := block("conditional", "q", "", htmlBlock("secret", "<p>Behind the door</p>"))
	cond.Fields["sources"], cond.Fields["correct"] = "i4x://Old/Course/problem/p", "True"
	cond.Fields["message"] = "Solve {link} <b>first</b>."
	c := courseOf(block("chapter", "c", "C", block("sequential", "s", "S", block("vertical", "u", "Unit", test, problemBlock("p", choiceXML), cond))))
	c.Partitions = []course.Partition{{ID: 7, Name: "Test", Scheme: "random", Groups: []course.Group{{ID: 0}, {ID: 1}}}}
	s := newSite(t, c)
	base := s.launch("ann", "vertical", "u")
	r := s.get(base)
	if strings.Contains(r.Body, "Branch A") == strings.Contains(r.Body, "Branch B") {
		t.Errorf("not one branch:\n%s", main(r.Body))
	}
	r.has(t, `Solve <a href="`+base+`#problem_p">Problem p</a> first.`)
	r.lacks(t, "Behind the door")
	if again := s.get(base); again.Body != r.Body {
		t.Error("the branch was not kept")
	}
	r = s.do(http.MethodPost, base+"problem/p/submit", fields("input_p_2_1", "choice_1"), "Accept", "application/json")
	r.has(t, `"reload":true`) // the page has more to show now
	s.get(base).has(t, "Behind the door")
}

// TestTokenMode checks that a session without cookies stays in its path.
func TestTokenMode(t *testing.T) {
	s, _ := problemSite(t, choiceXML, attempts(2))
	base := s.launch("ann", "sequential", "s", func(x *session.Session) { x.Base = "/learn/" + x.ID + "/~secret/" })
	plain := strings.TrimSuffix(base, "~secret/")
	r := s.get(plain + "block/vertical/u")
	r.has(t, `action="`+base+`problem/p/submit#problem_p"`)
	r.lacks(t, `"`+plain+`problem`, `"`+plain+`block`)
	post := s.do(http.MethodPost, plain+"problem/p/submit", fields("input_p_2_1", "choice_1"))
	if got, want := post.Header.Get("Location"), base+"block/vertical/u#problem_p"; got != want {
		t.Errorf("to %q, want %q", got, want)
	}
}
