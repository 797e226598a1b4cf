package outcome

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"lectern/internal/lti"
	"lectern/internal/store"
)

// What is said of rows that nothing is sent for.
const (
	sayNothingAnswered = "nothing answered yet"
	sayContentGone     = "the content is not part of the course any more"
	sayConsumerGone    = "the consumer does not exist any more"
	sayDisabled        = "the consumer is disabled"
	saySecret          = "the consumer's secret cannot be opened: the sealing key has changed"
)

// errLease means a lease is too short for a whole request.
var errLease = errors.New("lease too short")

// Times of saving what came of a try, when the store fails.
const (
	saveTries = 4
	savePause = 250 * time.Millisecond
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
	reply, score, err := d.try(ctx, c)
	now := d.now()
	if err != nil || ctx.Err() != nil {
		p.leave(nil, now)
		d.giveBack(ctx, c, now.Add(retryAfterFault(err)))
		return
	}
	if reply.sent() {
		p.leave(&reply, now)
	} else {
		p.leave(nil, now)
	}
	d.finish(ctx, c, store.Attempt{
		OwedID: c.ID, At: began, Took: now.Sub(began), Version: c.WantedVersion,
		Score: score.Ratio(), Class: string(reply.Class), Status: reply.Status, Detail: clip(reply.Detail),
	}, reply)
}

// sent reports whether a request went out.
func (r Reply) sent() bool { return r.Class != Skipped && r.Class != Refused && !r.unsent }

// retryAfterFault says when a row is due again after a try that did not happen.
func retryAfterFault(err error) time.Duration {
	if err == nil || errors.Is(err, errLease) || errors.Is(err, context.Canceled) {
		return 0
	}
	return firstPause
}

// try reads the score and sends it. An error means that nothing was sent and
// nothing is known about the LMS.
func (d *Deliverer) try(ctx context.Context, c store.Claimed) (Reply, lti.Score, error) {
	if why := c.Target.Refused; why != "" {
		return Reply{Class: Refused, Detail: why}, lti.Score{}, nil
	}
	score, answered, err := d.Scorer.TargetScore(ctx, c.Target)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Reply{Class: Skipped, Detail: sayContentGone}, score, nil
	case err != nil:
		return Reply{}, score, err
	case !answered:
		return Reply{Class: Skipped, Detail: sayNothingAnswered}, score, nil
	}
	consumer, secrets, err := d.credentials(ctx, c.Target.ConsumerID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Reply{Class: Skipped, Detail: sayConsumerGone}, score, nil
	case err != nil:
		return Reply{}, score, err
	case !consumer.Enabled:
		return Reply{Class: Config, Detail: sayDisabled, unsent: true}, score, nil
	case len(secrets) == 0:
		return Reply{Class: Config, Detail: saySecret, unsent: true}, score, nil
	}
	reply, err := d.send(ctx, c, consumer.Key, secrets, score)
	return reply, score, err
}

// send posts the score, with the previous secret too when the LMS refuses the
// signature made with the current one: it may not have been told yet.
func (d *Deliverer) send(ctx context.Context, c store.Claimed, key string, secrets []string,
	score lti.Score,
) (reply Reply, err error) {
	for i, secret := range secrets {
		if c.LeaseUntil.Sub(d.now()) < sendTimeout+leaseMargin {
			if i == 0 {
				return Reply{}, errLease
			}
			return reply, nil
		}
		reply = d.post(ctx, Message{
			Address: c.Target.Outcome.ServiceURL, SourcedID: c.Target.Outcome.SourcedID,
			Key: key, Secret: secret, Score: score,
		})
		if !reply.Signature {
			break
		}
	}
	return reply, nil
}

func (d *Deliverer) post(ctx context.Context, m Message) Reply {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return d.Sender.Send(ctx, m)
}

// credentials returns a consumer and its live secrets in clear text, current
// first, leaving out those that do not open.
func (d *Deliverer) credentials(ctx context.Context, id string) (c *lti.Consumer, secrets []string, err error) {
	var boxes []store.SealedSecret
	err = d.Store.View(ctx, func(tx store.Tx) (err error) {
		if c, err = tx.Consumers().ByID(ctx, id); err != nil {
			return err
		}
		boxes, err = tx.Consumers().Secrets(ctx, id)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	for _, slot := range []lti.SecretSlot{lti.Current, lti.Previous} {
		for _, b := range boxes {
			if b.Slot != slot {
				continue
			}
			if text, err := d.Secrets.Open(b.Box, store.SecretAAD(id, slot)); err == nil {
				secrets = append(secrets, string(text))
			}
		}
	}
	return c, secrets, nil
}

// finish writes what came of a try. If it cannot, the lease runs out and the
// score is sent again.
func (d *Deliverer) finish(ctx context.Context, c store.Claimed, a store.Attempt, r Reply) {
	ctx = context.WithoutCancel(ctx) // what was sent must be known, even while stopping
	id, err := uuid.NewV7()
	if err != nil {
		d.log().ErrorContext(ctx, "outcome attempt", "error", err)
		return
	}
	a.ID = id.String()
	d.report(ctx, c, a)
	for n := range saveTries {
		err = d.Store.Update(ctx, func(tx store.Tx) error { return d.save(ctx, tx, c, a, r) })
		if err == nil || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound) {
			return
		}
		time.Sleep(savePause << n)
	}
	d.log().ErrorContext(ctx, "outcome attempt not saved", "owed", c.ID, "error", err)
}

func (d *Deliverer) save(ctx context.Context, tx store.Tx, c store.Claimed, a store.Attempt, r Reply) error {
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
	return tx.Owed().Finish(ctx, row, d.Name, a)
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
	level := slog.LevelInfo
	if Class(a.Class) != Done && Class(a.Class) != Skipped {
		level = slog.LevelWarn
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
		d.Metrics.Tried(Class(a.Class), a.Took)
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
