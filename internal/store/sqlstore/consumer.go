package sqlstore

import (
	"context"
	"strings"
	"time"

	"lectern/internal/lti"
	"lectern/internal/store"
	"lectern/internal/store/sqlstore/db"
)

// maxOrigins is how many origins of a consumer are kept. They end up in a
// response header, and anybody who can launch may bring new ones.
const maxOrigins = 32

type consumers struct{ *tx }

func (t consumers) ByID(ctx context.Context, id string) (*lti.Consumer, error) {
	if !storable(id) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.ConsumerByID(ctx, id)
	if err != nil {
		return nil, t.wrap(err, "consumer by ID")
	}
	return consumer(row), nil
}

func (t consumers) ByKey(ctx context.Context, key string) (*lti.Consumer, error) {
	if !nameable(key) {
		return nil, store.ErrNotFound
	}
	row, err := t.q.ConsumerByKey(ctx, key)
	if err != nil {
		return nil, t.wrap(err, "consumer by key")
	}
	return consumer(row), nil
}

func (t consumers) List(ctx context.Context, search string) ([]*lti.Consumer, error) {
	rows, err := t.q.ConsumerList(ctx, pattern(search))
	if err != nil {
		return nil, t.wrap(err, "list consumers")
	}
	list := make([]*lti.Consumer, 0, len(rows))
	for _, row := range rows {
		list = append(list, consumer(row))
	}
	return list, nil
}

func (t consumers) Create(ctx context.Context, c *lti.Consumer) error {
	if !nameable(c.Name, c.Key) {
		return ErrText
	}
	if c.ID == "" {
		c.ID = newID()
	}
	rows, err := t.q.ConsumerCreate(ctx, db.ConsumerCreateParams{
		ID: c.ID, Name: c.Name, NameFolded: fold(c.Name), ConsumerKey: c.Key, Search: folded(c.Name, c.Key),
		InstanceGUID: c.InstanceGUID, InstanceGUIDFolded: fold(c.InstanceGUID), InstanceGUIDAt: micros(c.InstanceGUIDAt),
		RequireUserAccount: c.RequireUserAccount, UseLTIPII: c.UseLTIPII, Enabled: c.Enabled,
		StrictReplay: c.StrictReplay, StrictLTI: c.StrictLTI, FreshState: c.FreshState,
		TrustedDomains: lines(c.TrustedDomains), FrameOrigins: lines(c.FrameOrigins), GradeStaff: c.GradeStaff,
		MovedFrom: c.MovedFrom, Courses: lines(c.Courses), StartsAt: micros(c.StartsAt), EndsAt: micros(c.EndsAt),
		LaunchesPerMinute: int64(c.LaunchesPerMinute), KeepDays: int64(c.KeepDays),
		CreatedAt: micros(c.CreatedAt), UpdatedAt: micros(c.UpdatedAt), LastLaunchAt: micros(c.LastLaunchAt),
	})
	return t.one(rows, err, "create consumer", store.ErrConflict)
}

func (t consumers) Update(ctx context.Context, c *lti.Consumer) error {
	if !nameable(c.Name, c.Key) {
		return ErrText
	}
	rows, err := t.q.ConsumerUpdate(ctx, db.ConsumerUpdateParams{
		Name: c.Name, NameFolded: fold(c.Name), ConsumerKey: c.Key, Search: folded(c.Name, c.Key),
		RequireUserAccount: c.RequireUserAccount, UseLTIPII: c.UseLTIPII, Enabled: c.Enabled,
		StrictReplay: c.StrictReplay, StrictLTI: c.StrictLTI, FreshState: c.FreshState,
		TrustedDomains: lines(c.TrustedDomains), FrameOrigins: lines(c.FrameOrigins), GradeStaff: c.GradeStaff,
		Courses: lines(c.Courses), StartsAt: micros(c.StartsAt), EndsAt: micros(c.EndsAt),
		LaunchesPerMinute: int64(c.LaunchesPerMinute), KeepDays: int64(c.KeepDays),
		UpdatedAt: micros(c.UpdatedAt), ID: c.ID,
	})
	if err == nil && rows == 0 { // gone, or the name or key is somebody else's
		if _, err := t.ByID(ctx, c.ID); err != nil {
			return err
		}
	}
	return t.one(rows, err, "update consumer", store.ErrConflict)
}

