package problem

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"lectern/internal/errs"
	"lectern/internal/xmltree"
)

func image(attrs string) string {
	return question(`<imageresponse><imageinput src="/static/map.png" width="400" height="300" ` + attrs + `/></imageresponse>`)
}

func TestImage(t *testing.T) {
	for _, tt := range []struct {
		name, attrs, given string
		want               bool
	}{
		{"on the edge", `rectangle="(10,20)-(30,40)"`, "[10,40]", true},
		{"beside", `rectangle="(10,20)-(30,40)"`, "[10,41]", false},
		{"blanks everywhere", `rectangle=" ( 10, 20 ) - ( 30 ,40 ) "`, " [ 1 5 , 30 ] ", true},
		{"square brackets", `rectangle="[10,20]-[30,40]"`, "[15,30]", true},
		{"something after it", `rectangle="(10,20)-(30,40) and so on"`, "[15,30] or so", true},
		{"the second", `rectangle="(1,1)-(2,2);(10,20)-(30,40);"`, "[15,30]", true},
		{"ends the wrong way round", `rectangle="(30,40)-(10,20)"`, "[15,30]", false},
		{"far away", `rectangle="(10,20)-(30,40)"`, "[" + strings.Repeat("9", 400) + ",30]", false},
		{"as far as that", `rectangle="(10,20)-(` + strings.Repeat("9", 400) + `,40)"`, "[" + strings.Repeat("9", 300) + ",30]", true},
		{"nothing", `rectangle="(10,20)-(30,40)"`, "", false},
		{"no area", ``, "[1,1]", false},
		{"inside of a region", `regions="[[0,0],[100,0],[100,100],[0,100]]"`, "[50,50]", true},
		{"on the edge of a region", `regions="[[0,0],[100,0],[100,100],[0,100]]"`, "[50,0]", false},
		{"corners in any order", `regions="[[0,0],[100,100],[100,0],[0,100]]"`, "[50,5]", true},
		{"a dent does not count", `regions="[[0,0],[100,0],[50,10],[100,100],[0,100]]"`, "[80,50]", true},
		{"the second region", `regions="[[[0,0],[1,0],[1,1]],[[50,50],[90,50],[90,90]]]"`, "[80,60]", true},
		{"points below zero", `regions="[[-10,-10],[20,-10],[20,20]]"`, "[5,0]", true},
		{"parts of pixels", `regions="[[0.5,0.5],[3.5,0.5],[3.5,3.5]]"`, "[3,1]", true},
		{"a line", `regions="[[0,0],[50,50],[100,100]]"`, "[50,50]", false},
		{"one point", `regions="[[5,5],[5,5],[5,5]]"`, "[5,5]", false},
		{"no region", `regions="[]"`, "[5,5]", false},
		{"a region without points", `regions="[[[1,1]],[]]"`, "[5,5]", false},
		{"region or rectangle", `rectangle="(10,20)-(30,40)" regions="[[100,100],[200,100],[200,200]]"`, "[190,110]", true},
		{"from a variable of the problem", `rectangle="($seed,1)-(9,9)"`, "[1,1]", true},
	} {
		result, err := gradeOnce(image(tt.attrs), 1, Answers{"P_2_1": One(tt.given)})
		if err != nil {
			t.Errorf("%s: %v: %v", tt.name, err, errors.Unwrap(err))
			continue
		}
		if got := result.Earned == 1; got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestImageErrors(t *testing.T) {
	const good = `rectangle="(1,1)-(2,2)"`
	for _, tt := range []struct {
		name, xml, given string
		want             *errs.Error
	}{
		{"letters", image(good), "[a,b]", ErrAnswer},
		{"one number", image(good), "[5,]", ErrAnswer},
		{"parts of pixels", image(good), "[1.5,2]", ErrAnswer},
		{"below zero", image(good), "[-1,2]", ErrAnswer},
		{"no brackets", image(good), "1,2", ErrAnswer},
		{"a rectangle of letters", image(`rectangle="(a,b)-(c,d)"`), "[1,1]", ErrContent},
		{"half a rectangle", image(`rectangle="(1,1)"`), "[1,1]", ErrContent},
		{"many rectangles", image(`rectangle="` + strings.Repeat("(1,1)-(2,2);", 100_000) + `"`), "[1,1]", ErrContent},
		{"a million rectangles", image(`rectangle="` + strings.Repeat("(1,1)-(2,2);", 1_000_000) + `"`), "[1,1]", xmltree.ErrTooLarge},
		{"a huge region", image(`regions="[` + strings.Repeat("[1,1],", 200_000) + `[2,3]]"`), "[1,1]", ErrContent},
		{"many regions", image(`regions="[` + strings.Repeat("[[1,1]],", 200_000) + `[[2,3]]]"`), "[1,1]", ErrContent},
		{"regions that are no JSON", image(`regions="[[1,1"`), "[1,1]", ErrContent},
		{"regions that are no list", image(`regions="{}"`), "[1,1]", ErrContent},
		{"a region of numbers", image(`regions="[1,2,3]"`), "[1,1]", ErrContent},
		{"a point of one number", image(`regions="[[1],[2],[3]]"`), "[1,1]", ErrContent},
		{"a point of words", image(`regions="[[&quot;a&quot;,1],[2,3]]"`), "[1,1]", ErrContent},
		{"nested too deep", image(`regions="` + strings.Repeat("[", 100_000) + `"`), "[1,1]", ErrContent},
		{"no size", question(`<imageresponse><imageinput src="a.png" rectangle="(1,1)-(2,2)"/></imageresponse>`), "[1,1]", ErrContent},
		{"no picture", question(`<imageresponse><imageinput width="9" height="9" rectangle="(1,1)-(2,2)"/></imageresponse>`), "[1,1]", ErrContent},
		{"no height", question(`<imageresponse><imageinput src="a.png" width="9" height="0"/></imageresponse>`), "[1,1]", ErrContent},
		{"a huge size", question(`<imageresponse><imageinput src="a.png" width="9" height="999999999999999999999"/></imageresponse>`), "[1,1]", ErrContent},
	} {
		start := time.Now()
		_, err := gradeOnce(tt.xml, 1, Answers{"P_2_1": One(tt.given)})
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want.Code)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v", tt.name, took)
		}
	}
}

