package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// replicas measures whether a second replica on one PostgreSQL makes a launch
// dearer, and whether a nonce that one has seen is refused by the other. All
// replicas share the servers' core: what counts is CPU time.
func replicas(ctx context.Context, b *bench) error {
	one, err := b.replicated(ctx, "one replica", 1)
	if errors.Is(err, errNoPostgres) {
		fmt.Fprintln(b.out, "left out:", err)
		return nil
	}
	if err != nil {
		return err
	}
	two, err := b.replicated(ctx, "two replicas", 2)
	if err != nil {
		return err
	}
	list := []*contestant{one, two}
	for i := range b.rounds + 1 {
		for _, c := range list {
			if err := c.round(ctx, b.scale(4000, 300), nil); err != nil {
				return err
			}
			if i == 0 && !b.quick {
				c.rounds = nil // the first fills caches
			}
		}
	}
	w := b.table("contestant\tlaunches/s\tCPU ms of the replicas\tlaunches per CPU second\tDB CPU ms\tp50 ms\tp99 ms")
	for _, c := range list {
		each := median(c.rounds, (*tally).each)
		fmt.Fprintf(w, "%s\t%.0f\t%.3f\t%.0f\t%.3f\t%.1f\t%.1f\n", c.name, median(c.rounds, (*tally).rate), each, 1000/each,
			median(c.rounds, (*tally).eachDB), c.at(50), c.at(99))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(b.out)
	b.bar("launches per CPU second: two replicas to one", ratio(one, two, (*tally).each), true, 0.9, "")
	for _, c := range list {
		if err := b.counts(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// replicated serves one site by n processes. The world knows it by the address of
// the first.
func (b *bench) replicated(ctx context.Context, name string, n int) (*contestant, error) {
	dsn, err := b.database(ctx)
	if err != nil {
		return nil, err
	}
	s, err := b.newSite(ctx, fmt.Sprint("site-of-", n), dsn, 20)
	if err != nil {
		return nil, err
	}
	var servers []*server
	var public string
	for i := range n {
		port, err := freePort(ctx)
		if err != nil {
			return nil, err
		}
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		if i == 0 {
			public = addr
		}
		env := append(s.env[:len(s.env):len(s.env)], "LECTERN_LISTEN="+addr, "LECTERN_PUBLIC_URL=http://"+public)
		srv, err := b.start(ctx, fmt.Sprintf("replica-%d-of-%d", i+1, n), serverCore, env, "Lectern serves http://", b.lectern, "serve")
		if err != nil {
			return nil, err
		}
		srv.addr = addr
		servers = append(servers, srv)
	}
	to := target{taken: http.StatusSeeOther, db: b.postgres.cpu, cpu: func() time.Duration {
		var pids []int
		for _, srv := range servers {
			pids = append(pids, srv.pid())
		}
		return cpu(pids...)
	}}
	for _, srv := range servers {
		to.addrs = append(to.addrs, srv.addr)
	}
	c := &contestant{server: servers[0], name: name, to: to, sign: newSigner(public, "vertical", unitID), count: s.learners}
	return c, nil
}
