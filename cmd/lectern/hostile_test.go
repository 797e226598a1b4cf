package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"lectern/internal/config"
	"lectern/internal/problem/script"
)

// hostileProblems are questions that try to take the server down, and the answer
// that sets them off. Those with Python have it in a check function.
func hostileProblems() map[string][2]string {
	check := func(body string) string {
		return `<problem><script type="loncapa/python">
import re, sys
def bad(e, a):
` + body + `
</script><customresponse cfn="bad"><textline/></customresponse></problem>`
	}
	return map[string][2]string{
		"loop":      {check("    while True: pass"), "x"},
		"memory":    {check("    return len([0] * (10 * 2**30))"), "x"},
		"growth":    {check("    l = [1]\n    while True: l += l"), "x"},
		"recursion": {check("    return bad(e, a)"), "x"},
		"regexp":    {check("    return re.match('(a+)+$', 'a' * 60 + 'b')"), "x"},
		"power":     {check("    return 9**9**9**9"), "x"},
		"output":    {check("    while True: print('x' * 100000)"), "x"},
		"exit":      {check("    sys.exit(0)"), "x"},
		"fork":      {check("    import os\n    while True: os.fork()"), "x"},
		"threads":   {check("    import threading\n    while True: threading.Thread(target=bad, args=(e, a)).start()"), "x"},
		"setup":     {`<problem><script>while True: pass</script><customresponse cfn="f"><textline/></customresponse></problem>`, "x"},
		"pattern":   {`<problem><stringresponse answer="(a+)+$" type="regexp"><textline/></stringresponse></problem>`, strings.Repeat("a", 60) + "b"},
		"tower":     {`<problem><numericalresponse answer="1"><textline/></numericalresponse></problem>`, "9^9^9^9"},
		"factorial": {`<problem><numericalresponse answer="1"><textline/></numericalresponse></problem>`, "fact(fact(fact(9)))"},
		"samples": {`<problem><formularesponse samples="x@1:2#10" answer="x"><textline/></formularesponse></problem>`,
			strings.Repeat("(", 400) + "x" + strings.Repeat("^9^9)", 400)},
	}
}

// hostileCourse is a course of hostile problems beside a harmless unit.
func hostileCourse() map[string]string {
	files := testCourse()
	unit := ""
	for name, p := range hostileProblems() {
		files["problem/"+name+".xml"] = p[0]
		unit += `<problem url_name="` + name + `"/>`
	}
	files["problem/million.xml"] = `<problem><multiplechoiceresponse><choicegroup>` +
		strings.Repeat(`<choice/>`, 1_000_000) + `</choicegroup></multiplechoiceresponse></problem>`
	files["course/some_run.xml"] = strings.Replace(files["course/some_run.xml"], "</sequential>",
		`<vertical url_name="hostile" display_name="Hostile">`+unit+`<problem url_name="million"/></vertical></sequential>`, 1)
	return files
}

// needPython ends a test where the interpreter was not fetched.
func (s *testSite) needPython() {
	s.t.Helper()
	_, err := s.app.Grading.Scripts.Run(context.Background(), &script.Job{Protocol: script.Protocol})
	for tries := 0; errors.Is(err, script.ErrBusy) && tries < 12; tries++ { // it is being compiled
		_, err = s.app.Grading.Scripts.Run(context.Background(), &script.Job{Protocol: script.Protocol})
	}
	if errors.Is(err, script.ErrUnavailable) && os.Getenv("CI") != "true" {
		s.t.Skipf("no Python: %v", err)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// answerAt posts an answer to the problem that a learner has launched by itself.
func (s *testSite) answerAt(browser *http.Client, base, id, value string) page {
	s.t.Helper()
	return s.submit(browser, base+"problem/"+id+"/submit", url.Values{"input_" + id + "_2_1": {value}})
}

// TestHostileProblems lets learners set off everything a problem could do to
// the server, all at once, while another goes on. No hostile answer counts as
// an attempt, each gets a page that says why, and the other waits at most twice
// as long as before.
func TestHostileProblems(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.PythonTime = 2 * time.Second })
	s.needPython()
	s.importFiles(hostileCourse())
	s.consumer("consumer_key", "secret", nil)
	good := newBrowser(t)
	page := s.open(good, s.good(path("vertical", "v1")).set("user_id", "good"))
	base := strings.TrimPrefix(page.Request.URL.Path, s.url)
	base = base[:strings.Index(base[len("/learn/"):], "/")+len("/learn/")+1]

	measure := func() time.Duration {
		var took []time.Duration
		for range 60 {
			begin := time.Now()
			if p := s.answerAt(good, base, "block_id", "choice_1"); p.StatusCode >= 500 {
				t.Errorf("status %d", p.StatusCode)
			}
			if p := s.get(good, base); p.StatusCode != http.StatusOK {
				t.Errorf("page: status %d", p.StatusCode)
			}
			took = append(took, time.Since(begin))
		}
		slices.Sort(took)
		return took[len(took)/2]
	}
	quiet := measure()
	stop, attacks := s.attack()
	var ratio float64
	for range 3 { // other work on the machine may disturb one round
		busy := measure()
		ratio = float64(busy) / float64(quiet)
		t.Logf("others waited %v before and %v during: %.2f times", quiet, busy, ratio)
		if ratio <= 2 {
			break
		}
	}
	if ratio > 2 {
		t.Errorf("others waited %.2f times as long", ratio)
	}
	close(stop)
	attacks.Wait()
	if p := s.answerAt(good, base, "block_id", "choice_1"); p.StatusCode >= 500 {
		t.Errorf("afterwards: status %d", p.StatusCode)
	}
}

// pause is how long a learner takes between two answers, at the least.
const pause = 200 * time.Millisecond

// attack lets a learner per hostile problem submit again and again until stop is
// closed, each at least once.
func (s *testSite) attack() (stop chan struct{}, done *sync.WaitGroup) {
	stop, done = make(chan struct{}), &sync.WaitGroup{}
	for name, p := range hostileProblems() {
		browser := newBrowser(s.t)
		opened := s.post(browser, s.good(path("problem", name)).set("user_id", "bad "+name))
		to, err := opened.Location()
		if err != nil {
			s.t.Fatalf("%s: launch: %d", name, opened.StatusCode)
		}
		base := to.Path
		done.Go(func() {
			s.get(browser, to.String())
			for n := 0; ; n++ {
				select {
				case <-stop:
					if n > 0 {
						return
					}
				case <-time.After(pause):
				}
				value := p[1]
				if strings.Contains(p[0], "<script") {
					value += strconv.Itoa(n) // what was run before is not run again
				}
				// A counted attempt would be answered by a redirect.
				if got := s.answerAt(browser, base, name, value); got.StatusCode != http.StatusOK {
					s.t.Errorf("%s: status %d: %.300s", name, got.StatusCode, got.body)
				}
			}
		})
	}
	return stop, done
}
