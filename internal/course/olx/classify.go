package olx

import (
	"lectern/internal/course"
	"lectern/internal/problem"
)

// classify says what it takes to grade a problem block and what it is worth. A
// problem that nobody can answer here is shown as a sentence and is not scored:
// learners lose no points by what the site cannot do.
func (l *loader) classify(b *course.Block) {
	d, err := problem.Parse(b.Data, problem.Options{ID: l.key.Usage(b.Type, b.ID).HTMLID()})
	if err != nil {
		b.Class, b.Fate, b.Reason = string(problem.Broken), course.Broken, detail(err).Error()
		l.fail(b.Ref, "", "%s", b.Reason)
		return
	}
	class, reason := d.Class()
	b.Class = string(class)
	if !d.Answerable() {
		b.Fate, b.Reason = course.Unsupported, reason
		return
	}
	b.Fate = course.Shown
	weight := b.Settings.Weight
	if max := d.MaxScore(); max > 0 && (weight == nil || *weight > 0) {
		b.MaxScore, b.Scored = max, true
	}
}
