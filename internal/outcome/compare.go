package outcome

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"lectern/internal/lti"
	"lectern/internal/lti/lti11"
	"lectern/internal/safehttp"
	"lectern/internal/store"
)

// Bounds of comparing.
const (
	checkTries   = 3               // of one comparison while the LMS is in trouble
	checkPause   = 5 * time.Second // after the first; six times that after the second
	checkAgain   = 5 * time.Minute // the most that Retry-After may ask for
	sameWithin   = 0.0005          // LMSs round to what their gradebook shows
	checkBatch   = 16              // rows claimed at a time
	onItsWay     = "the newest score is still on its way"
	sayDown      = "the LMS does not answer at present; compare again later"
	sayNotTold   = "the LMS says success, but gives no result"
	sayNoSecret  = "the consumer's secret could not be read"
	sayNeverOwed = "the LMS asked for no score when this was answered"
	sayOlder     = "the LMS holds a score that was sent before the newest one"

	sayOverridden = "the LMS took the score and holds another number since: a teacher typed it, or a rule of the LMS made it"
	sayNotOurs    = "nothing was answered here, but the LMS holds a number: a teacher typed it, or the answers were deleted here"
)

// Compare asks for a comparison of the scores that f selects with what the LMS
// holds, and returns how many that are. With repair, scores that the LMS lacks
// or holds otherwise are owed again. who is the acting account's ID, for the
// audit. A running [Deliverer] reads them, a few at a time; see
// [Deliverer.Wake].
func Compare(ctx context.Context, s store.Store, who string, f store.OwedFilter, repair bool, now time.Time) (int64, error) {
	var n int64
	err := s.Update(ctx, func(tx store.Tx) (err error) {
		if n, err = tx.Checks().Ask(ctx, f, who, repair, now); err != nil {
			return err
		}
		return store.Note(ctx, tx, store.Act{
			At: now, Who: who, Name: "score.compare", Subject: subject(f), After: struct {
				filterNote
				Repair bool  `json:"repair"`
				Scores int64 `json:"scores"`
			}{noteOf(f), repair, n},
		})
	})
	return n, err
}

