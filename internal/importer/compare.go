package importer

import (
	"context"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"lectern/internal/course"
	"lectern/internal/store"
)

// maxChanges bounds each list of [Changes].
const maxChanges = 500

// Changes says what publishing an import would change for those who use the
// course already. Its JSON form is what --dry-run prints.
type Changes struct {
	New     bool     `json:"new"`     // the course is not here yet
	Base    string   `json:"base"`    // version that was compared with; "" for a new course
	Same    bool     `json:"same"`    // the very content is published already
	Added   []Change `json:"added"`   // blocks
	Removed []Change `json:"removed"` // blocks; links to them stop working
	Moved   []Change `json:"moved"`   // into another block
	Changed []Change `json:"changed"` // text, name or settings
	Keys    []Change `json:"answer_keys"`
	Stopped []Change `json:"stopped"` // problems that worked and would not any more
}

// Change is one block that changes.
type Change struct {
	Usage    string `json:"usage"`
	Type     string `json:"type"`
	Name     string `json:"name"`
	Detail   string `json:"detail,omitempty"`   // where it moved to, why it would not work
	Links    int64  `json:"links,omitempty"`    // live links to it
	Learners int64  `json:"learners,omitempty"` // who have done something with it
}

// Breaks reports whether somebody would notice: links that lead nowhere, work
// that is not shown any more, problems that stop working, other right answers.
func (c *Changes) Breaks() bool {
	return len(c.Stopped) > 0 || len(c.Keys) > 0 || slices.ContainsFunc(c.Removed, func(x Change) bool { return x.Links+x.Learners > 0 })
}

// Preview reads the course at path and says what publishing it would change. It
// stores nothing.
func (i *Importer) Preview(ctx context.Context, path string, opts Options) (*Report, *Changes, error) {
	tree, r, err := i.read(ctx, path, opts)
	if err != nil {
		return nil, nil, err
	}
	changes, err := i.compare(ctx, r.Course, r.Report)
	return r.Report, changes, errors.Join(err, tree.Close())
}

// use is what hangs on the blocks of a published course.
type use struct {
	links    map[string]int64
	learners map[course.Ref]int64
}

// compare compares an import with what is published.
func (i *Importer) compare(ctx context.Context, fresh *course.Course, report *Report) (*Changes, error) {
	key := fresh.Key.String()
	old, err := i.Report(ctx, key)
	if errors.Is(err, ErrCourse) {
		return &Changes{New: true}, nil
	}
	if err != nil {
		return nil, err
	}
	var c *course.Course
	u := use{links: map[string]int64{}}
	err = i.Store.View(ctx, func(tx store.Tx) error {
		if c, err = tx.Courses().Load(ctx, old.VersionID); err != nil {
			return err
		}
		uses, err := tx.Placements().Use(ctx, key)
		if err != nil {
			return err
		}
		for _, x := range uses {
			u.links[x.UsageKey] += x.Links
		}
		u.learners, err = tx.Learners().Use(ctx, key)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("compare %s: %w", key, err)
	}
	changes := differ(c, fresh, u)
	changes.Base, changes.Same = old.VersionID, old.Source == report.Source
	changes.stopped(old, report, fresh, u)
	return changes, nil
}

// differ finds which blocks differ.
func differ(old, fresh *course.Course, u use) *Changes {
	d := &Changes{}
	put := func(list *[]Change, c *course.Course, b *course.Block, detail string) {
		if len(*list) < maxChanges {
			*list = append(*list, u.change(c, b, detail))
		}
	}
	old.Blocks(func(b *course.Block) {
		if fresh.Block(b.Ref) == nil {
			put(&d.Removed, old, b, "")
		}
	})
	fresh.Blocks(func(b *course.Block) {
		before := old.Block(b.Ref)
		switch {
		case before == nil:
			put(&d.Added, fresh, b, "")
			return
		case parentOf(before) != parentOf(b):
			put(&d.Moved, fresh, b, Title(fresh, b.Parent))
		}
		if before.Name != b.Name || before.Data != b.Data || !reflect.DeepEqual(before.Settings, b.Settings) || !maps.Equal(before.Fields, b.Fields) {
			put(&d.Changed, fresh, b, "")
		}
		if b.Type == "problem" && before.Data != b.Data && answerKey(before.Data) != answerKey(b.Data) {
			put(&d.Keys, fresh, b, "")
		}
	})
	return d
}

func (u use) change(c *course.Course, b *course.Block, detail string) Change {
	usage := c.Usage(b).String()
	return Change{Usage: usage, Type: b.Type, Name: Title(c, b), Detail: detail, Links: u.links[usage], Learners: u.learners[b.Ref]}
}

func parentOf(b *course.Block) course.Ref {
	if b.Parent == nil {
		return course.Ref{}
	}
	return b.Parent.Ref
}

// stopped lists problems that learners could answer and would not any more.
func (c *Changes) stopped(old, fresh *Report, to *course.Course, u use) {
	worked := map[string]bool{}
	for i := range old.Checks {
		worked[old.Checks[i].Usage] = old.Checks[i].Answerable
	}
	for i := range fresh.Checks {
		e := &fresh.Checks[i]
		ref, err := course.ParseRef(e.Usage)
		if err != nil || e.Answerable || !worked[e.Usage] || len(c.Stopped) >= maxChanges {
			continue
		}
		if b := to.Block(ref); b != nil {
			c.Stopped = append(c.Stopped, u.change(to, b, e.Reason))
		}
	}
}

// answerKey digests what of a problem decides which answers are right: its
// responses, which choices are correct, further answers, its script. The order
// counts, since learners' answers name choices by it.
func answerKey(problem string) [sha256.Size]byte {
	d := xml.NewDecoder(strings.NewReader(problem))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	sum := sha256.New()
	inside := 0 // of an element whose text counts
	for {
		t, err := d.Token()
		if err != nil {
			break // the end, or where nobody can read on
		}
		switch t := t.(type) {
		case xml.StartElement:
			if decides(t.Name.Local) {
				fmt.Fprintf(sum, "<%s", t.Name.Local)
				slices.SortFunc(t.Attr, func(a, b xml.Attr) int { return strings.Compare(a.Name.Local, b.Name.Local) })
				for _, a := range t.Attr {
					fmt.Fprintf(sum, " %s=%q", a.Name.Local, a.Value)
				}
			}
			if inside > 0 || textDecides(t.Name.Local) {
				inside++
			}
		case xml.EndElement:
			inside = max(inside-1, 0)
		case xml.CharData:
			if inside > 0 {
				fmt.Fprintf(sum, "%q", strings.Join(strings.Fields(string(t)), " "))
			}
		}
	}
	var out [sha256.Size]byte
	copy(out[:], sum.Sum(nil))
	return out
}

func decides(element string) bool {
	switch element {
	case "choice", "option", "optioninput", "additional_answer", "responseparam", "answer", "script", "regexphint", "correct_choice", "draggable", "target":
		return true
	}
	return strings.HasSuffix(element, "response")
}

func textDecides(element string) bool {
	switch element {
	case "choice", "option", "additional_answer", "answer", "script":
		return true
	}
	return false
}
