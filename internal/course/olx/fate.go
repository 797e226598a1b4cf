package olx

import (
	"fmt"

	"golang.org/x/net/html/atom"

	"lectern/internal/course"
)

// kind says what we make of a type of block.
type kind struct {
	fate   course.Fate
	reason string
	file   bool // Studio writes it into a file of its own; a missing one is a mistake
}

// kindOf returns the kind of a type that is no container; the zero kind for
// types that we do not know by name.
func kindOf(tag string) kind {
	switch tag {
	case "html", "video", "videoalpha", "problem", "poll_question", "word_cloud", "annotatable", "lti":
		return kind{course.Shown, "", true}
	case "customtag", "drag-and-drop-v2", "poll", "survey", "done", "lti_consumer":
		return kind{course.Shown, "", false}
	case "discussion":
		return kind{course.Hidden, "Discussions belong to the course site and are left out.", true}
	case "openassessment":
		return kind{course.Unsupported, "Peer assessment needs other learners and staff who grade.", false}
	case "edx_sga", "staffgradedxblock":
		return kind{course.Unsupported, "Assignments that staff grade are not supported.", false}
	case "textannotation", "imageannotation", "videoannotation":
		return kind{course.Unsupported, "Notes on this need an annotation server, which closed with the service it belonged to.", false}
	}
	return kind{}
}

// judge decides what n becomes, unless it is broken already.
func (l *loader) judge(n *node) {
	b := n.block
	switch k := kindOf(b.Type); {
	case b.Fate == course.Broken:
	case b.Type == "problem": // Options.Try has the last word
		b.Fate = course.Shown
	case isInteractive(b.Type):
		l.interactive(b)
	case isContainer(b.Type):
		b.Fate = course.Container
	case k.fate != "":
		b.Fate, b.Reason = k.fate, k.reason
	case atom.Lookup([]byte(b.Type)) != 0:
		b.Fate, b.Reason = course.Hidden, fmt.Sprintf("<%s> is an HTML element where a block belongs.", b.Type)
		l.warn(b.Ref, "", "<%s> stands outside any html block and is left out", b.Type)
	default:
		b.Fate, b.Reason = course.Unsupported, fmt.Sprintf("Blocks of type %q are not supported.", b.Type)
	}
}
