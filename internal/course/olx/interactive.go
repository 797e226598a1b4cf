package olx

import (
	"errors"

	"lectern/internal/course"
	"lectern/internal/dragdrop"
	"lectern/internal/poll"
	"lectern/internal/tool"
)

// isInteractive lists the blocks beside problems that learners do something
// with and whose data can be wrong.
func isInteractive(tag string) bool {
	switch tag {
	case "drag-and-drop-v2", "poll", "survey", "poll_question", "word_cloud", "done", "annotatable", "lti", "lti_consumer":
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
	case "lti", "lti_consumer":
		err = l.tool(b)
	}
	b.Fate = course.Shown
	switch {
	case errors.Is(err, tool.ErrVersion):
		b.Fate, b.Reason = course.Unsupported, "LTI tool: "+detail(err).Error()+"."
	case err != nil:
		b.Fate, b.Reason = course.Broken, detail(err).Error()
		l.fail(b.Ref, "", "%s", b.Reason)
	}
}

// tool reads a block that opens another tool, and says where the course has no
// key for it. Secrets stay out of every message.
func (l *loader) tool(b *course.Block) error {
	t, err := tool.Parse(b.Type, b.Fields)
	if err != nil || t.Hidden {
		return err
	}
	if _, _, err := tool.Key(l.nodes[0].own.text("lti_passports"), t.ID); err != nil {
		l.warn(b.Ref, "", "the course's advanced settings (lti_passports) have no key for LTI ID %.80q, so the tool cannot be opened", t.ID)
	}
	return nil
}
