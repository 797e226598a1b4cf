package learn_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"lectern/internal/course"
	"lectern/internal/session"
)

// unitSite serves a unit of blocks.
func unitSite(t *testing.T, blocks ...*course.Block) (*site, string) {
	t.Helper()
	s := newSite(t, courseOf(block("chapter", "c", "C", block("sequential", "s", "S", block("vertical", "u", "Unit", blocks...)))))
	return s, s.launch("ann", "vertical", "u")
}

func dragBlock(mode, data string) *course.Block {
	b := block("drag-and-drop-v2", "d", "Drag")
	b.Fields["mode"], b.Fields["data"], b.Fields["question_text"] = mode, data, "Put <b>it</b>"
	b.Scored, b.MaxScore, b.Settings.ShowAnswer = true, 1, "finished"
	return b
}

const dragData = `{"items":[{"id":0,"displayName":"One","zones":["z"],"feedback":{"correct":"That <i>is</i> it","incorrect":"Not there"}},
 {"id":1,"displayName":"Two","zones":[]}],"zones":[{"uid":"z","title":"Here","description":"in the middle","x":1,"y":2,"width":30,"height":40},{"uid":"y","title":""}],
 "feedback":{"start":"Go","finish":"Well done"},"displayLabels":true,"explanation":"Because"}`

// TestDragWithoutScript goes through both modes as a browser without JavaScript.
func TestDragWithoutScript(t *testing.T) {
	s, base := unitSite(t, dragBlock("standard", dragData))
	act := base + "act/drag-and-drop-v2/d/"
	r := s.get(base)
	r.has(t, "Put <b>it</b>", "Go", `<select id="block-d-place-0" name="place_0">`, `<option value="z">Here</option>`, `<option value="y">Place 2</option>`,
		`aria-label="Here. in the middle"`, "left:1px;top:2px;width:30px;height:40px", "1 point possible (ungraded)", "/learn/dragdrop.js", ">Check</button>")
	r.lacks(t, "That <i>is</i> it", "Not there", "Well done", "Because")
	s.post(act+"place", url.Values{"place_0": {"y"}}).has(t, "1 item does not belong there.", "Not there")
	s.post(act+"place", url.Values{"place_0": {"z"}}).has(t, "Correct (1/1 point)", "That <i>is</i> it", "Well done")
	s.get(base).has(t, "Right: ", "1/1 point (ungraded)")
	s.post(act+"reset", url.Values{}).has(t, "Go", "1/1 point (ungraded)")
	s.post(act+"reset", url.Values{}).has(t, "There is nothing to reset.")

	two := 2
	exam := with(dragBlock("assessment", dragData), func(b *course.Block) { b.Settings.MaxAttempts = &two })
	s, base = unitSite(t, exam)
	act = base + "act/drag-and-drop-v2/d/"
	s.post(act+"submit", url.Values{"attempts": {"0"}}).has(t, "Please place at least one item first.", "You have used 0 of 2 attempts.")
	s.post(act+"answer", url.Values{}).lacks(t, "Because")
	form := url.Values{"place_0": {"z"}, "place_1": {"z"}, "attempts": {"0"}}
	r = s.post(act+"submit", form)
	r.has(t, "Partially correct (0.5/1 point)", "Misplaced 1 item. It is back among the items.", "You have used 1 of 2 attempts.")
	r.lacks(t, "Right: ", "Well done")
	s.post(act+"submit", form).has(t, "You have used 1 of 2 attempts.") // the same form again
	t.Run("what was moved since is not judged by a reload", func(t *testing.T) {
		s.do(http.MethodPost, act+"drop", url.Values{"moved": {"0"}, "zone": {"y"}})
		r := s.get(base)
		r.has(t, "Your best score so far (0.5/1 point) counts.")
		r.lacks(t, "Correctly placed", "Misplaced", ">Show answer</button>")
	})
	s.post(act+"submit", url.Values{"place_0": {"y"}, "place_1": {"z"}, "attempts": {"1"}}).
		has(t, "Misplaced 2 items.", "Your best score so far counts.", "Wrong: ", "Well done", ">Show answer</button>")
	s.post(act+"answer", url.Values{}).has(t, "Because", "One: Here", "Two: nowhere")
	s.post(act+"submit", url.Values{"place_0": {"z"}}).has(t, "Problem is closed.")
}

