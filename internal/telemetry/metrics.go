package telemetry

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics is everything Lectern counts. Make one with [New] and hand it down.
type Metrics struct {
	registry *prometheus.Registry
	list     []Metric

	launches *prometheus.CounterVec
	clocks   prometheus.Observer
	latency  *prometheus.HistogramVec
	grading  *prometheus.HistogramVec
	outcome  outcomeMetrics
	python   pythonMetrics
	database databaseMetrics
	sources  *sources
}

// New returns metrics with their own registry, the Go runtime's and the
// process's among them.
func New() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.launches = m.counter("lectern_launches_total",
		"LTI launches finished, by LTI version and result: `ok`, or the code of the error.", "lti", "code")
	m.clocks = m.histogram("lectern_launch_clock_seconds",
		"How far the clocks of LMSs are from this machine's, by the timestamps of good launches, either way.",
		[]float64{1, 5, 15, 30, 60, 120, 300, 600, 1800, 5400}).WithLabelValues()
	m.latency = m.histogram("lectern_http_request_seconds",
		"Time to answer HTTP requests, by route and class of status.",
		[]float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "route", "status")
	m.grading = m.histogram("lectern_grading_seconds",
		"Time to grade an answer and to keep it, by type of block and how it ended: `graded`, `repeated` (the same form came again), `refused` (it may not be answered now, or not so) or `failed`.",
		[]float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "block", "result")
	m.outcome = m.newOutcomeMetrics()
	m.python = m.newPythonMetrics()
	m.database = m.newDatabaseMetrics()
	m.sources = m.newSources()
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Metric describes one metric.
type Metric struct {
	Name   string
	Kind   string // counter, gauge or histogram
	Labels []string
	Help   string
}

// List returns what Lectern counts itself: without the numbers of the Go
// runtime and the process.
func (m *Metrics) List() []Metric { return m.list }

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.add(Metric{name, "counter", labels, help}, c)
	return c
}

func (m *Metrics) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	m.add(Metric{name, "gauge", labels, help}, g)
	return g
}

func (m *Metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	m.add(Metric{name, "histogram", labels, help}, h)
	return h
}

func (m *Metrics) add(about Metric, c prometheus.Collector) {
	m.list = append(m.list, about)
	m.registry.MustRegister(c)
}

// Build says which program this is; version as it was built.
func (m *Metrics) Build(version string) {
	m.gauge("lectern_build_info", "Always 1; the labels say which program runs.", "version", "go").
		WithLabelValues(version, runtime.Version()).Set(1)
}

// Launch counts a launch. lti is "1.1" or "1.3", code is "ok" or the code of
// the error.
func (m *Metrics) Launch(lti, code string) { m.launches.WithLabelValues(lti, code).Inc() }

// LaunchClock records how far the clock of a good launch was from ours.
func (m *Metrics) LaunchClock(apart time.Duration) { m.clocks.Observe(apart.Abs().Seconds()) }

// Request records the time it took to answer a request. route is the pattern
// that matched, never the path.
func (m *Metrics) Request(route string, status int, took time.Duration) {
	m.latency.WithLabelValues(route, strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

// Graded records how long an answer to a type of block took; result is one of
// package grading's words.
func (m *Metrics) Graded(block, result string, took time.Duration) {
	m.grading.WithLabelValues(block, result).Observe(took.Seconds())
}

// Handler serves the metrics in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}
