package locale_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lectern/internal/locale"
	"lectern/ui"
)

// kept are the files below internal whose sentences are kept in English, in
// import reports, in the launch log and with scores, and told again on pages.
var kept = []string{
	"account/resolve.go", "catalog/catalog.go",
	"course/olx/assets.go", "course/olx/content.go", "course/olx/define.go", "course/olx/fate.go", "course/olx/identity.go", "course/olx/import.go",
	"course/olx/interactive.go", "course/olx/load.go", "course/olx/names.go", "course/olx/settings.go", "course/olx/source.go", "course/trial/trial.go", "dragdrop/parse.go", "poll/poll.go", "tool/tool.go", "xmltree/parse.go",
	"problem/annotationresponse.go", "problem/choices.go", "problem/choicetextresponse.go", "problem/classify.go", "problem/imageresponse.go",
	"problem/multiplechoice.go", "problem/numerical.go", "problem/optionresponse.go", "problem/prepare.go", "problem/python.go", "problem/response.go",
	"problem/samples.go", "problem/schematicresponse.go", "problem/symbolicresponse.go", "problem/tolerance.go",
	"lti/lti11/advice.go", "lti/lti11/classify.go", "lti/lti11/contentitem.go", "lti/lti11/errors.go", "lti/lti11/outcomes.go", "lti/lti11/reply.go", "lti/lti11/verify.go",
	"oauth1/diagnose.go", "oauth1/spelling.go", "launchlog/evidence.go", "launchlog/mask.go",
	"outcome/compare.go", "outline/status.go", "outcome/deliver.go", "outcome/policy.go", "safehttp/safehttp.go",
	"web/learn/render.go", "web/launch/choose.go", "web/launch/launch.go", "web/launch/rails.go", "web/launch/resume.go",
}

// unkept are literals of these files that nobody reads on a page: they are
// compared with, or belong to what only a log line says.
var unkept = []string{
	"no free random username",
	"read course: %w", "text/css; charset=utf-8", "text/html; charset=utf-8", "text/javascript; charset=utf-8", "text/plain; charset=utf-8", "text/vtt; charset=utf-8",
	"Export from Studio with Tools, Export. The detail says what was found instead.", "no course.xml and no library.xml", "%s is of a Moodle backup", "%s holds <%s>",
	"%q is no course key", "course.xml says org %q, course %q", // of a course that is refused
	"The data of the drag-and-drop block cannot be used; the detail says why. Correct it in Studio and import the course again.",
	"• an address that cannot be read", // told without the mark
	// What LMSs are known to say.
	"access token", "consumer key", "course not available", "does not accept grades", "invalid lis_result_sourcedid", "invalid sourcedid",
	"no longer enrolled", "not authorized", "not enrolled", "not in course", "past due", "sourcedid hash not valid", "sourcedid is invalid",
	"sourcedid not found", "unknown sourcedid", "user not found",
	"content items: %w", "sign the answer to a request for content: %w", "application/xml, text/xml, */*;q=0.1",
	"See the attempts of this score on the scores page.", "host name cannot be used", "sourcedid is empty or holds characters that XML cannot carry",
	"consumer %s has an empty secret", "no consumer has this secret",
	// Lines of the log.
	"compare not saved", "compare release", "compare score", "compare secret", "compare tries", "outcome attempt not saved", "outcome attempt",
	"outcome clamped", "outcome hurry", "outcome overlap", "outcome release", "outcome score", "outcome secret",
	"this site does not connect to that address: ", // told with the reason
	"The block has reset=\"false\", or the learner has not voted.", "The block's setting max_submissions limits the votes of a learner.",
	"The block's questions or answers cannot be used; the detail says why. Correct them in Studio and import the course again.",
	// Open edX's examples, which count as content.
	"What is your favorite color?",
	"[[\"enjoy\",{\"label\":\"Are you enjoying the course?\"}],\n\t\t\t[\"recommend\",{\"label\":\"Would you recommend this course to your friends?\"}],[\"learn\",{\"label\":\"Do you think you will learn a lot?\"}]]",
	"input %s: %.60q is no JSON", "hint function %s: %w", "%s: graded without its script",
	"Admit the LMS's network with LECTERN_OUTBOUND_ALLOW if it is your own.", "Lectern/%s (+LTI tool)",
	"The answer is over the limit; the address may be wrong.", "no address for host", "read answer: %w",
	"CP=\"Lectern has no P3P policy.\"", "Split the file. The error says which limit it passed.", "read xml: %w",
}

