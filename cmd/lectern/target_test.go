package main

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"lectern/internal/lti"
	"lectern/internal/store"
)

// target returns the grade target of consumer_key's LTI_User for link key.
func (s *testSite) target(key, link string) (*lti.GradeTarget, *store.OwedScore) {
	s.t.Helper()
	var found *lti.GradeTarget
	var owed *store.OwedScore
	s.view(func(ctx context.Context, tx store.Tx) error {
		c, err := tx.Consumers().ByKey(ctx, key)
		if err != nil {
			return err
		}
		a, err := tx.Accounts().ByLink(ctx, c.ID, "LTI_User")
		if err != nil {
			return err
		}
		for _, usage := range []string{"problem+block@block_id", "problem+block@p2", "vertical+block@v1"} {
			list, err := tx.Placements().Targets(ctx, a.ID, "", someCourse, []string{someBlock + usage})
			if err != nil {
				return err
			}
			for _, t := range list {
				if t.ConsumerID == c.ID && t.LinkKey == link {
					found = &t
				}
			}
		}
		owed, err = tx.Owed().ForLink(ctx, c.ID, a.ID, link)
		if owed == nil {
			err = nil
		}
		return err
	})
	return found, owed
}

func (s *testSite) targets(id string) int64 {
	s.t.Helper()
	var usage store.ConsumerUsage
	s.view(func(ctx context.Context, tx store.Tx) (err error) {
		usage, err = tx.Consumers().Usage(ctx, id)
		return err
	})
	return usage.Targets
}

// graded is a launch that takes a score.
func (s *testSite) graded(sourcedID, serviceURL string) *message {
	return s.good(path("problem", "block_id")).set("lis_result_sourcedid", sourcedID).set("lis_outcome_service_url", serviceURL)
}

const somewhere = "https://lms.example.edu/outcomes"

// T137-T142, T147: what a launch must say for a score to go back.
func TestT137Targets(t *testing.T) {
	for _, tt := range []struct {
		name                  string
		sourcedID, serviceURL string
		guid                  string
		want                  int64
		refused               bool
	}{
		{"T137 guid, sourcedid, address", "s-1", somewhere, "g", 1, false},
		{"T139 no sourcedid", "", somewhere, "g", 0, false},
		{"T140 no address", "s-1", "", "g", 0, false},
		{"T141 no guid", "s-1", somewhere, "", 1, false},
		{"T142 address we may not call", "s-1", "http://169.254.169.254/", "g", 1, true},
		{"T142 no address at all", "s-1", "outcome service URL", "g", 1, true},
		{"T147 sourcedid of 255", strings.Repeat("s", 255), somewhere, "g", 1, false},
		{"T147 sourcedid of 4096", strings.Repeat("s", 4096), somewhere, "g", 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := gateSite(t)
			c, err := s.app.Registry.Find(context.Background(), "consumer_key")
			if err != nil {
				t.Fatal(err)
			}
			m := s.graded(tt.sourcedID, tt.serviceURL).set("tool_consumer_instance_guid", tt.guid)
			for range 2 { // T138: a second launch like it adds nothing
				if p := s.post(newBrowser(t), m); p.StatusCode != http.StatusSeeOther {
					t.Fatalf("status %d, code %s", p.StatusCode, p.code())
				}
			}
			if got := s.targets(c.ID); got != tt.want {
				t.Fatalf("%d targets, want %d", got, tt.want)
			}
			target, owed := s.target("consumer_key", "rl-1")
			if tt.want == 1 && (target.Outcome.SourcedID != tt.sourcedID || (target.Refused != "") != tt.refused) {
				t.Errorf("target %+v", target)
			}
			if owed != nil {
				t.Errorf("a launch alone owes a score: %+v", owed)
			}
		})
	}
}

// T145, T146: one link of one learner has one target, the newest; a link that
// was pointed at other content takes its target along.
func TestT146NewestTargetWins(t *testing.T) {
	s := gateSite(t)
	c, err := s.app.Registry.Find(context.Background(), "consumer_key")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"a", "b", "c", "d", "newest"} {
		m := s.graded(`{"data":{"launchid":"`+id+`"}}`, somewhere)
		if p := s.post(newBrowser(t), m); p.StatusCode != http.StatusSeeOther {
			t.Fatalf("status %d", p.StatusCode)
		}
	}
	target, _ := s.target("consumer_key", "rl-1")
	if n := s.targets(c.ID); n != 1 || target.Outcome.SourcedID != `{"data":{"launchid":"newest"}}` {
		t.Errorf("T146: %d targets, %+v", n, target)
	}
	m := s.graded("same", somewhere)
	m.path = path("problem", "p2")
	if p := s.post(newBrowser(t), m); p.StatusCode != http.StatusSeeOther {
		t.Fatalf("T145: status %d", p.StatusCode)
	}
	target, _ = s.target("consumer_key", "rl-1")
	if n := s.targets(c.ID); n != 1 || target.UsageKey != someBlock+"problem+block@p2" {
		t.Errorf("T145: %d targets, %+v", n, target)
	}
}
