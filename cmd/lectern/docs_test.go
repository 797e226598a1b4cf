package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the repository's folder.
const root = "../.."

// guides are README.md and everything in docs/, by path from the root.
func guides(t testing.TB) map[string]string {
	t.Helper()
	list := map[string]string{}
	add := func(name string) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		list[name] = string(text)
	}
	add("README.md")
	err := filepath.WalkDir(filepath.Join(root, "docs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".md") {
			rel, errRel := filepath.Rel(root, path)
			err = errRel
			add(filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// block is a piece of a guide that is set as code.
type block struct {
	where    string
	language string // of a fenced block
	mark     string // why its commands are not run; "" when they are
	lines    []string
}

// notRun is what stands right before a block whose commands no test runs.
var notRun = regexp.MustCompile(`^\s*\*Not run by the tests: (.+)\.\*$`)

// blocks returns the code of a guide: fenced with a language when it is data, and
// indented when it is what somebody types.
func blocks(name, text string) (list []block) {
	lines := strings.Split(text, "\n")
	mark := ""
	for i := 0; i < len(lines); i++ {
		trimmed := strings.TrimSpace(lines[i])
		switch {
		case strings.HasPrefix(trimmed, "```"):
			b := block{where: name + ":" + trimmed, language: strings.TrimPrefix(trimmed, "```"), mark: mark}
			for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
				b.lines = append(b.lines, lines[i])
			}
			list, mark = append(list, b), ""
		case strings.HasPrefix(lines[i], "    ") && trimmed != "" && i > 0 && strings.TrimSpace(lines[i-1]) == "" && !inList(lines, i):
			b := block{where: name + ": " + trimmed, mark: mark}
			for ; i < len(lines) && (strings.HasPrefix(lines[i], "    ") || strings.TrimSpace(lines[i]) == ""); i++ {
				if strings.TrimSpace(lines[i]) != "" {
					b.lines = append(b.lines, strings.TrimSpace(lines[i]))
				}
			}
			i--
			list, mark = append(list, b), ""
		case notRun.MatchString(lines[i]):
			mark = notRun.FindStringSubmatch(lines[i])[1]
		case trimmed != "":
			mark = ""
		}
	}
	return list
}

// settings reports whether a block is lines of a file with settings.
func (b block) settings() bool {
	return len(b.lines) > 1 && !slices.ContainsFunc(b.lines, func(line string) bool {
		return !setting.MatchString(line) || strings.Contains(line, "lectern serve")
	})
}

// inList reports whether an indented line goes on with an item of a list.
func inList(lines []string, i int) bool {
	for i--; i >= 0; i-- {
		if strings.TrimSpace(lines[i]) != "" && !strings.HasPrefix(lines[i], "    ") {
			return regexp.MustCompile(`^\s*([-*]|\d+\.) `).MatchString(lines[i]) || strings.HasPrefix(lines[i], "   ")
		}
	}
	return false
}

var (
	setting    = regexp.MustCompile(`^LECTERN_[A-Z0-9_]+=`)
	comment    = regexp.MustCompile(`\s+#.*$`)
	assignment = regexp.MustCompile(`^([A-Z][A-Z0-9_]*)=`)
	wordOrQuot = regexp.MustCompile(`(?:"[^"]*"|[^\s"])+`)
)

// typed is a line of a block as its words, past what it sets in the environment.
func typed(line string) (words []string, sudo bool) {
	words = wordOrQuot.FindAllString(comment.ReplaceAllString(line, ""), -1)
	for len(words) > 0 && assignment.MatchString(words[0]) {
		words = words[1:]
	}
	if len(words) > 0 && words[0] == "sudo" {
		sudo, words = true, words[1:]
		if len(words) > 2 && words[0] == "-u" {
			words = words[2:]
		}
	}
	for i := range words {
		words[i] = strings.ReplaceAll(words[i], `"`, "")
	}
	return words, sudo
}

// TestDocsCommands: what the guides tell people to type is known to the command
// line, runs here, or says that no test runs it.
func TestDocsCommands(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	bench := newDocsBench(t)
	ran := 0
	for _, name := range sorted(guides(t)) {
		for _, b := range blocks(name, guides(t)[name]) {
			if strings.HasPrefix(name, "docs/reference/") || b.language != "" {
				continue // made from the command line itself; data
			}
			for _, line := range b.lines {
				words, sudo := typed(line)
				switch {
				case len(words) == 0 || b.settings():
					continue // see TestDocsNames
				case words[0] == "make" && len(words) == 2:
					if !strings.Contains(string(makefile), "\n"+words[1]+":") {
						t.Errorf("%s: the Makefile has no target for %q", b.where, line)
					}
				case line == "bin/lectern serve": // run by e2e/newcomer.test.mjs
				case filepath.Base(words[0]) == "lectern":
					if err := parses(bench.fill(words[1:])); err != nil {
						t.Errorf("%s: %q: %v", b.where, line, err)
					}
					if b.mark == "" && !sudo {
						bench.run(b.where, line, words[1:])
						ran++
					}
					if b.mark == "" && sudo {
						t.Errorf("%s: %q cannot run here; say why right before it: *Not run by the tests: …*", b.where, line)
					}
				case b.mark == "":
					t.Errorf("%s: %q is neither run nor marked; say why right before it: *Not run by the tests: …*", b.where, line)
				}
			}
		}
	}
	if ran < 15 {
		t.Errorf("only %d commands ran", ran)
	}
}

func sorted(m map[string]string) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// parses reports, as an error, what the command line finds wrong with args.
func parses(args []string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("it prints help")
		}
	}()
	parser, err := newParser(&cli{}, io.Discard, io.Discard)
	if err != nil {
		return err
	}
	_, err = parser.Parse(args)
	return err
}

