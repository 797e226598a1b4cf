package locale_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"lectern/internal/locale"
	"lectern/ui"
)

// plain are templates whose texts are not translated yet.
var plain = []string{}

// TestComplete asks every language for every text that code and templates say.
func TestComplete(t *testing.T) {
	texts := templateTexts(t)
	for text, where := range codeTexts(t) {
		texts[text] = where
	}
	for text, where := range scriptTexts(t) {
		texts[text] = where
	}
	for _, l := range locale.Languages() {
		hasAll(t, l, texts)
	}
}

// hasAll reports which texts a language lacks, and where they are said.
func hasAll(t *testing.T, l *locale.Language, texts map[string]string) {
	t.Helper()
	var missing []string
	for text, where := range texts {
		if !l.Has(text) {
			missing = append(missing, fmt.Sprintf("%s: %q", where, text))
		}
	}
	slices.Sort(missing)
	for _, m := range missing {
		t.Errorf("%s lacks %s", l.Tag, m)
	}
}

// TestVerbs compares the verbs of each translation with those of its text.
func TestVerbs(t *testing.T) {
	verb := regexp.MustCompile(`%(?:\[\d+\])?[a-z]`)
	verbs := func(s string) []string {
		list := verb.FindAllString(s, -1)
		slices.Sort(list)
		return list
	}
	for text := range templateTexts(t) {
		for _, l := range locale.Languages() {
			said := l.T(text)
			if !slices.Equal(verbs(text), verbs(said)) {
				t.Errorf("%s: %q has other verbs than %q", l.Tag, said, text)
			}
		}
	}
}

var (
	action = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	quoted = regexp.MustCompile(`\bth? ("(?:[^"\\]|\\.)*")`)
)

// templateTexts returns what templates pass to t and th, and where.
func templateTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	eachTemplate(t, func(name, source string) {
		for _, a := range action.FindAllString(source, -1) {
			for _, m := range quoted.FindAllStringSubmatch(a, -1) {
				text, err := strconv.Unquote(m[1])
				if err != nil {
					t.Errorf("%s: %s: %v", name, m[1], err)
				}
				texts[text] = name
			}
		}
	})
	return texts
}

func eachTemplate(t *testing.T, f func(name, source string)) {
	t.Helper()
	err := fs.WalkDir(ui.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".html") || strings.HasPrefix(name, "vendor/") {
			return err
		}
		b, err := ui.FS.ReadFile(name)
		f(name, string(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// scriptText is what a script passes to its T.
var scriptText = regexp.MustCompile(`\bT\(("(?:[^"\\]|\\.)*")`)

// scriptTexts returns what scripts say, and where.
func scriptTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	eachScript(t, func(name, source string) {
		for _, m := range scriptText.FindAllStringSubmatch(source, -1) {
			text, err := strconv.Unquote(m[1])
			if err != nil {
				t.Errorf("%s: %s: %v", name, m[1], err)
			}
			texts[text] = name
		}
	})
	return texts
}

func eachScript(t *testing.T, f func(name, source string)) {
	t.Helper()
	names, err := fs.Glob(ui.FS, "*/*.js")
	if err != nil || len(names) == 0 {
		t.Fatal("no scripts", err)
	}
	for _, name := range names {
		b, err := ui.FS.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f(name, string(b))
	}
}

// TestScriptsSayNothingThemselves finds literals of scripts that read like a
// sentence: a capital letter, words, and blanks between them.
func TestScriptsSayNothingThemselves(t *testing.T) {
	sentence := regexp.MustCompile("[\"`][A-Z$][^\"`\n]*[a-z}] [a-z]+[^\"`\n]*[.!?:…]?[\"`]")
	comment := regexp.MustCompile(`(?m)^\s*//.*$`)
	eachScript(t, func(name, source string) {
		source = scriptText.ReplaceAllString(comment.ReplaceAllString(source, ""), "T(")
		for _, s := range sentence.FindAllString(source, -1) {
			t.Errorf("%s says, outside of T: %s", name, s)
		}
	})
}

// TestTemplatesSayNothingThemselves finds text in templates outside t.
func TestTemplatesSayNothingThemselves(t *testing.T) {
	eachTemplate(t, func(name, source string) {
		said := spoken(action.ReplaceAllString(source, " "))
		listed := slices.Contains(plain, name)
		if len(said) > 0 && !listed {
			t.Errorf("%s says, outside of t: %q", name, said)
		}
		if len(said) == 0 && listed {
			t.Errorf("%s is translated; take it off the list", name)
		}
	})
}

// names are words, and an example of a code, that are the same in all languages.
var names = []string{"Lectern", "LTI", "UTC", "CSV", "URL", "JSON", "XML", "HTTP", "K7QM-29XF"}

// spoken returns what people would read of an HTML text.
func spoken(source string) []string {
	var list []string
	keep := func(s string) {
		for _, n := range names {
			s = strings.ReplaceAll(s, n, "")
		}
		if regexp.MustCompile(`\pL{2}`).MatchString(s) {
			list = append(list, strings.TrimSpace(s))
		}
	}
	silent := ""
	for z := html.NewTokenizer(strings.NewReader(source)); z.Next() != html.ErrorToken; {
		token := z.Token()
		switch token.Type {
		case html.TextToken:
			switch silent {
			case "":
				keep(token.Data)
			case "noscript": // the tokenizer leaves its content as it is
				list = append(list, spoken(token.Data)...)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			if token.Data == "code" || token.Data == "noscript" || token.Data == "script" || token.Data == "style" {
				silent = token.Data
			}
			for _, a := range token.Attr {
				if slices.Contains([]string{"aria-label", "title", "placeholder", "alt"}, a.Key) {
					keep(a.Val)
				}
			}
		case html.EndTagToken:
			if token.Data == silent {
				silent = ""
			}
		}
	}
	return list
}

// codeTexts returns the texts of Go code: what is passed to T and locale.Text,
// and the public sentences of errors, made by errs.New and Say.
func codeTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	consts := map[string]map[string]string{} // by folder, then by name
	eachFile(t, func(name string, f *ast.File) {
		at := filepath.Dir(name)
		if consts[at] == nil {
			consts[at] = map[string]string{}
		}
		maps.Copy(consts[at], constants(f))
	})
	eachFile(t, func(name string, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if text := said(n, consts[filepath.Dir(name)]); text != "" {
					texts[text] = filepath.ToSlash(name)
				}
			case *ast.KeyValueExpr:
				if text := field(n, filepath.ToSlash(name)); text != "" {
					texts[text] = filepath.ToSlash(name)
				}
			case *ast.Field: // of the settings, which the console explains
				if text := help(n); text != "" && strings.Contains(filepath.ToSlash(name), "/config/") {
					texts[text] = filepath.ToSlash(name)
				}
			}
			return true
		})
	})
	return texts
}

