package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Act is something an operator did, on its way into the audit. Before and After
// are shown as JSON and hold no secret; nil is for what was not there.
type Act struct {
	At            time.Time
	Who           string // account ID, or "command line"
	Name          string // e.g. "consumer.create"
	Subject       string // e.g. a consumer ID
	Before, After any
}

// Note appends a to the audit of tx.
func Note(ctx context.Context, tx Tx, a Act) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("audit id: %w", err)
	}
	e := AuditEntry{ID: id.String(), At: a.At, Who: a.Who, Act: a.Name, Subject: a.Subject}
	for _, side := range []struct {
		v    any
		text *string
	}{{a.Before, &e.Before}, {a.After, &e.After}} {
		if side.v == nil {
			continue
		}
		b, err := json.Marshal(side.v)
		if err != nil {
			return fmt.Errorf("audit %s: %w", a.Name, err)
		}
		*side.text = string(b)
	}
	return tx.Audit().Append(ctx, e)
}
