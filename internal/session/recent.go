package session

import (
	"context"
	"sync"

	"lectern/internal/store"
)

// recentMost is about how many sessions are remembered: between this and twice
// as many.
const recentMost = 2000

// recent remembers what never changes of sessions, so that a request reads the
// rest in one statement. All that changes is read each time, and a session that
// is gone is not found, whatever is remembered. It is safe for concurrent use.
type recent struct {
	mu       sync.Mutex
	now, old map[string]*store.Session // by ID; old is forgotten when now is full
}

// get returns a session as it was once.
func (m *recent) get(ctx context.Context, tx store.Tx, id string) (*store.Session, error) {
	m.mu.Lock()
	s, ok := m.now[id]
	if !ok {
		if s, ok = m.old[id]; ok {
			m.put(s)
		}
	}
	m.mu.Unlock()
	if ok {
		return s, nil
	}
	s, err := tx.Launches().ByID(ctx, id)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.put(s)
	m.mu.Unlock()
	return s, nil
}

func (m *recent) put(s *store.Session) {
	if len(m.now) >= recentMost || m.now == nil {
		m.old, m.now = m.now, make(map[string]*store.Session, recentMost)
	}
	m.now[s.ID] = s
}
