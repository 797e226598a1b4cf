package sqlstore

import (
	"context"
	"slices"
	"time"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

// testTextMost is how much is kept of each text of a test message.
const testTextMost = 16 << 10

type testLaunches struct{ *tx }

func (t testLaunches) ByID(ctx context.Context, id string) (*store.TestLaunch, error) {
	if !storable(id) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.TestLaunchByID(ctx, id)
	if err != nil {
		return nil, t.wrap(err, "test launch")
	}
	l := testLaunch(row)
	return &l, nil
}

func testLaunch(row db.TestLaunch) store.TestLaunch {
	return store.TestLaunch{
		ID: row.ID, MadeAt: moment(row.MadeAt), MadeBy: row.MadeBy, ConsumerID: row.ConsumerID, CourseKey: row.CourseKey,
		UsageKey: row.UsageKey, Person: row.Person, LMS: row.Lms, Fault: row.Fault, OutcomeFault: row.OutcomeFault, Grade: row.Grade,
	}
}

func (t testLaunches) Create(ctx context.Context, l *store.TestLaunch) error {
	if l.ID == "" {
		l.ID = newID()
	}
	rows, err := t.q.TestLaunchCreate(ctx, db.TestLaunchCreateParams{
		ID: l.ID, MadeAt: micros(l.MadeAt), MadeBy: l.MadeBy, ConsumerID: l.ConsumerID, CourseKey: l.CourseKey,
		UsageKey: l.UsageKey, Person: l.Person, Lms: l.LMS, Fault: l.Fault, OutcomeFault: l.OutcomeFault, Grade: l.Grade,
	})
	return t.one(rows, err, "create test launch", store.ErrConflict)
}

func (t testLaunches) List(ctx context.Context, consumerID string, limit int) ([]store.TestLaunch, error) {
	rows, err := t.q.TestLaunchList(ctx, clean(consumerID), maxRows(limit))
	list := make([]store.TestLaunch, 0, len(rows))
	for _, row := range rows {
		list = append(list, testLaunch(row))
	}
	return list, t.wrap(err, "list test launches")
}

func (t testLaunches) Receive(ctx context.Context, m store.TestMessage, grade string) error {
	if m.ID == "" {
		m.ID = newID()
	}
	rows, err := t.q.TestLaunchGrade(ctx, cut(grade, logFieldMost), m.TestID)
	if err := t.one(rows, err, "grade of a test", store.ErrNotFound); err != nil {
		return err
	}
	rows, err = t.q.TestMessageAppend(ctx, db.TestMessageAppendParams{
		ID: m.ID, TestID: m.TestID, GotAt: micros(m.At), Operation: cut(m.Operation, logFieldMost),
		Score: cut(m.Score, logFieldMost), Accepted: m.Accepted, Reason: cut(m.Reason, logFieldMost), Status: int64(m.Status),
		Request: cut(m.Request, testTextMost), Answer: cut(m.Answer, testTextMost),
	})
	return t.one(rows, err, "message of a test", store.ErrConflict)
}

func (t testLaunches) Messages(ctx context.Context, id string, limit int) ([]store.TestMessage, error) {
	rows, err := t.q.TestMessageList(ctx, clean(id), maxRows(limit))
	list := make([]store.TestMessage, 0, len(rows))
	for _, row := range slices.Backward(rows) {
		list = append(list, store.TestMessage{
			ID: row.ID, TestID: row.TestID, At: moment(row.GotAt), Operation: row.Operation, Score: row.Score,
			Accepted: row.Accepted, Reason: row.Reason, Status: int(row.Status), Request: row.Request, Answer: row.Answer,
		})
	}
	return list, t.wrap(err, "list messages of a test")
}

func (t testLaunches) Prune(ctx context.Context, before time.Time, limit int) (int64, error) {
	rows, err := t.q.TestLaunchPrune(ctx, micros(before), maxRows(limit))
	return rows, t.wrap(err, "prune test launches")
}
