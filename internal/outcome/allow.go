package outcome

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"lectern/internal/errs"
	"lectern/internal/safehttp"
	"lectern/internal/store"
)

// allowSetting names the setting that holds the networks, separated by blanks.
const allowSetting = "outbound_allow"

// allowFresh is how long another process's change of the networks may go
// unnoticed.
const allowFresh = 2 * time.Second

// allowMost bounds the list; whole networks belong into the configuration.
const allowMost = 64

// What may be in the way of admitting an address.
var (
	ErrNothingToAllow = errs.New(errs.Conflict, "outbound_nothing_to_allow", "",
		"This score is not held back by its address. Send it again instead.", "")
	ErrAllowMany = errs.New(errs.Invalid, "outbound_allow_many", "",
		"Too many addresses are admitted one by one.", "Admit their network with LECTERN_OUTBOUND_ALLOW instead.")
)

// Networks are the networks that operators admitted in the console, beside
// those of the configuration. It is safe for concurrent use.
type Networks struct {
	Store store.Store
	Clock func() time.Time

	mu   sync.Mutex
	list []netip.Prefix
	at   time.Time
}

// Allowed returns the networks, as they were at most two seconds ago. It fits
// [safehttp.Options.Also].
func (n *Networks) Allowed() []netip.Prefix {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now := time.Now(); n.at.IsZero() || now.Sub(n.at) > allowFresh {
		ctx, cancel := context.WithTimeout(context.Background(), allowFresh)
		defer cancel()
		_ = n.Store.View(ctx, func(tx store.Tx) error { // when it fails, the list from before stands
			list, err := networks(ctx, tx)
			if err == nil {
				n.list = list
			}
			return err
		})
		n.at = now
	}
	return n.list
}

func networks(ctx context.Context, tx store.Tx) ([]netip.Prefix, error) {
	text, err := tx.Settings().Value(ctx, allowSetting)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	var list []netip.Prefix
	for _, word := range strings.Fields(text) {
		if p, err := netip.ParsePrefix(word); err == nil {
			list = append(list, p)
		}
	}
	return list, err
}

// Admit admits the addresses that keep the score from being sent, as outbound
// resolves them now, and owes it again together with the others of its LMS's
// host. It returns what it admitted. who is for the audit.
func (n *Networks) Admit(ctx context.Context, who, owedID string, outbound safehttp.Options) ([]netip.Prefix, error) {
	var row store.OwedRow
	err := n.Store.View(ctx, func(tx store.Tx) (err error) {
		row, err = tx.Owed().Row(ctx, owedID)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if row.State != store.Parked {
		return nil, ErrNothingToAllow
	}
	blocked, err := outbound.Blocked(ctx, row.ServiceURL)
	if err != nil {
		return nil, ErrNothingToAllow.Wrap(err)
	}
	if len(blocked) == 0 {
		return nil, ErrNothingToAllow
	}
	err = n.change(ctx, who, "outbound.allow", row.ConsumerID, func(list []netip.Prefix) []netip.Prefix {
		for _, p := range blocked {
			if !slices.Contains(list, p) {
				list = append(list, p)
			}
		}
		return list
	}, func(tx store.Tx) error { return n.wake(ctx, tx, row) })
	return blocked, err
}

// wake owes the parked scores of the same consumer and host again.
func (n *Networks) wake(ctx context.Context, tx store.Tx, like store.OwedRow) error {
	rows, err := tx.Owed().List(ctx, store.OwedFilter{ConsumerID: like.ConsumerID, State: store.Parked})
	if err != nil {
		return err
	}
	for _, r := range rows {
		if hostOf(r.ServiceURL) != hostOf(like.ServiceURL) {
			continue
		}
		if err := tx.Placements().Admit(ctx, r.TargetID); err != nil {
			return err
		}
		if _, err := tx.Owed().Resend(ctx, store.OwedFilter{ID: r.ID}, n.Clock()); err != nil {
			return err
		}
	}
	return nil
}

// Withdraw takes an admitted network back. Scores to it are parked again at
// their next try.
func (n *Networks) Withdraw(ctx context.Context, who string, network netip.Prefix) error {
	return n.change(ctx, who, "outbound.withdraw", network.String(), func(list []netip.Prefix) []netip.Prefix {
		return slices.DeleteFunc(list, func(p netip.Prefix) bool { return p == network })
	}, func(store.Tx) error { return nil })
}

func (n *Networks) change(ctx context.Context, who, act, subject string,
	edit func([]netip.Prefix) []netip.Prefix, then func(store.Tx) error,
) error {
	err := n.Store.Update(ctx, func(tx store.Tx) error {
		before, err := networks(ctx, tx)
		if err != nil {
			return err
		}
		after := edit(slices.Clone(before))
		if len(after) > allowMost {
			return ErrAllowMany
		}
		if err := tx.Settings().Put(ctx, allowSetting, words(after)); err != nil {
			return err
		}
		if err := then(tx); err != nil {
			return err
		}
		return store.Note(ctx, tx, store.Act{
			At: n.Clock(), Who: who, Name: act, Subject: subject, Before: words(before), After: words(after),
		})
	})
	n.mu.Lock()
	n.at = time.Time{} // look again
	n.mu.Unlock()
	return err
}

func words(list []netip.Prefix) string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.String()
	}
	return strings.Join(out, " ")
}
