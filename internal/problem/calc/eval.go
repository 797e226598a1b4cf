package calc

import (
	"maps"
	"math"
	"slices"
)

// maxWork is what one budget allows: a fraction of a second, and a hundred times
// what courses need.
const maxWork = 5_000_000

// setUpCost is the work of putting the names of one evaluation together.
const setUpCost = 100

// Budget bounds the work of evaluating, so that a formula of huge numbers that
// is tried at many points ends. One unit is an operation on small numbers.
type Budget struct{ left int }

// NewBudget returns a full budget.
func NewBudget() *Budget { return &Budget{left: maxWork} }

// spend takes the cost of having made a value: more than proportional to the
// size of whole numbers, as multiplying and dividing them is.
func (b *Budget) spend(v Value) error {
	cost := 1
	if v.kind == intKind && v.i != nil {
		words := v.i.BitLen() / 64
		cost += words * words / 16
	}
	return b.Spend(cost)
}

// Spend takes work that is done beside evaluating. Its error, an [*Error], says
// that the budget is used up.
func (b *Budget) Spend(units int) error {
	if b.left -= units; b.left < 0 {
		return tooMuchWork()
	}
	return nil
}

func tooMuchWork() error { return fail(OverflowError, "evaluating takes too long") }

// Expression is a formula that is evaluated at many points. It is safe for
// concurrent use.
type Expression struct {
	tree  *node // nil: empty, not a number
	exact bool
}

// Compile reads an expression. Which names it may use is checked when it is
// evaluated. Errors are [*Error].
func Compile(expr string, caseSensitive bool) (*Expression, error) {
	tree, err := read(expr)
	return &Expression{tree, caseSensitive}, err
}

// Evaluate returns the value with these variables, like [Evaluate], and takes
// the work from the budget.
func (x *Expression) Evaluate(vars map[string]complex128, b *Budget) (Value, error) {
	if x.tree == nil {
		return Real(math.NaN()), nil
	}
	if err := b.Spend(setUpCost); err != nil {
		return Value{}, err
	}
	e := standard
	if len(vars) > 0 || x.exact {
		e = newEnv(vars, nil, x.exact)
	}
	if err := e.check(x.tree); err != nil {
		return Value{}, err
	}
	return (&run{e, b}).eval(x.tree)
}

// Names returns the variables and the functions the expression uses, as
// written, in order; among them the built-in ones.
func (x *Expression) Names() (vars, funcs []string) {
	v, f := map[string]bool{}, map[string]bool{}
	if x.tree != nil {
		x.tree.walk(func(n *node) {
			switch n.kind {
			case kindVariable:
				v[n.text] = true
			case kindFunction:
				f[n.text] = true
			}
		})
	}
	return slices.Sorted(maps.Keys(v)), slices.Sorted(maps.Keys(f))
}

// IsFunction reports whether a function of this name is built in. Case does not
// count unless exact.
func IsFunction(name string, exact bool) bool {
	if !exact {
		name = standard.fold(name)
	}
	return standard.funcs[name] != nil
}

// run is one evaluation.
type run struct {
	*env
	budget *Budget
}

// eval returns the value of a tree all of whose names are defined.
func (e *run) eval(n *node) (Value, error) {
	v, err := e.apply(n)
	if err == nil {
		err = e.budget.spend(v)
	}
	return v, err
}

func (e *run) apply(n *node) (Value, error) {
	switch n.kind {
	case kindNumber:
		return number(n)
	case kindVariable:
		return e.vars[e.fold(n.text)], nil
	case kindFunction:
		arg, err := e.eval(n.kids[0])
		if err != nil {
			return Value{}, err
		}
		return e.funcs[e.fold(n.text)](arg)
	case kindParens:
		return e.eval(n.kids[0])
	}
	values := make([]Value, len(n.kids))
	for i, kid := range n.kids {
		var err error
		if values[i], err = e.eval(kid); err != nil {
			return Value{}, err
		}
	}
	switch n.kind {
	case kindPower:
		return powers(values)
	case kindParallel:
		return parallel(values)
	case kindProduct:
		return chain(Int(1), values, n.ops)
	default:
		return chain(Int(0), values, n.ops)
	}
}
