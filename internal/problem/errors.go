package problem

import (
	"errors"
	"fmt"

	"lectern/internal/errs"
	"lectern/internal/xmltree"
)

// Failures people get to see. Those of grading (ErrAnswer, ErrGrader,
// ErrContent) are shown to the learner and cost no attempt [capa 2.1].
var (
	// ErrAnswer means an answer could not be understood; its public sentence
	// says why and may quote the answer.
	ErrAnswer = errs.New(errs.Invalid, "problem_answer_invalid", "capa 2.1",
		"Your answer could not be understood.",
		"The learner typed something that is not a number or formula, or the staff answer is not one.")
	// ErrGrader means the problem's own rule for checking failed, such as a
	// regular expression that does not compile.
	ErrGrader = errs.New(errs.Invalid, "problem_grader_failed", "capa 2.1",
		"This question cannot be graded because of a mistake in it. Please tell your course team.",
		"The problem's answer or hint cannot be used; the detail says which. Correct the course and import it again.")
	// ErrContent means the problem's XML breaks a rule of its response type.
	ErrContent = errs.New(errs.Invalid, "problem_content_invalid", "capa 2.2",
		"This question has a mistake in it and cannot be used. Please tell your course team.",
		"The problem's XML breaks a rule of its response type; the detail says which.")
	// ErrModule means the problem's script needs a Python module that is not
	// there.
	ErrModule = errs.New(errs.Invalid, "problem_module_missing", "",
		"This question cannot be answered on this site yet.",
		"The detail names the module and the line. Add it to the course's python_lib.zip, or set up an external grader.")
	// ErrForm means a submission has fields no page of ours would send.
	ErrForm = errs.New(errs.Invalid, "problem_form_invalid", "capa 2.1",
		"Your answer did not arrive in the expected form. Please reload the page and try again.",
		"A field name has no underscore, or two fields stand for one input, or the submission is too large.")
	// ErrUnsupported means the problem cannot be graded here.
	ErrUnsupported = errs.New(errs.Invalid, "problem_unsupported", "",
		"This question cannot be answered on this site yet.",
		"The import report and the page, seen as staff, say which part is not supported.")
	// ErrClosed means attempts are used up or the due date has passed.
	ErrClosed = errs.New(errs.NotFound, "problem_closed", "capa 2.5",
		"Problem is closed.", "Attempts are used up, or the due date with its grace period has passed.")
	// ErrMustReset means a randomized problem was answered and not reset.
	ErrMustReset = errs.New(errs.NotFound, "problem_must_be_reset", "capa 2.5",
		"Problem must be reset before it can be submitted again.", "")
	// ErrSaveNeedsReset is ErrMustReset for saving.
	ErrSaveNeedsReset = errs.New(errs.Conflict, "problem_save_needs_reset", "capa 2.5",
		"Problem needs to be reset prior to save.", "")
	// ErrNothingToReset means a problem was reset that nobody has answered.
	ErrNothingToReset = errs.New(errs.Conflict, "problem_not_submitted", "capa 2.5",
		"You must submit an answer before you can select Reset.", "")
	// ErrWait means the pause between two submissions is not over; the public
	// sentence says how long it still lasts.
	ErrWait = errs.New(errs.TooMany, "problem_wait", "capa 2.5",
		"You must wait before you submit again.", "The problem sets submission_wait_seconds.")
)

// sayer is an error made of a sentence that may be shown.
type sayer string

func (s sayer) Error() string { return string(s) }

// say makes a sentence an error. As the cause of [contentError] it also becomes
// what people read.
func say(sentence string) error { return sayer(sentence) }

// contentError is [ErrContent] at a node.
func contentError(n *xmltree.Node, format string, args ...any) error {
	detail := fmt.Errorf(format, args...)
	err := ErrContent
	var s sayer
	if errors.As(detail, &s) {
		err = err.Say("%s", string(s))
	}
	if n != nil && n.Line > 0 {
		detail = fmt.Errorf("line %d: %w", n.Line, detail)
	}
	return err.Wrap(detail)
}
