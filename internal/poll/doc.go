// Package poll is the blocks that ask learners what they think and show what
// others think: poll, survey, poll_question, word_cloud. None is scored.
//
// [Parse] and [ParseCloud] read a block. A [State] is what one learner said;
// [Poll.Vote], [Poll.TakeBack] and [Cloud.Add] move it on and return the
// [Change]s of the counts that all learners share. Whoever stores both stores
// them together.
//
// The package is pure: it knows no store and no page.
package poll
