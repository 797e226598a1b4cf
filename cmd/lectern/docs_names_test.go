package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// TestDocsNames: settings, metrics and commands that the guides name exist.
func TestDocsNames(t *testing.T) {
	parser, err := newParser(&cli{}, io.Discard, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]bool{}
	for _, f := range settings(parser.Model.Node) {
		for _, env := range f.Envs {
			variables[env] = true
		}
	}
	all := guides(t)
	inline := regexp.MustCompile("`lectern ([a-z][^`]*)`")
	variable := regexp.MustCompile(`LECTERN_[A-Z0-9_]*[A-Z0-9]`)
	metric := regexp.MustCompile("`(lectern_[a-z_]+[a-z])[`{]")
	code := regexp.MustCompile("`([a-z]+(?:_[a-z0-9]+){1,})`")
	families := map[string]bool{}
	for _, m := range code.FindAllStringSubmatch(all["docs/errors.md"], -1) {
		family, _, _ := strings.Cut(m[1], "_")
		families[family] = true
	}
	for name, text := range all {
		for _, v := range variable.FindAllString(text, -1) {
			if !variables[v] {
				t.Errorf("%s: there is no setting %s", name, v)
			}
		}
		for _, m := range metric.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(all["docs/metrics.md"], m[1]) {
				t.Errorf("%s: there is no metric %s", name, m[1])
			}
		}
		for _, m := range inline.FindAllStringSubmatch(text, -1) {
			if err := known(parser.Model.Node, m[1]); err != nil {
				t.Errorf("%s: `lectern %s`: %v", name, m[1], err)
			}
		}
		for _, m := range code.FindAllStringSubmatch(text, -1) {
			if family, _, _ := strings.Cut(m[1], "_"); family == "launch" && !otherNames(m[1]) && !strings.Contains(all["docs/errors.md"], "`"+m[1]+"`") {
				t.Errorf("%s: there is no code %s", name, m[1])
			}
		}
	}
	if !families["launch"] {
		t.Error("docs/errors.md has no codes of launches")
	}
}

// otherNames are of LTI parameters and tables, which look like codes.
func otherNames(name string) bool {
	return strings.HasPrefix(name, "launch_presentation_") || slices.Contains([]string{"launch_log", "launch_session"}, name)
}

// known reports, as an error, whether a command that a text names is none, or has
// a flag that there is not.
func known(n *kong.Node, text string) error {
	words, _ := typed(text)
	i := 0
	for ; i < len(words); i++ {
		child := slices.IndexFunc(n.Children, func(c *kong.Node) bool { return c.Name == words[i] })
		if child < 0 {
			break
		}
		n = n.Children[child]
	}
	if i == 0 {
		return errors.New("no such command")
	}
	if i < len(words) && len(n.Children) > 0 && !strings.HasPrefix(words[i], "-") {
		return errors.New("no such command of " + n.Name)
	}
	for _, w := range words[i:] {
		flag, ok := strings.CutPrefix(w, "--")
		if !ok {
			continue
		}
		flag, _, _ = strings.Cut(flag, "=")
		found := false
		for at := n; at != nil; at = at.Parent {
			for _, f := range at.Flags {
				found = found || f.Name == flag || f.Name == strings.TrimPrefix(flag, "no-")
			}
		}
		if !found && !flagBelow(n, flag) {
			return errors.New("no flag --" + flag)
		}
	}
	return nil
}

// flagBelow reports whether some command of a group has a flag.
func flagBelow(n *kong.Node, flag string) bool {
	return slices.ContainsFunc(n.Children, func(c *kong.Node) bool {
		return slices.ContainsFunc(c.Flags, func(f *kong.Flag) bool { return f.Name == flag }) || flagBelow(c, flag)
	})
}

// TestDocsLinks: every link of a guide to a file leads somewhere, its anchor too.
func TestDocsLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	for name, text := range guides(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(target, ":") {
				continue
			}
			path := filepath.Join(root, filepath.Dir(name), target)
			if target == "" {
				path = filepath.Join(root, name)
			}
			body, err := os.ReadFile(path)
			if info, errStat := os.Stat(path); errStat == nil && info.IsDir() && anchor == "" {
				continue
			}
			switch {
			case err != nil:
				t.Errorf("%s: the link to %s leads nowhere", name, m[1])
			case anchor != "" && !slices.Contains(anchors(string(body)), anchor):
				t.Errorf("%s: %s has no heading for #%s", name, target, anchor)
			}
		}
	}
}

var notInAnchor = regexp.MustCompile(`[^\p{L}\p{N} _-]`)

// anchors returns the anchors of a text's headings, as GitHub makes them.
func anchors(text string) (list []string) {
	for _, line := range strings.Split(text, "\n") {
		title := strings.TrimLeft(line, "#")
		if title == line || !strings.HasPrefix(title, " ") {
			continue
		}
		slug := notInAnchor.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), "")
		list = append(list, strings.ReplaceAll(slug, " ", "-"))
	}
	return list
}
