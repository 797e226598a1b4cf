package main

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lectern/internal/config"
	"lectern/internal/fakelms"
	"lectern/internal/lmstest"
	"lectern/internal/lti/lti11"
	"lectern/internal/oauth1"
	"lectern/internal/registry"
	"lectern/internal/spectest"
	"lectern/internal/store"
)

const selectPath = "/lti_provider/content_item"

var (
	itemPattern   = regexp.MustCompile(`name="item" value="([^"]+)"`)
	hiddenPattern = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)
	actionPattern = regexp.MustCompile(`<form id="answer" method="post" action="([^"]+)"`)
)

// offered lists the usage keys that a page lets a teacher choose.
func (p page) offered() []string {
	var list []string
	for _, m := range itemPattern.FindAllStringSubmatch(p.body, -1) {
		list = append(list, html.UnescapeString(m[1]))
	}
	return list
}

// chosen reads the form that takes a choice to the LMS.
func (s *testSite) chosen(p page) (action string, form url.Values) {
	s.t.Helper()
	m := actionPattern.FindStringSubmatch(p.body)
	if p.StatusCode != http.StatusOK || m == nil {
		s.t.Fatalf("no answer: %d %s %.300s", p.StatusCode, p.code(), p.body)
	}
	form = url.Values{}
	for _, h := range hiddenPattern.FindAllStringSubmatch(p.body, -1) {
		form.Add(html.UnescapeString(h[1]), html.UnescapeString(h[2]))
	}
	return html.UnescapeString(m[1]), form
}

// cookieless is a browser that keeps nothing, as in a frame.
func cookieless() *http.Client {
	return &http.Client{Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
}

// TestSelectContent: a teacher of each sample LMS chooses, the LMS verifies and
// adds the links, a learner opens one, and the score arrives.
func TestSelectContent(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			key, secret := fmt.Sprintf("key %d", seed), "sécret+&"
			s.consumer(key, secret, nil)
			lms := lmstest.Start(t, fakelms.Options{Seed: seed, Key: key, Secret: secret, SelectURL: s.url + selectPath})
			chooseAndAnswer(t, s, lms)
		})
	}
}

func chooseAndAnswer(t *testing.T, s *testSite, lms *lmstest.LMS) {
	form, err := lms.SelectForm("carla")
	if err != nil {
		t.Fatal(err)
	}
	browser := cookieless()
	r := lms.Request(form)
	p := s.follow(browser, s.do(browser, r))
	if p.StatusCode != http.StatusOK || !strings.Contains(p.Header.Get("Content-Security-Policy"), lms.URL) {
		t.Fatalf("page: %d %s, %s", p.StatusCode, p.code(), p.Header.Get("Content-Security-Policy"))
	}
	offers := p.offered()
	if len(offers) != 9 || slices.ContainsFunc(offers, func(u string) bool { return strings.HasSuffix(u, "@staff") }) {
		t.Errorf("offers %q", offers)
	}
	items := []string{someBlock + "problem+block@p2"}
	if !lms.Personality().OneItem {
		items = append(items, someBlock+"html+block@h1")
	}
	here := p.Request.URL.Path
	done := s.submit(browser, here, url.Values{"act": {"add"}, "course": {someCourse}, "scores": {"1"}, "item": items})
	action, answer := s.chosen(done)
	back, err := http.PostForm(action, answer) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer back.Body.Close()
	links := lms.Links()
	if back.StatusCode != http.StatusOK || len(links) != len(items) {
		t.Fatalf("the LMS answered %d and has %+v", back.StatusCode, links)
	}
	problem := slices.IndexFunc(links, func(k fakelms.Link) bool { return k.Title == "A number" })
	if problem < 0 || !links[problem].Graded || links[len(links)-1].Graded == (len(links) == 2 && problem == 0) {
		t.Fatalf("links %+v", links)
	}
	answerPicked(t, s, lms, links[problem].ID)
}

// answerPicked opens a link as a learner, answers, and waits for the grade.
func answerPicked(t *testing.T, s *testSite, lms *lmstest.LMS, link string) {
	learner := newBrowser(t)
	p := s.fromLMS(learner, lms.MustLaunch("ana", link))
	s.answer(learner, p, "p2", map[string]string{"_2_1": "42"})
	lms.WaitGrade("ana", link, "1", 10*time.Second)
}

// asks is a request for content that works.
func (s *testSite) asks(to string) *message {
	m := s.good(to)
	m.set("lti_message_type", lti11.ContentItemRequest).set("roles", "Instructor").drop("resource_link_id")
	m.set("accept_media_types", "application/vnd.ims.lti.v1.ltilink").set("accept_presentation_document_targets", "iframe")
	return m.set("content_item_return_url", "https://lms.example.edu/back?a=1").set("data", "echo+me")
}

