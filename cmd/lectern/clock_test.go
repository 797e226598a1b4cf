package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"lectern/internal/store"
)

// TestClockJumps sets the site's clock forward and back by hours while people
// work. Launches are judged by the clock as it is, a message used before stays
// used, and the LMS ends with the scores that are here.
func TestClockJumps(t *testing.T) {
	s := startSite(t, nil)
	lms, browser, p := s.scoreLMS()
	lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
	used := s.good(path("problem", "p2")).set("user_id", "replayed")
	s.consumer("consumer_key", "secret", nil)
	used.nonce, used.at = "used-once", time.Now()
	form := s.signed(used)
	first := newBrowser(t)
	if p := s.follow(first, s.postForm(first, used, form)); p.StatusCode != http.StatusOK {
		t.Fatalf("launch: %d", p.StatusCode)
	}
	wrong, right := map[string]string{"_2_1": "choice_0"}, map[string]string{"_2_1": "choice_1"}
	for i, jump := range []time.Duration{3 * time.Hour, -3 * time.Hour, -3 * time.Hour, 3 * time.Hour} {
		s.clock.add(jump)
		s.site.deliverer.Wake()
		if err := s.site.pruneOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := s.postForm(newBrowser(t), used, form)
		onTime := i%2 == 1 // the clock is back where the message was made
		if page := s.follow(newBrowser(t), again); page.StatusCode == http.StatusOK {
			t.Errorf("jump %d: a message used before opened the content", i)
		}
		if refused := again.StatusCode == http.StatusForbidden; refused == onTime {
			t.Errorf("jump %d: the old message is answered %d", i, again.StatusCode)
		}
		fresh := s.good(path("problem", "p2")).set("user_id", "somebody") // signed by the clock as it is
		if p := s.post(newBrowser(t), fresh); p.StatusCode != http.StatusSeeOther {
			t.Errorf("jump %d: a launch of now: %d %s", i, p.StatusCode, p.code())
		}
		if onTime && i < 3 { // ana's page is good again
			p = s.answer(browser, p, "block_id", wrong)
			lms.WaitGrade("ana", "leaf", "0", 5*time.Second)
			p = s.answer(browser, p, "block_id", right)
			lms.WaitGrade("ana", "leaf", "1", 5*time.Second)
		}
	}
	s.eventually(func() bool {
		left := 0
		s.view(func(ctx context.Context, tx store.Tx) error {
			b, err := tx.Owed().Backlog(ctx)
			left = len(b.Count)
			return err
		})
		return left == 0
	})
	if g, _ := lms.Grade("ana", "leaf"); g.Value != "1" {
		t.Errorf("the gradebook holds %q", g.Value)
	}
}
