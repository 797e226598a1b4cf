package learn_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"lectern/internal/course"
	"lectern/internal/session"
)

// demo is a section with two subsections, and one more section.
func demo() *course.Course {
	u1 := block("vertical", "u1", "Unit one",
		htmlBlock("h1", `<p>First <a href="/jump_to_id/h3">three</a> <a href="/jump_to_id/h9">nine</a> <a href="/course/about">about</a></p>`),
		htmlBlock("h2", `<p>Second</p>`))
	u2 := block("vertical", "u2", "Unit two", htmlBlock("h3", `<p id="x">Third \(x^2\)</p>`))
	u3 := block("vertical", "u3", "Unit three", htmlBlock("h4", "<p>Fourth</p>"))
	u9 := block("vertical", "u9", "Unit nine", htmlBlock("h9", "<p>Ninth</p>"))
	return courseOf(
		block("chapter", "c1", "Section one", block("sequential", "s1", "Subsection one", u1, u2), block("sequential", "s2", "Subsection two", u3)),
		block("chapter", "c2", "Section two", block("sequential", "s9", "Subsection nine", u9)))
}

// Cases 38 to 43 of the provider survey: whoever launches sees the content, and
// nothing but the content.
func TestCase38LearnersSeeTheBlock(t *testing.T) {
	s := newSite(t, demo())
	for _, tt := range []struct {
		name string
		base string
	}{
		{"case 38, learner", s.launch("ann", "vertical", "u1")},
		{"case 40, another learner", s.launch("ben", "vertical", "u1")},
		{"case 41, staff", s.launch("ben", "vertical", "u1", staff)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := s.get(tt.base)
			r.has(t, "<h1>Unit one</h1>", "First", "Second")
			// Cases 48 to 50.
			r.lacks(t, "bookmark", "course-tabs", "site-footer", "window-wrap", "preview-menu", "container-wrapper", "wrap-instructor-info")
		})
	}
}

func TestCase44To55Visibility(t *testing.T) {
	future, past := now.Add(time.Hour), now.Add(-time.Hour)
	for _, tt := range []struct {
		name   string
		change func(c *course.Course, unit *course.Block)
		staff  bool
		status int
		says   string
	}{
		{"case 44, not started", func(_ *course.Course, u *course.Block) { u.Settings.Start = &future }, false, 404, "opens on"},
		{"case 44, staff alike", func(_ *course.Course, u *course.Block) { u.Settings.Start = &future }, true, 404, "opens on"},
		{"case 45, staff only", func(_ *course.Course, u *course.Block) { u.Settings.StaffOnly = true }, false, 404, "not for learners"},
		{"case 45, staff only, around it", func(_ *course.Course, u *course.Block) { u.Parent.Settings.StaffOnly = true }, false, 404, "not for learners"},
		{"case 53, hidden after due", func(_ *course.Course, u *course.Block) {
			u.Parent.Settings.HideAfterDue, u.Parent.Settings.Due = true, &past
		}, false, 404, "closed"},
		{"case 55, course not started", func(c *course.Course, _ *course.Block) { c.Start = &future }, false, 404, "opens on"},
		{"course ended", func(c *course.Course, _ *course.Block) { c.End = &past }, false, 200, "Unit one"},
		{"of another group", func(_ *course.Course, u *course.Block) { u.Settings.GroupAccess = map[int][]int{50: {1}} }, false, 404, "another group"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := course.New(demo())
			tt.change(c, c.Block(course.Ref{Type: "vertical", ID: "u1"}))
			s := newSite(t, c)
			base := s.launch("ann", "vertical", "u1", func(x *session.Session) { x.Staff = tt.staff })
			r := s.get(base)
			if r.Status != tt.status || !strings.Contains(r.Body, tt.says) {
				t.Errorf("status %d, want %d, saying %q:\n%s", r.Status, tt.status, tt.says, main(r.Body))
			}
		})
	}
	t.Run("case 54, a block that was not published", func(t *testing.T) {
		s := newSite(t, demo())
		if r := s.get(s.launch("ann", "vertical", "draft")); r.Status != http.StatusNotFound {
			t.Errorf("status %d", r.Status)
		}
	})
}

