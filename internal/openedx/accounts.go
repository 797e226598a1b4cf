package openedx

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"

	"lectern/internal/account"
	"lectern/internal/openedx/dump"
	"lectern/internal/signin"
	"lectern/internal/store"
)

// imported is the act by which the audit knows accounts of an import.
const imported = "user.import"

// Why people are not taken over, or not as they were.
const (
	whyNoLink        = "They never came by LTI (--all-users takes them too)."
	whyUnconfirmed   = "They never confirmed their e-mail address and never came by LTI."
	whyNameTaken     = "Another account here has their user name."
	whyEmailTaken    = "Another account here that signs in has their e-mail address."
	whyRenamed       = "Their user name is taken or cannot be one here: they have a random one."
	whyRights        = "They were staff in Open edX: no rights are taken over."
	whyNoPassword    = "They have a password that cannot be checked here: they ask for a new one."
	whyInactive      = "They never confirmed their e-mail address: their password was not taken over."
	whyNotConsumer   = "Its consumer was not taken over."
	whyNoUser        = "Its user is not in the files, or was not taken over."
	whyLinkedAlready = "The LMS user is linked to another account here."
)

// readNames keeps the names that people gave, of those who will be needed.
func (r *run) readNames(ctx context.Context) error {
	t := newTally()
	err := r.each(ctx, func(o *dump.Object) error {
		p, err := o.Profile()
		if err != nil {
			return err
		}
		if _, linked := r.links[p.User]; !linked && !r.AllUsers {
			t.skip(dump.ProfileModel, o.String(), whyNoLink)
			return nil
		}
		r.names[p.User] = p.Name
		t.count(dump.ProfileModel, same) // the name of an account, nothing of its own here
		return nil
	}, dump.ProfileModel)
	r.report.merge(t)
	return err
}

// person is a user on the way in.
type person struct {
	dump.User
	name  string // of the object
	refs  []dump.Ref
	links []link // of consumers that were taken over
	kind  account.Kind
}

// takeUsers takes the people over, and their links.
func (r *run) takeUsers(ctx context.Context) error {
	err := batched(ctx, r, func(o *dump.Object) (*person, error) {
		u, err := o.User()
		if err != nil {
			return nil, err
		}
		p := &person{User: u, name: o.String(), refs: []dump.Ref{dump.ByName(u.Username)}}
		if o.PK != "" {
			p.refs = append(p.refs, dump.ByPK(o.PK))
		}
		return p, nil
	}, r.takeUser, dump.UserModel)
	if err != nil {
		return err
	}
	t := newTally()
	for _, ref := range slices.Sorted(maps.Keys(r.links)) {
		if !r.seen[ref] {
			for _, l := range r.links[ref] {
				t.skip(dump.LTIUserModel, l.name, whyNoUser)
			}
		}
	}
	r.report.merge(t)
	if r.DryRun || r.foreign == "" {
		return nil
	}
	return r.Store.Update(ctx, func(tx store.Tx) error { return signin.NoteForeign(ctx, tx, r.foreign) })
}

// takeUser takes one user over.
func (r *run) takeUser(ctx context.Context, tx store.Tx, t *tally, p *person) error {
	r.sort(t, p)
	if len(p.links) == 0 && !r.AllUsers {
		t.skip(dump.UserModel, p.name, whyNoLink)
		return nil
	}
	if len(p.links) == 0 && !p.Active {
		t.skip(dump.UserModel, p.name, whyUnconfirmed)
		return nil
	}
	id, err := r.known(ctx, tx, p)
	if err != nil {
		return err
	}
	fresh := id == ""
	if fresh {
		if id, err = r.create(ctx, tx, t, p); err != nil {
			return err
		}
	}
	if id == "" {
		for _, l := range p.links {
			t.skip(dump.LTIUserModel, l.name, whyNoUser)
		}
		return nil
	}
	links, err := r.link(ctx, tx, t, p, id)
	if err != nil {
		return err
	}
	for _, ref := range p.refs {
		r.accounts[ref] = id
	}
	switch {
	case fresh:
		t.count(dump.UserModel, added)
	case links > 0:
		t.count(dump.UserModel, changed)
	default:
		t.count(dump.UserModel, same)
	}
	return nil
}

// sort finds the links of p and says what kind of account it is.
func (r *run) sort(t *tally, p *person) {
	pii, anonymous := false, randomName.MatchString(p.Username)
	p.links = nil
	for _, ref := range p.refs {
		r.seen[ref] = true
		for _, l := range r.links[ref] {
			c := r.consumers[l.consumer]
			if c == nil || c.id == "" {
				t.skip(dump.LTIUserModel, l.name, whyNotConsumer)
				continue
			}
			p.links = append(p.links, l)
			pii = pii || c.UseLTIPII && (l.ltiUserID == p.Username || anonymous)
		}
	}
	local, _, _ := strings.Cut(p.Email, "@")
	switch {
	case len(p.links) == 0 || p.Staff:
		p.kind = account.Local
	case anonymous && (p.Email == "" || strings.EqualFold(local, p.Username)):
		p.kind = account.Anonymous
	case pii:
		p.kind = account.FromLMS
	default:
		p.kind = account.Local
	}
}

// randomName is how Open edX names learners who come by LTI.
var randomName = regexp.MustCompile(`\A[A-Za-z0-9]{30}\z`)

// known returns the account here that p has already, or "".
func (r *run) known(ctx context.Context, tx store.Tx, p *person) (string, error) {
	for _, l := range p.links {
		here, err := r.linked(ctx, tx, l)
		if here != "" || err != nil {
			return here, err
		}
	}
	a, err := tx.Accounts().ByUsername(ctx, p.Username)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	ours, err := r.ours(ctx, tx, a, p)
	if err != nil || !ours {
		return "", err
	}
	return a.ID, nil
}

