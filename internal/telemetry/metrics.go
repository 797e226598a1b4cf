package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is everything Lectern counts. Make one with [New] and hand it down.
type Metrics struct {
	registry *prometheus.Registry

	launches *prometheus.CounterVec
	attempts *prometheus.CounterVec
	owed     *prometheus.GaugeVec
	lag      prometheus.Gauge
	latency  *prometheus.HistogramVec
	python   pythonMetrics
}

// New returns metrics with their own registry, the Go runtime's and the
// process's among them.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		launches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lectern_launches_total",
			Help: "LTI launches finished, by LTI version and result code.",
		}, []string{"lti", "code"}),
		attempts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lectern_outcome_attempts_total",
			Help: "Attempts to deliver a score, by how they ended.",
		}, []string{"class"}),
		owed: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "lectern_owed_scores",
			Help: "Scores not yet in their LMS, by state. Look into parked ones on the scores page.",
		}, []string{"state"}),
		lag: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "lectern_outcome_lag_seconds",
			Help: "Age of the oldest score that still waits to reach its LMS. Alert on this one.",
		}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "lectern_http_request_seconds",
			Help:    "Time to answer HTTP requests, by route and status class.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "status"}),
	}
	m.python = newPythonMetrics()
	m.registry.MustRegister(m.python.inUse, m.python.waiting, m.python.ran, m.launches, m.attempts, m.owed, m.lag, m.latency,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Launch counts a launch. lti is "1.1" or "1.3", code is "ok" or the code of
// the error.
func (m *Metrics) Launch(lti, code string) { m.launches.WithLabelValues(lti, code).Inc() }

// OutcomeAttempt counts an attempt to deliver a score; class is an
// lti11.Class.
func (m *Metrics) OutcomeAttempt(class string) { m.attempts.WithLabelValues(class).Inc() }

// OwedScores sets how many scores are in state.
func (m *Metrics) OwedScores(state string, n int) { m.owed.WithLabelValues(state).Set(float64(n)) }

// OutcomeLag sets the age of the oldest waiting score, zero when none waits.
func (m *Metrics) OutcomeLag(age time.Duration) { m.lag.Set(age.Seconds()) }

// Request records the time it took to answer a request. route is the pattern
// that matched, never the path.
func (m *Metrics) Request(route string, status int, took time.Duration) {
	m.latency.WithLabelValues(route, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// Register adds collectors of other packages, such as a database pool's.
func (m *Metrics) Register(c ...prometheus.Collector) error {
	for _, one := range c {
		if err := m.registry.Register(one); err != nil {
			return err
		}
	}
	return nil
}

// Handler serves the metrics in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
