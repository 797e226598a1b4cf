// Package store says what the product keeps, one interface per noun, and
// nothing of how. Package sqlstore implements it on SQLite and PostgreSQL.
//
// Everything happens inside a function given to [Store.View] or
// [Store.Update]: the function gets a [Tx], and what it writes becomes visible
// together or not at all. An Update function may run more than once, so it
// must not have effects outside its Tx. It should be short: no network, no
// grading inside.
//
// Absence is [ErrNotFound], also when what a new row refers to is missing; a
// clash with what is there is [ErrConflict]. Both are asserted by storetest
// for every engine. After a reading method's ErrNotFound, and after
// ErrConflict, a function may go on. Moments are UTC with microsecond
// precision; zero times are stored as absent. Where an ID is empty, a new one
// is made.
package store

import (
	"context"

	"lectern/internal/errs"
)

// ErrNotFound means that there is no such row.
var ErrNotFound = errs.New(errs.NotFound, "store_not_found", "", "There is no such thing here.", "")

// ErrConflict means that a unique value is taken, or that a row changed since
// it was read.
var ErrConflict = errs.New(errs.Conflict, "store_conflict", "",
	"Somebody else changed this at the same time. Please try again.", "")

// Store is the database.
type Store interface {
	// View runs f for reading. Writes inside it fail.
	View(ctx context.Context, f func(tx Tx) error) error
	// Look is View without a transaction around it: each statement sees what was
	// committed before it began, so f had better read with one of them.
	Look(ctx context.Context, f func(tx Tx) error) error
	// Update runs f in one transaction and commits when f returns nil. When it
	// returns an error nothing of f is kept and that error is returned.
	Update(ctx context.Context, f func(tx Tx) error) error
	// Record is Update for a function that mostly adds rows and hardly ever
	// meets a conflict: an engine may send them together. Its outcome is that of
	// Update, but f runs twice when there was a conflict: once told that there
	// was none, and then as it is.
	Record(ctx context.Context, f func(tx Tx) error) error
	// Watch calls heard whenever a score or a comparison may have become due,
	// written by any process on the database, until ctx ends. The call comes
	// after the commit. A call with an error says that nothing can be heard for
	// now: look often, until a call with nil, which also stands for everything
	// that was missed. An engine that cannot tell never calls.
	Watch(ctx context.Context, heard func(lost error))
	// Ping reports whether the database answers.
	Ping(ctx context.Context) error
	Close() error
}

// Tx gives access to everything kept, inside one transaction.
type Tx interface {
	Consumers() Consumers
	Launches() Launches
	Continuations() Continuations
	Selections() Selections
	LaunchLog() LaunchLog
	TestLaunches() TestLaunches
	Accounts() Accounts
	People() People
	Placements() Placements
	Owed() Owed
	Checks() Checks
	Courses() Courses
	Staged() Staged
	Learners() Learners
	Dates() Dates
	Members() Members
	Rescores() Rescores
	Tallies() Tallies
	Console() Console
	Audit() Audit
	Settings() Settings
	Rails() Rails
	Boxes() Boxes
	AccessRequests() AccessRequests
}