// docsBench is a site that the commands of the guides run on.
type docsBench struct {
	*testSite
	folder string
	words  *strings.Replacer
}

// writeArchive writes files as a course is exported.
func writeArchive(t testing.TB, path string, files map[string]string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range sorted(files) {
		head := &tar.Header{Name: "course/" + name, Mode: 0o644, Size: int64(len(files[name]))}
		if err := w.WriteHeader(head); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close(), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func newDocsBench(t *testing.T) *docsBench {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", nil)
	for key, name := range map[string]string{"one": "Moodle", "two": "canvas"} {
		c := s.consumer(key, "secret", nil)
		if code, _, out := s.command("consumer", "set", c.ID, "--name", name); code != 0 {
			t.Fatalf("name a consumer: %s", out)
		}
	}
	refused := s.good(path("problem", "nothing"))
	s.post(newBrowser(t), refused)
	folder := t.TempDir()
	export := filepath.Join(folder, "course.tar.gz")
	writeArchive(t, export, testCourse())
	_, out, _ := s.command("launch", "list", "--json")
	code := regexp.MustCompile(`[2-9A-Z]{4}-[2-9A-Z]{4}`).FindString(out)
	if code == "" {
		_, out, _ = s.command("launch", "list")
		code = regexp.MustCompile(`[2-9A-Z]{4}-[2-9A-Z]{4}`).FindString(out)
	}
	dump := "../../internal/openedx/testdata/"
	return &docsBench{s, folder, strings.NewReplacer(
		"course-v1:Org+Course+Run", someCourse, "course.tar.gz", export, "K7QM-29XF", code,
		"/backups/lectern-$(date", filepath.Join(folder, "backup.tar"),
		"/backups/lectern-2026-11-25.tar", filepath.Join(folder, "backup.tar"),
		"/var/lib/lectern-new", filepath.Join(folder, "new"),
		"lti.json", dump+"lti.json", "users.json", dump+"users.json", "modules.json", dump+"modules.json",
		"…", export,
	)}
}

// fill puts what is here in the place of what the guides name.
func (b *docsBench) fill(words []string) (args []string) {
	for _, w := range words {
		if w != "+%F).tar" { // the end of $(date +%F)
			args = append(args, b.words.Replace(w))
		}
	}
	return args
}

// run runs a command; a doctor may find something.
func (b *docsBench) run(where, line string, words []string) {
	b.t.Helper()
	code, out, errOut := b.command(b.fill(words)...)
	if code != exitDone && (code != exitRefused || words[0] != "doctor") {
		b.t.Errorf("%s: %q: exit %d\n%.600s%.600s", where, line, code, out, errOut)
	}
}
