// Package calc evaluates the formulas learners type: the grammar, values,
// errors and messages of the calculator Open edX grades with.
//
// Numbers behave as in Python: whole numbers stay whole and exact (up to a
// size), division gives floats, roots of negative numbers are complex. What
// comes out of a function behaves as in NumPy: dividing by such a zero is
// infinite, not an error. Input is hostile: length, depth and the size of
// whole numbers are bounded, so that "9^9^9^9" is an error and not a hang.
package calc

import (
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"
)

// Classes of [Error], named as Open edX names them.
const (
	ParseException       = "ParseException"
	UndefinedVariable    = "UndefinedVariable"
	UnmatchedParenthesis = "UnmatchedParenthesis"
	ZeroDivisionError    = "ZeroDivisionError"
	OverflowError        = "OverflowError"
	TypeError            = "TypeError"
	ValueError           = "ValueError"
	RecursionError       = "RecursionError"
)

// Limits on an expression.
const (
	maxLength = 20_000 // bytes
	maxDepth  = 200    // of parentheses and functions
	maxBits   = 1 << 16
	maxDigits = 4300 // of a whole number as typed
)

// Error is why an expression has no value.
type Error struct {
	Class   string // one of the constants
	Message string // may quote the expression

	text string // what Message was made from
	args []any
}

// Words returns the text that the message was made from, and its arguments, for
// who says it in another language.
func (e *Error) Words() (text string, args []any) { return e.text, e.args }

// phrase is a part of a message that is a text of its own, or nothing.
type phrase struct {
	text string
	args []any
}

func (p phrase) String() string                   { return fmt.Sprintf(p.text, p.args...) }
func (p phrase) Words() (text string, args []any) { return p.text, p.args }

// Error returns class and message.
func (e *Error) Error() string { return e.Class + ": " + e.Message }

func fail(class, format string, args ...any) *Error {
	return &Error{class, fmt.Sprintf(format, args...), format, args}
}

// Func is a function of one argument that a problem defines.
type Func func(Value) (Value, error)

// Evaluate returns the value of an expression; an empty one is NaN. Variables
// and functions join the built-in ones and win over them. Unless caseSensitive,
// names are compared in lower case. Errors are [*Error], or what a function
// returned.
func Evaluate(vars map[string]complex128, funcs map[string]Func, expr string, caseSensitive bool) (Value, error) {
	tree, err := read(expr)
	if tree == nil || err != nil {
		return Real(math.NaN()), err
	}
	e := standard
	if len(vars) > 0 || len(funcs) > 0 || caseSensitive {
		e = newEnv(vars, funcs, caseSensitive)
	}
	if err := e.check(tree); err != nil {
		return Value{}, err
	}
	return (&run{e, NewBudget()}).eval(tree)
}

// read parses an expression. The tree of an empty one is nil.
func read(expr string) (*node, error) {
	if strings.TrimSpace(expr) == "" {
		return nil, nil
	}
	if err := checkParens(expr); err != nil {
		return nil, err
	}
	return parse(expr)
}

// checkParens reports the first parenthesis without partner.
func checkParens(expr string) error {
	depth := 0
	for i, c := range expr {
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return fail(UnmatchedParenthesis, "Invalid Input: A closing parenthesis was found after segment "+
					"%s, but there is no matching opening parenthesis before it.", expr[:i])
			}
		}
	}
	if depth > 0 {
		return fail(UnmatchedParenthesis, "Invalid Input: Parentheses are unmatched. "+
			"%d parentheses were opened but never closed.", depth)
	}
	return nil
}

// env holds the names an expression may use.
type env struct {
	fold  func(string) string
	vars  map[string]Value
	funcs map[string]Func
	exact bool // names are case sensitive
}

// standard holds the built-in names alone. It is never changed.
var standard = newEnv(nil, nil, false)

// functions are the built-in ones; they are never changed. Their names, like
// those of the constants, are in lower case.
var functions = builtins()

func newEnv(vars map[string]complex128, funcs map[string]Func, caseSensitive bool) *env {
	e := &env{fold: strings.ToLower, vars: constants(), funcs: functions, exact: caseSensitive}
	if caseSensitive {
		e.fold = func(s string) string { return s }
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		e.vars[e.fold(name)] = FromComplex(vars[name])
	}
	if len(funcs) > 0 {
		e.funcs = maps.Clone(functions)
	}
	for _, name := range slices.Sorted(maps.Keys(funcs)) {
		e.funcs[e.fold(name)] = funcs[name]
	}
	return e
}