func (t consumers) Launched(ctx context.Context, id, guid string, at time.Time) error {
	rows, err := t.q.ConsumerLaunched(ctx, micros(at), id)
	if err != nil || rows == 0 || guid == "" {
		return t.one(rows, err, "record launch", store.ErrNotFound)
	}
	guid = clean(guid)
	return t.wrap(t.q.ConsumerCaptureGUID(ctx, db.ConsumerCaptureGUIDParams{
		GUID: guid, GUIDFolded: fold(guid), At: micros(at), ID: id,
	}), "capture instance GUID")
}

func (t consumers) Delete(ctx context.Context, id string) error {
	rows, err := t.q.ConsumerDelete(ctx, id)
	return t.one(rows, err, "delete consumer", store.ErrNotFound)
}

func (t consumers) Usage(ctx context.Context, id string) (store.ConsumerUsage, error) {
	row, err := t.q.ConsumerUsage(ctx, id)
	return store.ConsumerUsage{
		Learners: row.Learners, Launches: row.Launches, Targets: row.Targets, OwedScores: row.OwedScores,
	}, t.wrap(err, "usage of consumer")
}

func (t consumers) Secrets(ctx context.Context, id string) ([]store.SealedSecret, error) {
	rows, err := t.q.SecretList(ctx, id)
	list := make([]store.SealedSecret, 0, len(rows))
	for _, row := range rows {
		list = append(list, store.SealedSecret{
			ConsumerID: row.ConsumerID, Slot: lti.SecretSlot(row.Slot), Box: row.Box,
			CreatedAt: moment(row.CreatedAt), LastUsedAt: moment(row.LastUsedAt),
		})
	}
	return list, t.wrap(err, "secrets of consumer")
}

func (t consumers) PutSecret(ctx context.Context, s store.SealedSecret) error {
	return t.wrap(t.q.SecretPut(ctx, db.SecretPutParams{
		ConsumerID: s.ConsumerID, Slot: string(s.Slot), Box: blob(s.Box),
		CreatedAt: micros(s.CreatedAt), LastUsedAt: micros(s.LastUsedAt),
	}), "put secret")
}

// usedEvery is how far apart two records of a secret's use are.
const usedEvery = time.Minute

func (t consumers) UsedSecret(ctx context.Context, id string, slot lti.SecretSlot, at time.Time) error {
	return t.wrap(t.q.SecretUsed(ctx, db.SecretUsedParams{
		ConsumerID: id, Slot: string(slot), At: micros(at), Before: micros(at.Add(-usedEvery)),
	}), "use of secret")
}

func (t consumers) DeleteSecret(ctx context.Context, id string, slot lti.SecretSlot) error {
	rows, err := t.q.SecretDelete(ctx, id, string(slot))
	return t.one(rows, err, "delete secret", store.ErrNotFound)
}

func (t consumers) Origins(ctx context.Context, id string) ([]string, error) {
	list, err := t.q.OriginList(ctx, id)
	return list, t.wrap(err, "origins of consumer")
}

func (t consumers) LearnOrigin(ctx context.Context, id, origin string, at time.Time) error {
	if !nameable(origin) {
		return ErrText
	}
	err := t.q.OriginLearn(ctx, db.OriginLearnParams{ConsumerID: id, Origin: origin, SeenAt: micros(at)})
	if err != nil {
		return t.wrap(err, "learn origin")
	}
	return t.wrap(t.q.OriginTrim(ctx, id, maxOrigins), "forget old origins")
}

// lines is how a list of words is stored.
func lines(list []string) string { return strings.Join(list, "\n") }

func consumer(row db.Consumer) *lti.Consumer {
	return &lti.Consumer{
		ID: row.ID, Name: row.Name, Key: row.ConsumerKey,
		InstanceGUID: row.InstanceGUID, InstanceGUIDAt: moment(row.InstanceGUIDAt),
		RequireUserAccount: row.RequireUserAccount, UseLTIPII: row.UseLTIPII, Enabled: row.Enabled,
		StrictReplay: row.StrictReplay, StrictLTI: row.StrictLTI, FreshState: row.FreshState,
		TrustedDomains: strings.Fields(row.TrustedDomains), FrameOrigins: strings.Fields(row.FrameOrigins),
		GradeStaff: row.GradeStaff, MovedFrom: row.MovedFrom,
		Rails: lti.Rails{
			Courses: strings.Fields(row.Courses), StartsAt: moment(row.StartsAt), EndsAt: moment(row.EndsAt),
			LaunchesPerMinute: int(row.LaunchesPerMinute), KeepDays: int(row.KeepDays),
		},
		CreatedAt: moment(row.CreatedAt), UpdatedAt: moment(row.UpdatedAt), LastLaunchAt: moment(row.LastLaunchAt),
	}
}
