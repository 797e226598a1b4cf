package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

// How much of an entry is kept: strangers write some of it.
const (
	logKeyMost      = 255 * 4 // bytes of 255 characters
	logFieldMost    = 1 << 10
	logDetailMost   = 2 << 10
	logCauseMost    = 200
	logEvidenceMost = 4 << 10
	logListMost     = 100 // entries, unless the filter says otherwise
)

type launchLog struct{ *tx }

func (t launchLog) Append(ctx context.Context, e store.LaunchEntry) error {
	if e.ID == "" {
		e.ID = newID()
	}
	if len(e.Evidence) > logEvidenceMost { // half of it cannot be read
		e.Evidence = ""
	}
	skew := sql.NullInt64{}
	if e.Skew != nil {
		skew = sql.NullInt64{Int64: int64(*e.Skew / time.Second), Valid: true}
	}
	rows, err := t.q.LogAppend(ctx, db.LogAppendParams{
		ID: cut(e.ID, logFieldMost), LoggedAt: micros(e.At), Code: cut(e.Code, logFieldMost), Verified: e.Verified,
		ConsumerID: cut(e.ConsumerID, logFieldMost), ConsumerKey: cut(e.ConsumerKey, logKeyMost),
		CourseKey: cut(e.CourseKey, logFieldMost), UsageKey: cut(e.UsageKey, logFieldMost),
		Detail: cut(e.Detail, logDetailMost), Repeats: e.Repeats,
		Cause: cut(e.Cause, logCauseMost), Skew: skew, Evidence: clean(e.Evidence), TestID: cut(e.TestID, logFieldMost),
	})
	return t.one(rows, err, "append to launch log", store.ErrConflict)
}

func (t launchLog) AppendUnverified(ctx context.Context, e store.LaunchEntry, since time.Time, limit int) error {
	e.Verified = false
	limit = max(limit, 0)
	recent, err := t.q.LogUnverifiedCount(ctx, micros(since), int64(limit))
	if err != nil {
		return t.wrap(err, "count unverified launches")
	}
	if recent < int64(limit) {
		return t.Append(ctx, e)
	}
	_, err = t.q.LogRepeat(ctx, cut(e.ConsumerKey, logKeyMost), cut(e.Code, logFieldMost))
	return t.wrap(err, "count repeated refusal")
}

func (t launchLog) List(ctx context.Context, f store.LaunchFilter) ([]store.LaunchEntry, error) {
	if f.Limit < 1 {
		f.Limit = logListMost
	}
	rows, err := t.rows(ctx, f)
	list := make([]store.LaunchEntry, 0, len(rows))
	for _, row := range rows {
		e := store.LaunchEntry{
			ID: row.ID, At: moment(row.LoggedAt), Code: row.Code, Verified: row.Verified,
			ConsumerID: row.ConsumerID, ConsumerKey: row.ConsumerKey, CourseKey: row.CourseKey,
			UsageKey: row.UsageKey, Detail: row.Detail, Repeats: row.Repeats,
			Cause: row.Cause, Evidence: row.Evidence, TestID: row.TestID,
		}
		if row.Skew.Valid {
			skew := time.Duration(row.Skew.Int64) * time.Second
			e.Skew = &skew
		}
		list = append(list, e)
	}
	return list, t.wrap(err, "list launch log")
}

// rows asks in the way that is quick for the filter.
func (t launchLog) rows(ctx context.Context, f store.LaunchFilter) ([]db.LaunchLog, error) {
	switch {
	case f.TestID != "":
		return t.q.LogByTest(ctx, clean(f.TestID), maxRows(f.Limit))
	case f.Reference != "":
		return t.q.LogByReference(ctx, db.LogByReferenceParams{
			Ends: "%" + literal(clean(f.Reference)), ConsumerID: clean(f.ConsumerID), Code: clean(f.Code),
			CourseKey: clean(f.CourseKey), Failed: f.Failed, Opened: f.Opened, MaxRows: maxRows(f.Limit),
		})
	}
	contains := ""
	if f.Text != "" {
		contains = "%" + literal(lowerASCII(clean(f.Text))) + "%"
	}
	return t.q.LogList(ctx, db.LogListParams{
		BeforeAt: micros(f.Before.At), BeforeID: clean(f.Before.ID), ConsumerID: clean(f.ConsumerID), Code: clean(f.Code),
		CourseKey: clean(f.CourseKey), Failed: f.Failed, Opened: f.Opened, Contains: contains, MaxRows: maxRows(f.Limit),
	})
}

// lowerASCII does what lower() does in both engines.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

func (t launchLog) Causes(ctx context.Context, since time.Time, limit int) ([]store.LaunchCause, error) {
	rows, err := t.q.LogCauses(ctx, micros(since), maxRows(limit))
	list := make([]store.LaunchCause, 0, len(rows))
	for _, row := range rows {
		list = append(list, store.LaunchCause{
			ConsumerID: row.ConsumerID, ConsumerKey: row.ConsumerKey, Code: row.Code, Cause: row.Cause, Count: row.Launches,
			First: moment(row.FirstAt), Last: moment(row.LastAt), Newest: row.Newest,
		})
	}
	return list, t.wrap(err, "group launch log")
}

func (t launchLog) Counts(ctx context.Context, since time.Time) (good, refused int64, err error) {
	n, err := t.q.LogCounts(ctx, micros(since))
	return n.Good, n.Refused, t.wrap(err, "count launches")
}

func (t launchLog) Skews(ctx context.Context, consumerID string, since time.Time, limit int) ([]time.Duration, error) {
	rows, err := t.q.LogSkews(ctx, db.LogSkewsParams{
		ConsumerID: clean(consumerID), Since: micros(since), MaxRows: maxRows(limit),
	})
	list := make([]time.Duration, 0, len(rows))
	for _, seconds := range rows {
		list = append(list, time.Duration(seconds)*time.Second)
	}
	return list, t.wrap(err, "clocks in launch log")
}

func (t launchLog) Prune(ctx context.Context, before time.Time, limit int) (int64, error) {
	rows, err := t.q.LogPrune(ctx, micros(before), maxRows(limit))
	return rows, t.wrap(err, "prune launch log")
}