// constants returns the texts that a file gives names, by name.
func constants(f *ast.File) map[string]string {
	list := map[string]string{}
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
			for _, s := range g.Specs {
				if v, ok := s.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
					for i, n := range v.Names {
						list[n.Name] = constant(v.Values[i], nil)
					}
				}
			}
		}
	}
	return list
}

// eachFile parses the Go files whose texts people read: tests and the LMS that
// is played for tests are not among them.
func eachFile(t *testing.T, f func(name string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join("..", "..", "internal"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") ||
			strings.Contains(filepath.ToSlash(name), "internal/fakelms/") && filepath.Base(name) != "faults.go" {
			return err
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
		if err == nil {
			f(name, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// help returns what a flag says of itself.
func help(f *ast.Field) string {
	if f.Tag == nil {
		return ""
	}
	tag, err := strconv.Unquote(f.Tag.Value)
	if err != nil {
		return ""
	}
	return reflect.StructTag(tag).Get("help")
}

// field returns the text of a field that pages show, or "": of a layout, and of
// what package connect says.
func field(kv *ast.KeyValueExpr, file string) string {
	key, ok := kv.Key.(*ast.Ident)
	if !ok {
		return ""
	}
	fields := []string{"Notice", "Problem"}
	if strings.Contains(file, "/web/") {
		fields = append(fields, "Title")
	}
	if strings.Contains(file, "/connect/") {
		fields = []string{"Do", "Intro"}
	}
	if !slices.Contains(fields, key.Name) {
		return ""
	}
	return constant(kv.Value, nil)
}

// said returns the constant text that a call says, or "".
func said(call *ast.CallExpr, consts map[string]string) string {
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	at := map[string]int{"T": 0, "Text": 0, "Say": 0, "New": 3, "Layout": 0}
	n, ok := at[fun.Sel.Name]
	pkg, isName := fun.X.(*ast.Ident)
	switch fun.Sel.Name {
	case "New":
		ok = ok && isName && pkg.Name == "errs"
	case "Text":
		ok = ok && isName && pkg.Name == "locale"
	}
	if !ok || len(call.Args) <= n {
		return ""
	}
	return constant(call.Args[n], consts)
}

// constant returns the value of a string literal, a constant or a sum of them.
func constant(e ast.Expr, consts map[string]string) string {
	switch e := e.(type) {
	case *ast.Ident:
		return consts[e.Name]
	case *ast.BasicLit:
		s, err := strconv.Unquote(e.Value)
		if err == nil && e.Kind == token.STRING {
			return s
		}
	case *ast.BinaryExpr:
		if x, y := constant(e.X, consts), constant(e.Y, consts); x != "" && y != "" {
			return x + y
		}
	}
	return ""
}
