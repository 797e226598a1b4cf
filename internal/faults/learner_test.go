package faults

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"lectern/internal/oauth1"
)

// learner opens content from the school and answers.
type learner struct {
	site    *site
	user    string
	service string // where the school wants scores; its own address when ""
	browser *http.Client
	base    string // address of the open launch, with a slash at its end

	mu    sync.Mutex
	sure  int             // quarters of the last answer that the site took; -1: none yet
	maybe []int           // quarters of answers after it whose fate nobody knows
	usage map[string]bool // what was launched; true once it was answered
}

// reply is an answer of the site. Its status is 0 when none came.
type reply struct {
	status int
	body   string
	url    *url.URL
}

var codeOnPage = regexp.MustCompile(`mention:? <code>([a-z0-9_]+)</code>`)

// code returns the error code on a page, or "".
func (r reply) code() string {
	if m := codeOnPage.FindStringSubmatch(r.body); m != nil {
		return m[1]
	}
	return ""
}

// laxJar keeps Secure cookies over http on loopback, as browsers do.
type laxJar struct{ http.CookieJar }

func (j laxJar) SetCookies(u *url.URL, cookies []*http.Cookie) {
	for _, c := range cookies {
		c.Secure = false
	}
	j.CookieJar.SetCookies(u, cookies)
}

// learner returns somebody new in the school.
func (s *site) learner(user string) *learner {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	l := &learner{
		site: s, user: user, sure: -1, usage: map[string]bool{},
		browser: &http.Client{Jar: laxJar{jar}, Timeout: patience, Transport: &http.Transport{}},
	}
	s.members = append(s.members, l)
	return l
}

// sourcedID is the learner's cell in the gradebook for some content.
func (l *learner) sourcedID(usage string) string { return l.user + "|" + usage }

// signed returns a launch.
func (l *learner) signed(usage string) (address, form string) {
	service := l.service
	if service == "" {
		service = "http://" + l.site.lms.addr + "/grades"
	}
	address = "http://" + l.site.addr + "/lti_provider/courses/" + course + "/" + usage
	pairs, err := oauth1.Signer{Key: consumerKey, Secret: consumerSecret}.Form(address, []oauth1.Pair{
		{Name: "roles", Value: "Learner"}, {Name: "context_id", Value: "c"}, {Name: "user_id", Value: l.user},
		{Name: "lti_message_type", Value: "basic-lti-launch-request"}, {Name: "lti_version", Value: "LTI-1p0"},
		{Name: "resource_link_id", Value: usage}, {Name: "lis_outcome_service_url", Value: service},
		{Name: "lis_result_sourcedid", Value: l.sourcedID(usage)},
	})
	if err != nil {
		l.site.t.Error(err)
	}
	return address, oauth1.EncodeForm(pairs)
}

// post sends a form and follows where it leads.
func (l *learner) post(address, form string) reply {
	resp, err := l.browser.Post(address, "application/x-www-form-urlencoded", strings.NewReader(form))
	if err != nil {
		return reply{}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}
	}
	return reply{resp.StatusCode, string(body), resp.Request.URL}
}

// launch posts a launch once.
func (l *learner) launch(address, form, usage string) reply {
	p := l.post(address, form)
	if p.status != http.StatusOK {
		return p
	}
	parts := strings.SplitAfterN(p.url.Path, "/", 4) // "", learn, id, …
	if len(parts) < 4 || parts[1] != "learn/" {
		l.site.t.Errorf("launch led to %s", p.url.Path)
		return p
	}
	base := parts[0] + parts[1] + parts[2]
	if strings.HasPrefix(parts[3], "~") {
		token, _, _ := strings.Cut(parts[3], "/")
		base += token + "/"
	}
	l.base = "http://" + l.site.addr + base
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.usage[usage] {
		l.usage[usage] = false // not answered yet
	}
	return p
}

// mustLaunch posts a launch that must work.
func (l *learner) mustLaunch(usages ...string) {
	l.site.t.Helper()
	for _, usage := range usages {
		address, form := l.signed(usage)
		if p := l.launch(address, form, usage); p.status != http.StatusOK {
			l.site.t.Fatalf("launch: status %d, code %q", p.status, p.code())
		}
	}
}

// answer submits the quiz with so many of four right answers, and notes what is
// known of it.
func (l *learner) answer(quarters int) reply {
	form := url.Values{}
	for n := range 4 {
		value := "0"
		if n < quarters {
			value = "1"
		}
		form.Set(fmt.Sprintf("input_quiz_%d_1", n+2), value)
	}
	p := l.post(l.base+"problem/quiz/submit", form.Encode())
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case p.status == http.StatusOK:
		l.sure, l.maybe = quarters, nil
		for usage := range l.usage {
			l.usage[usage] = true
		}
	case p.status == 0 || p.status >= 500:
		l.maybe = append(l.maybe, quarters)
	}
	return p
}

func (l *learner) mustAnswer(quarters int) {
	l.site.t.Helper()
	if p := l.answer(quarters); p.status != http.StatusOK {
		l.site.t.Fatalf("answer: status %d, code %q", p.status, p.code())
	}
}

// settle lets the operator send all again until all has arrived.
func (s *site) settle() {
	s.t.Helper()
	var asked time.Time
	s.until("all scores are delivered", func() bool {
		if time.Since(asked) > 5*time.Second {
			s.run("score", "resend", "--all")
			asked = time.Now()
		}
		return s.backlog() == 0
	})
}

// allEqual is the question after each fault: the scores at the LMS are the
// scores here and those that learners were told of, none missing, none older.
func (s *site) allEqual() {
	s.t.Helper()
	here := map[string]owed{}
	for _, o := range s.scores() {
		here[o.User+"|"+o.Link] = o
	}
	there := s.lms.gradebook()
	for sourcedID := range there {
		if _, ok := here[sourcedID]; !ok {
			s.t.Errorf("%s: the LMS has a score that is not owed", sourcedID)
		}
	}
	for sourcedID, o := range here {
		if o.Score == nil || o.State != "delivered" || there[sourcedID] != strconv.FormatFloat(*o.Score, 'f', -1, 64) {
			s.t.Errorf("%s: %q at the LMS, here %+v", sourcedID, there[sourcedID], o)
		}
	}
	for _, l := range s.members {
		for usage, answered := range l.usage {
			o, ok := here[l.sourcedID(usage)]
			switch {
			case !ok && !answered: // or nobody knows
			case !ok:
				s.t.Errorf("%s: answered, but nothing is owed", l.sourcedID(usage))
			case !l.plausible(*o.Score):
				s.t.Errorf("%s: %v here, the learner was told %d/4, and of %v nothing", l.sourcedID(usage), *o.Score, l.sure, l.maybe)
			}
		}
	}
}

// plausible reports whether a score is the last one the learner was told of, or
// of an answer after it whose fate nobody knows.
func (l *learner) plausible(score float64) bool {
	for _, quarters := range append([]int{l.sure}, l.maybe...) {
		if score == float64(quarters)/4 {
			return true
		}
	}
	return false
}
