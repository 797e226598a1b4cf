package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// pythonMetrics are about the sandboxes that run the Python of problems.
type pythonMetrics struct {
	inUse, waiting, size prometheus.Gauge
	ran                  *prometheus.HistogramVec
}

func (m *Metrics) newPythonMetrics() pythonMetrics {
	return pythonMetrics{
		inUse: m.gauge("lectern_python_in_use", "Sandboxes that run the Python of a problem.").WithLabelValues(),
		waiting: m.gauge("lectern_python_waiting",
			"Jobs that wait for a sandbox. If it stays above zero, set `LECTERN_PYTHON_POOL` higher.").WithLabelValues(),
		size: m.gauge("lectern_python_pool", "Sandboxes that stand ready at most; 0 without a sandbox.").WithLabelValues(),
		ran: m.histogram("lectern_python_seconds",
			"Time to run the Python of a problem, waiting included, by how it ended: `ok`, `failure` (the course's program failed), `limit` (it ran too long or took too much), `busy` (no sandbox became free), `unavailable`, or `gone` (nobody waited any more).",
			[]float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}, "result"),
	}
}

// PythonInUse sets how many sandboxes run a job.
func (m *Metrics) PythonInUse(n int) { m.python.inUse.Set(float64(n)) }

// PythonWaiting sets how many jobs wait for a sandbox.
func (m *Metrics) PythonWaiting(n int) { m.python.waiting.Set(float64(n)) }

// PythonPool sets how many sandboxes there are at most.
func (m *Metrics) PythonPool(n int) { m.python.size.Set(float64(n)) }

// PythonRan counts a job; result is one of pyrun's words.
func (m *Metrics) PythonRan(result string, took time.Duration) {
	m.python.ran.WithLabelValues(result).Observe(took.Seconds())
}
