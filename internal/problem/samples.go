package problem

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"lectern/internal/problem/calc"
)

// Limits of a formula's samples.
const (
	maxSamples         = 1000
	maxSampleVariables = 100
)

// samples are the points at which two formulas are compared:
// "x,y@-1,0:1,10#20" takes x from -1 to 1 and y from 0 to 10, twenty times
// [capa 2.2].
type samples struct {
	names     []string
	low, high []float64
	count     int
}

// parseSamples reads the syntax. As in Open edX what has no partner is left
// out: a variable without range, a range without variable; there it is an error
// only when a formula uses the variable.
func parseSamples(text string) (samples, error) {
	names, rest, found := strings.Cut(text, "@")
	if !found {
		return samples{}, fmt.Errorf("samples %.100q have no @", text)
	}
	rest, _, _ = strings.Cut(rest, "@")
	ranges, number, found := strings.Cut(rest, "#")
	if !found {
		return samples{}, fmt.Errorf("samples %.100q have no #", text)
	}
	number, _, _ = strings.Cut(number, "#")
	count, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil || count < 1 || count > maxSamples {
		return samples{}, fmt.Errorf("%.20q samples, want 1 to %d", number, maxSamples)
	}
	low, high, found := strings.Cut(ranges, ":")
	if !found || strings.Contains(high, ":") {
		return samples{}, fmt.Errorf("samples %.100q: want one colon between the lower and the upper ends", text)
	}
	s := samples{count: count}
	if s.low, err = sampleEnds(low); err != nil {
		return samples{}, err
	}
	if s.high, err = sampleEnds(high); err != nil {
		return samples{}, err
	}
	for name := range strings.SplitSeq(names, ",") {
		s.names = append(s.names, strings.TrimSpace(name))
	}
	if len(s.names) > maxSampleVariables {
		return samples{}, fmt.Errorf("samples of %d variables, at most %d", len(s.names), maxSampleVariables)
	}
	s.names = s.names[:min(len(s.names), len(s.low), len(s.high))]
	return s, nil
}

func sampleEnds(text string) ([]float64, error) {
	var ends []float64
	for part := range strings.SplitSeq(text, ",") {
		f, ok := parsePyFloat(part)
		if !ok || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fmt.Errorf("samples: %.40q is not a number", part)
		}
		ends = append(ends, f)
	}
	return ends, nil
}

// points draws the samples. A problem of the same seed draws the same ones, so
// that grading again gives the same result. The error says that the budget is
// used up.
func (s samples) points(seed int64, b *calc.Budget) ([]map[string]complex128, error) {
	const cost = 20 // of one number, beside evaluating
	if err := b.Spend(s.count * (len(s.names) + 1) * cost); err != nil {
		return nil, err
	}
	rng := newPyRandom(seed)
	points := make([]map[string]complex128, s.count)
	for i := range points {
		points[i] = make(map[string]complex128, len(s.names))
		for k, name := range s.names {
			points[i][name] = complex(s.low[k]+(s.high[k]-s.low[k])*rng.float(), 0)
		}
	}
	return points, nil
}
