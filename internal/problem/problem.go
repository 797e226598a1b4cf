package problem

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"lectern/internal/problem/calc"
	"lectern/internal/problem/script"
	"lectern/internal/xmltree"
)

// Class says whether and how a problem can be graded here.
type Class string

// The classes.
const (
	Native      Class = "native"      // graded by this package
	Python      Class = "python"      // needs the course's Python
	External    Class = "external"    // needs a grader outside of this site
	Unsupported Class = "unsupported" // uses something not built
	Broken      Class = "broken"      // what [Parse] refuses
)

// Limits of one problem. They are far above what courses use.
const (
	maxProblemBytes = 4 << 20
	maxProblemNodes = 200_000
	maxProblemDepth = 200
	maxInputs       = 1000
	maxChoices      = 1000 // of one input
	maxIncludes     = 50
)

// Options are what a problem needs to know about its surroundings.
type Options struct {
	// ID is the prefix of all element ids and field names: the block's html id.
	ID string
	// Include returns the text of a file named by <include file="…">, relative
	// to the course. Nil refuses every include.
	Include func(name string) (string, error)
	// Scripts runs the problem's Python. Nil: problems that need it can be parsed
	// but neither shown nor graded.
	Scripts script.Runner
	// External runs Python that needs more than Scripts offers: problems of class
	// [External], and those whose script misses a module. Nil: there is no such
	// grader.
	External script.Runner
	// Library is the course's python_lib.zip; nil for none.
	Library *script.Library
}

// Variant says which of its forms a problem takes: what is drawn by chance, and
// for whom. Problems without scripts depend on the seed alone.
type Variant struct {
	Seed        int64
	AnonymousID string // what scripts know the learner by; may be ""
}

// Definition is a parsed problem. What it says never changes, it holds nothing
// about any learner, and it is safe for concurrent use.
type Definition struct {
	id     string
	opts   Options
	script string // all of its Python, "" for none
	root   *xmltree.Node
	class  Class
	reason string
	queue  bool // an answer would go to a service that is not there
	max    float64
	hints  []string // demand hints, HTML

	spare sync.Pool // of *Problem that graded before
}

// Parse reads a problem. An error means the problem is broken: XML that is not
// well-formed or too large, or [ErrContent], whose detail names line and rule.
// Problems that are sound but cannot be graded here are no error: see
// [Definition.Class].
func Parse(xml string, opts Options) (*Definition, error) {
	if strings.Contains(xml, "outtext") && len(xml) <= maxProblemBytes {
		xml = openText.ReplaceAllString(xml, "text")
		xml = closeText.ReplaceAllString(xml, "/text")
	}
	root, err := xmltree.ParseBytes([]byte(xml), xmltree.Limits{
		Bytes: maxProblemBytes, Nodes: maxProblemNodes, Depth: maxProblemDepth,
	})
	if err != nil {
		return nil, err
	}
	if root.Name != "problem" {
		root = xmltree.Element("problem").Append(root)
	}
	if err := include(root, opts.Include); err != nil {
		return nil, err
	}
	if err := modernize(root); err != nil {
		return nil, err
	}
	d := &Definition{id: opts.ID, opts: opts, root: root, hints: demandHints(root)}
	d.script = scriptText(root)
	d.classify()
	if !d.Answerable() {
		return d, nil
	}
	trial := d.blank(Variant{Seed: 1})
	if err := trial.readResponses(); err != nil {
		return nil, err
	}
	d.max = trial.maxScore()
	if d.script == "" {
		return d, trial.build()
	}
	return d, nil
}

// The oldest courses open and close a run of text by two empty tags,
// <startouttext/> and <endouttext/>.
var (
	openText  = regexp.MustCompile(`startouttext\s*/`)
	closeText = regexp.MustCompile(`endouttext\s*/`)
)

// Class returns how the problem can be graded and, when not here, the reason as
// an English sentence for staff.
func (d *Definition) Class() (Class, string) { return d.class, d.reason }

