package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
)

// What browsers accept, without and with our script.
const (
	acceptPage = "text/html,application/xhtml+xml"
	acceptJSON = "application/json"
)

// line is one thing measured on one server.
type line struct {
	what   string
	to     target
	make   func() ([]request, error) // of one round
	rounds []*tally

	private string // address that gives profiles; "" for none
}

// round measures once.
func (l *line) round(ctx context.Context) error {
	list, err := l.make()
	if err != nil {
		return fmt.Errorf("%s: %w", l.what, err)
	}
	t, err := closed(ctx, l.to, list, connections)
	if err != nil {
		return fmt.Errorf("%s: %w", l.what, err)
	}
	l.rounds = append(l.rounds, t)
	return nil
}

// lines lets all take turns, prints them, and counts refusals.
func (b *bench) lines(ctx context.Context, list ...*line) error {
	list = slices.DeleteFunc(list, func(l *line) bool { return !b.wanted(l.what) })
	for i := range b.rounds + 1 {
		for _, l := range list {
			if err := l.round(ctx); err != nil {
				return err
			}
			if i == 0 && !b.quick {
				l.rounds = nil // the first fills caches
			}
		}
	}
	w := b.table("what\trequests/s\tCPU ms\tDB CPU ms\tp50 ms\tp99 ms")
	for _, l := range list {
		at := func(p float64) float64 {
			return median(l.rounds, func(t *tally) float64 { return t.percentile(p).Seconds() * 1000 })
		}
		fmt.Fprintf(w, "%s\t%.0f\t%.3f\t%.3f\t%.1f\t%.1f\n", l.what, median(l.rounds, (*tally).rate),
			median(l.rounds, (*tally).each), median(l.rounds, (*tally).eachDB), at(50), at(99))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, l := range list {
		if l.private != "" {
			if err := b.profiled(ctx, l); err != nil {
				return err
			}
		}
	}
	fmt.Fprintln(b.out)
	for _, l := range list {
		b.count(l.what+": refused", sum(l.rounds, func(t *tally) int { return t.refusedGood }), 0)
	}
	return nil
}

// all returns CPU time of a request, server and database together.
func (t *tally) all() float64 { return t.each() + t.eachDB() }

func ratioOf(a, b *line, f func(*tally) float64) float64 {
	return median(a.rounds, f) / median(b.rounds, f)
}

// compare judges how much of the floor's rate Lectern has, where both were measured.
func (b *bench) compare(what string, ours, floor *line, want float64) {
	if ours.rounds == nil || floor.rounds == nil {
		return
	}
	b.bar(what, ratioOf(ours, floor, (*tally).rate), true, want, "")
	fmt.Fprintf(b.out, "%-66s %.2f\n", "  the same by CPU time", ratioOf(floor, ours, (*tally).each))
}

// pages measures a unit's page and a graded answer.
func pages(ctx context.Context, b *bench) error {
	s, err := b.newSite(ctx, "SQLite", "", 20)
	if err != nil {
		return err
	}
	private, err := b.private(s)
	if err != nil {
		return err
	}
	srv, err := b.serve(ctx, "lectern-SQLite", serverCore, s)
	if err != nil {
		return err
	}
	by := newSigner(srv.addr, "vertical", unitID)
	people, err := srv.enroll(ctx, by, b.scale(200, 5))
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "page.html")
	if err := os.WriteFile(file, people[0].body, 0o600); err != nil {
		return err
	}
	floor, err := b.bare(ctx, "floor", file)
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "the page has %d bytes\n", len(people[0].body))
	n := b.scale(4000, 100)
	page := &line{what: "Lectern, a unit's page", to: srv.target(http.StatusOK, nil), make: func() ([]request, error) {
		return visits(srv.addr, people, n), nil
	}}
	bytes := &line{what: "bare Go, the same bytes", to: floor.target(http.StatusOK, nil), make: func() ([]request, error) {
		list := make([]request, n)
		for i := range list {
			list[i] = request{bytes: get(floor.addr, "/page", people[0].cookie)}
		}
		return list, nil
	}}
	plain := b.answering(ctx, "Lectern, a graded answer", srv, by, acceptPage, http.StatusSeeOther)
	script := b.answering(ctx, "Lectern, a graded answer with the question drawn again", srv, by, acceptJSON, http.StatusOK)
	writes := &line{what: "bare Go, the same writes", to: floor.target(http.StatusSeeOther, nil), make: func() ([]request, error) {
		list := make([]request, b.scale(1500, 60))
		for i := range list {
			to := fmt.Sprintf("/answer?user=%d-%d", by.next, i/2)
			list[i] = request{bytes: post(floor.addr, to, "", acceptPage, url.Values{"state": {state}})}
		}
		by.next++
		return list, nil
	}}
	page.private, plain.private, script.private = private, private, private
	if err := b.lines(ctx, page, bytes, plain, writes, script); err != nil {
		return err
	}
	b.compare("pages/s: Lectern to a bare Go server that sends the same bytes", page, bytes, 0.3)
	b.compare("answers/s: Lectern to a bare Go server with the same writes", plain, writes, 0.5)
	return nil
}

// state is as long as what Lectern keeps of a learner's answer.
const state = `{"seed":1,"done":true,"attempts":1,"student_answers":{"input_p_2_1":"choice_0"},"correct_map":{"p_2_1":` +
	`{"correctness":"correct","npoints":1,"msg":"It is slower in glass."}},"last_submission_time":"2026-11-25T03:00:00Z"}`

// answering is a line of answers, two of each of many new learners: the state
// of one learner grows with every answer.
func (b *bench) answering(ctx context.Context, what string, srv *server, by *signer, accept string, taken int) *line {
	return &line{what: what, to: srv.target(taken, nil), make: func() ([]request, error) {
		n := b.scale(1500, 60)
		people, err := srv.enroll(ctx, by, n/2)
		if err != nil {
			return nil, err
		}
		return answers(srv.addr, people, n, accept)
	}}
}
