package openedx

import (
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"slices"

	"lectern/internal/lti"
	"lectern/internal/openedx/dump"
	"lectern/internal/registry"
)

// consumer is a consumer of the files, and what became of it.
type consumer struct {
	dump.Consumer
	name string // of its object
	id   string // here; newAccount in a dry run, "" when it was not taken
}

// service is an outcome service of the files.
type service struct {
	url      string
	consumer dump.Ref
}

// link is a learner's link.
type link struct {
	consumer  dump.Ref
	ltiUserID string
	name      string // of its object
}

// cell names a gradebook cell of a learner.
type cell [16]byte

// place is where an object is: the file by number, and its index there.
type place struct{ file, index int }

// scan reads everything once, checks it, and keeps what is small.
func (r *run) scan(ctx context.Context) error {
	for number, file := range r.files {
		holds := map[string]bool{}
		r.holds[file] = holds
		err := dump.File(file, func(o *dump.Object) error {
			holds[o.Model] = true
			r.report.counts(o.Model).Read++
			if err := r.look(number, o); err != nil {
				return err
			}
			return ctx.Err()
		})
		if err != nil {
			return err
		}
	}
	r.report.merge(r.others)
	if len(r.consumers) == 0 && len(r.links) == 0 && !r.AllUsers {
		return ErrNothing
	}
	return nil
}

// look checks one object and keeps it if it is small.
func (r *run) look(file int, o *dump.Object) (err error) {
	switch o.Model {
	case dump.ConsumerModel:
		return r.lookConsumer(o)
	case dump.ServiceModel:
		s, err := o.Service()
		r.services[dump.ByPK(o.PK)] = &service{s.URL, s.Consumer}
		return err
	case dump.LTIUserModel:
		u, err := o.LTIUser()
		r.links[u.User] = append(r.links[u.User], link{u.Consumer, u.LTIUserID, o.String()})
		return err
	case dump.AssignmentModel:
		a, err := o.Assignment()
		r.newest[cellOf(&a)] = place{file, o.Index} // later launches come later
		return err
	case dump.UserModel:
		_, err = o.User()
	case dump.ProfileModel:
		_, err = o.Profile()
	case dump.ModuleModel:
		_, err = o.Module()
	case dump.TagModel:
		_, err = o.Tag()
	default:
		r.others.skip(o.Model, o.String(), "Nothing of it is needed here.")
	}
	return err
}

func (r *run) lookConsumer(o *dump.Object) error {
	c, err := o.Consumer()
	if err != nil {
		return err
	}
	ref := dump.ByPK(o.PK)
	if known := r.consumers[ref]; known != nil && known.Consumer != c {
		return o.Bad("another consumer has this primary key: are these files of one site?")
	}
	r.consumers[ref] = &consumer{Consumer: c, name: o.String()}
	return nil
}

// cellOf names the gradebook cell of an assignment, whichever launch it is of.
func cellOf(a *dump.Assignment) cell {
	h := sha256.New()
	for _, part := range []string{
		string(a.Service), string(a.User), a.UsageKey, lti.Outcome{SourcedID: a.SourcedID}.Cell(),
	} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	var c cell
	copy(c[:], h.Sum(nil))
	return c
}

// takeConsumers registers the consumers that are not here.
func (r *run) takeConsumers(ctx context.Context) error {
	t := newTally()
	for _, ref := range slices.Sorted(maps.Keys(r.consumers)) {
		if err := r.takeConsumer(ctx, t, r.consumers[ref]); err != nil {
			return err
		}
	}
	r.report.merge(t)
	t = newTally()
	for _, ref := range slices.Sorted(maps.Keys(r.services)) {
		s := r.services[ref]
		if c := r.consumers[s.consumer]; c == nil || c.id == "" {
			t.skip(dump.ServiceModel, "pk "+string(ref[1:]), "Its consumer was not taken over.")
		} else {
			t.count(dump.ServiceModel, same) // an address of its gradebook cells, nothing of its own here
		}
	}
	r.report.merge(t)
	return nil
}

func (r *run) takeConsumer(ctx context.Context, t *tally, c *consumer) error {
	known, secrets, err := r.Registry.ByKey(ctx, c.Key)
	if err == nil {
		for _, s := range secrets {
			if s.Value == c.Secret {
				c.id = known.ID
				t.count(dump.ConsumerModel, same)
				return nil
			}
		}
		t.clash(dump.ConsumerModel, c.name, "A consumer here has this key with another secret.")
		return nil
	}
	if !errors.Is(err, registry.ErrUnknown) {
		return err
	}
	spec := registry.Spec{
		Name: c.Name, Key: c.Key, Secret: c.Secret, RequireUserAccount: c.RequireUserAccount, UseLTIPII: c.UseLTIPII,
	}
	for _, name := range []string{c.Name, c.Name + " (Open edX)"} {
		spec.Name = name
		if r.DryRun {
			_, err = r.Registry.Find(ctx, name)
			if errors.Is(err, registry.ErrUnknown) {
				c.id, err = newAccount, nil
			} else if err == nil {
				err = registry.ErrNameTaken
			}
		} else {
			var made *lti.Consumer
			if made, err = r.Registry.Move(ctx, r.Who, lti.OpenEdX, c.InstanceGUID, spec); err == nil {
				c.id = made.ID
			}
		}
		if !errors.Is(err, registry.ErrNameTaken) {
			break
		}
		t.note(dump.ConsumerModel, c.name, `Another consumer has its name: it is called "… (Open edX)" here.`)
	}
	switch {
	case err == nil:
		t.count(dump.ConsumerModel, added)
	case errors.Is(err, registry.ErrNameTaken), errors.Is(err, registry.ErrFieldLong), errors.Is(err, registry.ErrFieldCharacters):
		t.clash(dump.ConsumerModel, c.name, "Its name cannot be used: another consumer has it, or it is malformed.")
	default:
		return err
	}
	return nil
}
