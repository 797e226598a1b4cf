package outcome

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/lti/lti11"
	"lectern/internal/safehttp"
	"lectern/internal/store"
)

// What is said of rows that nothing was sent for.
const (
	sayNothingAnswered = "nothing answered yet"
	sayContentGone     = "the content is not part of a course here any more"
	sayScoreUnknown    = "the score could not be read; the log says why"
	sayConsumerGone    = "the consumer does not exist any more"
	sayDisabled        = "the consumer is disabled"
	saySecret          = "the consumer's secret could not be read; the log says why"
)

// settleAfter is how long a request that got no answer may still be at work
// inside an LMS.
const settleAfter = 2 * time.Minute

// detailMax is how many bytes of an LMS's words are kept.
const detailMax = 500

// Saving what came of a try, when the store fails, is tried as long as the lease
// lasts; while stopping, a few times.
const (
	saveTries     = 4
	savePause     = 250 * time.Millisecond // after the first; doubling
	savePauseMost = 5 * time.Second
)

// deliver makes one try for a row under lease.
func (d *Deliverer) deliver(ctx context.Context, c store.Claimed, p *pass) {
	ok, again := p.enter(d.stop, d.now)
	if !ok {
		p.leave(nil, d.now())
		d.giveBack(ctx, c, again)
		return
	}
	began := d.now()
	r, score, ok := d.try(ctx, c)
	now := d.now()
	stopped := ctx.Err() != nil
	if !ok || stopped && !r.sent {
		p.leave(nil, now)
		d.giveBack(ctx, c, now)
		return
	}
	learn := &r
	if !r.sent || stopped { // a request that we broke off says nothing about the LMS
		learn = nil
	}
	back := p.leave(learn, now)
	r.detail = clip(r.detail)
	if r.sent && score.Earned > score.Possible {
		d.log().WarnContext(ctx, "outcome clamped", "owed", c.ID, "earned", score.Earned, "possible", score.Possible)
	}
	d.finish(ctx, c, r, store.Attempt{
		OwedID: c.ID, At: began, Took: now.Sub(began), Version: c.WantedVersion,
		Score: score.Ratio(), Class: string(r.class), Status: r.status, Detail: r.detail,
	})
	d.hurry(ctx, c.Target.Outcome.ServiceURL, back)
}

// hurry makes the rows due that wait for a host which answers again.
func (d *Deliverer) hurry(ctx context.Context, address string, back recovery) {
	u, err := url.Parse(address)
	if back == noRecovery || err != nil {
		return
	}
	ctx = context.WithoutCancel(ctx)
	err = d.Store.Update(ctx, func(tx store.Tx) error {
		_, err := tx.Owed().Hurry(ctx, u.Scheme+"://"+u.Host+"/", back == reopened, d.now())
		return err
	})
	if err != nil {
		d.log().WarnContext(ctx, "outcome hurry", "host", hostOf(address), "error", err)
	}
}

// try reads the score and sends it. It reports false when the lease is too
// short for a request.
func (d *Deliverer) try(ctx context.Context, c store.Claimed) (result, lti.Score, bool) {
	if why := c.Target.Refused; why != "" {
		return result{class: Refused, detail: sayRefused + why}, lti.Score{}, true
	}
	score, answered, err := d.Scorer.TargetScore(ctx, c.Target)
	switch {
	case absent(err):
		return result{class: Skipped, detail: sayContentGone}, score, true
	case err != nil:
		d.log().ErrorContext(ctx, "outcome score", "owed", c.ID, "error", err)
		return result{class: lti11.Transient, detail: sayScoreUnknown}, score, true
	case !answered:
		return result{class: Skipped, detail: sayNothingAnswered}, score, true
	}
	consumer, secrets, err := d.Consumers.Credentials(ctx, c.Target.ConsumerID)
	switch {
	case absent(err):
		return result{class: Skipped, detail: sayConsumerGone}, score, true
	case err != nil || len(secrets) == 0:
		d.log().ErrorContext(ctx, "outcome secret", "consumer", c.Target.ConsumerID, "error", err)
		return result{class: lti11.Transient, detail: saySecret}, score, true
	case !consumer.Enabled:
		return result{class: lti11.Config, detail: sayDisabled}, score, true
	}
	r, ok := d.send(ctx, c, consumer.Key, secrets, score)
	return r, score, ok
}