func constants() map[string]Value {
	return map[string]Value{
		"i": Complex(1i), "j": Complex(1i), "e": Real(math.E), "pi": Real(math.Pi),
	}
}

// check reports names that are not defined.
func (e *env) check(tree *node) error {
	vars, funcs := map[string]bool{}, map[string]bool{}
	tree.walk(func(n *node) {
		switch {
		case n.kind == kindVariable && !e.hasVar(n.text):
			vars[n.text] = true
		case n.kind == kindFunction && e.funcs[e.fold(n.text)] == nil:
			funcs[n.text] = true
		}
	})
	if len(vars) > 0 {
		return fail(UndefinedVariable, "Invalid Input: %s not permitted in answer as a variable%s",
			join(vars), e.otherCase(vars))
	}
	if len(funcs) > 0 {
		hint := phrase{}
		for name := range funcs {
			if e.hasVar(name) {
				hint = phrase{text: " (did you forget to use * for multiplication?)"}
			}
		}
		if hint.text == "" {
			hint = e.otherFuncCase(funcs)
		}
		return fail(UndefinedVariable, "Invalid Input: %s not permitted in answer as a function%s", join(funcs), hint)
	}
	return nil
}

func (e *env) hasVar(name string) bool {
	_, ok := e.vars[e.fold(name)]
	return ok
}

// otherCase suggests variables that differ only in case.
func (e *env) otherCase(bad map[string]bool) phrase {
	return e.suggest(bad, slices.Collect(maps.Keys(e.vars)))
}

func (e *env) otherFuncCase(bad map[string]bool) phrase {
	return e.suggest(bad, slices.Collect(maps.Keys(e.funcs)))
}

func (e *env) suggest(bad map[string]bool, known []string) phrase {
	if !e.exact {
		return phrase{}
	}
	better := map[string]bool{}
	for name := range bad {
		for _, k := range known {
			if strings.EqualFold(name, k) {
				better[k] = true
			}
		}
	}
	if len(better) == 0 {
		return phrase{}
	}
	return phrase{" (did you mean %s?)", []any{join(better)}}
}

func join(set map[string]bool) string {
	return strings.Join(slices.Sorted(maps.Keys(set)), ", ")
}

// number returns the value of a literal: a whole number, or a float when it
// has a point, an exponent or a percent sign.
func number(n *node) (Value, error) {
	literal, percent := strings.CutSuffix(n.text, "%")
	if !percent && !strings.ContainsAny(literal, ".E") {
		if len(literal) > maxDigits {
			return Value{}, fail(ValueError, "Exceeds the limit (%d digits) for integer string conversion", maxDigits)
		}
		i, ok := new(big.Int).SetString(literal, 10)
		if !ok {
			return Value{}, fail(ValueError, "invalid literal for int() with base 10: '%s'", literal)
		}
		return Value{kind: intKind, i: i}, nil
	}
	f := parseFloat(literal)
	if percent {
		f *= 0.01
	}
	return Real(f), nil
}

// powers raises from right to left: 2^3^2 is 2^9.
func powers(values []Value) (Value, error) {
	result := values[len(values)-1]
	for i := len(values) - 2; i >= 0; i-- {
		var err error
		if result, err = power(values[i], result); err != nil {
			return Value{}, err
		}
	}
	return result, nil
}

// parallel returns the resistance of resistors side by side; with a zero among
// them there is none.
func parallel(values []Value) (Value, error) {
	for _, v := range values {
		if v.isZero() {
			return Real(math.NaN()), nil
		}
	}
	sum := Int(0)
	for _, v := range values {
		part, err := arithmetic('/', Real(1), v)
		if err != nil {
			return Value{}, err
		}
		if sum, err = arithmetic('+', sum, part); err != nil {
			return Value{}, err
		}
	}
	return arithmetic('/', Real(1), sum)
}

// chain applies operators from left to right, beginning with start.
func chain(start Value, values []Value, ops []byte) (Value, error) {
	result := start
	for i, v := range values {
		var err error
		if result, err = arithmetic(ops[i], result, v); err != nil {
			return Value{}, err
		}
	}
	return result, nil
}
