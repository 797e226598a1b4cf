package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"time"

	"lectern/internal/errs"
	"lectern/internal/safehttp"
	"lectern/internal/store/sqlstore"
	"lectern/internal/telemetry"
)

// errUnwell means that doctor found something that fails.
var errUnwell = errs.New(errs.Unavailable, "site_unwell", "", "Something is wrong with this site.",
	"Each line above that starts with fail says what to do.")

// How a check came out.
const (
	wellOK   = "ok"
	wellWarn = "warn" // works, but somebody should look at it
	wellFail = "fail" // learners or scores suffer
)

// lookTimeout bounds one look at another machine.
const lookTimeout = 5 * time.Second

// finding is what one check says.
type finding struct {
	Check  string `json:"check"`
	Status string `json:"status"`
	Says   string `json:"says"`
	Do     string `json:"do"` // what to do; "" when all is well
}

// doctorCmd looks for what is wrong.
type doctorCmd struct {
	Online bool `help:"Also call the hosts that scores go to, and compare their clocks with ours."`
	JSON   bool `name:"json" help:"Print JSON."`
}

// Run makes every check that can be made and fails when one of them does. It
// migrates nothing; it writes one small file among the course files and removes
// it again.
func (c *doctorCmd) Run(app *App) error {
	d := &doctor{app: app, online: c.Online}
	d.examine(app.Context)
	defer d.close()
	if err := c.print(app, d.found); err != nil {
		return err
	}
	failed := 0
	for _, f := range d.found {
		if f.Status == wellFail {
			failed++
		}
	}
	if failed > 0 {
		return errUnwell.With("%d of %d checks failed", failed, len(d.found))
	}
	return nil
}

func (c *doctorCmd) print(app *App, found []finding) error {
	if c.JSON {
		return app.printJSON(found)
	}
	for _, f := range found {
		if _, err := fmt.Fprintf(app.Out, "%-4s  %-14s  %s\n", f.Status, f.Check, f.Says); err != nil {
			return err
		}
		if f.Do != "" {
			fmt.Fprintf(app.Out, "%22s  → %s\n", "", f.Do)
		}
	}
	return nil
}

// doctor examines one site.
type doctor struct {
	app    *App
	online bool
	found  []finding

	public   *url.URL         // nil: the setting is bad
	outbound safehttp.Options // what scores may reach
	store    *sqlstore.Store  // nil: there is none to look into
	settled  bool             // its schema is this program's
}

func (d *doctor) ok(check, format string, args ...any) {
	d.found = append(d.found, finding{check, wellOK, fmt.Sprintf(format, args...), ""})
}

func (d *doctor) warn(check, do, format string, args ...any) {
	d.found = append(d.found, finding{check, wellWarn, fmt.Sprintf(format, args...), do})
}

func (d *doctor) fail(check, do, format string, args ...any) {
	d.found = append(d.found, finding{check, wellFail, fmt.Sprintf(format, args...), do})
}

// broken reports err of a check as a failure, in our own words where it has
// some.
func (d *doctor) broken(check string, err error) {
	var e *errs.Error
	if !errors.As(err, &e) || e.Public == "" {
		d.fail(check, "See the message; docs/operator/troubleshooting.md may say more.", "%v", err)
		return
	}
	says := e.Public
	if e.Unwrap() != nil {
		says += " (" + e.Unwrap().Error() + ")"
	}
	d.fail(check, e.Hint, "%s", says)
}

// examine makes all checks, in the order in which a site would break.
func (d *doctor) examine(ctx context.Context) {
	d.app.Log = telemetry.NewLogger(io.Discard, telemetry.Text, slog.LevelError)
	d.site(ctx)
	d.python(ctx)
	d.grader(ctx)
}

// site checks all but what runs Python.
func (d *doctor) site(ctx context.Context) {
	d.publicURL()
	d.contentHost()
	d.proxies()
	d.answers(ctx)
	d.disk()
	d.database(ctx)
	d.assets(ctx)
	d.sealingKey(ctx)
	d.launches(ctx)
	d.refusals(ctx)
	d.consumerClocks(ctx)
	d.scores(ctx)
	d.outcomeHosts(ctx)
	d.mail()
}

func (d *doctor) close() {
	if d.store != nil {
		closing(d.app.Err, d.store)
	}
}
