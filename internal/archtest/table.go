package archtest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// testLevel is the level of packages that only tests may import.
const testLevel = -1

// Table is the level table of ARCHITECTURE.md. Packages are named as there:
// relative to internal/, or, outside of it, to the module.
type Table struct {
	level map[string]int
	arrow map[[2]string]bool
}

var (
	rowPattern  = regexp.MustCompile(`^\|\s*(L(\d)|tests)\s*\|(.*)\|\s*$`)
	cellPattern = regexp.MustCompile("^`([a-z0-9/]+)`$")
)

// ParseTable reads the rows `| L0 | ... |` and `| tests | ... |`. Packages are
// separated by "·"; in "`a` → `b`", a may import b although both share a level,
// and in a chain each may import all that follow. A package may appear again in
// its own row, to take part in several arrows, but not in another one.
func ParseTable(r io.Reader) (*Table, error) {
	t := &Table{level: map[string]int{}, arrow: map[[2]string]bool{}}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		m := rowPattern.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		level := testLevel
		if m[2] != "" {
			level = int(m[2][0] - '0')
		}
		for chain := range strings.SplitSeq(m[3], "·") {
			if err := t.addChain(level, chain); err != nil {
				return nil, err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("level table: %w", err)
	}
	if len(t.level) == 0 {
		return nil, errors.New("level table: no row like | L0 | `errs` |")
	}
	return t, nil
}

func (t *Table) addChain(level int, chain string) error {
	var before []string
	for cell := range strings.SplitSeq(chain, "→") {
		m := cellPattern.FindStringSubmatch(strings.TrimSpace(cell))
		if m == nil {
			return fmt.Errorf("level table: %q is not a package in backquotes", strings.TrimSpace(cell))
		}
		name := m[1]
		if l, ok := t.level[name]; ok && l != level {
			return fmt.Errorf("level table: %s stands in two rows", name)
		}
		t.level[name] = level
		for _, from := range before {
			t.arrow[[2]string{from, name}] = true
		}
		before = append(before, name)
	}
	return nil
}

// allows reports whether code of package from may import package to.
func (t *Table) allows(from, to string) bool {
	if t.level[from] == testLevel {
		return true
	}
	return t.level[to] < t.level[from] || t.arrow[[2]string{from, to}]
}
