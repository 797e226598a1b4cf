package learn

import (
	"container/list"
	"sync"
)

// entryBytes is what an entry takes besides its content, in bytes, roughly.
const entryBytes = 256

// memory keeps what was made before, up to a number of bytes; what was not used
// for the longest time goes first. It is safe for concurrent use. What is in it
// is shared and must not be changed.
type memory[K comparable, V any] struct {
	most int // bytes

	mu     sync.Mutex
	bytes  int
	byKey  map[K]*list.Element // of *memorized[K, V]
	recent list.List           // the one used last in front
}

type memorized[K comparable, V any] struct {
	key   K
	value V
	bytes int
}

func newMemory[K comparable, V any](most int) *memory[K, V] {
	return &memory[K, V]{most: most, byKey: map[K]*list.Element{}}
}

// get returns what is kept under key.
func (m *memory[K, V]) get(key K) (value V, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.byKey[key]
	if e == nil {
		return value, false
	}
	m.recent.MoveToFront(e)
	return e.Value.(*memorized[K, V]).value, true
}

// put keeps value, which takes so many bytes, in place of what was there. What
// would take more than an eighth of the memory is not kept.
func (m *memory[K, V]) put(key K, value V, bytes int) {
	bytes += entryBytes
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.byKey[key]; e != nil {
		m.drop(e)
	}
	if bytes > m.most/8 {
		return
	}
	m.byKey[key] = m.recent.PushFront(&memorized[K, V]{key, value, bytes})
	m.bytes += bytes
	for m.bytes > m.most {
		m.drop(m.recent.Back())
	}
}

func (m *memory[K, V]) drop(e *list.Element) {
	old := m.recent.Remove(e).(*memorized[K, V])
	delete(m.byKey, old.key)
	m.bytes -= old.bytes
}
