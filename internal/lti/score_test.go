package lti_test

import (
	"math"
	"regexp"
	"testing"

	"lectern/internal/lti"
)

// The numbers are cases of Open edX's score tasks, see docs/conformance.md.
func TestScoreText(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, tt := range []struct {
		name             string
		earned, possible float64
		want             string
	}{
		{"T154 all", 2, 2, "1"},
		{"T155 nothing to earn", 2, 0, "0"},
		{"T156 half", 1, 2, "0.5"},
		{"T164 more than possible is clamped", 3, 2, "1"},
		{"T165 no exponent", 1, 100000, "0.00001"},
		{"T166 a third", 1, 3, "0.333333"},
		{"less than the last digit", 1, 1e9, "0"},
		{"negative points", -1, 2, "0"},
		{"negative possible", 1, -2, "0"},
		{"NaN earned", nan, 1, "0"},
		{"NaN possible", 1, nan, "0"},
		{"infinite earned", inf, 1, "1"},
		{"infinite possible", 1, inf, "0"},
		{"both infinite", inf, inf, "0"},
		{"minus infinity", -inf, 1, "0"},
		{"quotient overflows", 1e308, 1e-300, "1"},
		{"negative zero", math.Copysign(0, -1), 1, "0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := (lti.Score{Earned: tt.earned, Possible: tt.possible}).Text(); got != tt.want {
				t.Errorf("Score{%v, %v}.Text() = %q, want %q", tt.earned, tt.possible, got, tt.want)
			}
		})
	}
}

var plainDecimal = regexp.MustCompile(`^(0(\.\d{1,6})?|1)$`)

func FuzzScoreText(f *testing.F) {
	f.Add(1.0, 3.0)
	f.Add(math.NaN(), math.Inf(-1))
	f.Fuzz(func(t *testing.T, earned, possible float64) {
		if got := (lti.Score{Earned: earned, Possible: possible}).Text(); !plainDecimal.MatchString(got) {
			t.Errorf("Score{%v, %v}.Text() = %q", earned, possible, got)
		}
	})
}