func TestSelectRefusals(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	s.consumer("consumer_key", "secret", nil)
	browser := cookieless()
	for _, tt := range []struct {
		name string
		m    *message
		code string
	}{
		{"signature", func() *message { m := s.asks(selectPath); m.secret = "x"; return m }(), "launch_signature_mismatch"},
		{"nowhere to answer", s.asks(selectPath).set("content_item_return_url", "javascript:alert(1)"), "content_item_return_refused"},
		{"old", func() *message { m := s.asks(selectPath); m.at = s.clock.now().Add(-time.Hour); return m }(), "launch_timestamp_expired"},
		{"a plain launch", s.good(selectPath), "launch_content_not_chosen"},
	} {
		if p := s.post(browser, tt.m); p.code() != tt.code || p.StatusCode >= 500 {
			t.Errorf("%s: %d %s", tt.name, p.StatusCode, p.code())
		}
	}
	for name, m := range map[string]*message{
		"content_item_role":             s.asks(selectPath).set("roles", "Learner"),
		"content_item_type_unsupported": s.asks(path("problem", "p2")).set("accept_media_types", "image/*"),
	} {
		p := s.follow(browser, s.post(browser, m))
		action, form := s.chosen(p)
		if action != "https://lms.example.edu/back?a=1" || form.Has("content_items") || form.Get("lti_errormsg") == "" ||
			form.Get("lti_errorlog") != "lectern: "+name || form.Get("data") != "echo+me" || strings.Contains(p.body, "back.js") {
			t.Errorf("%s: %s %v", name, action, form)
		}
		again := s.submit(browser, p.Request.URL.Path, url.Values{"act": {"add"}, "item": {someBlock + "problem+block@p2"}, "course": {someCourse}})
		if _, form := s.chosen(again); form.Has("content_items") {
			t.Errorf("%s: chose all the same", name)
		}
	}
	var codes []string
	s.view(func(ctx context.Context, tx store.Tx) error {
		list, err := tx.LaunchLog().List(ctx, store.LaunchFilter{})
		for _, e := range list {
			codes = append(codes, e.Code)
		}
		return err
	})
	for _, want := range []string{"content_item_role", "content_item_return_refused", "launch_content_not_chosen"} {
		if !slices.Contains(codes, want) {
			t.Errorf("the launch log lacks %s: %v", want, codes)
		}
	}
}

// TestSelectSession: the page is for the browser that asked, for two hours, and
// a double click does no harm.
func TestSelectSession(t *testing.T) {
	s := startSite(t, nil)
	s.importFiles(testCourse())
	c := s.consumer("consumer_key", "secret", nil)
	browser := cookieless()
	m := s.asks(path("problem", "p2")) // any launch address will do
	m.nonce, m.at = "once", s.clock.now()
	first, second := s.post(browser, m), s.post(browser, m)
	stale, err := first.Location()
	if err != nil {
		t.Fatalf("%d %s", first.StatusCode, first.code())
	}
	if p := s.get(browser, stale.Path); p.code() != "selection_over" {
		t.Errorf("the token of the first click: %d %s", p.StatusCode, p.code())
	}
	p := s.follow(browser, second)
	if p.StatusCode != http.StatusOK {
		t.Fatalf("double click: %d %s", p.StatusCode, p.code())
	}
	here := p.Request.URL.Path
	if p := s.post(browser, m); p.code() != "selection_over" {
		t.Errorf("again after the page was seen: %d %s", p.StatusCode, p.code())
	}
	other, _ := http.NewRequest(http.MethodGet, s.url+here, nil)
	other.Header.Set("User-Agent", "Somebody Else")
	if p := s.do(browser, other); p.code() != "selection_over" {
		t.Errorf("another browser: %d", p.StatusCode)
	}
	add := func(items ...string) page {
		return s.submit(browser, here, url.Values{"act": {"add"}, "course": {someCourse}, "item": items})
	}
	for name, items := range map[string][]string{
		"nothing": nil, "two": {someBlock + "html+block@h1", someBlock + "problem+block@p2"}, "hidden": {someBlock + "vertical+block@staff"},
		"unknown": {"block-v1:a+b+c+type@x+block@<script>"},
	} {
		if p := add(items...); p.StatusCode != http.StatusBadRequest || !strings.Contains(p.body, `role="alert"`) {
			t.Errorf("%s: %d", name, p.StatusCode)
		}
	}
	if p := s.submit(browser, here, url.Values{"act": {"add"}, "course": {"course-v1:no+such+course"}, "item": {"x"}}); p.StatusCode != http.StatusNotFound {
		t.Errorf("no such course: %d", p.StatusCode)
	}
	_, form := s.chosen(s.submit(browser, here, url.Values{"act": {"cancel"}}))
	if form.Has("content_items") || form.Get("lti_msg") == "" {
		t.Errorf("cancelled: %v", form)
	}
	// The secret that the LMS signed with signs the answer, also when there is a newer one.
	if _, err := s.app.Registry.Rotate(t.Context(), "test", c.ID, "newer secret value"); err != nil {
		t.Fatal(err)
	}
	action, form := s.chosen(add(someBlock + "problem+block@p2"))
	if !verifies(t, action, form, "secret") {
		t.Error("after a rotation the answer is signed with a secret that the LMS does not know yet")
	}
	s.clock.add(2*time.Hour + time.Second)
	if p := s.get(browser, here); p.code() != "selection_over" {
		t.Errorf("after two hours: %d", p.StatusCode)
	}
}

