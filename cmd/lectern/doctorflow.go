package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"lectern/internal/launchlog"
	"lectern/internal/linktest"
	"lectern/internal/lti/lti11"
	"lectern/internal/problem/script"
	"lectern/internal/safehttp"
	"lectern/internal/store"
)

// What launches and scores are looked at.
const (
	recentDays     = 7
	recentLaunches = 500
	owedWarn       = time.Hour // a score that is on its way for longer
	owedFail       = 24 * time.Hour
)

// launches looks at what recent launches were signed for and how the LMSs'
// clocks go.
func (d *doctor) launches(ctx context.Context) {
	const check = "launches"
	if !d.settled {
		return
	}
	var list []store.LaunchEntry
	err := d.store.View(ctx, func(tx store.Tx) (err error) {
		list, err = tx.LaunchLog().List(ctx, store.LaunchFilter{Limit: recentLaunches})
		return err
	})
	if err != nil {
		d.broken(check, err)
		return
	}
	since := d.app.Clock().AddDate(0, 0, -recentDays)
	var good, mismatched int64
	var ages []time.Duration
	for _, e := range list {
		switch {
		case e.At.Before(since):
		case e.Verified:
			good++
			if e.Skew != nil && e.TestID == "" {
				ages = append(ages, *e.Skew)
			}
		case e.Code == lti11.ErrSignature.Code:
			mismatched += 1 + e.Repeats
		}
	}
	const do = "Compare the launch URL in the LMS with the public URL, to the letter; then enter key and secret again. lectern launch list --failed shows each."
	switch {
	case mismatched > 0 && good == 0:
		d.fail(check, do, "All of %d launches in the last %d days had a signature that does not match; this site checks against %s.", mismatched, recentDays, d.signedFor())
	case mismatched > good/10:
		d.warn(check, do, "%d launches in the last %d days had a signature that does not match, %d were good; this site checks against %s.", mismatched, recentDays, good, d.signedFor())
	case good == 0:
		d.ok(check, "There were none in the last %d days.", recentDays)
	default:
		d.ok(check, "The last %d within %d days were signed for this site's address.", good, recentDays)
	}
	d.launchClocks(ages)
}

// refusals reports what makes launches fail again and again.
func (d *doctor) refusals(ctx context.Context) {
	const check = "refused"
	if !d.settled {
		return
	}
	var list []launchlog.Warning
	err := d.store.View(ctx, func(tx store.Tx) (err error) {
		list, err = launchlog.Warnings(ctx, tx, d.app.Clock())
		return err
	})
	if err != nil {
		d.broken(check, err)
		return
	}
	for _, w := range list {
		who := w.Consumer
		if who == "" {
			who = "an unknown LMS with the key " + strconv.Quote(w.ConsumerKey)
		}
		d.warn(check, w.Do+" See lectern launch show "+launchlog.Code(w.Newest)+".",
			"%d launches of %s failed since %s: %s.", w.Count, who, w.First.Format(time.RFC3339), strings.TrimRight(w.Says, "."))
	}
	if len(list) == 0 {
		d.ok(check, "No cause made launches fail twice within a day.")
	}
}

// consumerClocks names the LMSs whose clocks are off.
func (d *doctor) consumerClocks(ctx context.Context) {
	if !d.settled {
		return
	}
	const check = "lms-clocks"
	window := d.app.Config.Window()
	err := d.store.View(ctx, func(tx store.Tx) error {
		list, err := tx.Consumers().List(ctx, "")
		if err != nil {
			return err
		}
		for _, c := range list {
			skew, known, err := launchlog.Clock(ctx, tx, c.ID, d.app.Clock())
			if err != nil {
				return err
			}
			if known && skew.Abs() > window/4 {
				d.warn(check, "Have that LMS's clock put right by NTP; if all LMSs are off alike, it is this machine's.",
					"The clock of %s is %s apart from this machine's, in the median of a day: launches further apart than %s are refused.", c.Name, skew.Abs(), window)
			}
		}
		return nil
	})
	if err != nil {
		d.broken(check, err)
	}
}

// signedFor is the address that signatures are checked against.
func (d *doctor) signedFor() string {
	if d.app.Config.PublicURL == "" || d.public == nil {
		return "the address of each request, as no public URL is set"
	}
	return d.public.String()
}

// launchClocks judges the median, since single launches may lie about.
func (d *doctor) launchClocks(ages []time.Duration) {
	const check = "launch-clocks"
	if len(ages) == 0 {
		return
	}
	slices.Sort(ages)
	median := ages[len(ages)/2].Truncate(time.Second)
	window := d.app.Config.Window()
	if median.Abs() > window/4 {
		d.warn(check, "Set this machine's clock by NTP, or have the LMS's put right: launches further apart than "+window.String()+" are refused.",
			"Launches are stamped %s apart from this machine's clock, in the median.", median)
		return
	}
	d.ok(check, "Launches are stamped %s apart from this machine's clock, in the median.", median)
}

