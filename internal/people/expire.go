package people

import (
	"context"
	"errors"
	"time"

	"lectern/internal/account"
	"lectern/internal/lti"
	"lectern/internal/store"
)

// expireBatch is how many learners one transaction of [Service.Expire] takes.
const expireBatch = 50

// expireBy is who the audit names when nobody but a consumer's limit says so.
const expireBy = "retention"

// Expire deletes what consumers with a limit of days have brought of learners
// who were not here for that long, at most batches of some dozen learners each;
// the next call goes on. Scores at the LMSs stay as they are.
func (s *Service) Expire(ctx context.Context, batches int) error {
	var keeping []*lti.Consumer
	err := s.Store.View(ctx, func(tx store.Tx) error {
		list, err := tx.Consumers().List(ctx, "")
		for _, c := range list {
			if c.KeepDays > 0 {
				keeping = append(keeping, c)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range keeping {
		for ; batches > 0; batches-- {
			n := 0
			err := s.Store.Update(ctx, func(tx store.Tx) (err error) {
				n, err = s.expire(ctx, tx, c)
				return err
			})
			if err != nil {
				return err
			}
			if n < expireBatch {
				break
			}
		}
	}
	return nil
}

func (s *Service) expire(ctx context.Context, tx store.Tx, c *lti.Consumer) (int, error) {
	links, err := tx.Rails().Stale(ctx, c.ID, s.before(c.KeepDays), expireBatch)
	if err != nil || len(links) == 0 {
		return 0, err
	}
	deleted := 0
	for _, l := range links {
		gone, err := s.forget(ctx, tx, l)
		if err != nil {
			return 0, err
		}
		if gone {
			deleted++
		}
	}
	return len(links), s.note(ctx, tx, expireBy, "consumer.expire", c.ID, nil, map[string]int{
		"days": c.KeepDays, "learners": len(links), "accounts": deleted,
	})
}

// before is the moment since which a learner must have been here.
func (s *Service) before(days int) time.Time { return s.Clock().AddDate(0, 0, -days) }

// forget removes a link, and its account when that is nobody's own and no other
// LMS leads into it. It reports whether the account went.
func (s *Service) forget(ctx context.Context, tx store.Tx, l account.Link) (bool, error) {
	if err := tx.Rails().Unlink(ctx, l); err != nil {
		return false, err
	}
	gone, err := s.drop(ctx, tx, l.AccountID)
	if err != nil || l.PreviousAccountID == "" {
		return gone, err
	}
	_, err = s.drop(ctx, tx, l.PreviousAccountID) // what the learner did before they signed in
	return gone, err
}

// drop deletes an account that a launch made and that nothing leads into.
func (s *Service) drop(ctx context.Context, tx store.Tx, id string) (bool, error) {
	a, err := tx.Accounts().ByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil || a.Kind == account.Local {
		return false, err
	}
	left, err := tx.Accounts().Links(ctx, id)
	if err != nil || len(left) > 0 {
		return false, err
	}
	if signsIn, err := tx.Accounts().SignsIn(ctx, id); err != nil || signsIn {
		return false, err
	}
	return true, tx.People().Delete(ctx, id)
}

// WouldExpire counts what a limit of days would delete of a consumer's learners
// now.
func (s *Service) WouldExpire(ctx context.Context, consumerID string, days int) (n store.StaleUsage, err error) {
	if days < 1 {
		return n, nil
	}
	err = s.Store.View(ctx, func(tx store.Tx) error {
		n, err = tx.Rails().StaleUsage(ctx, consumerID, s.before(days))
		return err
	})
	return n, err
}

// TakeOut is [Service.Export] for an operator, whom the audit names.
func (s *Service) TakeOut(ctx context.Context, by, id string) (*Export, error) {
	e, err := s.Export(ctx, id)
	if err != nil {
		return nil, err
	}
	return e, s.Store.Update(ctx, func(tx store.Tx) error { return s.note(ctx, tx, by, "user.export", id, nil, nil) })
}

// ByLTIUser returns the account that a consumer's user is, or [ErrLinkUnknown].
func (s *Service) ByLTIUser(ctx context.Context, consumerID, ltiUserID string) (a *account.Account, err error) {
	err = s.Store.View(ctx, func(tx store.Tx) error {
		a, err = tx.Accounts().ByLink(ctx, consumerID, ltiUserID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrLinkUnknown
	}
	return a, err
}
