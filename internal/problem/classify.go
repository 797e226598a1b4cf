package problem

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"lectern/internal/xmltree"
)

// foreignType is a response type that is recognised but not graded here.
type foreignType struct {
	tag    string
	class  Class
	reason string // completes "The problem uses a …"
}

// foreignTypes are numbered like the others, so that input ids agree with Open
// edX's.
var foreignTypes = []foreignType{
	{"coderesponse", External, "response graded by an external queue"},
	{"externalresponse", External, "response graded by an external service"},
	{"javascriptresponse", Unsupported, "JavaScript response, which Open edX no longer has either"},
	{"jsmeresponse", Unsupported, "molecule response, which Open edX no longer has either"},
	{"shortanswerresponse", Unsupported, "short answer response, which Open edX no longer has either"},
	{"radiobuttonresponse", Unsupported, "radio button response, which Open edX no longer has either"},
}

// inputTags are all elements that take an answer. Each gets an id inside its
// response.
var inputTags = []string{
	"optioninput", "choicegroup", "radiogroup", "checkboxgroup", "textline", "formulaequationinput",
	"javascriptinput", "jsinput", "filesubmission", "codeinput", "textbox", "matlabinput", "schematic",
	"imageinput", "crystallography", "vsepr_input", "chemicalequationinput", "drag_and_drop_input",
	"editamoleculeinput", "designprotein2dinput", "editageneinput", "annotationinput",
	"radiotextgroup", "checkboxtextgroup",
}

// heavyImport finds modules that only a grader outside of the sandbox can
// offer.
var heavyImport = regexp.MustCompile(`(?m)^[ \t]*(?:from|import)[ \t]+(?:[\w., \t]*[ ,\t])?` +
	`(numpy|scipy|sympy|matplotlib|mitxgraders)\b`)

// classify finds out what the problem needs and, unless it is native, why.
func (d *Definition) classify() {
	d.class = Native
	worse := func(c Class, format string, args ...any) {
		if severity(c) > severity(d.class) {
			d.class, d.reason = c, fmt.Sprintf(format, args...)
		}
	}
	d.root.Walk(func(n *xmltree.Node) bool {
		switch {
		case n.Name == "script" && isPython(n), n.Name == "answer":
			m := heavyImport.FindStringSubmatch(n.Text())
			switch {
			case m != nil:
				worse(External, "The problem's Python imports %s, which only an external grader offers.", m[1])
			case n.Name == "script":
				worse(Python, "The problem has a Python script.")
			}
		case n.Name == customTag || n.Name == schematicTag:
			worse(Python, "The problem's answers are checked by a Python script (%s).", n.Name)
		case n.Name == symbolicTag:
			if reason := foreignSymbolic(n); reason != "" {
				worse(Unsupported, "The problem uses a %s (%s).", reason, n.Name)
			}
		case n.Name == "hintgroup" && n.Attr("hintfn") != "":
			worse(Python, "The problem's hints are chosen by the Python function %s.", n.Attr("hintfn"))
		default:
			i := slices.IndexFunc(foreignTypes, func(f foreignType) bool { return f.tag == n.Name })
			if i >= 0 {
				d.queue = d.queue || foreignTypes[i].class == External
				worse(foreignTypes[i].class, "The problem uses a %s (%s).", foreignTypes[i].reason, n.Name)
			}
		}
		return true
	})
}

// severity orders classes by how far the problem is from being graded.
func severity(c Class) int {
	return slices.Index([]Class{Native, Python, External, Unsupported, Broken}, c)
}

// isPython reports whether a script element is run by Open edX when the problem
// is made. One with nothing but comments has no effect.
func isPython(n *xmltree.Node) bool {
	kind := n.Attr("type")
	if strings.Contains(kind, "javascript") || strings.Contains(kind, "perl") {
		return false
	}
	for line := range strings.Lines(n.Text()) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return true
		}
	}
	return false
}