// Answerable reports whether learners can be shown the problem and graded, as
// far as can be told without running its script; see [Definition.Trial].
func (d *Definition) Answerable() bool {
	switch d.class {
	case Native:
		return true
	case Python:
		return d.opts.Scripts != nil
	case External:
		return d.opts.External != nil && !d.queue
	}
	return false
}

// MaxScore returns the raw points, before weight. It is 0 for a problem that
// is not [Definition.Answerable], so that nobody loses points to it.
func (d *Definition) MaxScore() float64 { return d.max }

// DemandHints returns the number of hints behind the Hint button.
func (d *Definition) DemandHints() int { return len(d.hints) }

// Instance makes the problem a learner with this variant sees: scripts run, ids
// given, choices shuffled, pools drawn. Errors are [ErrContent], [ErrModule]
// where the script misses a module, and those of [script.Runner]. A problem that
// is not [Definition.Answerable] makes an instance without questions.
func (d *Definition) Instance(ctx context.Context, v Variant) (*Problem, error) {
	p, _, err := d.instance(ctx, v)
	return p, err
}

// grader is Instance for grading one submission. It may have graded others
// before; see [Definition.graded].
func (d *Definition) grader(ctx context.Context, v Variant) (*Problem, error) {
	if p, ok := d.spare.Get().(*Problem); ok && p.variant.Seed == v.Seed {
		p.variant = v
		return p, nil
	}
	return d.Instance(ctx, v)
}

// graded leaves p to the next submission, unless a script or chance had a part in
// it: then it is not what the next learner's would be.
func (d *Definition) graded(p *Problem) {
	if d.class == Native && p.rng == nil {
		p.variant, p.before = Variant{Seed: p.variant.Seed}, Marks{}
		d.spare.Put(p)
	}
}

// Trial makes one instance, with seed 1, to find out whether it can be made. It
// returns what was read leniently in the script, a sentence each; errors are
// those of [Definition.Instance], and of a script's failure there is a
// [*script.Failure] in their chain.
func (d *Definition) Trial(ctx context.Context) (notes []string, err error) {
	_, notes, err = d.instance(ctx, Variant{Seed: 1})
	return notes, err
}

func (d *Definition) instance(ctx context.Context, v Variant) (p *Problem, notes []string, err error) {
	p = d.blank(v)
	if !d.Answerable() {
		return p, nil, nil
	}
	if d.script != "" {
		if notes, err = p.runScript(ctx); err != nil {
			return nil, notes, err
		}
	}
	if err := p.readResponses(); err != nil {
		return nil, notes, err
	}
	return p, notes, p.build()
}

// blank returns an instance of which nothing is made yet.
func (d *Definition) blank(v Variant) *Problem {
	p := &Problem{def: d, variant: v, root: d.root.Clone(), scope: newScope(v.Seed)}
	p.linkParents()
	return p
}

// Problem is a problem as one learner sees it. It is used by one goroutine.
type Problem struct {
	def       *Definition
	variant   Variant
	root      *xmltree.Node
	scope     *scope
	parents   map[*xmltree.Node]*xmltree.Node
	responses []*response
	questions map[*xmltree.Node]*response // the same by element
	inputs    map[*xmltree.Node]*input
	solutions []*xmltree.Node // in document order
	rng       *pyRandom       // shared by all responses, made on first use
	before    Marks           // of the last attempt; hint functions may look at them
	work      *calc.Budget    // of the submission being graded, made on first use
}

// Class returns the class of the problem's definition.
func (p *Problem) Class() (Class, string) { return p.def.Class() }

// InputIDs returns the ids of all inputs in document order.
func (p *Problem) InputIDs() []string {
	var ids []string
	for _, r := range p.responses {
		for _, in := range r.inputs {
			ids = append(ids, in.id)
		}
	}
	return ids
}

func (p *Problem) maxScore() float64 {
	sum := 0.0
	for _, r := range p.responses {
		sum += r.maxScore()
	}
	return sum
}

// random returns the generator all responses share.
func (p *Problem) random() *pyRandom {
	if p.rng == nil {
		p.rng = newPyRandom(p.variant.Seed)
	}
	return p.rng
}
