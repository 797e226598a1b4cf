package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"lectern/internal/errs"
	"lectern/internal/keys"
	"lectern/internal/lti"
	"lectern/internal/outcome"
	"lectern/internal/store"
)

// scoreCmd groups the commands about scores on their way to gradebooks.
type scoreCmd struct {
	List    scoreListCmd    `cmd:"" help:"List scores that were sent or are to be sent, and where they are."`
	Resend  scoreResendCmd  `cmd:"" help:"Send scores again, parked ones too."`
	Compare scoreCompareCmd `cmd:"" help:"Ask the LMSs which scores they hold, and repair what they lack."`
}

// errAccount means that no account has the ID or user name given.
var errAccount = errs.New(errs.NotFound, "account_unknown", "", "There is no such account.",
	"lectern score list shows the accounts that have scores.")

// scoreFilter selects scores.
type scoreFilter struct {
	Consumer string `help:"Only scores of this consumer: ID, key or name."`
	Course   string `help:"Only scores of this course, by its key." placeholder:"KEY"`
	Account  string `help:"Only scores of this account: ID or user name."`
}

// Validate checks the course key, so that a bad one is a mistake in usage.
func (f *scoreFilter) Validate() error {
	if f.Course == "" {
		return nil
	}
	key, err := keys.ParseCourse(f.Course)
	if err != nil {
		return fmt.Errorf("--course: %q is no course key; write course-v1:Org+Course+Run or Org/Course/Run", f.Course)
	}
	f.Course = key.Bare().String()
	return nil
}

// resolve opens the site and turns names into IDs.
func (f *scoreFilter) resolve(app *App) (out store.OwedFilter, err error) {
	if err := app.Open(); err != nil {
		return out, err
	}
	out.CourseKey = f.Course
	if f.Consumer != "" {
		consumer, err := app.Registry.Find(app.Context, f.Consumer)
		if err != nil {
			return out, err
		}
		out.ConsumerID = consumer.ID
	}
	if f.Account == "" {
		return out, nil
	}
	err = app.Store.View(app.Context, func(tx store.Tx) error {
		a, err := tx.Accounts().ByID(app.Context, f.Account)
		if errors.Is(err, store.ErrNotFound) {
			a, err = tx.Accounts().ByUsername(app.Context, f.Account)
		}
		if errors.Is(err, store.ErrNotFound) {
			return errAccount.With("account %q", f.Account)
		}
		if err == nil {
			out.AccountID = a.ID
		}
		return err
	})
	return out, err
}

// scoreJSON is an owed score as --json prints it. Numbers are null where the
// content is gone.
type scoreJSON struct {
	Consumer  string     `json:"consumer"` // its name
	Account   string     `json:"account"`  // its ID
	LTIUserID string     `json:"lti_user_id"`
	Course    string     `json:"course"`
	Usage     string     `json:"usage"`
	Link      string     `json:"link"` // the LMS's resource link, or the usage when it names none
	Earned    *float64   `json:"earned"`
	Possible  *float64   `json:"possible"`
	Score     *float64   `json:"score"` // earned of possible, 0 to 1, as gradebooks get it
	State     string     `json:"state"`
	Attempts  int        `json:"attempts"` // since the score last changed or was resent
	NextAt    *time.Time `json:"next_at"`  // null when nothing is to be sent
	LastError string     `json:"last_error"`
}

// scoreListCmd lists owed scores.
type scoreListCmd struct {
	scoreFilter
	State   string `enum:",waiting,sending,retrying,delivered,parked,none" default:"" help:"Only this state: waiting, sending, retrying, delivered, parked or none. None: the LMS has a place for a score, and nothing was ever to be sent."`
	Verdict string `enum:",wrong,same,missing,differs,overridden,unclear,unanswered" default:"" help:"Only what the last comparison with the LMS said: same, missing, differs, wrong (which is missing or differs), overridden, unclear or unanswered."`
	Limit   int    `default:"0" help:"At most this many; 0 for all."`
	JSON    bool   `name:"json" help:"Print JSON."`
}

