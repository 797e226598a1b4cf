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

func (t launches) Opened(ctx context.Context, id string) (*store.Opened, error) {
	if !storable(id) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.SessionOpened(ctx, id)
	if err != nil {
		return nil, t.wrap(err, "opened launch session")
	}
	o := &store.Opened{
		Session: &store.Session{
			ID: row.ID, ConsumerID: row.ConsumerID, AccountID: row.AccountID, PlacementID: row.PlacementID,
			CourseKey: row.CourseKey, UsageKey: row.UsageKey, Scope: row.Scope, Staff: row.Staff, ScoreHost: row.ScoreHost,
			ReturnURL: row.ReturnURL, Locale: row.Locale, Query: row.Query,
			TokenHash: row.TokenHash, UserAgent: row.UserAgent, SeenAt: moment(row.SeenAt), ExpiresAt: moment(row.ExpiresAt),
		},
		Consumer: &lti.Consumer{
			ID: row.ConsumerID, Name: row.ConsumerName, UseLTIPII: row.UseLTIPII, Enabled: row.ConsumerEnabled,
			FrameOrigins: strings.Fields(row.FrameOrigins), Rails: lti.Rails{EndsAt: moment(row.EndsAt)},
		},
		Account: &account.Account{
			ID: row.AccountID, Username: row.Username, Email: row.Email, Name: row.AccountName,
			Kind: account.Kind(row.Kind), Enabled: row.AccountEnabled,
		},
		VersionID: row.VersionID,
	}
	var h maphash.Hash
	h.SetSeed(t.seed)
	_, _ = h.Write(row.TokenHash) // never fails
	for _, text := range []string{
		row.ID, row.ConsumerID, row.AccountID, row.PlacementID, row.CourseKey, row.UsageKey, row.Scope,
		row.ReturnURL, row.Locale, row.Query, row.ScoreHost, row.VersionID,
		row.ConsumerName, row.FrameOrigins, row.Username, row.Email, row.AccountName, row.Kind,
	} {
		maphash.WriteComparable(&h, text)
	}
	maphash.WriteComparable(&h, [3]bool{row.Staff, row.UseLTIPII, row.ConsumerEnabled})
	o.Stamp = h.Sum64()
	return o, nil
}

// Kinds of the rows of SessionFacts.
const (
	factOrigin = "origin" // origin in a, when it was seen in m
	factRule   = "rule"   // about dates: level, mode; days, start
	factExtra  = "extra"  // block's type and ID; attempts, time
	factState  = "state"  // block's type and ID, state, given; version, time, answered, earned, possible
	factOwed   = "owed"   // target, state; next, delivered
)

func (t launches) Facts(ctx context.Context, s *store.Session) (*store.Facts, error) {
	rows, err := t.q.SessionFacts(ctx, db.SessionFactsParams{
		ConsumerID: s.ConsumerID, CourseKey: s.CourseKey, PlacementID: s.PlacementID,
		AccountID: s.AccountID, Scope: s.Scope, UsageKey: s.UsageKey,
	})
	if err != nil {
		return nil, t.wrap(err, "facts of launch session")
	}
	f := &store.Facts{States: make(map[course.Ref]*store.LearnerState, len(rows))}
	slices.SortStableFunc(rows, byFact)
	var h maphash.Hash
	h.SetSeed(t.seed)
	for i := range rows {
		if rows[i].Kind != factOrigin {
			maphash.WriteComparable(&h, rows[i])
		}
		addFact(f, s, &rows[i])
	}
	f.Stamp = h.Sum64()
	return f, nil
}

// byFact orders rows: those with an order among them have it, and what was read
// is the same however the engine went about it.
func byFact(a, b db.SessionFactsRow) int {
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

func addFact(f *store.Facts, s *store.Session, row *db.SessionFactsRow) {
	switch row.Kind {
	case factOrigin:
		f.Origins = append(f.Origins, row.A)
	case factRule:
		if nearness(row.A) > nearness(string(f.Terms.Level)) {
			f.Terms.Level = store.DateLevel(row.A)
			f.Terms.Rule = course.DateRule{Mode: course.DateMode(row.B), Days: int(row.M), Starts: moment(row.N)}
		}
	case factExtra:
		f.Terms.Extra = append(f.Terms.Extra, course.Extra{
			Ref: course.Ref{Type: row.A, ID: row.B}, Time: time.Duration(row.N) * time.Microsecond, Attempts: int(row.M),
		})
	case factState:
		ref := course.Ref{Type: row.A, ID: row.B}
		f.States[ref] = &store.LearnerState{
			Given: given(row.D), Key: store.LearnerKey{AccountID: s.AccountID, Scope: s.Scope, CourseKey: s.CourseKey, Ref: ref},
			Version: row.M, State: row.C, Answered: row.Flag != 0, Earned: row.X, Possible: row.Y, UpdatedAt: moment(row.N),
		}
	case factOwed:
		f.Owed = append(f.Owed, store.OwedScore{
			TargetID: row.A, State: store.OwedState(row.B), NextAt: moment(row.M), DeliveredAt: moment(row.N),
		})
	}
}