// claimChecks leases due comparisons and starts one for each that gets a pass.
// The others go back. It returns how many it leased.
func (d *Deliverer) claimChecks(ctx context.Context) (int, error) {
	room := min(checkBatch, passesMax-d.lanes.load())
	if room <= 0 {
		return 0, nil
	}
	var list []store.ClaimedCheck
	err := d.Store.Update(ctx, func(tx store.Tx) (err error) {
		list, err = tx.Checks().Claim(ctx, d.now(), d.Name, leaseFor, room)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, c := range list {
		p, again := d.lanes.admitRead(c.Target.Outcome.ServiceURL, c.Target.Outcome.SourcedID, d.now())
		switch {
		case p == nil && d.lanes.readsDown(c.Target.Outcome.ServiceURL, d.now()):
			c.Verdict, c.Here, c.There, c.Said, c.Reason = store.Unclear, nil, nil, "", sayDown
			c.CheckedAt = d.now()
			d.settle(ctx, c)
			continue
		case p == nil:
			d.putBackCheck(ctx, c, again)
			continue
		}
		d.tries.Go(func() {
			d.compare(ctx, c, p)
			d.Wake()
		})
	}
	return len(list), nil
}

func (d *Deliverer) putBackCheck(ctx context.Context, c store.ClaimedCheck, again time.Time) {
	ctx = context.WithoutCancel(ctx)
	err := d.Store.Update(ctx, func(tx store.Tx) error { return tx.Checks().Release(ctx, c, d.Name, again) })
	if err != nil && !errors.Is(err, store.ErrConflict) {
		d.log().ErrorContext(ctx, "compare release", "target", c.TargetID, "error", err)
	}
}

// compare makes one comparison under lease.
func (d *Deliverer) compare(ctx context.Context, c store.ClaimedCheck, p *pass) {
	ok, again := p.enter(d.stop, d.now)
	if !ok {
		p.leave(nil, d.now())
		d.putBackCheck(ctx, c, again)
		return
	}
	r, wait := d.read(ctx, &c)
	now := d.now()
	p.leave(r, now)
	if ctx.Err() != nil {
		d.putBackCheck(ctx, c, now)
		return
	}
	c.Tries++
	if wait > 0 && c.Tries < checkTries {
		d.putBackCheck(ctx, c, now.Add(wait))
		return
	}
	if wait > 0 {
		c.Reason = fmt.Sprintf("tried %d times: %s", c.Tries, c.Reason)
	}
	c.CheckedAt = now
	d.settle(ctx, c)
}

// read compares once and fills in the verdict. It returns what the lane should
// learn, nil when nothing was sent, and how long to wait when it is worth
// trying again.
func (d *Deliverer) read(ctx context.Context, c *store.ClaimedCheck) (*result, time.Duration) {
	c.Verdict, c.Here, c.There, c.Said, c.Reason = store.Unclear, nil, nil, "", ""
	before, answered, err := d.Scorer.TargetScore(ctx, c.Target)
	switch {
	case absent(err):
		c.Reason = sayContentGone
		return nil, 0
	case err != nil:
		d.log().ErrorContext(ctx, "compare score", "target", c.TargetID, "error", err)
		c.Reason = sayScoreUnknown
		return nil, 0
	}
	if answered {
		here := before.Ratio()
		c.Here = &here
	} else {
		c.Verdict, c.Reason = store.Unanswered, sayNothingAnswered
	}
	if c.Target.Refused != "" {
		c.Reason = c.Target.Refused
		return nil, 0
	}
	reply, ok := d.ask(ctx, c)
	if !ok {
		return nil, 0
	}
	r := &result{class: reply.Class, status: reply.HTTPStatus, retryAfter: reply.RetryAfter, sent: true}
	if reply.Class != lti11.Done {
		c.Reason = reply.Why
		if reply.Description != "" {
			c.Reason += ": " + reply.Description
		}
		if reply.Class != lti11.Transient {
			return r, 0
		}
		wait := checkPause
		if c.Tries > 0 {
			wait *= 6
		}
		return r, max(wait, min(reply.RetryAfter, checkAgain))
	}
	after, now, err := d.Scorer.TargetScore(ctx, c.Target)
	if err != nil {
		after, now = before, answered
	}
	c.Said, c.Verdict, c.Reason = reply.Result, store.Unclear, ""
	if !now {
		weighNothing(c, reply)
		return r, 0
	}
	weigh(c, reply, before.Ratio(), after.Ratio())
	if c.Verdict == store.Differs {
		d.lookBack(ctx, c)
	}
	return r, 0
}

// lookBack tells a number that somebody put over ours from one of ours that is
// old: only the LMS that took the newest score and holds what it never got from
// here has been overridden.
func (d *Deliverer) lookBack(ctx context.Context, c *store.ClaimedCheck) {
	if c.State != store.Delivered || c.LastScore == nil || !near(*c.LastScore, *c.Here) {
		return
	}
	var tries []store.Attempt
	err := d.Store.View(ctx, func(tx store.Tx) (err error) {
		tries, err = tx.Owed().Attempts(ctx, c.OwedID)
		return err
	})
	if err != nil {
		d.log().ErrorContext(ctx, "compare tries", "owed", c.OwedID, "error", err)
		return
	}
	for _, a := range tries {
		if a.Class != string(Skipped) && a.Class != string(Refused) && near(a.Score, *c.There) {
			c.Reason = sayOlder
			return
		}
	}
	c.Verdict, c.Reason = store.Overridden, sayOverridden
}

// ask reads the result, by each live secret until one is taken. It reports
// false, with the reason in c, when nothing was sent.
func (d *Deliverer) ask(ctx context.Context, c *store.ClaimedCheck) (lti11.Reply, bool) {
	consumer, secrets, err := d.Consumers.Credentials(ctx, c.Target.ConsumerID)
	switch {
	case absent(err):
		c.Reason = sayConsumerGone
		return lti11.Reply{}, false
	case err != nil || len(secrets) == 0:
		d.log().ErrorContext(ctx, "compare secret", "consumer", c.Target.ConsumerID, "error", err)
		c.Reason = sayNoSecret
		return lti11.Reply{}, false
	case !consumer.Enabled:
		c.Reason = sayDisabled
		return lti11.Reply{}, false
	}
	var first lti11.Reply
	for i, secret := range secrets {
		if i > 0 && c.LeaseUntil.Sub(d.now()) < sendTimeout+leaseMargin {
			break
		}
		reply, err := d.readOnce(ctx, c.Target, consumer.Key, secret)
		if errors.Is(err, safehttp.ErrRefused) {
			c.Reason = reply.Why
			return reply, false
		}
		if reply.Class == lti11.Done {
			return reply, true
		}
		if i == 0 {
			first = reply
		}
		if !mayBeSignature(reply) {
			break
		}
	}
	return first, true
}

func (d *Deliverer) readOnce(ctx context.Context, t lti.GradeTarget, key string, secret lti.Secret) (lti11.Reply, error) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return lti11.ReadResult(ctx, d.Client, lti11.Target{
		ServiceURL: t.Outcome.ServiceURL, SourcedID: t.Outcome.SourcedID, Key: key, Secret: secret.Value, Clock: d.Clock,
	})
}

// weighNothing rules on what the LMS holds for somebody who has answered
// nothing: it should hold nothing either.
func weighNothing(c *store.ClaimedCheck, reply lti11.Reply) {
	c.Here, c.Verdict, c.Reason = nil, store.Unanswered, sayNothingAnswered
	if there, isNumber := reply.Value(); isNumber {
		c.There, c.Verdict, c.Reason = &there, store.Overridden, sayNotOurs
	}
}

// weigh rules on what the LMS holds. The score here may have changed while the
// LMS was asked: either value is the same.
func weigh(c *store.ClaimedCheck, reply lti11.Reply, before, after float64) {
	c.Here = &after
	text := strings.TrimSpace(reply.Result)
	there, isNumber := reply.Value()
	switch {
	case isNumber:
		c.There = &there
		if near(there, before) || near(there, after) {
			c.Verdict = store.Same
			return
		}
		c.Verdict = store.Differs
	case !reply.HasResult:
		c.Reason = sayNotTold
		return
	case text == "" || strings.EqualFold(text, "success"): // Blackboard's word for "none"
		c.Verdict = store.Missing
	default:
		c.Reason = fmt.Sprintf("the LMS answered %.40q, which is no number from 0 to 1", text)
		return
	}
	switch c.State {
	case store.Delivered, store.Parked:
	case store.Unowed:
		c.Reason = sayNeverOwed
	default:
		c.Reason = onItsWay
	}
}

func near(a, b float64) bool { return math.Abs(a-b) <= sameWithin }

// settle writes the verdict and, when asked to, owes the score again.
func (d *Deliverer) settle(ctx context.Context, c store.ClaimedCheck) {
	ctx = context.WithoutCancel(ctx)
	err := d.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.Checks().Finish(ctx, c, d.Name); err != nil {
			return err
		}
		if !c.Repair || c.Verdict != store.Missing && c.Verdict != store.Differs {
			return nil
		}
		if err := tx.Owed().Owe(ctx, store.Debt{TargetID: c.TargetID, At: d.now()}); err != nil {
			return err
		}
		return store.Note(ctx, tx, store.Act{
			At: d.now(), Who: c.AskedBy, Name: "score.repair", Subject: cmp.Or(c.OwedID, c.TargetID),
			Before: map[string]any{"lms": c.There, "said": c.Said}, After: map[string]any{"here": c.Here},
		})
	})
	if err != nil && !errors.Is(err, store.ErrConflict) {
		d.log().ErrorContext(ctx, "compare not saved", "target", c.TargetID, "error", err)
	}
	if d.Metrics.Compared != nil {
		d.Metrics.Compared(string(c.Verdict))
	}
	d.log().LogAttrs(ctx, slog.LevelInfo, "compare",
		slog.String("code", string(c.Verdict)), slog.String("target", c.TargetID),
		slog.String("consumer", c.Target.ConsumerID), slog.String("host", hostOf(c.Target.Outcome.ServiceURL)))
}
