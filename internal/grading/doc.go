// Package grading is what happens when a learner answers: the answer is
// graded, and state, history and the scores now owed to gradebooks are written
// in one transaction.
//
// Grading itself (package problem) may be slow, so it runs outside the
// transaction. [Service.Submit] reads the state with its version, grades, and
// writes only if the version is still that; otherwise it starts again from what
// is there now. What a double click posts twice is recognised by the version
// its form carried and costs one attempt.
//
// The package also answers what depends on a learner's state: the score of any
// block, which children of a randomised container a learner got, whether a
// conditional is met, and where in a subsection a learner was.
package grading