// absent reports whether err says that something does not exist.
func absent(err error) bool { return err != nil && errs.From(err).Kind == errs.NotFound }

// send posts the score, with the previous secret too when the LMS does not take
// the current one: it may not have been told yet. It reports false when the
// lease is too short to send at all.
func (d *Deliverer) send(ctx context.Context, c store.Claimed, key string, secrets []lti.Secret,
	score lti.Score,
) (r result, ok bool) {
	for i, secret := range secrets {
		if c.LeaseUntil.Sub(d.now()) < sendTimeout+leaseMargin {
			break
		}
		next, mismatch := d.post(ctx, lti11.Target{
			ServiceURL: c.Target.Outcome.ServiceURL, SourcedID: c.Target.Outcome.SourcedID,
			Key: key, Secret: secret.Value, Clock: d.Clock,
		}, score)
		if i == 0 || next.class == lti11.Done {
			r, ok = next, true
		}
		if !mismatch {
			break
		}
	}
	return r, ok
}

// post makes one request. It reports whether the LMS may have refused it for
// its signature.
func (d *Deliverer) post(ctx context.Context, t lti11.Target, score lti.Score) (result, bool) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	reply, err := lti11.ReplaceResult(ctx, d.Client, t, score)
	r := result{
		class: reply.Class, status: reply.HTTPStatus, retryAfter: reply.RetryAfter,
		detail: reply.Why, sent: true,
	}
	if errors.Is(err, safehttp.ErrRefused) {
		r.class, r.sent, r.detail = Refused, false, sayRefused+safehttp.Reason(err)
	}
	switch { // the LMS's own words, also of success
	case reply.Description == "":
	case r.detail == "":
		r.detail = reply.Description
	default:
		r.detail += ": " + reply.Description
	}
	return r, mayBeSignature(reply)
}

// mayBeSignature reports whether the LMS may have refused a request for its
// signature.
func mayBeSignature(reply lti11.Reply) bool {
	redirect := reply.HTTPStatus >= 300 && reply.HTTPStatus < 400
	return reply.Class == lti11.Config && !redirect
}

// finish writes what came of a try, however long the database is away. If it
// cannot while the lease lasts, the score is sent again.
func (d *Deliverer) finish(ctx context.Context, c store.Claimed, r result, a store.Attempt) {
	ctx = context.WithoutCancel(ctx) // what was sent must be known, even while stopping
	id, err := uuid.NewV7()
	if err != nil {
		d.log().ErrorContext(ctx, "outcome attempt", "error", err)
		return
	}
	a.ID = id.String()
	d.report(ctx, c, a)
	save := func(tx store.Tx) error { return d.save(ctx, tx, c, r, a) }
	late := false
	for n := 0; ; n++ {
		err = d.Store.Update(ctx, save)
		switch {
		case err == nil || errors.Is(err, store.ErrNotFound):
			return
		case errors.Is(err, store.ErrConflict) && !late: // our lease ran out while we sent
			d.log().WarnContext(ctx, "outcome overlap", "owed", c.ID)
			late, save = true, func(tx store.Tx) error { return d.overtaken(ctx, tx, c, r, a) }
			continue
		}
		if errors.Is(err, store.ErrConflict) || n >= saveTries && (d.stopping() || !d.now().Before(c.LeaseUntil)) {
			break
		}
		select {
		case <-time.After(min(savePause<<min(n, saveTries), savePauseMost)):
		case <-d.stop:
			time.Sleep(savePause)
		}
	}
	d.log().ErrorContext(ctx, "outcome attempt not saved", "owed", c.ID, "error", err)
}