// TestImagesAreMarkedEach grades two pictures of one question.
func TestImagesAreMarkedEach(t *testing.T) {
	const in = `<imageinput src="a.png" width="50px" height="50" rectangle="(1,1)-(9,9)"/>`
	result, err := gradeOnce(question(`<imageresponse>`+in+in+`</imageresponse>`), 1, Answers{"P_2_1": One("[5,5]"), "P_2_2": One("[50,5]")})
	if err != nil {
		t.Fatal(err)
	}
	first, _ := result.Marks.Get("P_2_1")
	second, _ := result.Marks.Get("P_2_2")
	if first.Correctness != Correct || second.Correctness != Incorrect || result.Possible != 2 {
		t.Errorf("%v, %v, of %v points", first, second, result.Possible)
	}
}

func TestImageDrawing(t *testing.T) {
	d := mustParse(t, image(`rectangle="(10,20)-(30,40)" regions="[[100,100],[200,100],[200,200]]" alt="A map &amp; more"`))
	p, err := d.Instance(t.Context(), Variant{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name        string
		view        View
		parts, none []string
	}{
		{"at first", View{}, []string{`data-width="400" data-height="300"`, `name="input_P_2_1_x" id="input_P_2_1_x" value=""`, `alt="A map &amp; more"`,
			`src="/static/map.png"`, `transform="translate(0 0)" hidden`}, []string{"<rect", "<polygon"}},
		{"answered", View{Answers: Answers{"P_2_1": One("[15, 30]")}}, []string{`id="input_P_2_1_x" value="15"`, `id="input_P_2_1_y" value="30"`,
			`transform="translate(15 30)">`}, []string{"<rect"}},
		{"outside", View{Answers: Answers{"P_2_1": One("[401,30]")}}, []string{`value="401"`, `translate(0 0)" hidden`}, nil},
		{"nonsense", View{Answers: Answers{"P_2_1": One(`["><b>,$seed]`)}}, []string{`value="&#34;&gt;&lt;b&gt;"`, `value="&#36;seed"`}, []string{"<b>"}},
		{"a list", View{Answers: Answers{"P_2_1": List("[1,1]")}}, []string{`id="input_P_2_1_x" value=""`}, nil},
		{"closed", View{ReadOnly: true}, []string{"<fieldset aria-describedby=\"status_P_2_1\" disabled>"}, nil},
		{"revealed", View{ShowAnswers: true}, []string{`<rect x="10" y="20" width="20" height="20">`, `<polygon points="100,100 200,100 200,200">`,
			"X from 10 to 30 and Y from 20 to 40; or inside the outline (100, 100), (200, 100), (200, 200)"}, nil},
	} {
		out, err := p.Render(tt.view)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range tt.parts {
			if !strings.Contains(string(out), part) {
				t.Errorf("%s: lacks %s in %s", tt.name, part, out)
			}
		}
		for _, part := range tt.none {
			if strings.Contains(string(out), part) {
				t.Errorf("%s: has %s", tt.name, part)
			}
		}
	}
	if shown := p.ShowAnswers(); len(shown) != 1 || !slices.Equal(shown[0].Values, []string{"(10,20)-(30,40)", "[[100,100],[200,100],[200,200]]"}) {
		t.Errorf("shown %+v", shown)
	}
}

// TestImageWithoutScript posts the two number fields the page has.
func TestImageWithoutScript(t *testing.T) {
	for _, tt := range []struct{ query, want string }{
		{"input_P_2_1_x=15&input_P_2_1_y=30", "[15,30]"},
		{"input_P_2_1_x=+15+&input_P_2_1_y=30", "[15,30]"},
		{"input_P_2_1_x=&input_P_2_1_y=", ""},
		{"input_P_2_1_x=15&input_P_2_1_y=", "[15,]"},
		{"input_P_2_1_x=15", "[15,]"},
		{"input_P_2_1=[1,2]&input_P_2_1_x=15&input_P_2_1_y=30", "[1,2]"},
		{"input_P_2_1=&input_P_2_1_x=15&input_P_2_1_y=30", "[15,30]"},
	} {
		form, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		answers, err := ParseForm(form)
		if err != nil {
			t.Fatal(err)
		}
		if got := answers["P_2_1"].Value(); got != tt.want || len(answers) != 1 {
			t.Errorf("%s: %q of %v, want %q", tt.query, got, answers, tt.want)
		}
	}
}

func FuzzAreas(f *testing.F) {
	for _, s := range []string{"(1,1)-(2,2);[3,3]-[4,4]", "[[1,1],[5,10],[0,10]]", "[[[10,10],[20,10],[20,30]],[[1,1]]]", "[[1e308,1],[2,-1e308],[3,5]]", "[]", "[[]]", "null"} {
		f.Add(s, 3.0, 4.0)
	}
	f.Fuzz(func(t *testing.T, text string, x, y float64) {
		if list, err := parseRectangles(text); err == nil {
			for _, r := range list {
				if r.holds(point{x, y}) && (x < r.left || y > r.bottom) {
					t.Fatalf("%v in %v", point{x, y}, r)
				}
			}
		}
		areas, err := parseRegions(text)
		if err != nil {
			return
		}
		for _, area := range areas {
			if len(area) < 3 {
				t.Fatalf("an area of %d corners", len(area))
			}
			for _, corner := range area {
				if area.holds(corner) {
					t.Fatalf("corner %v lies inside of %v", corner, area)
				}
			}
			area.holds(point{x, y})
		}
	})
}

func BenchmarkGradeImage(b *testing.B) {
	var corners []string
	for i := range 500 {
		corners = append(corners, fmt.Sprintf("[%d,%d]", i, i*i))
	}
	d := mustParse(b, image(`rectangle="`+strings.Repeat("(10,10)-(20,20);", 100)+`" regions="[`+strings.Join(corners, ",")+`]"`))
	p, err := d.Instance(b.Context(), Variant{Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := p.Grade(b.Context(), Answers{"P_2_1": One("[100,20000]")}, 1); err != nil {
			b.Fatal(err)
		}
	}
}