// TestDragByScript drops one item as the page's script does.
func TestDragByScript(t *testing.T) {
	s, base := unitSite(t, dragBlock("assessment", dragData))
	drop := func(item, zone string) (reply struct{ Action, Status, Message, HTML string }) {
		t.Helper()
		r := s.do(http.MethodPost, base+"act/drag-and-drop-v2/d/drop", url.Values{"moved": {item}, "zone": {zone}}, "Accept", "application/json")
		if err := json.Unmarshal([]byte(r.Body), &reply); err != nil || r.Status != http.StatusOK {
			t.Fatalf("%d %v: %.300s", r.Status, err, r.Body)
		}
		return reply
	}
	if got := drop("0", "y"); got.Status != "ok" || got.Action != "drop" || !strings.Contains(got.HTML, `<option value="y" selected>`) {
		t.Errorf("%+v", got)
	}
	if got := drop("7", "y"); got.Status != "drag_place_unknown" || got.Message == "" {
		t.Errorf("an unknown item: %+v", got)
	}
	for _, path := range []string{"act/", "act/drag-and-drop-v2/d/what", "act/vertical/u/drop", "act/html/none/x", "act/drag-and-drop-v2/none/drop"} {
		if r := s.do(http.MethodPost, base+path, url.Values{}); r.Status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, r.Status)
		}
	}
	if r := s.do(http.MethodGet, base+"act/drag-and-drop-v2/d/submit", nil); r.Status != http.StatusSeeOther {
		t.Errorf("a reload: status %d", r.Status)
	}
}

// TestDragHiddenCorrectness says only that an answer came.
func TestDragHiddenCorrectness(t *testing.T) {
	s, base := unitSite(t, with(dragBlock("assessment", dragData), func(b *course.Block) { b.Settings.ShowCorrectness = "never" }))
	r := s.post(base+"act/drag-and-drop-v2/d/submit", url.Values{"place_0": {"y"}})
	r.has(t, "Answer submitted.", `<option value="y" selected>`)
	r.lacks(t, "Misplaced", "Not there", "0/1 point", "Wrong: ")
}

// TestDragMarkup puts markup into labels that would break the page.
func TestDragMarkup(t *testing.T) {
	s, base := unitSite(t, dragBlock("standard", `{"items":[{"id":"0\"><b","displayName":"<p>A</p><a href='x'>B</a><script>alert(1)</script></span><img src='javascript:1' onerror='x'>","imageURL":"javascript:alert(2)","zones":["<z>"]}],
		"zones":[{"uid":"<z>","title":"<button>T</button>"}],"targetImg":"data:text/html,evil"}`))
	r := s.get(base)
	r.has(t, `data-item="0&#34;&gt;&lt;b"`, `data-zone="&lt;z&gt;"`, "<span>A</span>")
	r.lacks(t, "alert(1)", "javascript:", "<button>T", "onerror", "data:text")
	s, base = unitSite(t, dragBlock("standard", strings.Replace(dragData, `"displayLabels"`, `"targetImg":"/static/gone.png","targetImgDescription":"Two boxes","displayLabels"`, 1)))
	r = s.get(base)
	r.has(t, `<p class="drag-described">Two boxes</p>`, "width:31px;height:42px")
	r.lacks(t, "/static/gone.png")
	broken := dragBlock("standard", `{}`)
	broken.Fate = course.Broken
	s, base = unitSite(t, broken, htmlBlock("h", "still here"))
	s.get(base).has(t, "still here")
}

// TestPolls votes, and sees results where they are not private.
func TestPolls(t *testing.T) {
	p := block("poll", "p", "Poll")
	p.Fields["question"], p.Fields["feedback"] = "Best <i>one</i>?", "Thanks"
	p.Fields["answers"] = `[["a","A"],["b",{"label":"B","img":"/static/none.png","img_alt":"a B"}]]`
	private := with(block("survey", "s2", ""), func(b *course.Block) {
		b.Fields["private_results"], b.Fields["questions"], b.Fields["block_name"] = "true", `[["q","Q?"]]`, "Survey name"
	})
	s, base := unitSite(t, p, private)
	r := s.get(base)
	r.has(t, "Best <i>one</i>?", `value="a"`, `alt="a B"`, "Survey name")
	r.lacks(t, "Results", "Thanks")
	r = s.post(base+"act/poll/p/vote", url.Values{"choice_": {"b"}})
	r.has(t, "Results so far, 1 vote", "100 %", "your answer", "Thanks")
	s.post(base+"act/poll/p/vote", url.Values{"choice_": {"a"}}).has(t, "You have already voted")
	s.post(base+"act/poll/p/vote", url.Values{"choice_": {"b"}}).lacks(t, "already voted") // a double click
	s.post(base+"act/survey/s2/vote", url.Values{"choice_q": {"Z"}}).has(t, "Please choose an answer")
	r = s.post(base+"act/survey/s2/vote", url.Values{"choice_q": {"Y"}})
	r.has(t, "You have voted.")
	r.lacks(t, "Q?")
	s.post(base+"act/poll/p/back", url.Values{}).has(t, "cannot be taken back")
	s.get(s.launch("ann", "vertical", "u", staff)).has(t, `<div class="poll-asked">Q?`)
	s.get(s.launch("ben", "vertical", "u")).lacks(t, "Results")
	r = s.post(s.launch("ben", "vertical", "u")+"act/poll/p/vote", url.Values{"choice_": {"a"}})
	r.has(t, "Results so far, 2 votes", "50 %")
}

