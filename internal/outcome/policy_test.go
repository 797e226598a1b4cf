package outcome

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"lectern/internal/lti/lti11"
	"lectern/internal/store"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestPause(t *testing.T) {
	for _, tt := range []struct {
		class  lti11.Class
		tries  int
		chance float64
		want   time.Duration
	}{
		{lti11.Transient, 1, 0.5, 30 * time.Second},
		{lti11.Transient, 1, 0, 30 * time.Second}, // never earlier than the first pause
		{lti11.Transient, 1, 0.999, 35988 * time.Millisecond},
		{lti11.Transient, 2, 0.5, time.Minute},
		{lti11.Transient, 3, 0, 96 * time.Second},
		{lti11.Transient, 10, 0.5, 30 << 9 * time.Second},
		{lti11.Transient, 11, 0.5, 6 * time.Hour},
		{lti11.Transient, 1e9, 0.999, 6 * time.Hour},
		{lti11.Transient, 1e9, 0, 288 * time.Minute},
		{lti11.Gone, 2, 0.5, time.Minute},
		{lti11.Config, 1, 0.5, 10 * time.Minute},
		{lti11.Config, 3, 0.5, 40 * time.Minute},
		{lti11.Config, 99, 0.5, 6 * time.Hour},
		{lti11.Unclear, 1, 0.5, 10 * time.Minute},
	} {
		if got := pause(tt.class, tt.tries, tt.chance).Round(time.Millisecond); got != tt.want {
			t.Errorf("pause(%s, %d, %v) = %v, want %v", tt.class, tt.tries, tt.chance, got, tt.want)
		}
	}
}

func TestJudge(t *testing.T) {
	day := 24 * time.Hour
	for _, tt := range []struct {
		name  string
		r     result
		tries int
		since time.Duration // how long the series of failures has lasted
		state store.OwedState
		wait  time.Duration
		says  string
	}{
		{"done", result{class: lti11.Done}, 1, 0, store.Delivered, 0, ""},
		{"done after weeks", result{class: lti11.Done}, 90, 20 * day, store.Delivered, 0, ""},
		{"server error", result{class: lti11.Transient, detail: "500"}, 1, 0, store.Retrying, 30 * time.Second, "500"},
		{"Retry-After wins", result{class: lti11.Transient, retryAfter: 2 * time.Hour}, 1, 0, store.Retrying, 2 * time.Hour, ""},
		{"Retry-After of a day", result{class: lti11.Transient, retryAfter: day}, 1, 0, store.Retrying, 6 * time.Hour, ""},
		{"Retry-After of a second", result{class: lti11.Transient, retryAfter: time.Second}, 9, 0, store.Retrying, 30 * time.Second, ""},
		{"almost 14 days", result{class: lti11.Transient}, 70, 14*day - 1, store.Retrying, 6 * time.Hour, ""},
		{"14 days", result{class: lti11.Transient, detail: "500"}, 70, 14 * day, store.Parked, 0, "given up after 14 days: 500"},
		{"signature", result{class: lti11.Config, detail: "signature"}, 1, 0, store.Retrying, 10 * time.Minute, "signature"},
		{"unclear for 14 days", result{class: lti11.Unclear}, 60, 14 * day, store.Parked, 0, "14 days"},
		{"gone once", result{class: lti11.Gone}, 1, 0, store.Retrying, 30 * time.Second, ""},
		{"gone twice", result{class: lti11.Gone}, 2, 0, store.Retrying, time.Minute, ""},
		{"gone three times", result{class: lti11.Gone, detail: "404"}, 3, 0, store.Parked, 0, "tried three times: 404"},
		{"permanent", result{class: lti11.Permanent, detail: "no"}, 1, 0, store.Parked, 0, "no"},
		{"refused address", result{class: Refused, detail: "10.0.0.1"}, 1, 0, store.Parked, 0, "10.0.0.1"},
		{"T187 nothing answered", result{class: Skipped, detail: sayNothingAnswered}, 1, 0, store.Parked, 0, "nothing answered"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := judge(tt.r, tt.tries, noon, noon.Add(-tt.since), 0.5)
			if got.state != tt.state || got.next.Sub(noon) != tt.wait || !strings.Contains(got.reason, tt.says) {
				t.Errorf("judge = %+v, want %s in %v saying %q", got, tt.state, tt.wait, tt.says)
			}
		})
	}
}

func TestClip(t *testing.T) {
	for _, in := range []string{"", "short", strings.Repeat("x", 501), strings.Repeat("é", 400), "a\xffb" + strings.Repeat("日", 300)} {
		got := clip(in)
		if len(got) > detailMax || !utf8.ValidString(got) {
			t.Errorf("clip(%.20q…) has %d bytes, valid %v", in, len(got), utf8.ValidString(got))
		}
	}
}