func verifies(t *testing.T, action string, form url.Values, secret string) bool {
	t.Helper()
	a, err := oauth1.ParseAddress(action)
	if err != nil {
		t.Fatal(err)
	}
	query, err := oauth1.ParseForm([]byte(a.RawQuery), oauth1.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m := oauth1.Message{Method: http.MethodPost, Address: a, Query: query}
	for name, values := range form {
		for _, v := range values {
			m.Form = append(m.Form, oauth1.Pair{Name: name, Value: v})
		}
	}
	_, err = m.Verify([]string{secret}, oauth1.Options{})
	return err == nil
}

// TestSelectMoodle: the request of a real Moodle, byte for byte, with its clock,
// gets an answer that its key and secret sign.
func TestSelectMoodle(t *testing.T) {
	var c struct {
		LaunchURL string `json:"launch_url"`
		Key       string `json:"consumer_key"`
		Secret    string `json:"shared_secret"`
		Body      string `json:"raw_body"`
		Params    map[string]string
		HTTP      struct{ Headers map[string]string }
	}
	spectest.JSON(t, &c, "data", "moodle", "moodle-lti11-launch-content-item.json")
	at, err := strconv.ParseInt(c.Params["oauth_timestamp"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(c.LaunchURL)
	if err != nil {
		t.Fatal(err)
	}
	s := startSite(t, func(c *config.Config) { c.PublicURL = u.Scheme + "://" + u.Host })
	s.clock.add(time.Until(time.Unix(at, 0)))
	s.importFiles(testCourse())
	s.consumer(c.Key, c.Secret, func(spec *registry.Spec) { spec.StrictLTI = true })
	r, _ := http.NewRequest(http.MethodPost, s.url+u.EscapedPath(), strings.NewReader(c.Body))
	for name, value := range c.HTTP.Headers {
		if name != "content-length" && name != "host" && name != "connection" && name != "accept-encoding" {
			r.Header.Set(name, value)
		}
	}
	browser := cookieless()
	first := s.do(browser, r)
	to, err := first.Location()
	if err != nil {
		t.Fatalf("%d %s", first.StatusCode, first.code())
	}
	get, _ := http.NewRequest(http.MethodGet, s.url+to.Path, nil)
	get.Header.Set("User-Agent", c.HTTP.Headers["user-agent"])
	p := s.do(browser, get)
	if !strings.Contains(p.body, "Choose content for Acceptance Course 101") || !strings.Contains(p.body, `type="checkbox" name="item"`) {
		t.Errorf("page: %d %.500s", p.StatusCode, p.body)
	}
	post, _ := http.NewRequest(http.MethodPost, s.url+to.Path, strings.NewReader(url.Values{
		"act": {"add"}, "course": {someCourse}, "scores": {"1"}, "item": {someBlock + "sequential+block@seq1"},
	}.Encode()))
	post.Header = http.Header{"User-Agent": {c.HTTP.Headers["user-agent"]}, "Content-Type": {"application/x-www-form-urlencoded"}}
	action, form := s.chosen(s.do(browser, post))
	if action != c.Params["content_item_return_url"] || !verifies(t, action, form, c.Secret) {
		t.Errorf("answer to %s", action)
	}
	var items struct {
		Graph []struct {
			URL, Title string
			LineItem   *struct {
				ScoreConstraints struct{ NormalMaximum float64 }
			}
		} `json:"@graph"`
	}
	if err := json.Unmarshal([]byte(form.Get("content_items")), &items); err != nil || len(items.Graph) != 1 {
		t.Fatalf("items %s: %v", form.Get("content_items"), err)
	}
	g := items.Graph[0]
	want := u.Scheme + "://" + u.Host + "/lti_provider/courses/" + someCourse + "/" + someBlock + "sequential+block@seq1"
	if g.URL != want || g.Title != "Lesson one" || g.LineItem == nil || g.LineItem.ScoreConstraints.NormalMaximum != 2 {
		t.Errorf("item %+v", g)
	}
}
