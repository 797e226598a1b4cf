package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"lectern/internal/store"
	"lectern/internal/store/sqlstore"
)

// connections is how many requests are under way at once in a closed loop.
const connections = 16

// contestant is one server with its launches.
type contestant struct {
	*server
	name   string
	to     target
	sign   *signer
	before []request // that were answered: what replays repeat
	rounds []*tally
	good   int // launches it must have kept
	count  func(context.Context) (int, error)
}

// launches measures launches: as many as possible, and at a fixed rate.
func launches(ctx context.Context, b *bench) error {
	list, err := b.contestants(ctx)
	if err != nil {
		return err
	}
	n := b.scale(4000, 300)
	for _, c := range list { // not measured: prepares statements, fills caches
		if err := c.round(ctx, b.scale(1000, 200), nil); err != nil {
			return err
		}
		c.rounds = nil
	}
	for range b.rounds {
		for _, c := range list {
			if err := c.round(ctx, n, nil); err != nil {
				return err
			}
		}
	}
	if err := b.closedResults(ctx, list); err != nil {
		return err
	}
	return b.openLoop(ctx, list)
}

// contestants starts all of them.
func (b *bench) contestants(ctx context.Context) ([]*contestant, error) {
	var list []*contestant
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		if !b.wanted("Lectern, " + engine) {
			continue
		}
		c, err := b.lecternOn(ctx, engine, 20)
		if errors.Is(err, errNoPostgres) {
			fmt.Fprintln(b.out, "left out:", err)
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if b.wanted("bare Go, SQLite") {
		floor, err := b.bare(ctx, "floor", "")
		if err != nil {
			return nil, err
		}
		list = append(list, newContestant("bare Go, SQLite", floor, http.StatusFound, nil))
	}
	if !b.wanted("ims-lti, SQLite") {
		return list, nil
	}
	peer, err := b.peer(ctx)
	if errors.Is(err, errPeer) {
		fmt.Fprintln(b.out, "left out:", err)
		return list, nil
	}
	if err != nil {
		return nil, err
	}
	return append(list, newContestant("ims-lti, SQLite", peer, http.StatusFound, nil)), nil
}

// lecternOn sets a site up on an engine and serves it.
func (b *bench) lecternOn(ctx context.Context, engine string, blocks int) (*contestant, error) {
	dsn, db := "", (func() time.Duration)(nil)
	if engine == "PostgreSQL" {
		var err error
		if dsn, err = b.database(ctx); err != nil {
			return nil, err
		}
		db = b.postgres.cpu
	}
	s, err := b.newSite(ctx, engine, dsn, blocks)
	if err != nil {
		return nil, err
	}
	srv, err := b.serve(ctx, "lectern-"+engine, serverCore, s)
	if err != nil {
		return nil, err
	}
	c := newContestant("Lectern, "+engine, srv, http.StatusSeeOther, db)
	c.count = s.learners
	return c, nil
}

func newContestant(name string, s *server, taken int, db func() time.Duration) *contestant {
	c := &contestant{server: s, name: name, to: s.target(taken, db), sign: newSigner(s.addr, "vertical", unitID)}
	c.count = s.sessions
	return c
}

// round sends n fresh launches, some broken and some replays. due is nil for a
// closed loop, or sends at a rate.
func (c *contestant) round(ctx context.Context, n int, send func([]request) (*tally, error)) error {
	list, err := c.sign.launches(n, c.before)
	if err != nil {
		return err
	}
	if send == nil {
		send = func(list []request) (*tally, error) { return closed(ctx, c.to, list, connections) }
	}
	time.Sleep(warm)
	t, err := send(list)
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	c.rounds = append(c.rounds, t)
	c.good += len(t.latency)
	c.before = list
	return nil
}

// closedResults prints the closed loop and judges it.
func (b *bench) closedResults(ctx context.Context, list []*contestant) error {
	w := b.table("contestant\tlaunches/s\tCPU ms\tDB CPU ms\tp50 ms\tp99 ms\tRSS MiB (highest)")
	by := map[string]*contestant{}
	for _, c := range list {
		now, highest := resident(c.pid())
		fmt.Fprintf(w, "%s\t%.0f\t%.3f\t%.3f\t%.1f\t%.1f\t%.0f (%.0f)\n", c.name, median(c.rounds, (*tally).rate),
			median(c.rounds, (*tally).each), median(c.rounds, (*tally).eachDB), c.at(50), c.at(99), now, highest)
		by[c.name] = c
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(b.out)
	lite, pg := by["Lectern, SQLite"], by["Lectern, PostgreSQL"]
	if peer := by["ims-lti, SQLite"]; peer != nil && lite != nil {
		b.bar("launches/s: Lectern to ims-lti", ratio(lite, peer, (*tally).rate), true, 1.5, "")
		fmt.Fprintf(b.out, "%-66s %.2f\n", "  the same by CPU time", ratio(peer, lite, (*tally).each))
	}
	floor := by["bare Go, SQLite"]
	if lite == nil || floor == nil {
		return nil // not all were asked for
	}
	b.bar("launches/s: Lectern to the bare Go server", ratio(lite, floor, (*tally).rate), true, 0.6, "")
	fmt.Fprintf(b.out, "%-66s %.2f\n", "  the same by CPU time", ratio(floor, lite, (*tally).each))
	if pg != nil {
		b.bar("launches/s: PostgreSQL to SQLite", ratio(pg, lite, (*tally).rate), true, 0.8, "")
		fmt.Fprintf(b.out, "%-66s %.2f\n", "  the same by Lectern's CPU time", ratio(lite, pg, (*tally).each))
	}
	for _, c := range list {
		if err := b.counts(ctx, c); err != nil {
			return err
		}
	}
	_, highest := resident(lite.pid())
	b.bar(fmt.Sprintf("memory of Lectern on SQLite after %d launches, at its highest", lite.good), highest, false, 96, " MiB")
	return nil
}

// counts judges what was taken and refused, and what is kept.
func (b *bench) counts(ctx context.Context, c *contestant) error {
	b.count(c.name+": replays accepted", sum(c.rounds, func(t *tally) int { return t.takenReplays }), 0)
	b.count(c.name+": broken signatures accepted", sum(c.rounds, func(t *tally) int { return t.takenBroken }), 0)
	b.count(c.name+": good launches refused", sum(c.rounds, func(t *tally) int { return t.refusedGood }), 0)
	kept, err := c.count(ctx)
	if err != nil {
		return err
	}
	b.count(c.name+": learners kept", kept, c.good)
	return nil
}

func ratio(a, b *contestant, f func(*tally) float64) float64 {
	return median(a.rounds, f) / median(b.rounds, f)
}

// at returns the median of the rounds' percentiles, in milliseconds.
func (c *contestant) at(p float64) float64 {
	return median(c.rounds, func(t *tally) float64 { return t.percentile(p).Seconds() * 1000 })
}

// openLoop offers launches at a fixed rate and looks at how long they take.
func (b *bench) openLoop(ctx context.Context, list []*contestant) error {
	const perSecond = 1000
	for _, c := range list {
		c.rounds = nil
	}
	for range b.rounds {
		for _, c := range list {
			err := c.round(ctx, b.scale(3*perSecond, 200), func(list []request) (*tally, error) {
				return open(ctx, c.to, list, perSecond, 8*connections)
			})
			if err != nil {
				return err
			}
		}
	}
	fmt.Fprintf(b.out, "\nopen loop, %d launches/s offered, latency from the due time\n", perSecond)
	w := b.table("contestant\tlaunches/s\tCPU ms\tDB CPU ms\tp50 ms\tp95 ms\tp99 ms")
	var lite, floor *contestant
	for _, c := range list {
		fmt.Fprintf(w, "%s\t%.0f\t%.3f\t%.3f\t%.1f\t%.1f\t%.1f\n", c.name, median(c.rounds, (*tally).rate),
			median(c.rounds, (*tally).each), median(c.rounds, (*tally).eachDB), c.at(50), c.at(95), c.at(99))
		switch c.name {
		case "Lectern, SQLite":
			lite = c
		case "bare Go, SQLite":
			floor = c
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(b.out)
	if lite == nil || floor == nil {
		return nil
	}
	b.bar("p99 at 1,000 launches/s: Lectern to the bare Go server", lite.at(99)/floor.at(99), false, 3, "")
	for _, c := range list {
		if err := b.counts(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// sessions asks a bare server or peer how many launches it kept.
func (s *server) sessions(ctx context.Context) (int, error) {
	c, err := dial(ctx, s.addr)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	rep, err := c.do(get(s.addr, "/count", ""), true)
	if err != nil {
		return 0, err
	}
	var count struct{ Sessions int }
	err = json.Unmarshal(rep.body, &count)
	return count.Sessions, err
}

// learners returns how many learners a site knows of the consumer.
func (s *site) learners(ctx context.Context) (int, error) {
	db, err := sqlstore.Open(ctx, s.dsn, sqlstore.Options{MaxConns: 1})
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var usage store.ConsumerUsage
	err = db.View(ctx, func(tx store.Tx) error {
		c, err := tx.Consumers().ByKey(ctx, consumerKey)
		if err == nil {
			usage, err = tx.Consumers().Usage(ctx, c.ID)
		}
		return err
	})
	if err == nil && usage.Learners != usage.Targets {
		err = fmt.Errorf("%d learners, but %d grade targets", usage.Learners, usage.Targets)
	}
	return int(usage.Learners), err
}
