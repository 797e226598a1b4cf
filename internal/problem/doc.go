// Package problem is the problem engine: it reads capa problems, draws them,
// grades answers and keeps a learner's state. It is pure: no clock, no store,
// no network; callers pass the time and a source of random numbers.
//
// A [Definition] is the parsed problem, shared by everybody and immutable. An
// [Instance] of it under a seed is a [Problem]: choices shuffled, pools drawn,
// variables put in. [Definition.Submit], [Definition.Save] and
// [Definition.Reset] move a learner's [State] along [capa 2.5].
//
// How a problem is graded follows Open edX case by case. Each response type is
// one file and one row of the table in response.go. Problems that need Python
// or a response type not in the table are classed, explained to staff and shown
// to learners as a plain sentence; they never fail a page.
package problem
