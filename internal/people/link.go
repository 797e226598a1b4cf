package people

import (
	"context"
	"errors"
	"unicode/utf8"

	"lectern/internal/account"
	"lectern/internal/registry"
	"lectern/internal/signin"
	"lectern/internal/store"
)

// linked is a link as the audit keeps it.
type linked struct {
	ConsumerID string `json:"consumer_id"`
	LTIUserID  string `json:"lti_user_id"`
	AccountID  string `json:"account_id"`
	How        string `json:"how"`
}

func show(l *account.Link) any {
	if l == nil {
		return nil
	}
	return linked{l.ConsumerID, l.LTIUserID, l.AccountID, l.How}
}

// Link says that a user of an LMS is an account, whoever they were before. It
// is proof enough where the consumer requires an account. Launches that the
// user has open as somebody else end.
func (s *Service) Link(ctx context.Context, by, consumerID, ltiUserID, accountID string) error {
	if ltiUserID == "" || utf8.RuneCountInString(ltiUserID) > 255 {
		return ErrLTIUser
	}
	return s.Store.Update(ctx, func(tx store.Tx) error {
		a, err := find(ctx, tx, accountID)
		if err != nil {
			return err
		}
		if _, err := tx.Consumers().ByID(ctx, consumerID); errors.Is(err, store.ErrNotFound) {
			return registry.ErrUnknown
		} else if err != nil {
			return err
		}
		before, err := tx.Accounts().FindLink(ctx, consumerID, ltiUserID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		l := account.Link{
			ConsumerID: consumerID, LTIUserID: ltiUserID, AccountID: a.ID, How: account.ByOperator, CreatedAt: s.Clock(),
		}
		if err := tx.Accounts().Prove(ctx, l); err != nil {
			return err
		}
		if before != nil && before.AccountID != a.ID {
			if err := tx.People().EndLaunches(ctx, before.AccountID); err != nil {
				return err
			}
			if err := s.note(ctx, tx, by, "user.link", before.AccountID, show(before), show(&l)); err != nil {
				return err
			}
		}
		return s.note(ctx, tx, by, "user.link", a.ID, show(before), show(&l))
	})
}

// Unlink forgets which account a user of an LMS is, and ends the account's open
// launches. accountID, unless "", is whose link it has to be.
func (s *Service) Unlink(ctx context.Context, by, consumerID, ltiUserID, accountID string) error {
	return s.Store.Update(ctx, func(tx store.Tx) error {
		l, err := tx.Accounts().FindLink(ctx, consumerID, ltiUserID)
		if errors.Is(err, store.ErrNotFound) || err == nil && accountID != "" && l.AccountID != accountID {
			return ErrLinkUnknown
		}
		if err != nil {
			return err
		}
		if err := tx.Accounts().Unlink(ctx, consumerID, ltiUserID); err != nil {
			return err
		}
		if err := tx.People().EndLaunches(ctx, l.AccountID); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "user.unlink", l.AccountID, show(l), nil)
	})
}

// merged is a merge as the audit keeps it.
type merged struct {
	From    string     `json:"from"`
	Into    string     `json:"into"`
	States  int64      `json:"blocks"`
	Events  int64      `json:"score_changes"`
	Links   int64      `json:"links"`
	Targets int64      `json:"gradebook_cells"`
	Kept    []keptAway `json:"kept_apart,omitempty"`
}

type keptAway struct {
	Course string `json:"course"`
	Scope  string `json:"scope,omitempty"`
	Type   string `json:"type"`
	Block  string `json:"block"`
}

// Merge gives the account into all that the account from has done and is linked
// to, and closes from. On blocks that both have worked on, into's work stays and
// from's is kept apart; Merged lists them. Scores that changed by it are owed.
func (s *Service) Merge(ctx context.Context, by, fromID, intoID string) (*store.Merged, error) {
	if fromID == intoID {
		return nil, ErrMergeSame
	}
	var m *store.Merged
	err := s.Store.Update(ctx, func(tx store.Tx) error {
		from, into, err := mergeable(ctx, tx, fromID, intoID)
		if err != nil {
			return err
		}
		now := s.Clock()
		if m, err = tx.People().Merge(ctx, fromID, intoID, now); err != nil {
			return err
		}
		before := *from
		from.Enabled = false
		if err := tx.Accounts().Update(ctx, from); err != nil {
			return err
		}
		if err := owe(ctx, tx, into.ID, s); err != nil {
			return err
		}
		if err := s.audit(ctx, tx, by, "user.merge_away", fromID, &before, from); err != nil {
			return err
		}
		return s.note(ctx, tx, by, "user.merge", intoID, linked{AccountID: fromID}, report(fromID, intoID, m))
	})
	return m, err
}

func mergeable(ctx context.Context, tx store.Tx, fromID, intoID string) (from, into *account.Account, err error) {
	if from, err = find(ctx, tx, fromID); err != nil {
		return nil, nil, err
	}
	if into, err = find(ctx, tx, intoID); err != nil {
		return nil, nil, err
	}
	signsIn, err := tx.Accounts().SignsIn(ctx, fromID)
	switch {
	case err != nil:
		return nil, nil, err
	case from.HasRights() || signsIn:
		return nil, nil, ErrMergeFrom
	case !into.Enabled:
		return nil, nil, ErrMergeInto
	}
	return from, into, nil
}

// owe sends the scores of an account again: what it has done has changed.
func owe(ctx context.Context, tx store.Tx, accountID string, s *Service) error {
	h, err := tx.People().History(ctx, accountID)
	if err != nil {
		return err
	}
	type place struct{ course, scope string }
	answered := map[place]bool{}
	for _, state := range h.States {
		if state.Answered {
			answered[place{state.Key.CourseKey, state.Key.Scope}] = true
		}
	}
	for _, t := range h.Targets {
		if !answered[place{t.CourseKey, t.Scope}] {
			continue
		}
		if err := tx.Owed().Owe(ctx, store.Debt{TargetID: t.ID, At: s.Clock()}); err != nil {
			return err
		}
	}
	return nil
}

func report(fromID, intoID string, m *store.Merged) merged {
	r := merged{From: fromID, Into: intoID, States: m.States, Events: m.Events, Links: m.Links, Targets: m.Targets}
	for _, k := range m.Kept {
		r.Kept = append(r.Kept, keptAway{k.CourseKey, k.Scope, k.Ref.Type, k.Ref.ID})
	}
	return r
}

// CheckMerge returns both accounts of a merge of the account with the user name
// from, or why [Service.Merge] would refuse.
func (s *Service) CheckMerge(ctx context.Context, from, intoID string) (a, into *account.Account, err error) {
	if a, err = s.ByName(ctx, from); err != nil {
		return nil, nil, err
	}
	if a.ID == intoID {
		return nil, nil, ErrMergeSame
	}
	err = s.Store.View(ctx, func(tx store.Tx) error {
		a, into, err = mergeable(ctx, tx, a.ID, intoID)
		return err
	})
	return a, into, err
}

// ByName returns the account with this user name, or [signin.ErrUser].
func (s *Service) ByName(ctx context.Context, username string) (*account.Account, error) {
	var a *account.Account
	err := s.Store.View(ctx, func(tx store.Tx) (err error) {
		a, err = tx.Accounts().ByUsername(ctx, username)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, signin.ErrUser
	}
	return a, err
}