// linked returns the account that a link leads to here, or "".
func (r *run) linked(ctx context.Context, tx store.Tx, l link) (string, error) {
	consumerID := r.consumers[l.consumer].id
	if consumerID == newAccount {
		return "", nil
	}
	have, err := tx.Accounts().FindLink(ctx, consumerID, l.ltiUserID)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return have.AccountID, nil
}

// ours reports whether a came here by an earlier import of p: a user name and an
// address alone lead into no account that somebody signs in to.
func (r *run) ours(ctx context.Context, tx store.Tx, a *account.Account, p *person) (bool, error) {
	if a.Admin || a.Kind != p.kind || a.Email != address(p.Email) {
		return false, nil
	}
	entries, err := tx.People().AuditAbout(ctx, a.ID, 0)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if e.Act == imported {
			return true, nil
		}
	}
	signsIn, err := tx.Accounts().SignsIn(ctx, a.ID)
	return !signsIn && a.Kind != account.Local, err
}

// create makes the account of p and returns its ID, or "" when that cannot be.
func (r *run) create(ctx context.Context, tx store.Tx, t *tally, p *person) (string, error) {
	a := &account.Account{
		ID: uuid.Must(uuid.NewV7()).String(), Username: p.Username, Email: address(p.Email), Name: r.nameOf(p),
		Kind: p.kind, Enabled: true, CreatedAt: p.Joined,
	}
	if a.CreatedAt.IsZero() {
		a.CreatedAt = r.Clock()
	}
	taken, err := r.nameTaken(ctx, tx, p.Username)
	if err != nil {
		return "", err
	}
	if p.kind == account.Local {
		if taken {
			t.clash(dump.UserModel, p.name, whyNameTaken)
			return "", nil
		}
		if used, err := emailTaken(ctx, tx, a.Email); err != nil || used {
			if used {
				t.clash(dump.UserModel, p.name, whyEmailTaken)
			}
			return "", err
		}
		a.PasswordHash = r.password(t, p)
	}
	if taken || !account.ValidUsername(p.Username) {
		a.Username = account.RandomUsername()
		t.note(dump.UserModel, p.name, whyRenamed)
	}
	if p.Staff {
		t.note(dump.UserModel, p.name, whyRights)
	}
	r.made[strings.ToLower(a.Username)] = r.DryRun // what is written, the database knows
	if r.DryRun {
		return newAccount, nil
	}
	if err := tx.Accounts().Create(ctx, a); err != nil {
		return "", err
	}
	if p.kind != account.Local {
		return a.ID, nil
	}
	return a.ID, store.Note(ctx, tx, store.Act{
		At: r.Clock(), Who: r.Who, Name: imported, Subject: a.ID,
		After: map[string]any{"username": a.Username, "email": a.Email, "has_password": a.PasswordHash != ""},
	})
}

func (r *run) nameTaken(ctx context.Context, tx store.Tx, username string) (bool, error) {
	if r.made[strings.ToLower(username)] {
		return true, nil
	}
	_, err := tx.Accounts().ByUsername(ctx, username)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func emailTaken(ctx context.Context, tx store.Tx, email string) (bool, error) {
	if email == "" {
		return false, nil
	}
	list, err := tx.Accounts().ByEmail(ctx, email, 0)
	for _, a := range list {
		if a.Kind == account.Local {
			return true, err
		}
	}
	return false, err
}

// password returns the hash to keep of somebody with an account of their own.
func (r *run) password(t *tally, p *person) string {
	switch {
	case p.Password == "" || strings.HasPrefix(p.Password, "!"): // Django's mark for none
	case !p.Active:
		t.note(dump.UserModel, p.name, whyInactive)
	case !account.ForeignHash(p.Password):
		t.note(dump.UserModel, p.name, whyNoPassword)
	default:
		r.foreign = p.Password
		return p.Password
	}
	return ""
}

func (r *run) nameOf(p *person) string {
	for _, ref := range p.refs {
		if name := strings.TrimSpace(r.names[ref]); name != "" {
			return cut(name)
		}
	}
	return cut(strings.TrimSpace(p.FirstName + " " + p.LastName))
}

// cut returns a name as long as names here are, at most.
func cut(name string) string {
	const most = 254
	if runes := []rune(name); len(runes) > most {
		name = string(runes[:most])
	}
	return name
}

func address(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// link makes the links of p that are not there, and returns how many.
func (r *run) link(ctx context.Context, tx store.Tx, t *tally, p *person, id string) (made int, err error) {
	for _, l := range p.links {
		c := r.consumers[l.consumer]
		here, err := r.linked(ctx, tx, l)
		if err != nil {
			return made, err
		}
		switch {
		case here == id:
			t.count(dump.LTIUserModel, same)
			continue
		case here != "":
			t.clash(dump.LTIUserModel, l.name, whyLinkedAlready)
			continue
		}
		made++
		t.count(dump.LTIUserModel, added)
		if r.DryRun {
			continue
		}
		_, err = tx.Accounts().Link(ctx, account.Link{
			ConsumerID: c.id, LTIUserID: l.ltiUserID, AccountID: id, How: how(p.kind, c), CreatedAt: r.Clock(),
		})
		if err != nil {
			return made, err
		}
	}
	return made, nil
}

// how says how a link came to be. Where Open edX asked for a sign-in, the
// operator who imports vouches for it.
func how(kind account.Kind, c *consumer) string {
	switch {
	case kind == account.Anonymous:
		return account.ByLaunch
	case kind == account.FromLMS:
		return account.ByPII
	case c.RequireUserAccount:
		return account.ByOperator
	}
	return account.ByEmail
}
