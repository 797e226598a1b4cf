package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"lectern/internal/outcome"
	"lectern/internal/store"
)

// scoreCompareCmd compares scores with what the LMSs hold.
type scoreCompareCmd struct {
	scoreFilter
	Repair bool          `help:"Send again what an LMS lacks or holds otherwise. What somebody typed there stays, and nobody who has not answered is sent anything."`
	Wait   time.Duration `default:"10m" help:"Stop waiting for answers after this long."`
	JSON   bool          `name:"json" help:"Print JSON."`
}

// compareJSON is a comparison as --json prints it.
type compareJSON struct {
	Consumer   string     `json:"consumer"`
	Account    string     `json:"account"`
	LTIUserID  string     `json:"lti_user_id"`
	Course     string     `json:"course"`
	Usage      string     `json:"usage"`
	Verdict    string     `json:"verdict"` // same, missing, differs, overridden, unclear, unanswered, pending
	Here       *float64   `json:"here"`    // 0 to 1
	There      *float64   `json:"there"`   // null when the LMS holds none or does not say
	Reason     string     `json:"reason"`
	ComparedAt *time.Time `json:"compared_at"`
}

// Run asks, a few scores at a time, prints what came of it and how many of each
// verdict there are. Repairs are sent by the running site.
func (c *scoreCompareCmd) Run(app *App) error {
	filter, err := c.resolve(app)
	if err != nil {
		return err
	}
	if _, err := outcome.Compare(app.Context, app.Store, commandLine, filter, c.Repair, app.Clock()); err != nil {
		return err
	}
	deliverer, err := app.newDeliverer("compare")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(app.Context, c.Wait)
	defer cancel()
	if err := deliverer.DrainChecks(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	list, err := compared(app, filter)
	if err != nil {
		return err
	}
	if c.JSON {
		return app.printJSON(list)
	}
	rows, count := make([][]string, len(list)), map[string]int{}
	for i, r := range list {
		rows[i] = []string{r.Consumer, r.LTIUserID, r.Usage, r.Verdict, number(r.Here), number(r.There), orDash(r.Reason)}
		count[r.Verdict]++
	}
	if err := app.printTable([]string{"CONSUMER", "LMS USER", "CONTENT", "VERDICT", "HERE", "THERE", "REASON"}, rows); err != nil {
		return err
	}
	for _, v := range []store.Verdict{store.Same, store.Missing, store.Differs, store.Overridden, store.Unclear, store.Unanswered, pending} {
		if n := count[string(v)]; n > 0 {
			if _, err := fmt.Fprintf(app.Out, "%d %s\n", n, v); err != nil {
				return err
			}
		}
	}
	return nil
}

// pending is the verdict of what was not compared in time.
const pending = store.Verdict("pending")

func compared(app *App, filter store.OwedFilter) ([]compareJSON, error) {
	list := []compareJSON{}
	err := app.Store.View(app.Context, func(tx store.Tx) error {
		rows, err := tx.Owed().List(app.Context, filter)
		for _, r := range rows {
			out := compareJSON{
				Consumer: r.ConsumerName, Account: r.AccountID, LTIUserID: r.LTIUserID, Course: r.CourseKey, Usage: r.UsageKey,
				Verdict: string(r.Check.Verdict), Here: r.Check.Here, There: r.Check.There, Reason: r.Check.Reason,
				ComparedAt: moment(r.Check.CheckedAt),
			}
			if r.Check.Pending {
				out.Verdict = string(pending)
			}
			list = append(list, out)
		}
		return err
	})
	return list, err
}

func number(n *float64) string {
	if n == nil {
		return "-"
	}
	return strconv.FormatFloat(*n, 'g', 6, 64)
}
