// Package account is who a learner is on this site, and the rules by which an
// LTI launch becomes one.
package account

import (
	"time"
)

// Kind says where an account came from.
type Kind string

// The kinds.
const (
	Anonymous Kind = "anonymous" // made by a launch; nobody was asked
	FromLMS   Kind = "lms"       // made by a launch, with what the LMS says of the person
	Test      Kind = "test"      // made by a test launch; no person
	Local     Kind = "local"     // made by an administrator; signs in with a password
)

// Account is a person on this site.
type Account struct {
	ID           string
	Username     string // unique ignoring case
	Email        string // lower case
	Name         string
	Kind         Kind
	Admin        bool   // may do everything in the console
	Role         Role   // what else it may do there
	Enabled      bool   // a disabled account never gets in
	PasswordHash string // argon2id in PHC form, or Django's until they sign in; "" when the account cannot sign in
	CreatedAt    time.Time
}

// Link joins an LMS's user to an account. (ConsumerID, LTIUserID) is unique.
type Link struct {
	ConsumerID string
	LTIUserID  string
	AccountID  string
	How        string // one of the ways below
	CreatedAt  time.Time
	SeenAt     time.Time // of a launch after the first, to the day; zero for none

	// PreviousAccountID is the account that a proven link named before: the
	// learner's history from when nobody knew who they were. "" for none.
	PreviousAccountID string
	Note              string // for operators, e.g. that the LMS sends another address now
	NotedAt           time.Time
}

// The ways a link comes to be.
const (
	ByLaunch   = "launch"   // anonymous: made with the account, nobody was asked
	ByTest     = "test"     // made with the account, by a test launch
	ByPII      = "pii"      // made with the account, from what the LMS says of the person
	ByEmail    = "email"    // found by an address in a domain the consumer is trusted with
	BySignIn   = "sign-in"  // the learner signed in to the account
	ByOperator = "operator" // somebody on this site said so
)

// Proven reports whether the link is proof of who the learner is: for consumers
// that require an account of one's own.
func (l *Link) Proven() bool { return l.How == BySignIn || l.How == ByOperator }
