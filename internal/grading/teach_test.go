package grading_test

import (
	"errors"
	"strings"
	"testing"

	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// ratioAt is the score that a gradebook cell would be sent, as text; "-" for none.
func (b *bench) ratioAt(id string) string {
	b.t.Helper()
	score, answered := b.score(id)
	if !answered {
		return "-"
	}
	return score.Text()
}

func points(x float64) *float64 { return &x }

func TestGiveScore(t *testing.T) {
	b := newBench(t, question("P"), question("Q"))
	b.target("c1", "a1", "leaf", "P")
	b.target("c1", "a1", "unit", "V")
	b.answer("P", "choice_1") // wrong
	if b.ratioAt("P") != "0" || b.ratioAt("V") != "0" {
		t.Fatalf("before: %s %s", b.ratioAt("P"), b.ratioAt("V"))
	}
	ctx, at := t.Context(), b.at("P")
	look, err := b.GiveEffect(ctx, b.who, at, points(0.5))
	if err != nil || len(look) != 2 {
		t.Fatalf("effect: %+v %v", look, err)
	}
	for _, c := range look {
		want := map[string]string{"leaf": "0.5", "unit": "0.25"}[c.Target.LinkKey]
		if !c.Changes() || c.Old.Text() != "0" || c.New.Text() != want {
			t.Errorf("%s would go from %s to %s, want %s", c.Target.LinkKey, c.Old.Text(), c.New.Text(), want)
		}
	}
	if b.ratioAt("P") != "0" {
		t.Error("looking changes the score")
	}
	_, before := b.owes()
	if err := b.Give(ctx, "teacher", b.who, at, points(0.5), "partly right"); err != nil {
		t.Fatal(err)
	}
	if rows, versions := b.owes(); rows != 2 || versions != before+2 {
		t.Errorf("owed after giving: %d rows, %d versions, were %d", rows, versions, before)
	}
	b.answer("P", "choice_0") // right: what the teacher gave stays
	if b.ratioAt("P") != "0.5" || b.ratioAt("V") != "0.25" {
		t.Errorf("given: %s %s", b.ratioAt("P"), b.ratioAt("V"))
	}
	view, err := b.Problem(ctx, b.who, at)
	if err != nil || !view.Given || view.Score != (lti.Score{Earned: 0.5, Possible: 1}) {
		t.Errorf("the learner sees %+v, %v", view.Score, err)
	}
	for _, bad := range []*float64{points(-1), points(1.5)} {
		if err := b.Give(ctx, "teacher", b.who, at, bad, "?"); !errors.Is(err, grading.ErrGiven) {
			t.Errorf("%v points of 1: %v", *bad, err)
		}
	}
	if err := b.Give(ctx, "teacher", b.who, at, points(1), ""); !errors.Is(err, grading.ErrGiven) {
		t.Errorf("without a reason: %v", err)
	}
	if err := b.Give(ctx, "teacher", b.who, at, nil, ""); err != nil || b.ratioAt("P") != "1" {
		t.Errorf("withdrawn: %s %v", b.ratioAt("P"), err)
	}
	if err := b.Give(ctx, "teacher", b.who, at, nil, ""); !errors.Is(err, grading.ErrNothingGiven) {
		t.Errorf("withdrawn twice: %v", err)
	}
	// Of a unit, and of what was never answered.
	if err := b.Give(ctx, "teacher", b.who, b.at("V"), points(2), "oral"); err != nil || b.ratioAt("V") != "1" || b.ratioAt("S") != "1" {
		t.Errorf("a unit: %s %s %v", b.ratioAt("V"), b.ratioAt("S"), err)
	}
	if err := b.Give(ctx, "teacher", b.who, b.at("Q"), points(1), "oral"); err != nil || b.ratioAt("Q") != "1" {
		t.Errorf("never answered: %s %v", b.ratioAt("Q"), err)
	}
	if err := b.Give(ctx, "teacher", b.who, b.at("Q"), nil, ""); err != nil || b.ratioAt("Q") != "0" {
		t.Errorf("withdrawn from what was never answered: %s %v", b.ratioAt("Q"), err)
	}
	b.audited("score.give score.withdraw score.give score.give score.withdraw")
}

// audited compares what the audit says, oldest first.
func (b *bench) audited(want string) {
	b.t.Helper()
	var acts []string
	b.update(func(tx store.Tx) error {
		list, err := tx.Audit().List(b.t.Context(), 100)
		for _, e := range list {
			acts = append([]string{e.Act}, acts...)
			if e.Who != "teacher" {
				b.t.Errorf("%s by %q", e.Act, e.Who)
			}
		}
		return err
	})
	if got := strings.Join(acts, " "); got != want {
		b.t.Errorf("audit: %s, want %s", got, want)
	}
}

func TestClear(t *testing.T) {
	cloud := block("word_cloud", "W")
	cloud.Fate = course.Shown
	b := newBench(t, question("P"), question("Q"), cloud)
	b.target("c1", "a1", "unit", "V")
	ctx := t.Context()
	b.answer("P", "choice_0")
	if err := b.AddWords(ctx, b.who, b.at("W"), []string{"sun", "sea"}); err != nil {
		t.Fatal(err)
	}
	look, err := b.ClearEffect(ctx, b.who, b.at("V"))
	if err != nil || len(look) != 1 || look[0].Old.Text() != "0.5" || look[0].New.Text() != "0" {
		t.Fatalf("effect: %+v %v", look, err)
	}
	n, err := b.Clear(ctx, "teacher", b.who, b.at("V"))
	if err != nil || n != 2 {
		t.Fatalf("cleared %d blocks, %v", n, err)
	}
	if b.ratioAt("V") != "0" || b.ratioAt("Q") != "-" {
		t.Errorf("zero is sent for who had answered, nothing for who had not: %s %s", b.ratioAt("V"), b.ratioAt("Q"))
	}
	view, err := b.Problem(ctx, b.who, b.at("P"))
	if err != nil || view.State.Attempts != 0 || view.State.Done {
		t.Errorf("the problem begins anew: %+v %v", view.State, err)
	}
	words, err := b.Cloud(ctx, b.who, b.at("W"))
	if err != nil || words.All != 0 || words.State.Submitted {
		t.Errorf("words are still counted: %+v %v", words, err)
	}
	b.answer("P", "choice_0")
	if b.ratioAt("V") != "0.5" {
		t.Errorf("answered again: %s", b.ratioAt("V"))
	}
	b.audited("learner.clear")
}

func TestRescore(t *testing.T) {
	b := newBench(t, question("P"), question("Q"))
	ctx := t.Context()
	b.target("c1", "a1", "leaf", "P")
	b.target("c1", "a1", "unit", "V")
	b.answer("P", "choice_1")
	other := b.who
	b.who.AccountID = "a2"
	b.answer("P", "choice_0")
	b.who = other
	ask := func(who grading.Who, higher bool) *store.Rescore {
		t.Helper()
		id, err := b.AskRescore(ctx, "teacher", who, b.at("P"), higher)
		if err != nil {
			t.Fatal(err)
		}
		return b.workedOff(id)
	}
	all := grading.Who{}
	if r := ask(all, false); r.State != store.RescoreReady || r.Seen != 2 || r.Raised+r.Lowered+r.Failed != 0 {
		t.Errorf("the same key: %+v", r)
	}
	// The course team corrects the key: the second choice is right.
	swapped := question("P")
	swapped.Data = strings.NewReplacer(`correct="true"`, `correct="false"`, `correct="false"`, `correct="true"`).Replace(swapped.Data)
	b.course = newCourse(t, swapped, question("Q"))
	b.course.VersionID = "v2"
	r := ask(all, false)
	if r.Raised != 1 || r.Lowered != 1 || r.Cells != 2 || b.ratioAt("P") != "0" {
		t.Fatalf("preview: %+v, the score is %s", r, b.ratioAt("P"))
	}
	higher := ask(all, true)
	if higher.Raised != 1 || higher.Lowered != 0 {
		t.Errorf("only if higher: %+v", higher)
	}
	if one := ask(b.who, false); one.Seen != 1 || one.Raised != 1 {
		t.Errorf("one learner: %+v", one)
	}
	_, before := b.owes()
	if err := b.ApplyRescore(ctx, "teacher", higher.ID); err != nil {
		t.Fatal(err)
	}
	if done := b.workedOff(higher.ID); done.State != store.RescoreDone || done.Applied != 1 {
		t.Errorf("applied: %+v", done)
	}
	if _, versions := b.owes(); versions != before+2 || b.ratioAt("P") != "1" || b.ratioAt("V") != "0.5" {
		t.Errorf("owed %d, were %d; scores %s %s", versions, before, b.ratioAt("P"), b.ratioAt("V"))
	}
	view, err := b.Problem(ctx, b.who, b.at("P"))
	if err != nil || view.State.Attempts != 1 || !view.State.Correct() {
		t.Errorf("attempts stay: %+v %v", view.State, err)
	}
	if err := b.ApplyRescore(ctx, "teacher", higher.ID); !errors.Is(err, grading.ErrRescore) {
		t.Errorf("applied twice: %v", err)
	}
	if err := b.CancelRescore(ctx, "teacher", r.ID); err != nil {
		t.Fatal(err)
	}
	if err := b.ApplyRescore(ctx, "teacher", r.ID); !errors.Is(err, grading.ErrRescore) {
		t.Errorf("applied after cancelling: %v", err)
	}
}

// workedOff does what a worker does until nothing is due.
func (b *bench) workedOff(id string) (r *store.Rescore) {
	b.t.Helper()
	for range 10 {
		worked, err := b.RescoreOnce(b.t.Context())
		if err != nil {
			b.t.Fatal(err)
		}
		if !worked {
			break
		}
	}
	b.update(func(tx store.Tx) (err error) {
		r, err = tx.Rescores().ByID(b.t.Context(), id)
		return err
	})
	return r
}
