package registry

import (
	"bytes"
	"context"
	"reflect"
	"sync"
	"time"

	"lectern/internal/lti"
	"lectern/internal/store"
)

// recentMost is how many consumers are remembered.
const recentMost = 1000

// Recent remembers the consumers of the last launches, so that verifying one
// need not read the database. What it says may be out of date: whoever acts on it
// compares with what the database has, by [Recent.Same], in the transaction that
// acts. It is safe for concurrent use.
type Recent struct {
	Registry *Registry

	mu    sync.Mutex
	byKey map[string]remembered
}

// remembered is a consumer as it was read.
type remembered struct {
	consumer lti.Consumer
	boxes    [2][]byte // sealed secrets, current and previous
	secrets  []lti.Secret
}

// ByKey is [Registry.ByKey], from memory where it can be.
func (m *Recent) ByKey(ctx context.Context, key string) (*lti.Consumer, []lti.Secret, error) {
	m.mu.Lock()
	known, ok := m.byKey[key]
	m.mu.Unlock()
	if !ok {
		var err error
		if known, err = m.read(ctx, key); err != nil {
			return nil, nil, err
		}
	}
	c := known.consumer
	return &c, known.secrets, nil
}

// read reads a consumer and remembers it.
func (m *Recent) read(ctx context.Context, key string) (remembered, error) {
	c, secrets, boxes, err := m.Registry.byKey(ctx, key)
	if err != nil {
		return remembered{}, err
	}
	known := remembered{consumer: *c, secrets: secrets}
	for _, b := range boxes {
		known.boxes[slotNumber(b.Slot)] = b.Box
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byKey == nil || len(m.byKey) >= recentMost {
		m.byKey = map[string]remembered{}
	}
	m.byKey[key] = known
	return known, nil
}

func slotNumber(slot lti.SecretSlot) int {
	if slot == lti.Current {
		return 0
	}
	return 1
}

// Same reports whether the consumer with the key is remembered as the database
// has it, secrets and all. Its launches and what they said are no matter.
func (m *Recent) Same(key string, c *lti.Consumer, boxes [2][]byte) bool {
	m.mu.Lock()
	known, ok := m.byKey[key]
	m.mu.Unlock()
	return ok && sameConsumer(known.consumer, *c) &&
		bytes.Equal(known.boxes[0], boxes[0]) && bytes.Equal(known.boxes[1], boxes[1])
}

func sameConsumer(a, b lti.Consumer) bool {
	for _, c := range []*lti.Consumer{&a, &b} {
		c.LastLaunchAt, c.InstanceGUID, c.InstanceGUIDAt = time.Time{}, "", time.Time{}
	}
	return reflect.DeepEqual(a, b)
}

// Stale reports whether what is remembered of the consumer with the key is out
// of date, and forgets it then. What is not remembered is not.
func (m *Recent) Stale(ctx context.Context, key string) bool {
	m.mu.Lock()
	known, ok := m.byKey[key]
	m.mu.Unlock()
	if !ok {
		return false
	}
	if _, err := m.read(ctx, key); err != nil {
		m.Forget(key)
		return true
	}
	return !m.Same(key, &known.consumer, known.boxes)
}

// Forget forgets a consumer.
func (m *Recent) Forget(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.byKey, key)
}

// byKey returns a consumer with its live secrets, opened and sealed.
func (r *Registry) byKey(ctx context.Context, key string) (
	c *lti.Consumer, secrets []lti.Secret, boxes []store.SealedSecret, err error,
) {
	err = r.Store.View(ctx, func(tx store.Tx) (err error) {
		if c, err = tx.Consumers().ByKey(ctx, key); err != nil {
			return notFound(err)
		}
		if boxes, err = tx.Consumers().Secrets(ctx, c.ID); err != nil {
			return err
		}
		secrets, err = r.unseal(c.ID, boxes)
		return err
	})
	return c, secrets, boxes, err
}
