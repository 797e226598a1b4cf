// Package launchlog says what rows of the launch log mean.
//
// A row keeps a launch as [Evidence]: its parameters with personal data and
// secrets masked, and, when it was refused, what was signed otherwise and what
// to change. Rows of refusals carry a cause; [Warnings] groups those with the
// same one, which have one cure. [Clock] says how far an LMS's clock is from
// ours. Learners read out the [Code] of a row, and [Ending] finds it again.
package launchlog
