package course

import (
	"strings"

	"lectern/internal/locale"
)

// TypeName returns what people call a type of block, in English, such as
// "subsection" for sequential. A type that has no name is its own.
func TypeName(typ string) string {
	switch typ {
	case "course":
		return locale.Text("course")
	case "chapter":
		return locale.Text("section")
	case "sequential":
		return locale.Text("subsection")
	case "vertical":
		return locale.Text("unit")
	case "problem":
		return locale.Text("problem")
	case "html":
		return locale.Text("text")
	case "video", "videoalpha":
		return locale.Text("video")
	case "discussion":
		return locale.Text("discussion")
	case "drag-and-drop-v2":
		return locale.Text("drag and drop")
	case "poll", "poll_question":
		return locale.Text("poll")
	case "survey":
		return locale.Text("survey")
	case "word_cloud":
		return locale.Text("word cloud")
	case "annotatable":
		return locale.Text("annotated text")
	case "textannotation", "imageannotation", "videoannotation":
		return locale.Text("annotation")
	case "lti", "lti_consumer":
		return locale.Text("LTI tool")
	case "done":
		return locale.Text("completion")
	case "customtag":
		return locale.Text("custom tag")
	case "openassessment":
		return locale.Text("open response assessment")
	case "edx_sga", "staffgradedxblock":
		return locale.Text("staff graded assignment")
	case "library_content":
		return locale.Text("library content")
	case "itembank":
		return locale.Text("problem bank")
	case "wiki":
		return locale.Text("wiki")
	case "randomize":
		return locale.Text("random block")
	case "split_test":
		return locale.Text("content experiment")
	case "conditional":
		return locale.Text("conditional block")
	case "library":
		return locale.Text("library")
	case "problemset", "videosequence", "wrapper":
		return locale.Text("group of blocks")
	}
	return strings.ReplaceAll(typ, "_", " ")
}
