package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lectern/internal/launchlog"
	"lectern/internal/store"
)

// launchCmd groups the commands about launches.
type launchCmd struct {
	List launchListCmd `cmd:"" help:"List launches, good and refused, newest first."`
	Show launchShowCmd `cmd:"" help:"Show the launch that the code on a learner's page names."`
}

// launchJSON is a launch-log row as --json prints it.
type launchJSON struct {
	ID       string    `json:"id"`
	Short    string    `json:"learners_code"` // what the learner reads out
	At       time.Time `json:"at"`
	Code     string    `json:"code"`
	Verified bool      `json:"verified"`
	Consumer string    `json:"consumer"`
	Key      string    `json:"key"`
	Course   string    `json:"course"`
	Usage    string    `json:"usage"`
	Detail   string    `json:"detail"`
	Cause    string    `json:"cause"`
	Repeats  int64     `json:"repeats"`
	Clock    *float64  `json:"clock_seconds"` // our clock minus the LMS's; null while unproven
	Test     string    `json:"test"`

	Do         string            `json:"what_to_change"`
	Clause     string            `json:"clause"`
	Learner    string            `json:"learner_read"`
	Signed     string            `json:"signed"`
	Served     string            `json:"served"`
	Part       string            `json:"differs"`
	Fallback   string            `json:"fallback"`
	Secret     string            `json:"secret"`
	Warnings   []string          `json:"warnings"`
	Parameters map[string]string `json:"parameters"` // masked
}

func toLaunchJSON(e store.LaunchEntry) launchJSON {
	ev := launchlog.Read(e.Evidence)
	out := launchJSON{
		ID: e.ID, Short: launchlog.Code(e.ID), At: e.At, Code: e.Code, Verified: e.Verified, Consumer: e.ConsumerID,
		Key: e.ConsumerKey, Course: e.CourseKey, Usage: e.UsageKey, Detail: e.Detail, Cause: e.Cause, Repeats: e.Repeats,
		Test: e.TestID, Do: ev.Do, Clause: ev.Clause, Learner: ev.Learner, Signed: ev.Signed, Served: ev.Served,
		Part: string(ev.Part), Fallback: string(ev.Fallback), Secret: string(ev.Secret), Warnings: ev.Warnings,
		Parameters: map[string]string{},
	}
	if e.Skew != nil {
		seconds := e.Skew.Seconds()
		out.Clock = &seconds
	}
	for _, p := range ev.Parameters() {
		if p.Masked {
			p.Value = "masked: " + p.Value
		}
		out.Parameters[p.Name] = p.Value
	}
	return out
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
		out[i] = toLaunchJSON(e)
	}
	return out, err
}

// launchListCmd lists the launch log.
type launchListCmd struct {
	Failed   bool   `help:"Only refusals." xor:"verdict"`
	Good     bool   `help:"Only launches that worked." xor:"verdict"`
	Code     string `help:"Only this code, e.g. launch_signature_mismatch."`
	Consumer string `help:"Only this consumer: ID, key or name."`
	Course   string `help:"Only this course."`
	Text     string `help:"Only rows with this in key, content, code or what went wrong."`
	Limit    int    `default:"100" help:"At most this many."`
	JSON     bool   `name:"json" help:"Print JSON."`
}

// Run prints the rows.
func (c *launchListCmd) Run(app *App) error {
	f := store.LaunchFilter{
		Failed: c.Failed, Opened: c.Good, Code: c.Code, CourseKey: c.Course, Text: c.Text, Limit: c.Limit,
	}
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
		rows[i] = []string{e.At.Format(time.RFC3339), e.Short, e.Code, orDash(e.Key), orDash(e.Usage)}
	}
	return app.printTable([]string{"WHEN", "LEARNER'S CODE", "CODE", "KEY", "CONTENT"}, rows)
}

// launchShowCmd shows one launch.
type launchShowCmd struct {
	Reference string `arg:"" help:"The code on the learner's page, such as K7QM-29XF, or the whole ID."`
	JSON      bool   `name:"json" help:"Print JSON."`
}

// Run prints the launches that match, with what the operator needs to know.
func (c *launchShowCmd) Run(app *App) error {
	list, err := launchRows(app, store.LaunchFilter{Reference: launchlog.Ending(c.Reference)})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return store.ErrNotFound.Say("No launch has the code %s.", c.Reference)
	}
	if c.JSON {
		return app.printJSON(list)
	}
	for _, e := range list {
		if err := e.print(app); err != nil {
			return err
		}
	}
	return nil
}

// print writes a launch for people.
func (e *launchJSON) print(app *App) error {
	clock := ""
	if e.Clock != nil {
		clock = fmt.Sprintf("%.0f s behind this site's (negative: ahead)", *e.Clock)
	}
	for _, line := range [][2]string{
		{"launch", e.Short + "  " + e.ID}, {"when", e.At.Format(time.RFC3339)}, {"code", e.Code}, {"what", e.Detail},
		{"what to change", e.Do}, {"clause", e.Clause}, {"signed for", e.Signed}, {"served at", e.Served},
		{"fallback", e.Fallback}, {"secret", e.Secret}, {"clock of the LMS", clock}, {"lacks", strings.Join(e.Warnings, "; ")},
		{"the learner read", e.Learner}, {"consumer", e.Consumer}, {"key", e.Key}, {"course", e.Course}, {"content", e.Usage},
		{"test", e.Test},
	} {
		if line[1] != "" {
			if _, err := fmt.Fprintf(app.Out, "%-17s %s\n", line[0], line[1]); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Parameters)) {
		if _, err := fmt.Fprintf(app.Out, "  %s = %s\n", name, e.Parameters[name]); err != nil {
			return err
		}
	}
	return nil
}
