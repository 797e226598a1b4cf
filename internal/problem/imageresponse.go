package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// imageType is a point in a picture.
var imageType = responseType{tag: "imageresponse", inputs: []string{"imageinput"}, build: buildImages}

// Limits of one picture.
const (
	maxRectangles   = 1000
	maxRegionPoints = 10_000 // of all its regions
	maxImageSide    = 20_000 // pixels
)

type imageGrader struct {
	r      *response
	images []*picture // one per input
}

// picture is one image with the areas in which a point is right.
type picture struct {
	in            *input
	width, height int // the pixels that points are counted in
	rectangles    []rectangle
	regions       []polygon
}

// rectangle is an area that its edges belong to.
type rectangle struct{ left, top, right, bottom float64 }

func (r rectangle) holds(p point) bool {
	return r.left <= p.x && p.x <= r.right && r.top <= p.y && p.y <= r.bottom
}

func buildImages(r *response) (grader, error) {
	g := &imageGrader{r: r}
	for _, in := range r.inputs {
		p := &picture{in: in}
		if err := p.read(); err != nil {
			return nil, r.fail("imageinput: %w", err)
		}
		g.images = append(g.images, p)
	}
	return g, nil
}

func (p *picture) read() error {
	attr := func(name string) string { return p.in.response.p.scope.expand(p.in.node.Attr(name)) }
	if attr("src") == "" {
		return errors.New("attribute src is missing")
	}
	var err error
	if p.width, err = imageSide(attr("width")); err != nil {
		return fmt.Errorf("width: %w", err)
	}
	if p.height, err = imageSide(attr("height")); err != nil {
		return fmt.Errorf("height: %w", err)
	}
	if p.rectangles, err = parseRectangles(attr("rectangle")); err != nil {
		return err
	}
	p.regions, err = parseRegions(attr("regions"))
	return err
}

// imageSide reads a number of pixels; "px" after it is as good as nothing.
func imageSide(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(s), "px"))
	if err != nil || n < 1 || n > maxImageSide {
		return 0, fmt.Errorf("%.40q is no whole number of pixels up to %d", s, maxImageSide)
	}
	return n, nil
}

// Both patterns are tried at the start of a text without blanks; what comes
// after a match does not count, as in Open edX.
var (
	rectanglePattern = regexp.MustCompile(`^[(\[]([0-9]+),([0-9]+)[)\]]-[(\[]([0-9]+),([0-9]+)[)\]]`)
	pointPattern     = regexp.MustCompile(`^\[([0-9]+),([0-9]+)\]`)
)

// parseRectangles reads "(x1,y1)-(x2,y2);…". Nothing between two semicolons is
// no rectangle.
func parseRectangles(text string) ([]rectangle, error) {
	var list []rectangle
	for part := range strings.SplitSeq(text, ";") {
		part = strings.ReplaceAll(strings.TrimSpace(part), " ", "")
		if part == "" {
			continue
		}
		m := rectanglePattern.FindStringSubmatch(part)
		if m == nil {
			return nil, fmt.Errorf("%.60q is no rectangle like (10,10)-(20,30)", part)
		}
		if len(list) == maxRectangles {
			return nil, fmt.Errorf("more than %d rectangles", maxRectangles)
		}
		list = append(list, rectangle{pixels(m[1]), pixels(m[2]), pixels(m[3]), pixels(m[4])})
	}
	return list, nil
}

// pixels reads digits. More of them than any number here has are infinitely
// many pixels.
func pixels(digits string) float64 {
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return math.Inf(1)
	}
	return f
}