// Run prints the scores, the newest change first.
func (c *scoreListCmd) Run(app *App) error {
	filter, err := c.resolve(app)
	if err != nil {
		return err
	}
	filter.State, filter.Verdict, filter.Limit = store.OwedState(c.State), store.Verdict(c.Verdict), max(0, c.Limit)
	var owed []store.OwedRow
	err = app.Store.View(app.Context, func(tx store.Tx) (err error) {
		owed, err = tx.Owed().List(app.Context, filter)
		return err
	})
	if err != nil {
		return err
	}
	if c.State == "" && c.Verdict == "" { // where nothing was ever to be sent is for those who ask
		owed = slices.DeleteFunc(owed, func(r store.OwedRow) bool { return r.State == store.Unowed })
	}
	list := make([]scoreJSON, len(owed))
	for i, row := range owed {
		if list[i], err = scoreRow(app, row); err != nil {
			return err
		}
	}
	if c.JSON {
		return app.printJSON(list)
	}
	rows := make([][]string, len(list))
	for i, s := range list {
		rows[i] = []string{
			s.Consumer, s.LTIUserID, s.Usage, points(s), s.State, strconv.Itoa(s.Attempts),
			orNever(when(s.NextAt)), orDash(s.LastError),
		}
	}
	header := []string{"CONSUMER", "LMS USER", "CONTENT", "SCORE", "STATE", "TRIES", "NEXT TRY", "LAST ERROR"}
	return app.printTable(header, rows)
}

// scoreRow adds the score as it is now.
func scoreRow(app *App, row store.OwedRow) (scoreJSON, error) {
	out := scoreJSON{
		Consumer: row.ConsumerName, Account: row.AccountID, LTIUserID: row.LTIUserID, Course: row.CourseKey,
		Usage: row.UsageKey, Link: row.LinkKey, State: string(row.State), Attempts: row.Attempts, LastError: row.LastError,
	}
	if due := row.State != store.Delivered && row.State != store.Parked && row.State != store.Unowed; due {
		out.NextAt = &row.NextAt
	}
	score, answered, err := app.Grading.TargetScore(app.Context, lti.GradeTarget{
		AccountID: row.AccountID, CourseKey: row.CourseKey, UsageKey: row.UsageKey, Scope: row.Scope,
	})
	if err != nil && errs.From(err).Kind != errs.NotFound {
		return out, err
	}
	if err == nil && answered {
		ratio := score.Ratio()
		out.Earned, out.Possible, out.Score = &score.Earned, &score.Possible, &ratio
	}
	return out, nil
}

func points(s scoreJSON) string {
	if s.Score == nil {
		return "-"
	}
	return strconv.FormatFloat(*s.Earned, 'g', 4, 64) + "/" + strconv.FormatFloat(*s.Possible, 'g', 4, 64)
}

func when(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// scoreResendCmd makes scores due again.
type scoreResendCmd struct {
	scoreFilter
	All     bool   `help:"All scores."`
	Verdict string `enum:",wrong,same,missing,differs,overridden,unclear" default:"" help:"Only what the last comparison with the LMS said: same, missing, differs, wrong (which is missing or differs), overridden or unclear. With overridden, scores from here go over what teachers typed."`
}

// Validate refuses to guess what is meant.
func (c *scoreResendCmd) Validate() error {
	some := c.Consumer != "" || c.Course != "" || c.Account != "" || c.Verdict != ""
	switch {
	case c.All && some:
		return errors.New("--all does not go with --consumer, --course, --account or --verdict")
	case !c.All && !some:
		return errors.New("say which scores: --all, --consumer, --course, --account or --verdict")
	}
	return c.scoreFilter.Validate()
}

// Run makes the scores due now; the running site sends them. Somebody who has
// not answered anything has no score and is not touched.
func (c *scoreResendCmd) Run(app *App) error {
	filter, err := c.resolve(app)
	if err != nil {
		return err
	}
	filter.Verdict = store.Verdict(c.Verdict)
	n, err := outcome.Resend(app.Context, app.Store, commandLine, filter, app.Clock())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(app.Out, "%d scores will be sent again.\n", n)
	return err
}
