package archtest_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lectern/internal/archtest"
	"lectern/internal/spectest"
)

// maxDocument is how long ARCHITECTURE.md may get: two screens.
const maxDocument = 80

// TestArchitecture checks this repository.
func TestArchitecture(t *testing.T) {
	root := spectest.Root(t)
	noticeNewFolders(t, root)
	table := readTable(t, root)
	pkgs, err := archtest.List(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range table.Imports(pkgs) {
		t.Error(fault)
	}
	for _, p := range pkgs {
		for _, fault := range packageFaults(t, table, p) {
			t.Error(fault)
		}
	}
}

// noticeNewFolders reads all folders here, so that the go command, which keeps
// test results, runs the test again when there is a new one.
func noticeNewFolders(t *testing.T, root string) {
	t.Helper()
	for _, dir := range []string{"bench", "cmd", "internal"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(_ string, _ fs.DirEntry, err error) error { return err })
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestArchitectureIsShort(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(spectest.Root(t), "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "\n"); n > maxDocument {
		t.Errorf("ARCHITECTURE.md has %d lines, more than %d", n, maxDocument)
	}
}

func readTable(t *testing.T, root string) *archtest.Table {
	t.Helper()
	f, err := os.Open(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	table, err := archtest.ParseTable(f)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func packageFaults(t *testing.T, table *archtest.Table, p archtest.Package) []string {
	t.Helper()
	var faults []string
	tests := slices.Concat(p.TestGoFiles, p.XTestGoFiles)
	for _, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles, tests) {
		src, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, archtest.Source(table.File(p, name, src))...)
	}
	return faults
}

const sampleTable = "text\n" +
	"| level | packages |\n|---|---|\n" +
	"| L0 | `errs` · `ui` |\n" +
	"| L1 | `lti` · `problem` → `problem/calc` → `problem/unit` |\n" +
	"| L5 | `store/sqlstore` · `web/launch` → `web` · `web/learn` → `web` · `web` · `config` |\n" +
	"| L6 | `cmd/lectern` |\n" +
	"| tests | `pgtest` · `storetest` |\n"

// samplePackages are packages that keep to sampleTable.
func samplePackages() []archtest.Package {
	var pkgs []archtest.Package
	for _, path := range []string{
		"ui", "cmd/lectern", "internal/errs", "internal/lti", "internal/problem", "internal/problem/calc",
		"internal/problem/unit", "internal/store/sqlstore", "internal/web", "internal/web/launch",
		"internal/web/learn", "internal/config", "internal/pgtest", "internal/storetest",
	} {
		pkgs = append(pkgs, archtest.Package{
			ImportPath: "lectern/" + path, Doc: "Package does it.", GoFiles: []string{"a.go"},
		})
	}
	return pkgs
}

func TestImports(t *testing.T) {
	for _, tt := range []struct{ name, from, imports, want string }{
		{"down", "internal/lti", "lectern/internal/errs", ""},
		{"down to a folder outside internal", "internal/web", "lectern/ui", ""},
		{"standard library", "internal/lti", "net/http", ""},
		{"arrow", "internal/problem", "lectern/internal/problem/calc", ""},
		{"arrow along a chain", "internal/problem", "lectern/internal/problem/unit", ""},
		{"arrow to the shared mux", "internal/web/learn", "lectern/internal/web", ""},
		{"sql in the store", "internal/store/sqlstore", "database/sql", ""},
		{"tests for tests", "internal/storetest", "lectern/internal/pgtest", ""},
		{"tests import all", "internal/storetest", "lectern/internal/store/sqlstore", ""},
		{"up", "internal/errs", "lectern/internal/lti", "errs (L0) imports lti (L1)"},
		{"up from outside internal", "ui", "lectern/internal/lti", "ui (L0) imports lti (L1)"},
		{"sideways", "internal/lti", "lectern/internal/problem", "no arrow"},
		{"against the arrow", "internal/problem/calc", "lectern/internal/problem", "no arrow"},
		{"between pages", "internal/web/learn", "lectern/internal/web/launch", "meet in cmd"},
		{"tests in the product", "internal/web", "lectern/internal/pgtest", "for tests alone"},
		{"sql elsewhere", "internal/web", "database/sql", "for store/sqlstore alone"},
		{"sql in tests", "internal/storetest", "database/sql", "for store/sqlstore alone"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pkgs := samplePackages()
			i := slices.IndexFunc(pkgs, func(p archtest.Package) bool { return p.ImportPath == "lectern/"+tt.from })
			pkgs[i].Imports = []string{tt.imports}
			wantFault(t, sample(t).Imports(pkgs), tt.want)
		})
	}
}

func TestPackages(t *testing.T) {
	extra := func(path, doc string) []archtest.Package {
		return append(samplePackages(), archtest.Package{ImportPath: "lectern/" + path, Doc: doc, GoFiles: []string{"a.go"}})
	}
	undocumented := samplePackages()
	undocumented[0].Doc = ""
	for _, tt := range []struct {
		name string
		pkgs []archtest.Package
		want string
	}{
		{"all there", samplePackages(), ""},
		{"not in the table", extra("internal/stray", "x"), "stray is not in the level table"},
		{"row without package", samplePackages()[1:], "ui stands in the level table"},
		{"no comment", undocumented, "ui has no package comment"},
	} {
		t.Run(tt.name, func(t *testing.T) { wantFault(t, sample(t).Imports(tt.pkgs), tt.want) })
	}
	for _, name := range []string{"util", "common", "helpers", "models", "types", "core"} {
		table, err := archtest.ParseTable(strings.NewReader("| L0 | `web/" + name + "` |"))
		if err != nil {
			t.Fatal(err)
		}
		pkgs := []archtest.Package{{ImportPath: "lectern/internal/web/" + name, Doc: "x"}}
		wantFault(t, table.Imports(pkgs), "is named for what it provides")
	}
}

func TestParseTableRejects(t *testing.T) {
	for name, text := range map[string]string{
		"no rows":        "# Architecture\n",
		"two rows":       "| L0 | `errs` |\n| L1 | `errs` |\n",
		"no backquotes":  "| L0 | errs |\n",
		"other dividers": "| L0 | `errs`, `keys` |\n",
		"empty row":      "| L0 | |\n",
	} {
		if _, err := archtest.ParseTable(strings.NewReader(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSource(t *testing.T) {
	long := "package x\n" + strings.Repeat("// line\n", 400)
	function := func(lines int) string {
		return "package x\n\nfunc long() {\n" + strings.Repeat("\tprintln()\n", lines-2) + "}\n"
	}
	table := func(row string) string {
		return "package x\n\nfunc long() {\n\tfor range []any{\n" + strings.Repeat("\t\t"+row+",\n", 68) + "\t} {\n\t}\n}\n"
	}
	todo := "package x\n\n// " + "TO" + "DO: later\n"
	for _, tt := range []struct {
		name, pkg, file, src, want string
	}{
		{"plain", "lti", "a.go", "package x\n\nvar a = 1\n", ""},
		{"401 lines", "lti", "a.go", long, "lti/a.go has 401 lines"},
		{"401 lines in a test", "lti", "a_test.go", long, ""},
		{"401 lines in a package for tests", "storetest", "a.go", long, ""},
		{"401 lines of sqlc", "store/sqlstore/db", "a.go", long, ""},
		{"801 lines in a test", "lti", "a_test.go", long + strings.Repeat("//\n", 400), "has 801 lines"},
		{"70 lines", "lti", "a.go", function(70), ""},
		{"71 lines", "lti", "a.go", function(71), "lti/a.go:3: long has 71 lines"},
		{"71 lines of a test", "lti", "a_test.go", function(71), "long has 71 lines"},
		{"a long table in a test", "lti", "a_test.go", table("1"), ""},
		{"a long table of functions in a test", "lti", "a_test.go", table("func() {}"), "long has 73 lines"},
		{"a long table in code", "lti", "a.go", table("1"), "long has 73 lines"},
		{"init", "lti", "a.go", "package x\n\nfunc init() {}\n", "init runs unasked"},
		{"a method named init", "lti", "a.go", "package x\n\ntype T int\n\nfunc (T) init() {}\n", ""},
		{"state", "lti", "a.go", "package x\n\nvar count int\n", "count is state"},
		{"state in a group", "lti", "a.go", "package x\n\nvar (\n\ta = 1\n\tb []int\n)\n", "lti/a.go:5: b is state"},
		{"state in a test", "lti", "a_test.go", "package x\n\nvar count int\n", ""},
		{"a variable in a function", "lti", "a.go", "package x\n\nfunc f() {\n\tvar n int\n\tprintln(n)\n}\n", ""},
		{"embedded files", "ui", "a.go", "package x\n\nimport \"embed\"\n\n//go:embed a\nvar fs embed.FS\n", ""},
		{"environment", "lti", "a.go", "package x\n\nimport \"os\"\n\nvar a = os.Getenv(\"A\")\n", "lti/a.go:5: os.Getenv"},
		{"environment renamed", "lti", "a.go", "package x\n\nimport o \"os\"\n\nvar a = o.Environ()\n", "o.Environ"},
		{"environment in cmd", "cmd/lectern", "a.go", "package x\n\nimport \"os\"\n\nvar a, _ = os.LookupEnv(\"A\")\n", "os.LookupEnv"},
		{"environment in config", "config", "a.go", "package x\n\nimport \"os\"\n\nvar a = os.Getenv(\"A\")\n", ""},
		{"environment in a test", "lti", "a_test.go", "package x\n\nimport \"os\"\n\nvar a = os.Getenv(\"A\")\n", ""},
		{"another Getenv", "lti", "a.go", "package x\n\ntype T struct{ Getenv int }\n\nfunc f(os T) int { return os.Getenv }\n", ""},
		{"unfinished", "lti", "a.go", todo, "lti/a.go:3: " + "TO" + "DO"},
		{"not Go", "lti", "a.go", "packag x", "lti/a.go: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := archtest.Package{ImportPath: "lectern/internal/" + tt.pkg}
			if strings.HasPrefix(tt.pkg, "cmd/") || tt.pkg == "ui" {
				p.ImportPath = "lectern/" + tt.pkg
			}
			wantFault(t, archtest.Source(sample(t).File(p, tt.file, []byte(tt.src))), tt.want)
		})
	}
}

func sample(t *testing.T) *archtest.Table {
	t.Helper()
	table, err := archtest.ParseTable(strings.NewReader(sampleTable))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// wantFault checks that there is exactly one fault, which contains want, or none
// when want is empty.
func wantFault(t *testing.T, faults []string, want string) {
	t.Helper()
	if want == "" && len(faults) > 0 {
		t.Errorf("unexpected: %s", fmt.Sprint(faults))
	}
	if want != "" && (len(faults) != 1 || !strings.Contains(faults[0], want)) {
		t.Errorf("got %q, want one with %q", faults, want)
	}
}
