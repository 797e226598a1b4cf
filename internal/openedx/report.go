package openedx

import (
	"cmp"
	"slices"
)

// examplesMost is how many objects a reason names.
const examplesMost = 5

// Report says what an import did, or would do.
type Report struct {
	DryRun    bool      `json:"dry_run"`
	Files     []string  `json:"files"`
	Models    []*Counts `json:"models"`
	Conflicts []*Reason `json:"conflicts"` // somebody has to decide; nothing was written for these
	Skipped   []*Reason `json:"skipped"`   // nothing was written for these
	Notes     []*Reason `json:"notes"`     // was taken over, but not as it was
}

// Counts says what became of the objects of a model. Each that was read is
// counted once more.
type Counts struct {
	Model   string `json:"model"`
	Read    int64  `json:"read"`
	Added   int64  `json:"added"`
	Changed int64  `json:"changed"`
	Same    int64  `json:"same"` // was here already
	Skipped int64  `json:"skipped"`
}

// Reason is why objects were skipped or changed on the way.
type Reason struct {
	Model    string   `json:"model"`
	Why      string   `json:"why"`
	Count    int64    `json:"count"`
	Examples []string `json:"examples"`
}

// Changed reports whether anything was, or would be, written.
func (r *Report) Changed() bool {
	return slices.ContainsFunc(r.Models, func(c *Counts) bool { return c.Added+c.Changed > 0 })
}

// counts returns the line of a model.
func (r *Report) counts(model string) *Counts {
	for _, c := range r.Models {
		if c.Model == model {
			return c
		}
	}
	c := &Counts{Model: model}
	r.Models = append(r.Models, c)
	return c
}

// fate is what became of an object.
type fate int

const (
	added fate = iota
	changed
	same
	skipped
	conflict
)

// tally gathers what a transaction did, so that one that runs twice counts once.
type tally struct {
	fates   map[string]*[conflict + 1]int64
	reasons [3]map[[2]string]*Reason // conflicts, skipped, notes; by model and why
}

func newTally() *tally {
	return &tally{
		fates:   map[string]*[conflict + 1]int64{},
		reasons: [3]map[[2]string]*Reason{{}, {}, {}},
	}
}

func (t *tally) count(model string, f fate) {
	n := t.fates[model]
	if n == nil {
		n = new([conflict + 1]int64)
		t.fates[model] = n
	}
	n[f]++
}

func (t *tally) skip(model, name, why string) {
	t.count(model, skipped)
	t.why(1, model, name, why)
}

func (t *tally) clash(model, name, why string) {
	t.count(model, conflict)
	t.why(0, model, name, why)
}

// note says something about an object that is counted elsewhere.
func (t *tally) note(model, name, why string) { t.why(2, model, name, why) }

func (t *tally) why(kind int, model, name, why string) {
	key := [2]string{model, why}
	r := t.reasons[kind][key]
	if r == nil {
		r = &Reason{Model: model, Why: why}
		t.reasons[kind][key] = r
	}
	r.Count++
	if len(r.Examples) < examplesMost {
		r.Examples = append(r.Examples, name)
	}
}

// merge adds t to the report.
func (r *Report) merge(t *tally) {
	for model, n := range t.fates {
		c := r.counts(model)
		c.Added += n[added]
		c.Changed += n[changed]
		c.Same += n[same]
		c.Skipped += n[skipped] + n[conflict]
	}
	for i, into := range []*[]*Reason{&r.Conflicts, &r.Skipped, &r.Notes} {
		for _, from := range t.reasons[i] {
			addReason(into, from)
		}
	}
}

func addReason(list *[]*Reason, from *Reason) {
	for _, r := range *list {
		if r.Model == from.Model && r.Why == from.Why {
			r.Count += from.Count
			r.Examples = append(r.Examples, from.Examples...)
			r.Examples = r.Examples[:min(len(r.Examples), examplesMost)]
			return
		}
	}
	*list = append(*list, from)
}

// sort puts the report in an order that does not depend on chance.
func (r *Report) sort() {
	for _, list := range [][]*Reason{r.Conflicts, r.Skipped, r.Notes} {
		slices.SortFunc(list, func(a, b *Reason) int {
			return cmp.Or(cmp.Compare(a.Model, b.Model), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Why, b.Why))
		})
	}
	slices.SortFunc(r.Models, func(a, b *Counts) int { return cmp.Compare(a.Model, b.Model) })
}
