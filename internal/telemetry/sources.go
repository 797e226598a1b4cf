package telemetry

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Sources are numbers that are read when somebody asks for the metrics. A nil
// function leaves its metrics out. They must be safe for concurrent use and
// quick.
type Sources struct {
	Database func() Pool
	Disk     func() (free uint64, ok bool) // bytes where the data folder is
	Ready    func() map[string]bool        // by check
}

// Pool is how a pool of database connections is used: PostgreSQL's, or SQLite's
// for reading.
type Pool struct {
	InUse, Idle, Max int
	Waits            int64         // for a connection
	Waited           time.Duration // in all of them together
}

// sources collects what [Sources] tell.
type sources struct {
	from atomic.Pointer[Sources]

	connections, most, waits, waited, disk, ready *prometheus.Desc
}

func (m *Metrics) newSources() *sources {
	s := &sources{}
	desc := func(name, kind, help string, labels ...string) *prometheus.Desc {
		m.list = append(m.list, Metric{name, kind, labels, help})
		return prometheus.NewDesc(name, help, labels, nil)
	}
	s.connections = desc("lectern_database_connections", "gauge",
		"Connections to PostgreSQL, or SQLite's for reading, by state: `in_use` or `idle`.", "state")
	s.most = desc("lectern_database_connections_max", "gauge", "The most of those connections that there may be.")
	s.waits = desc("lectern_database_waits_total", "counter", "Requests that waited for one of those connections.")
	s.waited = desc("lectern_database_wait_seconds_total", "counter", "Time that requests waited for one of those connections.")
	s.disk = desc("lectern_disk_free_bytes", "gauge", "Free space where the data folder is.")
	s.ready = desc("lectern_ready", "gauge", "1 when the site can serve as far as the check goes, else 0: what /readyz says, in parts.", "check")
	m.registry.MustRegister(s)
	return s
}

// Read sets where numbers come from when somebody asks for the metrics.
func (m *Metrics) Read(from Sources) { m.sources.from.Store(&from) }

// Describe is for the registry.
func (s *sources) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{s.connections, s.most, s.waits, s.waited, s.disk, s.ready} {
		ch <- d
	}
}

// Collect is for the registry.
func (s *sources) Collect(ch chan<- prometheus.Metric) {
	from := s.from.Load()
	if from == nil {
		return
	}
	put := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	if from.Database != nil {
		p := from.Database()
		put(s.connections, prometheus.GaugeValue, float64(p.InUse), "in_use")
		put(s.connections, prometheus.GaugeValue, float64(p.Idle), "idle")
		put(s.most, prometheus.GaugeValue, float64(p.Max))
		put(s.waits, prometheus.CounterValue, float64(p.Waits))
		put(s.waited, prometheus.CounterValue, p.Waited.Seconds())
	}
	if from.Disk != nil {
		if free, ok := from.Disk(); ok {
			put(s.disk, prometheus.GaugeValue, float64(free))
		}
	}
	if from.Ready != nil {
		for check, ok := range from.Ready() {
			value := 0.0
			if ok {
				value = 1
			}
			put(s.ready, prometheus.GaugeValue, value, check)
		}
	}
}
