package problem

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"lectern/internal/problem/script"
	"lectern/internal/spectest"
)

// courseProblem is a problem of a real course and what Open edX's engine says
// about it with seed 1.
type courseProblem struct {
	URLName      string `json:"url_name"`
	File         string
	LoadError    string `json:"load_error"` // why Open edX cannot make it
	Max          float64
	Responses    []string
	Tests        []courseTest
	ShownAnswers map[string]json.RawMessage `json:"shown_answers"`
}

// courseTest is one submission to one response of a problem.
type courseTest struct {
	Kind     string
	Response string                       `json:"r"`
	Sub      map[string]json.RawMessage   // by suffix of the problem's id
	Exp      map[string][]json.RawMessage // correctness, points
}

// eachCourseProblem calls f for the problems of the real courses.
func eachCourseProblem(t *testing.T, f func(t *testing.T, course string, p courseProblem, d *Definition)) {
	t.Helper()
	var file struct {
		Courses map[string]struct{ Problems []courseProblem }
	}
	spectest.JSON(t, &file, "data", "capa-course-expectations.json")
	for _, name := range slices.Sorted(maps.Keys(file.Courses)) {
		files := readCourse(t, spectest.Shared(t, "courses", name+".tar.gz"))
		opts := Options{ID: "i4x-p", Scripts: sandbox(t)}
		if zip, ok := files["static/python_lib.zip"]; ok {
			sum := sha256.Sum256([]byte(zip))
			opts.Library = &script.Library{
				SHA256: hex.EncodeToString(sum[:]),
				Open:   func(context.Context) ([]byte, error) { return []byte(zip), nil },
			}
		}
		for _, p := range file.Courses[name].Problems {
			xml, ok := files[p.File]
			if !ok {
				t.Errorf("%s: no file %s for %s", name, p.File, p.URLName)
				continue
			}
			d, err := Parse(xml, opts)
			if err != nil {
				t.Errorf("%s/%s: %v: %v", name, p.File, err, errors.Unwrap(err))
				continue
			}
			f(t, name, p, d)
		}
	}
}

// TestCourses draws each problem of real courses before and after an answer,
// and compares what is shown as correct.
func TestCourses(t *testing.T) {
	classes := map[Class]int{}
	eachCourseProblem(t, func(t *testing.T, course string, p courseProblem, d *Definition) {
		class, reason := d.Class()
		classes[class]++
		if class != Native && reason == "" {
			t.Errorf("%s/%s: class %s without reason", course, p.File, class)
		}
		if _, err := d.Trial(t.Context()); err != nil || !d.Answerable() || p.LoadError != "" {
			return // what cannot be made is counted by TestConformance
		}
		t.Run(course+"/"+p.URLName, func(t *testing.T) {
			checkAnswers(t, d, p)
			checkDrawing(t, d, p)
			if class == Native {
				checkGradedAgain(t, d)
			}
		})
	})
	t.Logf("problems by class: %v", classes)
}

// readCourse returns the XML files and the Python modules of a course archive by their path under the
// course's root.
func readCourse(t *testing.T, name string) map[string]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if path.Ext(h.Name) != ".xml" && path.Base(h.Name) != "python_lib.zip" {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(path.Clean(h.Name), "/")
		files[rest] = string(b)
	}
}