// TestCloudEscapes sends hostile words and sees them as text.
func TestCloudEscapes(t *testing.T) {
	s, base := unitSite(t, with(block("word_cloud", "w", "Words"), func(b *course.Block) { b.Fields["num_inputs"] = "2" }))
	s.get(base).has(t, `aria-label="Word 2"`)
	s.post(base+"act/word_cloud/w/words", url.Values{"word": {"", " "}}).has(t, "Please type at least one word.")
	r := s.post(base+"act/word_cloud/w/words", url.Values{"word": {`<script>alert(1)</script>`, `"x' onx=`, "third"}})
	r.has(t, "&lt;script&gt;alert(1)&lt;/script&gt;", "The same as a table", "2 words so far")
	r.lacks(t, "<script>alert(1)", "third")
}

// TestAnnotatable shows comments beside the text, balanced.
func TestAnnotatable(t *testing.T) {
	a := block("annotatable", "a", "Text")
	a.Data = `<annotatable><instructions><p>How</p></instructions><p>One <annotation title='T"' body="&lt;p&gt;B &lt;b&gt;C" highlight="red" problem="0">two <b>three</b></annotation> four.</p></annotatable>`
	q := problemBlock("q", "<annotationresponse><annotationinput><text>x</text><options><option choice='correct'>o</option></options></annotationinput></annotationresponse>")
	s, base := unitSite(t, a, q)
	r := s.get(base)
	r.has(t, `<mark class="noted red">two <b>three</b></mark>`, `aria-label="Comment 1: T&#34;"`, "<p>B <b>C</b></p>", "<summary>How to read this</summary>", `href="`+base+`#problem_q"`)
	r.lacks(t, "<annotation ")
}

// TestTool opens a tool: the form is signed on request, and says about the learner
// what the LMS meant for us.
func TestTool(t *testing.T) {
	tl := block("lti_consumer", "t", "Plotter")
	for name, value := range map[string]string{
		"launch_url": "https://tool.example/x", "lti_id": "a", "ask_to_send_email": "true", "ask_to_send_username": "true",
	} {
		tl.Fields[name] = value
	}
	keyless := with(block("lti", "n", "Keyless"), func(b *course.Block) { b.Fields["launch_url"], b.Fields["lti_id"] = "https://tool.example/", "zz" })
	hidden := with(block("lti", "x", "Hidden"), func(b *course.Block) { b.Fields["hide_launch"] = "true" })
	c := courseOf(block("chapter", "c", "C", block("sequential", "s", "S", block("vertical", "u", "Unit", tl, keyless, hidden))))
	c.Root.Fields["lti_passports"] = `["a:the_key:the_secret"]`
	s := newSite(t, c)
	base := s.launch("ann", "vertical", "u")
	r := s.get(base)
	r.has(t, "Open Plotter", `target="tool-block-t"`, "not set up yet", "Hidden")
	r.lacks(t, "oauth_", "the_key", "the_secret", "LTI Passports")
	s.get(s.launch("ann", "vertical", "u", staff)).has(t, "no passport for LTI ID", "LTI Passports")

	launch := base + "act/lti_consumer/t/launch"
	for _, r := range []reply{s.do(http.MethodPost, launch, url.Values{}), s.do(http.MethodGet, launch, nil)} {
		r.has(t, `action="https://tool.example/x"`, `name="oauth_signature"`, `name="user_id" value="ann"`, "Continue to Plotter", "toollaunch.js")
		r.lacks(t, "the_secret", "lis_person", "lis_outcome", "<script>")
		if r.Header.Get("Cache-Control") != "no-store" || !strings.Contains(r.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("headers %v", r.Header)
		}
	}
	known := s.launch("ann", "vertical", "u", func(sess *session.Session) {
		sess.Consumer.UseLTIPII, sess.Account.Username = true, "ann.lee"
	})
	s.do(http.MethodPost, known+"act/lti_consumer/t/launch", url.Values{}).has(t,
		`name="lis_person_sourcedid" value="ann.lee"`, `name="lis_person_contact_email_primary" value="ann@test.example"`)
	for id, want := range map[string]int{"lti/n": http.StatusBadRequest, "lti/x": http.StatusNotFound} {
		if r := s.do(http.MethodPost, base+"act/"+id+"/launch", url.Values{}); r.Status != want {
			t.Errorf("%s: status %d, want %d", id, r.Status, want)
		}
	}
}
