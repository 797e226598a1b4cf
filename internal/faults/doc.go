// Package faults breaks a real Lectern on purpose and counts the scores
// afterwards: it is killed in the middle of everything, its LMS is down or
// awkward, its database stops and starts, its disk is full.
//
// It holds tests only. Each runs the real program as a process of its own and
// an LMS on loopback, and ends with the same question: are the scores at the LMS
// those that learners were told of, none missing, none older?
package faults
