package access

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"lectern/internal/errs"
	"lectern/internal/keys"
	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/store"
)

// ErrAnswer means that a request is to be declined without a reason.
var ErrAnswer = errs.New(errs.Invalid, "access_answer_missing", "",
	"Enter why the request is declined, in at most 1000 characters.", "")

// ByID returns a request, or [ErrUnknown].
func (s *Service) ByID(ctx context.Context, id string) (*store.AccessRequest, error) {
	var r *store.AccessRequest
	err := s.Store.View(ctx, func(tx store.Tx) (err error) {
		r, err = tx.AccessRequests().ByID(ctx, id)
		return err
	})
	return r, unknown(err)
}

// Suggest returns the consumer that approving a request would make unless the
// administrator says otherwise: named after the LMS, for the course that was
// asked for alone, and with the key that the LMS sends where that can be one and
// is free. The secret is left to be made: whoever asked never chooses it.
func (s *Service) Suggest(ctx context.Context, r *store.AccessRequest) (registry.Spec, error) {
	spec := registry.Spec{Name: r.LMSName}
	if spec.Name == "" {
		spec.Name = r.Institution
	}
	if key, err := keys.ParseCourse(r.CourseKey); err == nil && !key.Library {
		spec.Courses = []string{key.Bare().String()}
	}
	usable := r.ConsumerKey != "" && strings.TrimSpace(r.ConsumerKey) == r.ConsumerKey && utf8.ValidString(r.ConsumerKey) &&
		utf8.RuneCountInString(r.ConsumerKey) <= keyMost && !strings.ContainsFunc(r.ConsumerKey, hidden)
	if !usable {
		return spec, nil
	}
	err := s.Store.View(ctx, func(tx store.Tx) error {
		_, err := tx.Consumers().ByKey(ctx, r.ConsumerKey)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		spec.Key, err = r.ConsumerKey, nil
	}
	return spec, err
}

// hidden reports characters that make two keys look alike.
func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// Approve makes the consumer that spec says, in one transaction with the decision.
// Its key is that of spec, or made here; its secret is made here. who is the
// acting account's ID. Its errors are [ErrUnknown], [ErrDecided] and the
// registry's.
func (s *Service) Approve(ctx context.Context, who, id string, spec registry.Spec) (*lti.Consumer, error) {
	spec.Secret = ""
	c, _, err := s.Registry.AddWith(ctx, who, spec, func(tx store.Tx, c *lti.Consumer) error {
		return s.decide(ctx, tx, who, store.AccessRequest{ID: id, State: store.AccessApproved, ConsumerID: c.ID})
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Decline answers a request with a reason. Its errors are [ErrAnswer],
// [ErrUnknown] and [ErrDecided].
func (s *Service) Decline(ctx context.Context, who, id, answer string) error {
	answer = text(answer)
	if answer == "" || long(answer, AnswerMost) {
		return ErrAnswer
	}
	return s.Store.Update(ctx, func(tx store.Tx) error {
		return s.decide(ctx, tx, who, store.AccessRequest{ID: id, State: store.AccessDeclined, Answer: answer})
	})
}

// decide keeps a decision and audits it, without what belongs to the person.
func (s *Service) decide(ctx context.Context, tx store.Tx, who string, r store.AccessRequest) error {
	r.DecidedAt, r.DecidedBy = s.Clock(), who
	err := tx.AccessRequests().Decide(ctx, &r)
	if errors.Is(err, store.ErrNotFound) {
		if _, err := tx.AccessRequests().ByID(ctx, r.ID); err != nil {
			return unknown(err)
		}
		return ErrDecided
	}
	if err != nil {
		return err
	}
	asked, err := tx.AccessRequests().ByID(ctx, r.ID)
	if err != nil {
		return err
	}
	after := map[string]string{
		"state": string(r.State), "consumer_key": asked.ConsumerKey, "lms": asked.LMSName, "course": asked.CourseKey,
	}
	if r.ConsumerID != "" {
		after["consumer_id"] = r.ConsumerID
	}
	if r.Answer != "" {
		after["reason"] = r.Answer
	}
	name := "access.approve"
	if r.State == store.AccessDeclined {
		name = "access.decline"
	}
	return store.Note(ctx, tx, store.Act{At: s.Clock(), Who: who, Name: name, Subject: r.ID, After: after})
}

// Delete forgets a request, decided or not, with all that it says of a person.
func (s *Service) Delete(ctx context.Context, who, id string) error {
	return s.Store.Update(ctx, func(tx store.Tx) error {
		if err := tx.AccessRequests().Delete(ctx, id); err != nil {
			return unknown(err)
		}
		return store.Note(ctx, tx, store.Act{At: s.Clock(), Who: who, Name: "access.delete", Subject: id})
	})
}

func unknown(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return ErrUnknown
	}
	return err
}
