package archtest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Limits on length, in lines.
const (
	maxFile     = 400
	maxTestFile = 800
	maxFunc     = 70
)

// unfinished are marks of work left undone; written in two parts so that this
// file does not carry them.
var unfinished = []string{"TO" + "DO", "FIX" + "ME"}

// environment are the functions that read it, by package.
var environment = map[string][]string{
	"os":      {"Getenv", "LookupEnv", "Environ", "ExpandEnv"},
	"syscall": {"Getenv", "Environ"},
}

// File is a Go file to check.
type File struct {
	Package string // as in the level table
	Name    string // the file's own name
	Src     []byte
	Test    bool // a _test.go file, or a file of a package that only tests import
}

// File describes a file of package p for [Source].
func (t *Table) File(p Package, fileName string, src []byte) File {
	pkg, _ := name(p.ImportPath)
	level, known := t.level[pkg]
	return File{
		Package: pkg, Name: fileName, Src: src,
		Test: strings.HasSuffix(fileName, "_test.go") || known && level == testLevel,
	}
}

// Source returns, sentence by sentence, where a file departs from the house
// rules: files of more than 400 lines (tests 800) and functions of more than 70
// (rows of test tables not counted), init functions, variables of a package that only an assignment can fill, the
// environment read outside package config, and marks of work left undone. What
// sqlc writes is exempt.
func Source(f File) []string {
	if f.Package == generated {
		return nil
	}
	where := path.Join(f.Package, f.Name)
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, f.Name, f.Src, parser.ParseComments)
	if err != nil {
		return []string{where + ": " + err.Error()}
	}
	c := &checker{File: f, set: set, where: where, env: environmentNames(file)}
	c.length()
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			c.function(d)
		case *ast.GenDecl:
			c.variables(d)
		}
	}
	if !f.Test && f.Package != "config" {
		ast.Inspect(file, c.environment)
	}
	return c.faults
}

// checker collects the faults of one file.
type checker struct {
	File
	set    *token.FileSet
	where  string
	env    map[string][]string // as environment, by the name a package has in this file
	faults []string
}

func (c *checker) report(pos token.Pos, format string, args ...any) {
	line := c.set.Position(pos).Line
	c.faults = append(c.faults, fmt.Sprintf("%s:%d: %s", c.where, line, fmt.Sprintf(format, args...)))
}

func (c *checker) length() {
	limit := maxFile
	if c.Test {
		limit = maxTestFile
	}
	lines := bytes.Split(bytes.TrimSuffix(c.Src, []byte("\n")), []byte("\n"))
	if len(lines) > limit {
		c.faults = append(c.faults, fmt.Sprintf("%s has %d lines; %d are the limit", c.where, len(lines), limit))
	}
	for i, line := range lines {
		for _, mark := range unfinished {
			if bytes.Contains(line, []byte(mark)) {
				c.faults = append(c.faults, fmt.Sprintf("%s:%d: %s", c.where, i+1, mark))
			}
		}
	}
}

func (c *checker) function(d *ast.FuncDecl) {
	lines := c.lines(d) + 1
	if c.Test {
		lines -= c.tableLines(d)
	}
	if lines > maxFunc {
		c.report(d.Pos(), "%s has %d lines; %d are the limit", d.Name.Name, lines, maxFunc)
	}
	if d.Name.Name == "init" && d.Recv == nil {
		c.report(d.Pos(), "init runs unasked; call it by a name from where it is needed")
	}
}

// lines returns how many lines further n ends than it begins.
func (c *checker) lines(n ast.Node) int {
	return c.set.Position(n.End()).Line - c.set.Position(n.Pos()).Line
}

// tableLines returns how many lines of a test are the rows of its tables: data,
// which is best read beside the loop over it. Tables with functions inside count
// as code.
func (c *checker) tableLines(d *ast.FuncDecl) int {
	rows := 0
	ast.Inspect(d, func(n ast.Node) bool {
		table, ok := n.(*ast.CompositeLit)
		if !ok || hasFunction(table) {
			return true
		}
		rows += max(0, c.lines(table)-1)
		return false
	})
	return rows
}

func hasFunction(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		_, ok := n.(*ast.FuncLit)
		found = found || ok
		return !found
	})
	return found
}

// variables finds package variables without a value: only an assignment from
// somewhere else could make them useful. Embedded files are the exception, and
// tests, which have no other place for what TestMain sets up.
func (c *checker) variables(d *ast.GenDecl) {
	if d.Tok != token.VAR || c.Test {
		return
	}
	for _, spec := range d.Specs {
		v := spec.(*ast.ValueSpec) // the parser makes nothing else for var
		if len(v.Values) == 0 && !embedded(d.Doc) && !embedded(v.Doc) {
			c.report(v.Pos(), "%s is state of the package; put it into a value that is passed on", v.Names[0])
		}
	}
}

func embedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

// environment reports a use of the functions that read the environment.
func (c *checker) environment(n ast.Node) bool {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return true
	}
	pkg, ok := sel.X.(*ast.Ident)
	if ok && slices.Contains(c.env[pkg.Name], sel.Sel.Name) {
		c.report(n.Pos(), "%s.%s: only package config reads the environment", pkg.Name, sel.Sel.Name)
	}
	return true
}

// environmentNames returns the functions that read the environment by the names
// under which file imports their packages.
func environmentNames(file *ast.File) map[string][]string {
	names := map[string][]string{}
	for _, spec := range file.Imports {
		importPath, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		local := importPath
		if spec.Name != nil {
			local = spec.Name.Name
		}
		if functions, ok := environment[importPath]; ok {
			names[local] = functions
		}
	}
	return names
}
