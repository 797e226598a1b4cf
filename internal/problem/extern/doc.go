// Package extern runs scripts in a grader outside of this program that the
// operator set up, because they need what the sandbox has not: numpy, sympy,
// the course team's own packages. It is off unless the operator sets a
// [Command] or an address ([HTTP]); [Router] decides which jobs go there.
//
// The grader gets one JSON document and answers with one: a [script.Job] and a
// [script.Reply], both with the protocol's version, as
// docs/operator/external-grader.md describes them for people who write one.
// It is trusted to know the course's code and answers, and with nothing else:
// its time, its output and how many jobs it gets at once are bounded, and
// whatever it says wrong becomes one of the errors of package script, whose
// detail goes to the log alone.
package extern
