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
	Local     Kind = "local"     // made by an administrator; signs in with a password
)

// Account is a person on this site.
type Account struct {
	ID           string
	Username     string // unique ignoring case
	Email        string // lower case
	Name         string
	Kind         Kind
	Admin        bool   // may use the console
	Enabled      bool   // a disabled account never gets in
	PasswordHash string // argon2id in PHC form; "" when the account cannot sign in
	CreatedAt    time.Time
}

// Link joins an LMS's user to an account. (ConsumerID, LTIUserID) is unique.
type Link struct {
	ConsumerID string
	LTIUserID  string
	AccountID  string
	How        string // "launch", later "sign-in", "operator"
	CreatedAt  time.Time
}