func TestCase46To51Query(t *testing.T) {
	s := newSite(t, demo())
	for _, tt := range []struct {
		name, typ, id, query string
		status               int
		title                bool
	}{
		{"case 46, unit", "vertical", "u1", "view=student_view", 200, true},
		{"case 46, html", "html", "h1", "view=student_view", 200, false},
		{"case 46, public", "vertical", "u1", "view=public_view", 200, true},
		{"case 47", "vertical", "u1", "view=author_view", 400, false},
		{"case 51, hidden title", "vertical", "u1", "show_title=0", 200, false},
		{"case 51, shown title", "vertical", "u1", "show_title=1", 200, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := s.get(s.launch("ann", tt.typ, tt.id, query(tt.query)))
			if r.Status != tt.status || strings.Contains(r.Body, "<h1>Unit one</h1>") != tt.title {
				t.Errorf("status %d, want %d, title %v:\n%s", r.Status, tt.status, tt.title, main(r.Body))
			}
		})
	}
}

func TestSequence(t *testing.T) {
	s := newSite(t, demo())
	base := s.launch("ann", "sequential", "s1")
	r := s.get(base)
	r.has(t, "<h1>Unit one</h1>", "1 of 2", `href="`+base+`block/vertical/u2"`, `rel="next"`)
	r.lacks(t, "Third", `rel="prev"`, "Contents", "Unit three")

	s.get(base+"block/vertical/u2").has(t, "<h1>Unit two</h1>", "2 of 2", `rel="prev"`)
	t.Run("the position is remembered", func(t *testing.T) {
		s.get(base).has(t, "<h1>Unit two</h1>")
		s.get(s.launch("ann", "sequential", "s1")).has(t, "<h1>Unit two</h1>")
		s.get(s.launch("ben", "sequential", "s1")).has(t, "<h1>Unit one</h1>")
	})
	t.Run("a component leads to its unit", func(t *testing.T) {
		r := s.get(base + "block/html/h3")
		if got, want := r.Header.Get("Location"), base+"block/vertical/u2#block-h3"; r.Status != http.StatusSeeOther || got != want {
			t.Errorf("%d to %q, want %q", r.Status, got, want)
		}
	})
	for _, path := range []string{"block/vertical/u9", "block/vertical/none", "block/vertical", "block/sequential/s2", "what", "static/x"} {
		if r := s.get(base + path); r.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, r.Status)
		}
	}
}

func TestSectionAndCourse(t *testing.T) {
	s := newSite(t, demo())
	base := s.launch("ann", "chapter", "c1")
	s.get(base).has(t, "<h1>Unit one</h1>", "Contents", `href="`+base+`block/sequential/s2"`)
	s.get(base+"block/vertical/u2").has(t, `rel="next" href="`+base+`block/vertical/u3"`)
	s.get(base+"block/sequential/s2").has(t, "<h1>Unit three</h1>", `rel="prev" href="`+base+`block/vertical/u2"`)
	s.get(base).has(t, "<h1>Unit three</h1>")

	whole := s.launch("ben", "course", "course")
	s.get(whole).has(t, "<h1>Unit one</h1>", "Section two", `href="`+whole+`block/sequential/s9"`)
}

func TestLinks(t *testing.T) {
	c := demo()
	c.Assets = course.NewAssets([]course.Asset{
		{Name: "Foo Bar.png", SHA256: "aa11", ContentType: "image/png"},
		{Name: "secret.pdf", SHA256: "bb22", ContentType: "application/pdf", Locked: true},
	})
	c.Root.Children[0].Children[0].Children[0].Children[1].Data = `<img src="/static/Foo_Bar.png"><a href='/static/secret.pdf'>s</a>` +
		`<a href="/asset-v1:Org+C1+R1+type@asset+block@Foo_Bar.png">k</a><a href="/static/none.png">n</a>` +
		`<a href="/courses/course-v1:Org+C1+R1/jump_to/block-v1:Org+C1+R1+type@html+block@h3">j</a>` +
		`<a href="/jump_to_id/h9">out</a>%%USER_ID%% %%COURSE_ID%% [%%USER_EMAIL%%]`
	s := newSite(t, c)
	base := s.launch("ann", "sequential", "s1")
	s.get(base).has(t,
		`src="/asset/v1/static/Foo%20Bar.png"`, `href="`+base+`static/secret.pdf"`, `href="/asset/v1/static/Foo%20Bar.png"`,
		`href="/static/none.png"`, `href="`+base+`block/vertical/u2#block-h3"`,
		`href="`+base+`elsewhere/html/h9"`, `href="`+base+`elsewhere"`,
		"ann course-v1:Org+C1+R1 []")
	s.get(base+"elsewhere/html/h9").has(t, "does not belong to this activity", "Text h9", "Test LMS", `href="`+base+`"`)
	s.get(base+"elsewhere").has(t, "does not belong to this activity")
}

