package launch

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// Refusals of what the operator lets a consumer do.
var (
	ErrNotItsCourse = errs.New(errs.Forbidden, "launch_course_not_allowed", "",
		"Your course site may not open this course. Please tell your course team.",
		"The consumer's page, under Limits, lists the courses that it may open.")
	ErrTooEarly = errs.New(errs.Forbidden, "launch_not_open_yet", "",
		"Your course site cannot open content here yet. Please try again later.",
		"The consumer has a start date, on its page under Limits.")
	ErrOver = errs.New(errs.Forbidden, "launch_ended", "",
		"Your course site cannot open content here any more. Please tell your course team.",
		"The consumer had an end date, on its page under Limits.")
	ErrTooOften = errs.New(errs.TooMany, "launch_rate_exceeded", "",
		"Many people are opening content at this moment. Please try again in a minute.",
		"More launches within a minute than the consumer's limit, on its page under Limits.")
)

// within checks a launch, or a request for content, against the dates of its
// consumer.
func (h *Handler) within(c *lti.Consumer) error {
	now := h.Clock()
	switch {
	case !c.StartsAt.IsZero() && now.Before(c.StartsAt):
		return ErrTooEarly.With("the consumer starts at %s", c.StartsAt.Format(time.RFC3339))
	case !c.EndsAt.IsZero() && !now.Before(c.EndsAt):
		return ErrOver.With("the consumer ended at %s", c.EndsAt.Format(time.RFC3339))
	}
	return nil
}

// allowed checks a launch against all limits of its consumer that need no
// counting. They are in the row that was read for the signature.
func (h *Handler) allowed(a *arrival) error {
	c := a.verified.Launch.Consumer
	if err := h.within(c); err != nil {
		return err
	}
	if !c.MayOpen(a.courseID.Bare().String()) {
		return ErrNotItsCourse.With("course %q", a.courseID.String())
	}
	return nil
}

// rate counts a launch where its consumer has a limit. One that is refused does
// not count, because its transaction leaves nothing.
func (h *Handler) rate(ctx context.Context, tx store.Tx, c *lti.Consumer) error {
	if c.LaunchesPerMinute == 0 {
		return nil
	}
	n, err := tx.Rails().Count(ctx, c.ID, h.Clock())
	if err == nil && n > c.LaunchesPerMinute {
		err = ErrTooOften.With("more than %d launches in this minute", c.LaunchesPerMinute)
	}
	return err
}

// retryAfter says when the next minute begins.
func (h *Handler) retryAfter(w http.ResponseWriter) {
	w.Header().Set("Retry-After", strconv.Itoa(60-h.Clock().Second()))
}
