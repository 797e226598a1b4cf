// Package script is the contract between problems and whatever runs their
// Python: the sandbox inside this program, or a grader outside of it.
//
// A [Job] holds everything one run needs and a [Reply] everything that comes of
// it; both are JSON, so that a grader in another process speaks the same
// protocol. A job runs the problem's script with a seed, and then, where it has
// a [Call], one thing more: a check function, a piece of grading code, or a
// function that chooses hints. Nothing is kept from one job to the next.
package script

import (
	"context"
	"encoding/json"

	"lectern/internal/errs"
)

// Protocol is the version of the JSON below.
const Protocol = 1

// Runner runs jobs. It is safe for concurrent use.
//
// What the script did wrong is in [Reply.Failure]. The error says that there is
// no reply: it is [ErrLimit], [ErrBusy] or [ErrUnavailable].
type Runner interface {
	Run(ctx context.Context, job *Job) (*Reply, error)
}

// Failures of running a script. They are shown in place of a grade and cost no
// attempt.
var (
	// ErrLimit means a script used up its time, memory or output.
	ErrLimit = errs.New(errs.Invalid, "script_limit", "",
		"This question's program took too long or needed too much memory, so your answer was not counted. You can try again.",
		"The script loops or needs more than a script may have; the detail says which limit it met.")
	// ErrBusy means no sandbox became free in time.
	ErrBusy = errs.New(errs.Unavailable, "script_busy", "",
		"Many answers are being checked right now, so yours was not counted. Please try again in a minute.",
		"All sandboxes for Python were in use. If this happens often, give the site more of them (LECTERN_PYTHON_POOL).")
	// ErrUnavailable means there is nothing that could run the script.
	ErrUnavailable = errs.New(errs.Unavailable, "script_unavailable", "",
		"This question needs a program that cannot be run on this site right now, so your answer was not counted.",
		"The detail says what is missing: the Python interpreter in the binary, or the external grader.")
)

// Job is one run.
type Job struct {
	Protocol int    `json:"protocol"`
	Script   string `json:"script"` // all of the problem's script elements, one after the other
	Seed     int64  `json:"seed"`   // of random, before the script and again before the call
	// Context holds what is defined before the script runs, as JSON values:
	// "anonymous_student_id" where the script names it.
	Context map[string]any `json:"context,omitempty"`
	// Library is the course's python_lib.zip, or nil.
	Library *Library `json:"library,omitempty"`
	// Call is what to do after the script; nil runs the script alone.
	Call *Call `json:"call,omitempty"`
}

// Library is a zip file of modules that the course brings along.
type Library struct {
	SHA256 string                                `json:"sha256"` // of the zip, hex
	Open   func(context.Context) ([]byte, error) `json:"-"`      // reads the zip
}

// Call has exactly one of its fields set.
type Call struct {
	Check *Check `json:"check,omitempty"`
	Code  *Code  `json:"code,omitempty"`
	Hint  *Hint  `json:"hint,omitempty"`
}

// Check calls Function(Expect, Answers, **extra). The reply's Result is what it
// returned, as JSON; what JSON has no form for becomes its str().
type Check struct {
	Function string `json:"function"` // an expression of the script: a name, or a dotted one
	Expect   any    `json:"expect"`   // a string, or nil for None
	Answers  any    `json:"answers"`  // a string, a list, or a map, as the input sends it
	// Extra are names passed as keywords: from Globals, else from the script's
	// globals, else None.
	Extra []string `json:"extra,omitempty"`
	// Globals may be named by Extra: "options", "dynamath", "attempt", …
	Globals map[string]any `json:"globals,omitempty"`
}

// Code executes Code among the script's globals with Globals put in. The
// reply's Result is an object of the globals that Want names, afterwards.
type Code struct {
	Code    string         `json:"code"`
	Globals map[string]any `json:"globals"`
	Want    []string       `json:"want"`
}

// Hint calls Function(AnswerIDs, Answers, new, old) with two CorrectMap objects
// made from New and Old. The reply's Result is the new one afterwards, as an
// object like New.
type Hint struct {
	Function  string          `json:"function"`
	AnswerIDs []string        `json:"answer_ids"`
	Answers   map[string]any  `json:"answers"`
	New       json.RawMessage `json:"new"` // a correct map: {input id: {correctness, npoints, msg, …}}
	Old       json.RawMessage `json:"old"`
}

// Reply is what came of a job.
type Reply struct {
	// Globals are the script's, those that JSON has a form for. Those of Context
	// and names that begin with "__" are left out.
	Globals map[string]Value `json:"globals"`
	Result  json.RawMessage  `json:"result,omitempty"` // of the call
	// Notes say what was read leniently, one sentence each: Python 2, tabs.
	Notes   []string `json:"notes,omitempty"`
	Failure *Failure `json:"failure,omitempty"` // nil: all went well
}

// Value is one of a script's globals. JSON has no form for NaN and the
// infinities: there, as in results, they are the strings "NaN", "Infinity" and
// "-Infinity".
type Value struct {
	Text string          `json:"text"` // what str() makes of it
	JSON json.RawMessage `json:"json"`
}

// Kinds of [Failure].
const (
	Syntax = "syntax" // the script or code is no Python
	Import = "import" // a module is not there; Module names it
	Raised = "raised" // an exception came out
)

// Failure is what a script did wrong.
type Failure struct {
	Kind    string `json:"kind"`
	Type    string `json:"type"`             // the exception's class, such as "ZeroDivisionError"
	Message string `json:"message"`          // the exception's str()
	Line    int    `json:"line,omitempty"`   // in the script, from 1; 0 when not known
	Module  string `json:"module,omitempty"` // of Import
	InCall  bool   `json:"in_call"`          // the script had run; the call failed
}

// Error returns the failure as Python prints it.
func (f *Failure) Error() string { return f.Type + ": " + f.Message }
