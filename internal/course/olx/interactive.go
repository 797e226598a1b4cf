package olx

import (
	"lectern/internal/course"
	"lectern/internal/dragdrop"
	"lectern/internal/poll"
)

// isInteractive lists the blocks beside problems that learners do something
// with and whose data can be wrong.
func isInteractive(tag string) bool {
	switch tag {
	case "drag-and-drop-v2", "poll", "survey", "poll_question", "word_cloud", "done":
		return true
	}
	return false
}

// interactive reads such a block once, so that what is wrong with it is said at
// import. Of them only drag-and-drop is scored.
func (l *loader) interactive(b *course.Block) {
	var err error
	switch b.Type {
	case "drag-and-drop-v2":
		_, err = dragdrop.Parse(b.Fields)
		if weight := b.Settings.Weight; err == nil && (weight == nil || *weight > 0) {
			b.MaxScore, b.Scored = 1, true
		}
	case "poll", "survey", "poll_question":
		_, err = poll.Parse(b.Type, b.Fields, b.Data)
	}
	b.Fate = course.Shown
	if err != nil {
		b.Fate, b.Reason = course.Broken, detail(err).Error()
		l.fail(b.Ref, "", "%s", b.Reason)
	}
}
