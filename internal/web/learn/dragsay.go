package learn

import (
	"cmp"
	"html/template"

	"lectern/internal/dragdrop"
	"lectern/internal/grading"
	"lectern/internal/locale"
)

// dragSay fills in what is told about the items: before the first one, about
// those just dropped, after an attempt, and at the end.
func (v *view) dragSay(p *dragPart, dv *grading.DragView, just *answered) {
	d := dv.Drag
	solved := dv.State.Correct() && d.Count(&dv.Dropped).Solved() && len(dv.Dropped.Placed) > 0
	shown := dv.Settings.CorrectnessVisible(v.now, v.s.Staff)
	var out dragdrop.Outcome
	if just.drag != nil {
		out = just.drag.Outcome
	}
	switch {
	case just.refused != nil:
		p.Notification = &notification{"error", "!", v.said(just.refused)}
	case just.action == "reset":
		p.Notification = &notification{"saved", "✓", v.lang.T("All items are back where they were. Attempts and score stay.")}
	case d.Assessment && dv.Dropped.Attempts > 0 && !shown:
		p.Notification = &notification{"submitted", "✓", v.lang.T("Answer submitted.") + v.dragPoints(dv)}
	case d.Assessment && dv.Dropped.Attempts > 0 && (p.Off || just.action == "submit" && just.drag != nil && !just.drag.Repeated):
		v.dragAttempted(p, dv, out)
	case d.Assessment && dv.Dropped.Attempts > 0:
		p.Notification = v.dragSoFar(dv, solved)
	case len(out.Judged) > 0:
		p.Notification = v.judgedNotification(out.Judged, solved, v.dragPoints(dv))
	case solved && !d.Assessment:
		p.Notification = &notification{"correct", "✓", v.lang.T("Correct") + v.dragPoints(dv)}
	case p.Off:
		p.Notification = &notification{"closed", "!", v.lang.T("This question is closed.")}
	}
	if shown || !d.Assessment {
		v.dragFeedback(p, out.Judged)
	}
	over := solved || p.Off && dv.Dropped.Attempts > 0
	switch {
	case !over:
		p.Start = v.courseHTML(d.Start)
	case shown && (!d.Assessment || dv.Dropped.Attempts > 0):
		p.Finish = v.courseHTML(d.Finish)
	}
}

// dragPoints is the best score in brackets, where the learner may see it.
func (v *view) dragPoints(dv *grading.DragView) string {
	if !dv.Answered || dv.Score.Possible <= 0 || !dv.Settings.ScoreVisible(v.now, v.s.Staff) {
		return ""
	}
	return " (" + v.number(dv.Score.Earned) + "/" + v.points(dv.Score.Possible) + ")"
}

// judgedNotification says what came of the items just dropped in standard mode.
func (v *view) judgedNotification(judged []dragdrop.Judged, solved bool, points string) *notification {
	right := 0
	for _, j := range judged {
		if j.Right {
			right++
		}
	}
	switch {
	case solved:
		return &notification{"correct", "✓", v.lang.T("Correct") + points}
	case right == len(judged):
		return &notification{"correct", "✓", v.lang.T("Correctly placed %d items.", right)}
	case right == 0:
		return &notification{"incorrect", "✗", v.lang.T("%d items do not belong there. They are back where they were.", len(judged))}
	}
	return &notification{"partially-correct", "◐", v.lang.T("Correctly placed %d items; the others are back where they were.", right)}
}

// dragAttempted says how the last attempt went. Right after it what was wrong is
// known; later the items that went back are among those not placed.
func (v *view) dragAttempted(p *dragPart, dv *grading.DragView, out dragdrop.Outcome) {
	tally := dv.Drag.Count(&dv.Dropped)
	wrong, raw := len(out.Judged), tally.Raw()
	if len(out.Judged) == 0 {
		wrong = tally.Wrong
	}
	missing := tally.Missing
	for _, j := range out.Judged {
		if out.Returned > 0 {
			switch {
			case len(j.Item.Zones) > 0:
				missing--
			default:
				raw -= 1 / float64(tally.All) // a decoy that came back by itself
			}
		}
	}
	say := func(n int, text string) {
		if n > 0 {
			p.Details = append(p.Details, v.lang.T(text, n))
		}
	}
	say(tally.Right, locale.Text("Correctly placed %d items."))
	if out.Returned > 0 {
		say(wrong, locale.Text("Misplaced %d items. They are back among the items."))
	} else {
		say(wrong, locale.Text("Misplaced %d items."))
	}
	say(missing, locale.Text("Did not place %d required items."))
	points := v.dragPoints(dv)
	if dv.Dropped.RawEarned != nil && *dv.Dropped.RawEarned > raw+1e-9 && points != "" {
		p.Details = append(p.Details, v.lang.T("Your best score so far counts."))
	}
	switch {
	case tally.Solved() && len(out.Judged) == 0:
		p.Notification = &notification{"correct", "✓", v.lang.T("Correct") + points}
	case raw <= 0:
		p.Notification = &notification{"incorrect", "✗", v.lang.T("Incorrect") + points}
	default:
		p.Notification = &notification{"partially-correct", "◐", v.lang.T("Partially correct") + points}
	}
}

// dragSoFar is what a page says between two attempts. It does not count what is
// placed: that would judge, at no cost, what was moved since.
func (v *view) dragSoFar(dv *grading.DragView, solved bool) *notification {
	points := v.dragPoints(dv)
	switch {
	case solved:
		return &notification{"correct", "✓", v.lang.T("Correct") + points}
	case points == "":
		return &notification{"submitted", "✓", v.lang.T("Answer submitted.")}
	}
	return &notification{"saved", "✓", v.lang.T("Your best score so far%s counts. Select Submit to have the items judged again.", points)}
}

// dragFeedback lists what the course says about single items. Two texts that are
// the same are said once.
func (v *view) dragFeedback(p *dragPart, judged []dragdrop.Judged) {
	said := map[template.HTML]bool{}
	for _, j := range judged {
		text := v.courseHTML(j.Item.Incorrect)
		if j.Right {
			text = v.courseHTML(j.Item.Correct)
		}
		if text == "" || said[text] {
			continue
		}
		said[text] = true
		p.Feedback = append(p.Feedback, dragSaid{j.Right, cmp.Or(plain(j.Item.Name), j.Item.Description), text})
	}
}