func TestPageHeaders(t *testing.T) {
	s := newSite(t, demo())
	base := s.launch("ann", "sequential", "s1")
	h := s.get(base).Header
	if h.Get("X-Frame-Options") != "" || h.Get("Cross-Origin-Opener-Policy") != "" {
		t.Error("the page cannot be framed or cannot speak to its opener")
	}
	csp := h.Get("Content-Security-Policy")
	for _, want := range []string{"frame-ancestors 'self' https://lms.test", "worker-src 'self' blob:"} {
		if !strings.Contains(csp, want) {
			t.Errorf("policy %q lacks %q", csp, want)
		}
	}
	if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "strict-origin-when-cross-origin" {
		t.Errorf("headers %v", h)
	}
	if csp := s.get(base + "block/vertical/none").Header.Get("Content-Security-Policy"); !strings.Contains(csp, "https://lms.test") {
		t.Errorf("an error page in the frame has policy %q", csp)
	}
}

func TestMathIsLoadedOnlyWhereNeeded(t *testing.T) {
	s := newSite(t, demo())
	base := s.launch("ann", "sequential", "s1")
	s.get(base).lacks(t, "mathjax", "math.js")
	if r := s.get(base + "block/vertical/u2"); !strings.Contains(r.Body, "math.js") && !strings.Contains(r.Body, `\(x^2\)`) {
		t.Error("neither MathJax nor the formula as text")
	}
}

func TestWhatCannotBeShown(t *testing.T) {
	for _, tt := range []struct {
		name  string
		block *course.Block
		words string // for learners; "" when nothing is shown
	}{
		{"unsupported", with(block("openassessment", "b", "ORA"), func(b *course.Block) {
			b.Fate, b.Reason = course.Unsupported, "Peer assessment <needs> staff."
		}), "needs something that cannot be shown here"},
		{"broken", with(block("html", "b", "Bad"), func(b *course.Block) { b.Fate, b.Reason = course.Broken, "Line 3 <is> wrong." }), ""},
		{"hidden", with(block("discussion", "b", "Talk"), func(b *course.Block) { b.Fate = course.Hidden }), ""},
		{"problem of a kind not built", with(problemBlock("b", "<customresponse><textline/></customresponse>"), func(b *course.Block) {
			b.Fate, b.Reason, b.Class, b.Scored = course.Unsupported, "It needs Python.", "python", false
		}), "cannot be answered on this site yet"},
		{"problem that is not XML", with(problemBlock("b", "<p>"), func(b *course.Block) {
			b.Data = "<problem><p></problem>"
		}), "has a mistake in it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, courseOf(block("chapter", "c", "C", block("sequential", "s", "S",
				block("vertical", "u", "Unit", htmlBlock("h", "<p>Fine</p>"), tt.block)))))
			learner := s.get(s.launch("ann", "vertical", "u"))
			learner.has(t, "Fine", tt.words)
			learner.lacks(t, "Only the course team")
			if reason := tt.block.Reason; reason != "" {
				s.get(s.launch("ann", "vertical", "u", staff)).has(t, "Only the course team sees this", strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(reason))
			}
		})
	}
}

func TestStrayMarkupStaysInItsBlock(t *testing.T) {
	s := newSite(t, courseOf(block("chapter", "c", "C", block("sequential", "s", "S", block("vertical", "u", "Unit",
		htmlBlock("a", `</section></main><div><b>one`), htmlBlock("b", `<p>two</p><script>if (a < b && "</p>") x("<i>")</script>`))))))
	r := s.get(s.launch("ann", "vertical", "u"))
	r.has(t, "<div><b>one</b></div>", `if (a < b && "</p>") x("<i>")`)
	if strings.Count(r.Body, "</main>") != 1 {
		t.Error("content closed the page's main element")
	}
}
