package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// outcomeMetrics are about scores on their way to gradebooks.
type outcomeMetrics struct {
	attempts *prometheus.CounterVec
	took     prometheus.Observer
	owed     *prometheus.GaugeVec
	lag      prometheus.Gauge
	compared *prometheus.CounterVec
}

func (m *Metrics) newOutcomeMetrics() outcomeMetrics {
	return outcomeMetrics{
		attempts: m.counter("lectern_outcome_attempts_total",
			"Tries to deliver a score, by how they ended: `done`, `transient`, `config`, `gone`, `unclear`, `permanent`, `refused` (an address that may not be called) or `skipped` (nothing to send).", "class"),
		took: m.histogram("lectern_outcome_attempt_seconds",
			"Time of a try to deliver a score, the LMS's answer included.",
			[]float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}).WithLabelValues(),
		owed: m.gauge("lectern_owed_scores",
			"Scores that are not in their LMS yet, by state: `waiting`, `sending`, `retrying`, `parked`. The same from every replica.", "state"),
		lag: m.gauge("lectern_outcome_lag_seconds",
			"Age of the oldest change that still has to reach its LMS, parked ones left out. The same from every replica.").WithLabelValues(),
		compared: m.counter("lectern_comparisons_total",
			"Scores compared with what the LMS holds, by verdict.", "verdict"),
	}
}

// OutcomeAttempt counts a try to deliver a score; class is an lti11.Class.
func (m *Metrics) OutcomeAttempt(class string, took time.Duration) {
	m.outcome.attempts.WithLabelValues(class).Inc()
	m.outcome.took.Observe(took.Seconds())
}

// OwedScores sets how many scores are in state.
func (m *Metrics) OwedScores(state string, n int) {
	m.outcome.owed.WithLabelValues(state).Set(float64(n))
}

// OutcomeLag sets the age of the oldest waiting score, zero when none waits.
func (m *Metrics) OutcomeLag(age time.Duration) { m.outcome.lag.Set(age.Seconds()) }

// Compared counts a comparison with an LMS; verdict is a store.Verdict.
func (m *Metrics) Compared(verdict string) { m.outcome.compared.WithLabelValues(verdict).Inc() }
