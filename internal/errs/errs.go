// Package errs is the one error type that people get to see.
//
// An [Error] says what happened in words for the person in front of the page
// (Public), what the operator should do next (Hint), a stable machine-readable
// Code, and, for protocol rules, the clause it comes from (Spec). What is
// private travels only in the wrapped part, which goes to logs and never to a
// page. The package knows nothing of HTTP: package web maps a [Kind] to a
// status code in one place.
package errs

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure an error is.
type Kind int

// The kinds, from "our fault" to "try again later".
const (
	Internal     Kind = iota // our fault; nothing about it is public
	Invalid                  // the request is malformed or incomplete
	Unauthorized             // the sender has not proven who they are
	Forbidden                // known sender, not allowed
	NotFound                 // no such thing, or not for this person
	Method                   // the address exists, the verb does not
	Conflict                 // it clashes with what is there already
	TooLarge                 // over a size limit
	TooMany                  // over a rate limit
	Unavailable              // a part we need is down; trying again may help
)

// Error is a failure with words for each reader. Values are made once per
// failure with [New] as package-level variables; [Error.With] and [Error.Wrap]
// add the private detail of one occurrence.
type Error struct {
	Kind   Kind
	Code   string // noun_problem, e.g. "launch_nonce_reused"; stable, listed in docs/errors.md
	Spec   string // clause, e.g. "OAuth1 §3.2"; may be empty
	Public string // full sentence for the person; never holds request data
	Hint   string // full sentence for the operator; may be empty

	said   []any // what Public was made from, its format first; see Words
	detail error // private: logs only
}

// New returns an error that is safe to show: public for the person, hint for
// the operator.
func New(kind Kind, code, spec, public, hint string) *Error {
	return &Error{Kind: kind, Code: code, Spec: spec, Public: public, Hint: hint}
}

// With returns a copy of e that carries a private detail.
func (e *Error) With(format string, args ...any) *Error {
	return e.Wrap(fmt.Errorf(format, args...))
}

// Wrap returns a copy of e whose private detail is err.
func (e *Error) Wrap(err error) *Error {
	c := *e
	c.detail = err
	return &c
}

// Say returns a copy of e whose public sentence is made from format. The
// arguments must be safe to show.
func (e *Error) Say(format string, args ...any) *Error {
	c := *e
	c.Public = fmt.Sprintf(format, args...)
	c.said = append([]any{format}, args...)
	return &c
}

// Words returns what Public was made from: a format and its arguments. Who
// speaks another language translates the format.
func (e *Error) Words() (format string, args []any) {
	if len(e.said) == 0 {
		return e.Public, nil
	}
	return fmt.Sprint(e.said[0]), e.said[1:]
}

// Error returns the code and the private detail, for logs.
func (e *Error) Error() string {
	if e.detail == nil {
		return e.Code
	}
	return e.Code + ": " + e.detail.Error()
}

// Unwrap returns the private detail.
func (e *Error) Unwrap() error { return e.detail }

// Is reports whether target is an *Error with the same code, so that a copy
// made by [Error.With] still matches the variable it came from.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// internal stands for every error that carries no words of its own.
var internal = New(Internal, "internal_error", "",
	"Something went wrong on this site. Nothing you did is lost; please try again.",
	"The request log line with this code has the cause.")

// From returns the *Error in err's chain, or an internal error that wraps err.
// It returns nil for nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return internal.Wrap(err)
}