// checkAnswers compares the points and the answers shown.
func checkAnswers(t *testing.T, d *Definition, p courseProblem) {
	t.Helper()
	if d.MaxScore() != p.Max {
		t.Errorf("max %v, want %v", d.MaxScore(), p.Max)
	}
	problem, err := d.Instance(t.Context(), Variant{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]Shown{}
	for _, s := range problem.ShowAnswers() {
		shown[s.ID] = s
	}
	for suffix, raw := range p.ShownAnswers {
		checkShown(t, shown["i4x-p"+suffix], raw)
	}
}

// checkGradedAgain submits several answers: each must be marked as by an instance
// that never graded anything.
func checkGradedAgain(t *testing.T, d *Definition) {
	t.Helper()
	seed := int64(1)
	for _, answer := range []Answer{One("choice_0"), List("choice_1"), One("1"), One("choice_0"), One("x^2"), List(), One("1")} {
		fresh, err := d.Instance(t.Context(), Variant{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		answers := Answers{}
		for _, id := range fresh.InputIDs() {
			answers[id] = answer
		}
		want, wantErr := fresh.Grade(t.Context(), answers, 1)
		st := State{Seed: &seed}
		got, gotErr := d.Submit(t.Context(), Settings{}, &st, "somebody", answers, time.Now())
		if (gotErr == nil) != (wantErr == nil) || gotErr == nil && !reflect.DeepEqual(got.Result, want) {
			t.Errorf("answer %v: %+v, %v; want %+v, %v", answer, got, gotErr, want, wantErr)
		}
	}
}

// checkShown compares what "show answer" gives: names in any order, or HTML.
func checkShown(t *testing.T, got Shown, raw json.RawMessage) {
	t.Helper()
	var names []string
	if json.Unmarshal(raw, &names) == nil {
		if !sameSet(got.Values, names) {
			t.Errorf("%s: answers %q, want %q", got.ID, got.Values, names)
		}
		return
	}
	var text string
	if json.Unmarshal(raw, &text) == nil && got.HTML != text && html.UnescapeString(got.HTML) != text {
		t.Errorf("%s: answer %q, want %q", got.ID, got.HTML, text)
	}
}

// checkDrawing draws the problem in several states: every field must be there
// once, under Open edX's name, and the HTML must survive a browser's parser.
func checkDrawing(t *testing.T, d *Definition, p courseProblem) {
	t.Helper()
	problem, err := d.Instance(t.Context(), Variant{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	views := []View{{}, {ReadOnly: true, ShowAnswers: true}}
	for _, tt := range p.Tests[:min(3, len(p.Tests))] {
		answers := readSubmission(t, "i4x-p", tt.Sub)
		if result, err := problem.Grade(t.Context(), answers, 1); err == nil {
			views = append(views,
				View{Answers: answers, Marks: result.Marks},
				View{Answers: answers, Marks: result.Marks, CorrectnessHidden: true},
				View{Answers: answers, Marks: result.Marks, Saved: true, ShowAnswers: true})
		}
	}
	for _, v := range views {
		out, err := problem.Render(v)
		if err != nil {
			t.Fatal(err)
		}
		doc := parseHTML(t, string(out))
		names := fieldNames(doc)
		for _, id := range problem.InputIDs() {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(names)), func(name string) bool { return isFieldOf(name, id) }) {
				t.Errorf("no field for %s in %.300s", id, out)
			}
		}
		if twice := repeatedIDs(doc); len(twice) > 0 && !authorsRepeat(d, twice) {
			t.Errorf("ids given twice: %v", twice)
		}
	}
}

// isFieldOf reports whether a field holds the answer of an input or a part of
// it.
func isFieldOf(name, id string) bool {
	if parts := partPattern.FindStringSubmatch(name); parts != nil {
		name = parts[1]
	}
	for _, prefix := range []string{"input_", placeField, acrossField} {
		if name == prefix+id || name == prefix+id+"[]" {
			return true
		}
	}
	return false
}

// authorsRepeat reports whether the course itself gives the ids.
func authorsRepeat(d *Definition, ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool {
		return !strings.Contains(d.root.XML(), `id="`+id+`"`)
	})
}

func parseHTML(t *testing.T, markup string) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(markup))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func fieldNames(doc *html.Node) map[string]int {
	names := map[string]int{}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && (n.Data == "input" || n.Data == "select" || n.Data == "textarea") {
			names[attribute(n, "name")]++
		}
	}
	return names
}

func repeatedIDs(doc *html.Node) []string {
	seen := map[string]int{}
	var twice []string
	for n := range doc.Descendants() {
		if id := attribute(n, "id"); id != "" {
			if seen[id]++; seen[id] == 2 {
				twice = append(twice, id)
			}
		}
	}
	return twice
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