func (d *Deliverer) save(ctx context.Context, tx store.Tx, c store.Claimed, r result, a store.Attempt) error {
	now := a.At.Add(a.Took)
	since, err := failingSince(ctx, tx, c.OwedScore, now)
	if err != nil {
		return err
	}
	row := c.OwedScore
	row.Attempts++
	v := judge(r, row.Attempts, now, since, d.chance())
	row.State, row.NextAt, row.LastError = v.state, v.next, v.reason
	if v.state == store.Delivered {
		row.DeliveredVersion, row.DeliveredAt, row.LastScore = c.WantedVersion, now, &a.Score
	}
	doubt := false
	if v.state == store.Delivered && c.LastError != "" {
		if doubt, err = inDoubt(ctx, tx, a); err != nil {
			return err
		}
	}
	if err := tx.Owed().Finish(ctx, row, d.Name, a); err != nil || !doubt {
		return err
	}
	return tx.Owed().Owe(ctx, store.Debt{TargetID: c.TargetID, At: now, Delay: settleAfter})
}

// overtaken keeps a try that outlasted its lease. If it reached the LMS, another
// process may have sent a newer score before it, so the newest goes out once
// more; when no answer came, not before the LMS has had its time.
func (d *Deliverer) overtaken(ctx context.Context, tx store.Tx, c store.Claimed, r result, a store.Attempt) error {
	again := store.Debt{TargetID: c.TargetID, At: d.now()}
	if r.sent && r.status == 0 {
		again.Delay = settleAfter
	}
	return tx.Owed().Overtaken(ctx, a, again)
}

// inDoubt reports whether an earlier request with another score, which got no
// answer, may still be under way inside the LMS and end after the good one a.
func inDoubt(ctx context.Context, tx store.Tx, a store.Attempt) (bool, error) {
	list, err := tx.Owed().Attempts(ctx, a.OwedID)
	for _, before := range list {
		if a.At.Sub(before.At.Add(before.Took)) > settleAfter {
			break
		}
		if before.Class == string(lti11.Transient) && before.Status == 0 && before.Score != a.Score {
			return true, err
		}
	}
	return false, err
}

// failingSince returns when the present series of tries began: now for the
// first. Attempts are only read once a row is old enough to be given up.
func failingSince(ctx context.Context, tx store.Tx, c store.OwedScore, now time.Time) (time.Time, error) {
	if c.Attempts == 0 || now.Sub(c.FirstChangeAt) < giveUpAfter {
		return now, nil
	}
	list, err := tx.Owed().Attempts(ctx, c.ID)
	if err != nil || len(list) == 0 {
		return now, err
	}
	return list[min(c.Attempts, len(list))-1].At, nil
}

func (d *Deliverer) giveBack(ctx context.Context, c store.Claimed, again time.Time) {
	ctx = context.WithoutCancel(ctx)
	if err := d.release(ctx, putBack{c.ID, again}); err != nil {
		d.log().ErrorContext(ctx, "outcome release", "owed", c.ID, "error", err)
	}
}

// report logs and counts a try. What the LMS said stays in the database: it may
// name people.
func (d *Deliverer) report(ctx context.Context, c store.Claimed, a store.Attempt) {
	level := slog.LevelWarn
	if a.Class == string(lti11.Done) || a.Class == string(Skipped) {
		level = slog.LevelInfo
	}
	d.log().LogAttrs(ctx, level, "outcome",
		slog.String("code", a.Class),
		slog.String("owed", c.ID),
		slog.String("consumer", c.Target.ConsumerID),
		slog.String("host", hostOf(c.Target.Outcome.ServiceURL)),
		slog.Int("status", a.Status),
		slog.Int("attempt", c.Attempts+1),
		slog.Duration("took", a.Took))
	if d.Metrics.Tried != nil {
		d.Metrics.Tried(a.Class, a.Took)
	}
}

func (d *Deliverer) chance() float64 {
	if d.Chance == nil {
		return rand.Float64() //nolint:gosec // spreads load, keeps no secret
	}
	return d.Chance()
}

// clip cuts s to what a row keeps, in whole characters.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "")
	if len(s) <= detailMax {
		return s
	}
	end := detailMax
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