// scores looks for scores that do not get on.
func (d *doctor) scores(ctx context.Context) {
	const check = "scores"
	if !d.settled {
		return
	}
	var backlog store.Backlog
	err := d.store.View(ctx, func(tx store.Tx) (err error) {
		backlog, err = tx.Owed().Backlog(ctx)
		return err
	})
	if err != nil {
		d.broken(check, err)
		return
	}
	if n := backlog.Count[store.Parked]; n > 0 {
		d.warn("parked-scores", "lectern score list --state parked says why. When that is mended: lectern score resend.", "%d scores are parked: nobody tries to send them any more.", n)
	} else {
		d.ok("parked-scores", "None.")
	}
	pending := 0
	for state, n := range backlog.Count {
		if state != store.Parked {
			pending += n
		}
	}
	var age time.Duration
	if !backlog.Oldest.IsZero() {
		age = d.app.Clock().Sub(backlog.Oldest).Truncate(time.Second)
	}
	const do = "See lectern score list --state retrying for the reason, and whether the site runs."
	switch {
	case age > owedFail:
		d.fail(check, do, "%d scores are to be sent, the oldest for %s.", pending, age)
	case age > owedWarn:
		d.warn(check, do, "%d scores are to be sent, the oldest for %s.", pending, age)
	default:
		d.ok(check, "%d scores are to be sent, none for long.", pending)
	}
}

// outcomeHosts checks, for each host that scores go to, whether it may be called
// and, online, whether it answers and what time it has.
func (d *doctor) outcomeHosts(ctx context.Context) {
	const check = "outbound"
	allow, err := d.app.Config.Allowed()
	if err != nil {
		d.fail(check, "Correct LECTERN_OUTBOUND_ALLOW.", "%v", err)
		return
	}
	if !d.settled {
		return
	}
	d.outbound = safehttp.Options{Allow: allow, Version: version, Total: lookTimeout}
	list, err := d.store.OutcomeAddresses(ctx)
	if err != nil {
		d.broken(check, err)
		return
	}
	seen := map[string]bool{}
	for _, a := range list {
		u, err := url.Parse(a.URL)
		if err != nil || linktest.Owns(a.URL) || seen[a.Consumer+"\n"+u.Scheme+u.Host] {
			continue
		}
		seen[a.Consumer+"\n"+u.Scheme+u.Host] = true
		d.outcomeHost(ctx, a.Consumer, a.URL, u)
	}
	if len(seen) == 0 {
		d.ok(check, "No LMS has said yet where its scores go.")
	}
}

func (d *doctor) outcomeHost(ctx context.Context, consumer, raw string, u *url.URL) {
	const check = "outbound"
	const allow = "If this host is meant, name its network in LECTERN_OUTBOUND_ALLOW and restart."
	if _, err := d.outbound.CheckURL(raw); err != nil {
		d.fail(check, allow, "Scores of %s may not go to %s: %s", consumer, u.Host, cmp.Or(safehttp.Reason(err), err.Error()))
		return
	}
	if !d.online {
		d.ok(check, "Scores of %s go to %s; --online tries whether it answers.", consumer, u.Host)
		return
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodHead, raw, nil)
	if err != nil {
		d.broken(check, err)
		return
	}
	client := safehttp.New(d.outbound)
	defer client.CloseIdleConnections()
	resp, err := client.Do(r)
	if errors.Is(err, safehttp.ErrRefused) {
		d.fail(check, allow, "Scores of %s may not go to %s: %s", consumer, u.Host, cmp.Or(safehttp.Reason(err), err.Error()))
		return
	}
	if err != nil {
		d.fail(check, "See whether firewalls let this machine call it, and whether the LMS is up.", "%s, where scores of %s go, does not answer: %v", u.Host, consumer, err)
		return
	}
	_ = resp.Body.Close() // any answer is one
	d.ok(check, "%s, where scores of %s go, answers.", u.Host, consumer)
	d.compareClock("clock", u.Host, resp)
}

// python runs a line in the sandbox.
func (d *doctor) python(ctx context.Context) {
	const check = "python"
	if d.app.Config.GraderFor == "all" {
		d.ok(check, "The sandbox is not used: all Python goes to the external grader.")
		return
	}
	if d.app.Sandbox == nil {
		d.app.Sandbox = d.app.sandbox()
	}
	d.tryRunner(ctx, check, "The sandbox", d.app.Sandbox, "Build Lectern with make build, which puts the interpreter in; its folder cache needs to be writable.")
}

// grader runs a line at the external grader.
func (d *doctor) grader(ctx context.Context) {
	const check = "grader"
	external, err := d.app.external()
	switch {
	case err != nil:
		d.fail(check, "Correct the LECTERN_GRADER settings: docs/operator/external-grader.md.", "%v", err)
	case external == nil:
		d.ok(check, "No external grader is set; problems that need numpy and the like cannot be graded.")
	default:
		d.tryRunner(ctx, check, "The external grader", external, "See the grader's log, and docs/operator/external-grader.md.")
	}
}

// tryRunner has r add two numbers.
func (d *doctor) tryRunner(ctx context.Context, check, what string, r script.Runner, do string) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	job := &script.Job{Protocol: script.Protocol, Script: "answer = 40 + 2"}
	reply, err := r.Run(ctx, job)
	for errors.Is(err, script.ErrBusy) && ctx.Err() == nil { // a slow machine takes its time to start it
		reply, err = r.Run(ctx, job)
	}
	took := time.Since(began).Round(time.Millisecond)
	if err != nil {
		d.fail(check, do, "%s runs no Python: %v", what, err)
		return
	}
	if reply.Failure != nil {
		d.fail(check, do, "%s cannot run a line of Python: %v", what, reply.Failure)
		return
	}
	if sum := reply.Globals["answer"].Text; sum != "42" {
		d.fail(check, do, "%s runs Python, but 40 + 2 became %q.", what, sum)
		return
	}
	d.ok(check, "%s runs Python; the first run took %s.", what, took)
}
