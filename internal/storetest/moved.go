package storetest

import (
	"lectern/internal/lti"
	"lectern/internal/store"
)

// testMovedTargets covers gradebook cells that come without their link: nothing
// is owed to them, and they get another link key while that is free.
func testMovedTargets(s suite) {
	ids := s.targets(2)
	target := func(id string) *lti.GradeTarget {
		s.Helper()
		return read(s, func(tx store.Tx) (*lti.GradeTarget, error) { return tx.Placements().Target(s.ctx, id) })
	}
	s.update(func(tx store.Tx) error { return tx.Owed().Settle(s.ctx, ids[0], now()) })
	row := s.row(ids[0])
	if row.State != store.Delivered || row.WantedVersion != 1 || row.DeliveredVersion != 1 || !row.DeliveredAt.IsZero() || row.LastScore != nil {
		s.Errorf("settled: %+v", row)
	}
	if list := s.claim(1_000_000, "w", 10); len(list) != 0 {
		s.Errorf("something settled was claimed: %+v", list)
	}
	s.owe(ids[0], 5, 0)
	s.update(func(tx store.Tx) error { return tx.Owed().Settle(s.ctx, ids[0], after(6)) }) // changes nothing any more
	if row = s.row(ids[0]); row.State != store.Waiting || row.WantedVersion != 2 || row.DeliveredVersion != 1 {
		s.Errorf("owed after settling: %+v", row)
	}
	s.fails(store.ErrNotFound, func(tx store.Tx) error { return tx.Owed().Settle(s.ctx, "nobody", now()) })

	first, second := target(ids[0]), target(ids[1])
	for _, tt := range []struct{ from, to, want string }{
		{second.LinkKey, "free", "free"}, {"nothing", "other", "free"}, {"free", first.LinkKey, "free"}, {"free", second.LinkKey, second.LinkKey},
	} {
		s.update(func(tx store.Tx) error {
			return tx.Placements().Rename(s.ctx, second.ConsumerID, second.AccountID, tt.from, tt.to)
		})
		if got := target(ids[1]).LinkKey; got != tt.want {
			s.Errorf("renamed from %q to %q: %q", tt.from, tt.to, got)
		}
	}
}
