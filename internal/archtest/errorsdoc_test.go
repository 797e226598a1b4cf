package archtest

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"lectern/internal/spectest"
)

// update rewrites docs/errors.md: go test ./internal/archtest -run ErrorsDoc -update
var update = flag.Bool("update", false, "rewrite docs/errors.md and docs/metrics.md") //nolint:gochecknoglobals // a test flag

// said is one error as its errs.New call states it.
type said struct{ code, spec, public, hint string }

// TestErrorsDoc keeps docs/errors.md, where operators look codes up, equal to
// the errors in the code, and every code unique.
func TestErrorsDoc(t *testing.T) {
	root := spectest.Root(t)
	all := allErrors(t, root)
	var b strings.Builder
	b.WriteString("# Error codes\n\nEvery refusal has a code. Learners see the first sentence and the code; the second column is for the operator.\n" +
		"Made from the source by `go test ./internal/archtest -run ErrorsDoc -update`.\n\n" +
		"| code | the person reads | the operator should | clause |\n|---|---|---|---|\n")
	seen := map[string]bool{}
	for _, e := range all {
		if seen[e.code] {
			t.Errorf("code %s is used twice", e.code)
		}
		seen[e.code] = true
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", e.code, e.public, e.hint, e.spec)
	}
	path := filepath.Join(root, "docs", "errors.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != b.String() {
		t.Errorf("docs/errors.md is out of date (%v): go test ./internal/archtest -run ErrorsDoc -update", err)
	}
}

func allErrors(t *testing.T, root string) []said {
	t.Helper()
	var all []said
	dirs := map[string]bool{}
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			dirs[filepath.Dir(path)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir := range dirs {
		all = append(all, dirErrors(t, dir)...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].code < all[j].code })
	return all
}

// dirErrors finds the errs.New calls of one package.
func dirErrors(t *testing.T, dir string) []said {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set, consts := token.NewFileSet(), map[string]ast.Expr{}
	var parsed []*ast.File
	for _, name := range files {
		f, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && len(v.Names) == len(v.Values) {
				for i, id := range v.Names {
					consts[id.Name] = v.Values[i]
				}
			}
			return true
		})
	}
	var out []said
	for i, f := range parsed {
		if strings.HasSuffix(files[i], "_test.go") {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 5 && isNew(call.Fun, f.Name.Name) {
				text := func(i int) string { return cell(constant(call.Args[i], consts, 0)) }
				out = append(out, said{code: text(1), spec: text(2), public: text(3), hint: text(4)})
			}
			return true
		})
	}
	return out
}

func isNew(fun ast.Expr, pkg string) bool {
	if s, ok := fun.(*ast.SelectorExpr); ok {
		x, ok := s.X.(*ast.Ident)
		return ok && x.Name == "errs" && s.Sel.Name == "New"
	}
	id, ok := fun.(*ast.Ident)
	return ok && pkg == "errs" && id.Name == "New"
}

// constant evaluates a string constant: literals, sums, and names of the
// package.
func constant(e ast.Expr, consts map[string]ast.Expr, depth int) string {
	if depth > 10 {
		return ""
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		if err == nil {
			return s
		}
	case *ast.BinaryExpr:
		return constant(e.X, consts, depth+1) + constant(e.Y, consts, depth+1)
	case *ast.Ident:
		return constant(consts[e.Name], consts, depth+1)
	}
	return ""
}

// cell makes text safe in a table.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s) }
