package launch

import (
	"context"
	"time"

	"lectern/internal/account"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// learner is who launches.
type learner struct {
	account *account.Account
	link    *account.Link // nil for somebody who was never here before
	fresh   bool          // the account was made just now
}

// learner resolves the launch's user to an account.
func (h *Handler) learner(ctx context.Context, tx store.Tx, l *lti.Launch, known *store.Known) (learner, error) {
	if !known.Linked {
		a, fresh, err := h.Accounts.Welcome(ctx, tx.Accounts(), tx.Consumers(), l)
		return learner{account: a, fresh: fresh}, err
	}
	link, a, err := tx.Accounts().Linked(ctx, l.Consumer.ID, l.User.ID)
	if err != nil {
		return learner{}, err
	}
	return learner{account: a, link: link}, h.Accounts.Admit(ctx, tx.Accounts(), l, link, a)
}

// place records the link in the LMS's course and returns its ID. Where nothing
// about it is new, only its launches are counted, many at once: see [marks].
func (h *Handler) place(ctx context.Context, tx store.Tx, a *arrival, known *store.Known) (string, error) {
	l, now := &a.verified.Launch, h.Clock()
	p := store.Placement{
		ConsumerID: l.Consumer.ID, LinkKey: linkKey(l, a.usage.String()), LMSContext: l.Context, Title: l.ResourceLink.Title,
		CourseKey: a.courseID.String(), UsageKey: a.usage.String(), FirstAt: now, LastLaunchAt: now,
	}
	was := known.Placement
	if was == nil || was.Title != p.Title || was.LMSContext != p.LMSContext || was.CourseKey != p.CourseKey || was.UsageKey != p.UsageKey {
		return tx.Placements().Upsert(ctx, p)
	}
	if h.marks.first("placement "+was.ID, now, was.LastLaunchAt) {
		return was.ID, tx.Placements().Count(ctx, was.ID, 1, now)
	}
	a.counted = was.ID
	return was.ID, nil
}

// target records where the score goes, when the LMS wants it. An address we may
// not reach is kept with the reason, not dropped.
func (h *Handler) target(ctx context.Context, tx store.Tx, a *arrival, who learner, placementID string) error {
	l := &a.verified.Launch
	if !l.Outcome.Wanted() || !l.Roles.SendsScore(l.Consumer) {
		return nil
	}
	t := lti.GradeTarget{
		ConsumerID: l.Consumer.ID, AccountID: who.account.ID, LinkKey: linkKey(l, a.usage.String()), CourseKey: a.courseID.String(),
		UsageKey: a.usage.String(), Scope: scope(l), Outcome: l.Outcome, UpdatedAt: h.Clock(), PlacementID: placementID,
	}
	if err := h.CheckURL(l.Outcome.ServiceURL); err != nil {
		t.Refused = cut(err.Error(), 500)
	}
	if l.Consumer.MovedFrom != "" { // the cell may be one that was taken over without its link
		if err := tx.Placements().Rename(ctx, l.Consumer.ID, who.account.ID, l.Outcome.MovedLink(), t.LinkKey); err != nil {
			return err
		}
	}
	if err := tx.Placements().Aim(ctx, t, who.fresh); err != nil {
		return err
	}
	// A learner who proved an account of their own must not have two scores on
	// the way into one cell: theirs is the new account's, and what the earlier
	// account still owes stays here.
	if who.link == nil || who.link.PreviousAccountID == "" || who.link.PreviousAccountID == who.link.AccountID {
		return nil
	}
	return tx.Placements().Retire(ctx, l.Consumer.ID, who.link.PreviousAccountID, t.LinkKey,
		"the learner has another account now: merge this one into it")
}

// consumer records what the launch says of the LMS: its GUID and where it frames
// us from when that is new, and now and then that it is in use. A test tells
// nothing of the LMS.
func (h *Handler) consumer(ctx context.Context, tx store.Tx, a *arrival, known *store.Known) error {
	l, now := &a.verified.Launch, h.Clock()
	if l.Test {
		return nil
	}
	guid := ""
	if known.Consumer.InstanceGUID == "" {
		guid = cut(l.Instance.GUID, 255)
	}
	if h.marks.first("consumer "+l.Consumer.ID, now, known.Consumer.LastLaunchAt) || guid != "" {
		if err := tx.Consumers().Launched(ctx, l.Consumer.ID, guid, now); err != nil {
			return err
		}
	}
	if h.marks.first("secret "+string(a.verified.Secret)+l.Consumer.ID, now, time.Time{}) {
		if err := tx.Consumers().UsedSecret(ctx, l.Consumer.ID, a.verified.Secret, now); err != nil {
			return err
		}
	}
	for i, origin := range a.origins {
		if i == 0 && !known.OriginAt.IsZero() && now.Sub(known.OriginAt) < originEvery {
			continue
		}
		if err := tx.Consumers().LearnOrigin(ctx, l.Consumer.ID, origin, now); err != nil {
			return err
		}
	}
	return nil
}
