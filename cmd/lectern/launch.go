package main

import (
	"time"

	"lectern/internal/store"
)

// launchCmd groups the commands about launches.
type launchCmd struct {
	List launchListCmd `cmd:"" help:"List launches, good and refused, newest first."`
	Show launchShowCmd `cmd:"" help:"Show the launch that a learner's reference names."`
}

// launchJSON is a launch-log row as --json prints it.
type launchJSON struct {
	ID       string    `json:"id"`
	At       time.Time `json:"at"`
	Code     string    `json:"code"`
	Verified bool      `json:"verified"`
	Consumer string    `json:"consumer"`
	Key      string    `json:"key"`
	Course   string    `json:"course"`
	Usage    string    `json:"usage"`
	Detail   string    `json:"detail"`
	Repeats  int64     `json:"repeats"`
}

func launchRows(app *App, f store.LaunchFilter) ([]launchJSON, error) {
	if err := app.Open(); err != nil {
		return nil, err
	}
	var list []store.LaunchEntry
	err := app.Store.View(app.Context, func(tx store.Tx) (err error) {
		list, err = tx.LaunchLog().List(app.Context, f)
		return err
	})
	out := make([]launchJSON, len(list))
	for i, e := range list {
		out[i] = launchJSON{
			e.ID, e.At, e.Code, e.Verified, e.ConsumerID, e.ConsumerKey, e.CourseKey, e.UsageKey, e.Detail, e.Repeats,
		}
	}
	return out, err
}

// launchListCmd lists the launch log.
type launchListCmd struct {
	Failed   bool   `help:"Only refusals."`
	Code     string `help:"Only this code."`
	Consumer string `help:"Only this consumer: ID, key or name."`
	Limit    int    `default:"100" help:"At most this many."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Run prints the rows.
func (c *launchListCmd) Run(app *App) error {
	f := store.LaunchFilter{Failed: c.Failed, Code: c.Code, Limit: c.Limit}
	if c.Consumer != "" {
		consumer, err := findConsumer(app, c.Consumer)
		if err != nil {
			return err
		}
		f.ConsumerID = consumer.ID
	}
	list, err := launchRows(app, f)
	if err != nil {
		return err
	}
	if c.JSON {
		return app.printJSON(list)
	}
	rows := make([][]string, len(list))
	for i, e := range list {
		rows[i] = []string{e.At.Format(time.RFC3339), e.ID[len(e.ID)-12:], e.Code, orDash(e.Key), orDash(e.Usage)}
	}
	return app.printTable([]string{"WHEN", "REFERENCE", "CODE", "KEY", "CONTENT"}, rows)
}

// launchShowCmd shows one launch.
type launchShowCmd struct {
	Reference string `arg:"" help:"The reference on the learner's page, or the whole ID."`
}

// Run prints the launches that match, with what the operator needs to know.
func (c *launchShowCmd) Run(app *App) error {
	list, err := launchRows(app, store.LaunchFilter{Reference: c.Reference})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return store.ErrNotFound.Say("No launch has the reference %s.", c.Reference)
	}
	return app.printJSON(list)
}
