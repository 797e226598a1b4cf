// Package openedx takes over an Open edX site's LTI provider: consumers with
// their keys and secrets, learners and their links, what they did in courses
// that are imported here, and the gradebook cells their scores go to. LTI links
// made for the old site then work here under the old name.
//
// An import reads its files several times, as streams. The first time it only
// checks: a file that is wrong anywhere changes nothing. Then it writes consumers,
// people, their work and gradebook cells, in this order and in many small
// transactions, so that a running site goes on. Each object is taken whole or
// not at all, and one that is here already stays as it is, so an import that was
// interrupted is finished by running it again. Of two states of a learner on a
// block the newer one wins: a file of the day of the move completes an earlier
// one.
//
// What it keeps in memory are consumers, and some hundred bytes for each learner
// and gradebook cell; never learners' work.
package openedx

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"lectern/internal/catalog"
	"lectern/internal/errs"
	"lectern/internal/openedx/dump"
	"lectern/internal/registry"
	"lectern/internal/store"
)

// ErrNothing means that files hold nothing of Open edX's LTI provider.
var ErrNothing = errs.New(errs.Invalid, "openedx_nothing_found", "",
	"These files hold no LTI consumers, and none of their learners.",
	"Dump lti_provider as well: ./manage.py lms dumpdata lti_provider --output lti.json")

// batchMost is how many objects one transaction takes.
const batchMost = 200

// Importer imports. It is safe for one import at a time.
type Importer struct {
	Store    store.Store
	Registry *registry.Registry
	Catalog  *catalog.Catalog
	Clock    func() time.Time
	CheckURL func(raw string) error           // may scores be sent there?
	Progress func(step string, objects int64) // told now and then; nil: nobody is
}

// Options say how to import.
type Options struct {
	Who      string // acting account's ID, for the audit
	DryRun   bool   // write nothing
	AllUsers bool   // also people who never came by LTI
	Resend   bool   // owe every score that was taken over to its gradebook
}

// Import imports files. Its errors are [dump.ErrFile], [dump.ErrObject] and
// [ErrNothing], with nothing written; any other leaves what is written by then,
// and running the import again completes it.
func (i *Importer) Import(ctx context.Context, files []string, o Options) (*Report, error) {
	r := &run{
		Importer: i, Options: o, report: &Report{DryRun: o.DryRun},
		holds:     map[string]map[string]bool{},
		consumers: map[dump.Ref]*consumer{}, services: map[dump.Ref]*service{}, links: map[dump.Ref][]link{},
		newest: map[cell]place{}, names: map[dump.Ref]string{}, accounts: map[dump.Ref]string{},
		seen: map[dump.Ref]bool{}, made: map[string]bool{}, others: newTally(), versions: map[string]string{},
	}
	for _, file := range files {
		r.report.Files = append(r.report.Files, filepath.Base(file))
	}
	r.files = files
	for _, step := range []func(context.Context) error{
		r.scan, r.takeConsumers, r.readNames, r.takeUsers, r.takeModules, r.takeAssignments, r.finish,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	r.report.sort()
	return r.report, nil
}

// run is one import.
// Counters of r may be set by a transaction that runs twice: what they hold
// depends on the files alone, or is set anew.
type run struct {
	*Importer
	Options
	files   []string
	current int // the file that each reads, by number
	report  *Report

	holds     map[string]map[string]bool // models by file
	consumers map[dump.Ref]*consumer
	services  map[dump.Ref]*service
	links     map[dump.Ref][]link // by user
	newest    map[cell]place      // the object that counts for a gradebook cell
	seen      map[dump.Ref]bool   // users of the files
	others    *tally              // objects of models that are not for us
	names     map[dump.Ref]string // of people whose profile is there
	accounts  map[dump.Ref]string // accounts here; newAccount in a dry run
	made      map[string]bool     // user names of this run, in lower case
	versions  map[string]string   // of courses; "" for one that is not here
	foreign   string              // a password hash by Django that was taken
}

// newAccount stands for the account that a dry run would make.
const newAccount = "new"

// each calls f for every object of these models, in the order of the files.
func (r *run) each(ctx context.Context, f func(o *dump.Object) error, models ...string) error {
	for number, file := range r.files {
		r.current = number
		wanted := false
		for _, m := range models {
			wanted = wanted || r.holds[file][m]
		}
		if !wanted {
			continue
		}
		n := int64(0)
		err := dump.File(file, func(o *dump.Object) error {
			if n++; n%10_000 == 0 && r.Progress != nil {
				r.Progress(o.File, n)
			}
			for _, m := range models {
				if o.Model == m {
					return f(o)
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// batched calls do for the objects of these models in transactions of at most
// batchMost. read decodes an object; what it returns is kept until then.
func batched[T any](ctx context.Context, r *run, read func(o *dump.Object) (T, error),
	do func(ctx context.Context, tx store.Tx, t *tally, item T) error, models ...string,
) error {
	var items []T
	flush := func() error {
		if len(items) == 0 {
			return nil
		}
		var t *tally
		err := r.update(ctx, func(tx store.Tx) error {
			t = newTally()
			for _, item := range items {
				if err := do(ctx, tx, t, item); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("import from Open edX: %w", err)
		}
		r.report.merge(t)
		items = items[:0]
		return nil
	}
	err := r.each(ctx, func(o *dump.Object) error {
		item, err := read(o)
		if err != nil {
			return err
		}
		if items = append(items, item); len(items) < batchMost {
			return nil
		}
		return flush()
	}, models...)
	if err != nil {
		return err
	}
	return flush()
}

// update runs f in a transaction. A dry run's cannot write.
func (r *run) update(ctx context.Context, f func(tx store.Tx) error) error {
	if r.DryRun {
		return r.Store.View(ctx, f)
	}
	return r.Store.Update(ctx, f)
}

// finish keeps in the audit that something was imported.
func (r *run) finish(ctx context.Context) error {
	if r.DryRun || !r.report.Changed() {
		return nil
	}
	r.report.sort()
	return r.Store.Update(ctx, func(tx store.Tx) error {
		return store.Note(ctx, tx, store.Act{
			At: r.Clock(), Who: r.Who, Name: "openedx.import", After: map[string]any{
				"files": r.report.Files, "models": r.report.Models, "resend": r.Resend, "all_users": r.AllUsers,
			},
		})
	})
}
