package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// databaseMetrics are about writing to the database.
type databaseMetrics struct {
	wait, commit, batch prometheus.Observer
}

func (m *Metrics) newDatabaseMetrics() databaseMetrics {
	return databaseMetrics{
		wait: m.histogram("lectern_database_write_wait_seconds",
			"How long updates wait for their turn: for SQLite's one writer, or for a connection to PostgreSQL.",
			[]float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 15}).WithLabelValues(),
		commit: m.histogram("lectern_database_commit_seconds",
			"Time of a commit, until what it wrote is safe on disk.",
			[]float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5}).WithLabelValues(),
		batch: m.histogram("lectern_database_commit_updates",
			"Updates that shared one commit; always 1 on PostgreSQL.",
			[]float64{1, 2, 4, 8, 16, 32, 64}).WithLabelValues(),
	}
}

// DatabaseWaited records how long an update waited for its turn.
func (m *Metrics) DatabaseWaited(d time.Duration) { m.database.wait.Observe(d.Seconds()) }

// DatabaseCommitted records a commit of so many updates.
func (m *Metrics) DatabaseCommitted(updates int, took time.Duration) {
	m.database.commit.Observe(took.Seconds())
	m.database.batch.Observe(float64(updates))
}
