package launch

import (
	"context"
	"errors"
	"net/http"

	"lectern/internal/continuation"
	"lectern/internal/keys"
	"lectern/internal/lti/lti11"
	"lectern/internal/store"
	"lectern/internal/web"
)

// waiting returns what is kept of a launch while its learner signs in.
func (a *arrival) waiting() *continuation.Launch {
	l := a.verified.Launch
	return &continuation.Launch{
		ConsumerID: l.Consumer.ID, LTI: l, CourseKey: a.courseID.String(), UsageKey: a.usage.String(),
		Query: a.query, Origins: a.origins, Nonce: a.verified.Nonce,
	}
}

// Resume goes on with launch id, whose learner has signed in meanwhile, and
// returns where the learner's page is. It works once, for who holds the token;
// everything but the signature is checked again.
func (h *Handler) Resume(w http.ResponseWriter, r *http.Request, id, token string) (location string, err error) {
	page := web.PageOf(r)
	page.Reference = web.NewReference()
	a := &arrival{r: r, id: id, entry: store.LaunchEntry{ID: page.Reference, At: h.Clock(), Code: "ok"}}
	a.resume = func(ctx context.Context, tx store.Tx) error {
		return h.Waiting.Use(ctx, tx, id, token, r.UserAgent())
	}
	location, err = h.reopen(w, a, token)
	if err != nil {
		h.refused(a, err)
		return "", err
	}
	h.count("ok")
	return location, nil
}

// reopen goes through the steps that are left.
func (h *Handler) reopen(w http.ResponseWriter, a *arrival, token string) (location string, err error) {
	if h.Off {
		return "", ErrOff
	}
	ctx := a.r.Context()
	waiting, err := h.Waiting.Look(ctx, a.id, token, a.r.UserAgent())
	if err != nil {
		return "", err
	}
	if err := h.restore(ctx, a, waiting.Launch); err != nil {
		return "", err
	}
	if err := h.find(a); err != nil {
		return "", err
	}
	return h.admit(w, a)
}

// restore makes of a launch that waited what it was when it arrived.
func (h *Handler) restore(ctx context.Context, a *arrival, l *continuation.Launch) error {
	var err error
	if a.courseID, err = keys.ParseCourse(l.CourseKey); err != nil {
		return err
	}
	if a.usage, err = keys.ParseUsage(l.UsageKey); err != nil {
		return err
	}
	a.query, a.origins = l.Query, l.Origins
	a.verified = &lti11.Verified{Launch: l.LTI, Nonce: l.Nonce}
	err = h.Store.View(ctx, func(tx store.Tx) (err error) {
		a.verified.Launch.Consumer, err = tx.Consumers().ByID(ctx, l.ConsumerID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return continuation.ErrOver.Wrap(err)
	}
	if err != nil {
		return err
	}
	c := a.verified.Launch.Consumer
	a.entry.Verified, a.entry.ConsumerID, a.entry.ConsumerKey = true, c.ID, c.Key
	a.entry.Detail = "went on after the learner signed in"
	if !c.Enabled {
		return lti11.ErrConsumerDisabled
	}
	return nil
}
