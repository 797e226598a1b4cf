package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path"
	"slices"
	"strings"
)

// module is the module's path, the prefix of all our import paths.
const module = "lectern"

// Package is what the go command says about one package.
type Package struct {
	ImportPath string
	Dir        string
	Doc        string // the first sentence of the package comment

	GoFiles, IgnoredGoFiles   []string
	TestGoFiles, XTestGoFiles []string

	Imports []string // by files that are not tests
}

// List returns all packages of the module at dir.
func List(dir string) ([]Package, error) {
	cmd := exec.Command("go", "list", "-e", "-json", "./...")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	var pkgs []Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		pkgs = append(pkgs, p)
	}
}

// name returns a package's name in the level table: "lti/lti11", "ui".
func name(importPath string) (string, bool) {
	rest, ours := strings.CutPrefix(importPath, module+"/")
	return strings.TrimPrefix(rest, "internal/"), ours
}

// sqlPackages may import database/sql. bench/floor is no part of the product: it
// is what the product is measured against.
var sqlPackages = []string{"store/sqlstore", generated, "pgtest", "bench/floor"}

// generated is the package that sqlc writes.
const generated = "store/sqlstore/db"

// bannedNames say nothing about what is inside.
var bannedNames = []string{"util", "common", "helpers", "models", "types", "core"}

// Imports returns, sentence by sentence, where pkgs depart from the table:
// imports that are not allowed by it, packages it does not know, rows without a
// package, packages only for tests imported by the product, web/x importing
// web/y, database/sql outside the store, packages without a comment or with a
// name that says nothing.
func (t *Table) Imports(pkgs []Package) []string {
	var faults []string
	missing := maps.Clone(t.level)
	for _, p := range pkgs {
		from, _ := name(p.ImportPath)
		delete(missing, from)
		if _, known := t.level[from]; !known {
			faults = append(faults, from+" is not in the level table of ARCHITECTURE.md")
			continue
		}
		if slices.Contains(bannedNames, path.Base(from)) {
			faults = append(faults, from+": a package is named for what it provides")
		}
		if p.Doc == "" && len(p.GoFiles) > 0 && from != generated {
			faults = append(faults, from+" has no package comment")
		}
		for _, imported := range p.Imports {
			if fault := t.check(from, imported); fault != "" {
				faults = append(faults, fault)
			}
		}
	}
	for _, row := range slices.Sorted(maps.Keys(missing)) {
		faults = append(faults, row+" stands in the level table, but there is no such package")
	}
	return faults
}

// check says what is wrong with from importing the package at importPath, or "".
func (t *Table) check(from, importPath string) string {
	if importPath == "database/sql" && !slices.Contains(sqlPackages, from) {
		return from + " imports database/sql, which is for store/sqlstore alone"
	}
	to, ours := name(importPath)
	if !ours {
		return ""
	}
	level, known := t.level[to]
	switch {
	case !known:
		return "" // reported as a package of its own, unless it does not exist
	case level == testLevel && t.level[from] != testLevel:
		return from + " imports " + to + ", which is for tests alone"
	case strings.HasPrefix(from, "web/") && strings.HasPrefix(to, "web/"):
		return from + " imports " + to + "; packages below web meet in cmd"
	case !t.allows(from, to):
		return fmt.Sprintf("%s (L%d) imports %s (L%d), which is not below it and has no arrow",
			from, t.level[from], to, level)
	}
	return ""
}