// wordy is a text that people read: two words beside each other.
var wordy = regexp.MustCompile(`\pL{2,}[,;:.’']? (?:<?%\S+ )?\pL{2,}`)

// sentences returns the wordy texts of the kept files, and where they are.
// Where a text is put together, %s stands for what is put in.
func sentences(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	seen := 0
	eachFile(t, func(name string, f *ast.File) {
		name = strings.TrimPrefix(filepath.ToSlash(name), "../../internal/")
		if !slices.Contains(kept, name) {
			return
		}
		seen++
		consts := constants(f)
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.Field:
				return n.Tag == nil
			case ast.Expr:
				text, ok := pattern(n, consts)
				if ok && wordy.MatchString(text) && !slices.Contains(unkept, text) {
					found[text] = name
				}
				return !ok
			}
			return true
		})
	})
	if seen != len(kept) {
		t.Errorf("%d of the %d files are there", seen, len(kept))
	}
	return found
}

// pattern returns the text of an expression, with %s for what is not constant,
// if it is one.
func pattern(e ast.Expr, consts map[string]string) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		return s, err == nil && e.Kind == token.STRING
	case *ast.Ident:
		s := consts[e.Name]
		return s, s != ""
	case *ast.BinaryExpr:
		x, isX := pattern(e.X, consts)
		y, isY := pattern(e.Y, consts)
		if e.Op != token.ADD || !isX && !isY {
			return "", false
		}
		if !isX {
			x = "%s"
		}
		if !isY {
			y = "%s"
		}
		return x + y, true
	}
	return "", false
}

// pythonNote is how the sandbox says what it read leniently.
var pythonNote = regexp.MustCompile(`(?:note\(|note = |TABS = )("(?:[^"\\]|\\.)*"|'[^']*')`)

// pythonNotes returns the sentences of the sandbox.
func pythonNotes(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	names, err := filepath.Glob("../problem/pyrun/py/sandbox/_lectern/*.py")
	if err != nil || len(names) == 0 {
		t.Fatal("no sandbox", err)
	}
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pythonNote.FindAllSubmatch(source, -1) {
			found[strings.ReplaceAll(string(m[1][1:len(m[1])-1]), `\"`, `"`)] = name
		}
	}
	return found
}

// TestSentences asks every language for every sentence that is kept in English.
func TestSentences(t *testing.T) {
	texts := sentences(t)
	for text, where := range pythonNotes(t) {
		texts[text] = where
	}
	for _, l := range locale.Languages()[1:] {
		hasAll(t, l, texts)
	}
}

// TestSentenceVerbs compares the verbs of each sentence with those of its
// translation: nothing that was put in is lost.
func TestSentenceVerbs(t *testing.T) {
	verb := regexp.MustCompile(`%(?:\[(\d+)\])?[-+# 0]*\d*(?:\.\d+)?[a-zA-Z]`)
	places := func(s string) []int {
		list := []int{}
		for i, m := range verb.FindAllStringSubmatch(s, -1) {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				n = i + 1
			}
			list = append(list, n)
		}
		slices.Sort(list)
		return slices.Compact(list)
	}
	for _, l := range locale.Languages()[1:] {
		source, err := ui.FS.ReadFile("locale/" + l.Tag + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Sentences map[string]any `json:"sentences"`
		}
		if err := json.Unmarshal(source, &file); err != nil {
			t.Fatal(err)
		}
		for key, value := range file.Sentences {
			said := []string{}
			switch v := value.(type) {
			case string:
				said = append(said, v)
			case map[string]any:
				for _, form := range v {
					said = append(said, fmt.Sprint(form))
				}
			}
			for _, s := range said {
				if !slices.Equal(places(key), places(s)) {
					t.Errorf("%s: %q puts in %v, not %v as %q", l.Tag, s, places(s), places(key), key)
				}
			}
		}
	}
}