// parseRegions reads a JSON list of areas, each a list of points in any order,
// or of the points of one area. An area is the convex hull of its points.
func parseRegions(text string) ([]polygon, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		return nil, fmt.Errorf("regions: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	var areas [][][]float64
	var first []json.RawMessage
	if json.Unmarshal(list[0], &first) == nil && len(first) > 0 && strings.HasPrefix(string(first[0]), "[") {
		if err := json.Unmarshal([]byte(text), &areas); err != nil {
			return nil, fmt.Errorf("regions: %w", err)
		}
	} else {
		areas = make([][][]float64, 1)
		if err := json.Unmarshal([]byte(text), &areas[0]); err != nil {
			return nil, fmt.Errorf("regions: %w", err)
		}
	}
	return hulls(areas)
}

func hulls(areas [][][]float64) ([]polygon, error) {
	total := 0
	var list []polygon
	for _, area := range areas {
		if total += len(area); total > maxRegionPoints {
			return nil, fmt.Errorf("regions of more than %d points", maxRegionPoints)
		}
		points := make([]point, len(area))
		for i, p := range area {
			if len(p) < 2 {
				return nil, fmt.Errorf("regions: %v is no point like [10,20]", p)
			}
			points[i] = point{p[0], p[1]}
		}
		if hull := convexHull(points); hull != nil {
			list = append(list, hull)
		}
	}
	return list, nil
}

// holds reports whether a point is right: in a rectangle or on its edge, or
// inside of a region.
func (p *picture) holds(at point) bool {
	for _, r := range p.rectangles {
		if r.holds(at) {
			return true
		}
	}
	for _, r := range p.regions {
		if r.holds(at) {
			return true
		}
	}
	return false
}

func (g *imageGrader) grade(a Answers) (Marks, error) {
	var marks Marks
	for _, p := range g.images {
		mark := Mark{Correctness: Incorrect}
		if given := a[p.in.id].Value(); given != "" {
			at, ok := parsePoint(given)
			if !ok {
				return Marks{}, ErrAnswer.Say("A point is two whole numbers: how far from the left and how far from the top.").
					With("input %s: %.60q", p.in.id, given)
			}
			if p.holds(at) {
				mark.Correctness = Correct
			}
		}
		marks.Set(p.in.id, mark)
	}
	return marks, nil
}

// parsePoint reads "[x,y]".
func parsePoint(s string) (point, bool) {
	m := pointPattern.FindStringSubmatch(strings.ReplaceAll(strings.TrimSpace(s), " ", ""))
	if m == nil {
		return point{}, false
	}
	return point{pixels(m[1]), pixels(m[2])}, true
}

func (g *imageGrader) feedback(Answers, *Marks) error { return nil }

func (g *imageGrader) solution(v *View) []Shown {
	var shown []Shown
	for _, p := range g.images {
		if s, ok := p.shown(v); ok {
			shown = append(shown, s)
		}
	}
	return shown
}

// shown says the areas in words; the picture itself outlines them.
func (p *picture) shown(v *View) (Shown, bool) {
	const most = 12 // more words than that help nobody
	var texts, values []string
	for _, name := range []string{"rectangle", "regions"} {
		if s := p.in.response.p.scope.expand(p.in.node.Attr(name)); s != "" {
			values = append(values, s)
		}
	}
	for _, r := range p.rectangles {
		texts = append(texts, v.T("X from %s to %s and Y from %s to %s", short(r.left), short(r.right), short(r.top), short(r.bottom)))
	}
	for _, r := range p.regions {
		if len(r) > most {
			texts = append(texts, v.T("inside an outline of %d corners", len(r)))
			continue
		}
		corners := make([]string, len(r))
		for i, c := range r {
			corners[i] = "(" + short(c.x) + ", " + short(c.y) + ")"
		}
		texts = append(texts, v.T("inside the outline %s", strings.Join(corners, ", ")))
	}
	if len(texts) == 0 {
		return Shown{}, false
	}
	if len(texts) > most {
		texts = []string{v.T("in one of the marked areas")}
	}
	return Shown{ID: p.in.id, Values: values, HTML: html.EscapeString(strings.Join(texts, "; "+v.T("or")+" "))}, true
}

// short writes a coordinate.
func short(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
