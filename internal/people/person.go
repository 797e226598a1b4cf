package people

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lectern/internal/account"
	"lectern/internal/store"
)

// auditShown is how many audit entries a person's page shows.
const auditShown = 100

// LinkInfo is a link with the name of its LMS.
type LinkInfo struct {
	account.Link
	Consumer string
	Previous string // user name of the account that the link named before; "" when there is none
}

// Person is an account with all that hangs on it.
type Person struct {
	*account.Account
	Links      []LinkInfo
	Identities []store.Identity
	Audit      []store.AuditEntry // newest first
}

// Person returns an account with what hangs on it, or [signin.ErrUser].
func (s *Service) Person(ctx context.Context, id string) (*Person, error) {
	p := &Person{}
	err := s.Store.View(ctx, func(tx store.Tx) (err error) {
		if p.Account, err = find(ctx, tx, id); err != nil {
			return err
		}
		if p.Links, err = links(ctx, tx, id); err != nil {
			return err
		}
		if p.Identities, err = tx.People().Identities(ctx, id); err != nil {
			return err
		}
		p.Audit, err = tx.People().AuditAbout(ctx, id, auditShown)
		return err
	})
	return p, err
}

func links(ctx context.Context, tx store.Tx, id string) ([]LinkInfo, error) {
	list, err := tx.Accounts().Links(ctx, id)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	consumers, err := tx.Consumers().List(ctx, "")
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, c := range consumers {
		names[c.ID] = c.Name
	}
	var out []LinkInfo
	for _, l := range list {
		info := LinkInfo{Link: l, Consumer: names[l.ConsumerID]}
		if l.PreviousAccountID != "" {
			previous, err := tx.Accounts().ByID(ctx, l.PreviousAccountID)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, err
			}
			if err == nil {
				info.Previous = previous.Username
			}
		}
		out = append(out, info)
	}
	return out, nil
}

// Export is all that the site keeps about a person, in a form to take away.
type Export struct {
	ExportedAt time.Time        `json:"exported_at"`
	Account    exportAccount    `json:"account"`
	Identities []exportIdentity `json:"identities"`
	Links      []exportLink     `json:"lms_links"`
	Blocks     []exportState    `json:"blocks"`
	Scores     []exportScore    `json:"score_changes"`
	Gradebooks []exportTarget   `json:"gradebook_cells"`
	Audit      []exportAudit    `json:"audit"`
}

type exportAccount struct {
	ID        string       `json:"id"`
	Username  string       `json:"username"`
	Email     string       `json:"email"`
	Name      string       `json:"name"`
	Kind      account.Kind `json:"kind"`
	Admin     bool         `json:"admin"`
	CreatedAt time.Time    `json:"created_at"`
}

type exportIdentity struct {
	Issuer    string    `json:"issuer"`
	Subject   string    `json:"subject"`
	Email     string    `json:"email"`
	CreatedAt time.Time `json:"created_at"`
}

type exportLink struct {
	LMS       string    `json:"lms"`
	User      string    `json:"user_id_in_lms"`
	How       string    `json:"how"`
	CreatedAt time.Time `json:"created_at"`
}

type exportBlock struct {
	Course string `json:"course"`
	Scope  string `json:"scope,omitempty"`
	Type   string `json:"type"`
	Block  string `json:"block"`
}

type exportState struct {
	exportBlock
	State     json.RawMessage `json:"state"`
	Answered  bool            `json:"answered"`
	Earned    float64         `json:"earned"`
	Possible  float64         `json:"possible"`
	UpdatedAt time.Time       `json:"updated_at"`
}

type exportScore struct {
	exportBlock
	At       time.Time `json:"at"`
	Earned   float64   `json:"earned"`
	Possible float64   `json:"possible"`
	Why      string    `json:"why"`
}

type exportTarget struct {
	LMS     string `json:"lms"`
	Course  string `json:"course"`
	Block   string `json:"block"`
	Service string `json:"service"`
}

type exportAudit struct {
	At  time.Time `json:"at"`
	Act string    `json:"act"`
}

// Export returns all that the site keeps about an account.
func (s *Service) Export(ctx context.Context, id string) (*Export, error) {
	p, err := s.Person(ctx, id)
	if err != nil {
		return nil, err
	}
	var h *store.History
	lms := map[string]string{}
	err = s.Store.View(ctx, func(tx store.Tx) error {
		if h, err = tx.People().History(ctx, id); err != nil {
			return err
		}
		if p.Audit, err = tx.People().AuditAbout(ctx, id, 0); err != nil {
			return err
		}
		consumers, err := tx.Consumers().List(ctx, "")
		for _, c := range consumers {
			lms[c.ID] = c.Name
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	e := &Export{ExportedAt: s.Clock(), Account: exportAccount{
		p.ID, p.Username, p.Email, p.Name, p.Kind, p.Admin, p.CreatedAt,
	}}
	e.person(p)
	e.history(h, lms)
	return e, nil
}

func (e *Export) person(p *Person) {
	for _, i := range p.Identities {
		e.Identities = append(e.Identities, exportIdentity{i.Issuer, i.Subject, i.Email, i.CreatedAt})
	}
	for _, l := range p.Links {
		e.Links = append(e.Links, exportLink{l.Consumer, l.LTIUserID, l.How, l.CreatedAt})
	}
	for _, a := range p.Audit {
		e.Audit = append(e.Audit, exportAudit{a.At, a.Act})
	}
}

func (e *Export) history(h *store.History, lms map[string]string) {
	block := func(k store.LearnerKey) exportBlock {
		return exportBlock{k.CourseKey, k.Scope, k.Ref.Type, k.Ref.ID}
	}
	for _, state := range h.States {
		raw := json.RawMessage(state.State)
		if !json.Valid(raw) { // not ours to lose
			raw, _ = json.Marshal(state.State) //nolint:errchkjson // a string always marshals
		}
		e.Blocks = append(e.Blocks, exportState{
			block(state.Key), raw, state.Answered, state.Earned, state.Possible, state.UpdatedAt,
		})
	}
	for _, ev := range h.Events {
		e.Scores = append(e.Scores, exportScore{block(ev.Key), ev.At, ev.Earned, ev.Possible, ev.Why})
	}
	for _, t := range h.Targets {
		e.Gradebooks = append(e.Gradebooks, exportTarget{lms[t.ConsumerID], t.CourseKey, t.UsageKey, t.Outcome.ServiceURL})
	}
}
