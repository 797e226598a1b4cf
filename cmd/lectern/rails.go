package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"lectern/internal/account"
	"lectern/internal/errs"
	"lectern/internal/lti"
	"lectern/internal/people"
	"lectern/internal/registry"
)

// errExpiry means that a change would delete learners' data.
var errExpiry = errs.New(errs.Conflict, "consumer_days_unconfirmed", "",
	"This time of keeping learners' data deletes some now.", "Say --yes to delete it, and save.")

// railsFlags are the limits of a consumer.
type railsFlags struct {
	Course            []string `placeholder:"KEY" help:"Course that the LMS may open, by its key; may be repeated; empty for all."`
	Starts            *string  `placeholder:"TIME" help:"Refuse launches before this time, e.g. 2026-09-01T08:00 (UTC); empty for no limit."`
	Ends              *string  `placeholder:"TIME" help:"Refuse launches from this time on; empty for no limit."`
	LaunchesPerMinute *int     `placeholder:"N" help:"Let in at most so many launches a minute; 0 for any number."`
	KeepDays          *int     `placeholder:"N" help:"Delete data of learners who were not here for so many days; 0 keeps it."`
}

// rails returns the old limits with what the flags change.
func (f *railsFlags) rails(old lti.Rails) (lti.Rails, error) {
	r := lti.Rails{
		Courses: instead(f.Course, old.Courses), StartsAt: old.StartsAt, EndsAt: old.EndsAt,
		LaunchesPerMinute: or(f.LaunchesPerMinute, old.LaunchesPerMinute), KeepDays: or(f.KeepDays, old.KeepDays),
	}
	for _, date := range []struct {
		given *string
		into  *time.Time
	}{{f.Starts, &r.StartsAt}, {f.Ends, &r.EndsAt}} {
		if date.given == nil {
			continue
		}
		t, err := registry.ParseDate(*date.given)
		if err != nil {
			return r, err
		}
		*date.into = t
	}
	return r, nil
}

// sure says what a new time of keeping data deletes, and stops unless somebody
// has said yes.
func (c *consumerSetCmd) sure(app *App, old *lti.Consumer, days int) error {
	if days < 1 || days == old.KeepDays {
		return nil
	}
	service := &people.Service{Store: app.Store, Clock: app.Clock}
	n, err := service.WouldExpire(app.Context, old.ID, days)
	if err != nil {
		return err
	}
	fmt.Fprintf(app.Err, "Keeping data for %d days deletes now: %d learner links, %d accounts with all answers.\n",
		days, n.Learners, n.Accounts)
	if n.Learners > 0 && !c.Yes {
		return errExpiry
	}
	return nil
}

// errAnew means that a change would move learners' work to another place.
var errAnew = errs.New(errs.Conflict, "consumer_anew_unconfirmed", "",
	"Learners would find other work than now at their next launch.", "Say --yes to change it.")

// sureAnew says what another place of learners' work does to gradebooks, and
// stops unless somebody has said yes.
func (c *consumerSetCmd) sureAnew(app *App, old *lti.Consumer) error {
	cells, err := app.Registry.Moving(app.Context, old, or(c.FreshState, old.FreshState))
	if err != nil || cells == 0 {
		return err
	}
	fmt.Fprintf(app.Err, "%d gradebook cells keep their score until the learner answers again; then the new score takes its place, also a lower one.\n", cells)
	if !c.Yes {
		return errAnew
	}
	return nil
}

func orAlways(t time.Time) string {
	if t.IsZero() {
		return "any time"
	}
	return t.UTC().Format(time.RFC3339)
}

// positive returns a number as text, "" for 0.
func positive(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// somebody names an account by its user name, or by what an LMS calls it.
type somebody struct {
	Username string `arg:"" help:"User name, or with --consumer what that LMS sends as user_id."`
	Consumer string `help:"ID, key or name of a consumer."`
}

func (w *somebody) find(app *App, service *people.Service) (*account.Account, error) {
	if w.Consumer == "" {
		return service.ByName(app.Context, w.Username)
	}
	consumer, err := findConsumer(app, w.Consumer)
	if err != nil {
		return nil, err
	}
	return service.ByLTIUser(app.Context, consumer.ID, w.Username)
}

// userExportCmd prints all that is kept about somebody.
type userExportCmd struct{ somebody }

// Run prints it as JSON; the audit notes that.
func (c *userExportCmd) Run(app *App) error {
	service, err := persons(app)
	if err != nil {
		return err
	}
	who, err := c.find(app, service)
	if err != nil {
		return err
	}
	e, err := service.TakeOut(app.Context, commandLine, who.ID)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(app.Out)
	enc.SetIndent("", "  ")
	return enc.Encode(e)
}

// userEraseCmd deletes somebody and all that is kept about them.
type userEraseCmd struct {
	somebody
	Yes bool `help:"Do it; without, only say what would go."`
}

// Run erases the account, or says what would go.
func (c *userEraseCmd) Run(app *App) error {
	service, err := persons(app)
	if err != nil {
		return err
	}
	who, err := c.find(app, service)
	if err != nil {
		return err
	}
	e, err := service.Export(app.Context, who.ID)
	if err != nil {
		return err
	}
	verb := "Erased"
	if !c.Yes {
		verb = "Erasing (say --yes) would remove"
	} else if err := service.Delete(app.Context, commandLine, who.ID); err != nil {
		return err
	}
	_, err = fmt.Fprintf(app.Out, "%s %s: %d links to LMSs, work on %d blocks, %d score changes, %d gradebook cells.\n"+
		"Scores that have reached an LMS stay there.\n",
		verb, who.Username, len(e.Links), len(e.Blocks), len(e.Scores), len(e.Gradebooks))
	return err
}
