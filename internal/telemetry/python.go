package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// pythonMetrics are about the sandboxes that run the Python of problems.
type pythonMetrics struct {
	inUse, waiting prometheus.Gauge
	ran            *prometheus.HistogramVec
}

func newPythonMetrics() pythonMetrics {
	return pythonMetrics{
		inUse: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "lectern_python_in_use", Help: "Sandboxes that run the Python of a problem.",
		}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "lectern_python_waiting",
			Help: "Jobs that wait for a sandbox. If it stays above zero, set LECTERN_PYTHON_POOL higher.",
		}),
		ran: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "lectern_python_seconds",
			Help:    "Time to run the Python of a problem, waiting included, by how it ended.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"result"}),
	}
}

// PythonInUse sets how many sandboxes run a job.
func (m *Metrics) PythonInUse(n int) { m.python.inUse.Set(float64(n)) }

// PythonWaiting sets how many jobs wait for a sandbox.
func (m *Metrics) PythonWaiting(n int) { m.python.waiting.Set(float64(n)) }

// PythonRan counts a job; result is one of pyrun's words.
func (m *Metrics) PythonRan(result string, took time.Duration) {
	m.python.ran.WithLabelValues(result).Observe(took.Seconds())
}
