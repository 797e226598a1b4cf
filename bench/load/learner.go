package main

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// learner is somebody whose launch was opened in a browser.
type learner struct {
	cookie string
	page   string // path of the unit's page
	body   []byte // of the page
}

// enroll launches n new learners and opens their pages.
func (s *server) enroll(ctx context.Context, by *signer, n int) ([]learner, error) {
	c, err := dial(ctx, s.addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	list := make([]learner, n)
	for i := range list {
		if list[i], err = enroll(c, by); err != nil {
			return nil, fmt.Errorf("%s: learner %d: %w", s.name, i, err)
		}
	}
	return list, nil
}

// enroll does what a browser does: it posts the launch, follows the one-time
// handle with the cookie, and opens the page.
func enroll(c *conn, by *signer) (learner, error) {
	launch, err := by.launch(false)
	if err != nil {
		return learner{}, err
	}
	rep, err := c.do(launch.bytes, true)
	if err != nil {
		return learner{}, err
	}
	if rep.status != http.StatusSeeOther || len(rep.cookies) != 1 {
		return learner{}, fmt.Errorf("the launch answers %d with %d cookies", rep.status, len(rep.cookies))
	}
	l := learner{cookie: rep.cookies[0].Name + "=" + rep.cookies[0].Value}
	if rep, err = c.do(get(by.host, rep.location, l.cookie), true); err != nil {
		return learner{}, err
	}
	l.page = rep.location
	if rep.status != http.StatusSeeOther || strings.Contains(l.page, "~") {
		return learner{}, fmt.Errorf("landing answers %d to %s", rep.status, l.page)
	}
	if rep, err = c.do(get(by.host, l.page, l.cookie), true); err != nil {
		return learner{}, err
	}
	l.body = rep.body
	if rep.status != http.StatusOK || !strings.Contains(string(l.body), "How light bends") {
		return learner{}, fmt.Errorf("the page answers %d:\n%s", rep.status, l.body)
	}
	return l, nil
}

// visits returns n requests for the learners' pages, in turn.
func visits(host string, list []learner, n int) []request {
	out := make([]request, n)
	for i := range out {
		l := list[i%len(list)]
		out[i] = request{bytes: get(host, l.page, l.cookie)}
	}
	return out
}

// answers returns n answers of the learners to the first question, in turn, each
// another than the one before. accept tells a browser with script from one
// without.
func answers(host string, list []learner, n int, accept string) ([]request, error) {
	input := regexp.MustCompile(`name="(input_[^"]*` + problemID + `_2_1)"`)
	action := regexp.MustCompile(`action="([^"]*/problem/` + problemID + `/)submit[^"]*"`)
	out := make([]request, n)
	for i := range out {
		l := list[i%len(list)]
		name, to := input.FindSubmatch(l.body), action.FindSubmatch(l.body)
		if name == nil || to == nil {
			return nil, fmt.Errorf("the page has no form to answer:\n%s", l.body)
		}
		form := url.Values{string(name[1]): {fmt.Sprintf("choice_%d", i/len(list)%4)}}
		out[i] = request{bytes: post(host, html.UnescapeString(string(to[1]))+"submit", l.cookie, accept, form)}
	}
	return out, nil
}
