package sqlstore

import (
	"context"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"lectern/internal/account"
	"lectern/internal/course"
	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

// Kinds of the rows of SessionOpened.
const (
	factSession  = "session"  // username, e-mail address, name and kind of the learner; seen; account enabled
	factConsumer = "consumer" // name, frame origins, course's version; end, personal data, enabled
	factOrigin   = "origin"   // origin in a, when it was seen in m
	factRule     = "rule"     // about dates: level, mode; days, start
	factExtra    = "extra"    // block's type and ID; attempts, time
	factState    = "state"    // block's type and ID, state, given; version, time, answered, earned, possible
	factOwed     = "owed"     // target, state; next, delivered
)

func (t launches) Opened(ctx context.Context, s store.Session, tokenHash []byte) (*store.Opened, error) {
	rows, err := t.q.SessionOpened(ctx, db.SessionOpenedParams{
		ID: s.ID, TokenHash: tokenHash, ConsumerID: s.ConsumerID, CourseKey: s.CourseKey, PlacementID: s.PlacementID,
		AccountID: s.AccountID, Scope: s.Scope, UsageKey: s.UsageKey,
	})
	if err != nil {
		return nil, t.wrap(err, "opened launch session")
	}
	s.TokenHash = tokenHash
	o := &store.Opened{Session: &s, States: make(map[course.Ref]*store.LearnerState, len(rows))}
	slices.SortStableFunc(rows, byFact)
	var h maphash.Hash
	h.SetSeed(t.seed)
	_, _ = h.Write(tokenHash) // never fails
	for i := range rows {
		addFact(o, &rows[i])
		switch rows[i].Kind {
		case factOrigin:
			continue
		case factSession:
			rows[i].M = 0
		}
		maphash.WriteComparable(&h, rows[i])
	}
	if o.Account == nil || o.Consumer == nil {
		return nil, store.ErrNotFound.With("opened launch session")
	}
	o.Stamp = h.Sum64()
	return o, nil
}

// byFact orders rows: those with an order among them have it, and what was read
// is the same however the engine went about it.
func byFact(a, b db.SessionOpenedRow) int {
	if n := strings.Compare(a.Kind, b.Kind); n != 0 {
		return n
	}
	if a.Kind == factOrigin && a.M != b.M {
		if a.M > b.M {
			return -1
		}
		return 1
	}
	if n := strings.Compare(a.A, b.A); n != 0 {
		return n
	}
	return strings.Compare(a.B, b.B)
}

func addFact(o *store.Opened, row *db.SessionOpenedRow) {
	s := o.Session
	switch row.Kind {
	case factSession:
		s.SeenAt = moment(row.M)
		o.Account = &account.Account{
			ID: s.AccountID, Username: row.A, Email: row.B, Name: row.C, Kind: account.Kind(row.D), Enabled: row.Flag != 0,
		}
	case factConsumer:
		o.Consumer = &lti.Consumer{
			ID: s.ConsumerID, Name: row.A, FrameOrigins: strings.Fields(row.B), UseLTIPII: row.N != 0, Enabled: row.Flag != 0,
			Rails: lti.Rails{EndsAt: moment(row.M)},
		}
		o.VersionID = row.C
	case factOrigin:
		o.Origins = append(o.Origins, row.A)
	case factRule:
		if nearness(row.A) > nearness(string(o.Terms.Level)) {
			o.Terms.Level = store.DateLevel(row.A)
			o.Terms.Rule = course.DateRule{Mode: course.DateMode(row.B), Days: int(row.M), Starts: moment(row.N)}
		}
	case factExtra:
		o.Terms.Extra = append(o.Terms.Extra, course.Extra{
			Ref: course.Ref{Type: row.A, ID: row.B}, Time: time.Duration(row.N) * time.Microsecond, Attempts: int(row.M),
		})
	case factState:
		ref := course.Ref{Type: row.A, ID: row.B}
		o.States[ref] = &store.LearnerState{
			Given: given(row.D), Key: store.LearnerKey{AccountID: s.AccountID, Scope: s.Scope, CourseKey: s.CourseKey, Ref: ref},
			Version: row.M, State: row.C, Answered: row.Flag != 0, Earned: row.X, Possible: row.Y, UpdatedAt: moment(row.N),
		}
	case factOwed:
		o.Owed = append(o.Owed, store.OwedScore{
			TargetID: row.A, State: store.OwedState(row.B), NextAt: moment(row.M), DeliveredAt: moment(row.N),
		})
	}
}
