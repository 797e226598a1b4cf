package openedx

import (
	"context"
	"errors"
	"math"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"lectern/internal/catalog"
	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/keys"
	"lectern/internal/lti"
	"lectern/internal/openedx/dump"
	"lectern/internal/poll"
	"lectern/internal/store"
)

// Why work is not taken over.
const (
	whyNoLearner = "Its learner did not come by LTI, or was not taken over."
	whyBadKey    = "Its course or usage key cannot be read."
	whyNewer     = "The learner has worked on it here since."
	whyNoGroup   = "It is no group of an experiment in a course that is here."
)

// whyScore is what the history of a score calls one that was taken over.
const whyScore = "openedx"

// work is an object of a learner on the way in.
type work struct {
	dump.Module
	tag  *dump.Tag // instead of a module
	name string
}

// takeModules takes over what learners did.
func (r *run) takeModules(ctx context.Context) error {
	err := batched(ctx, r, func(o *dump.Object) (work, error) {
		m, err := o.Module()
		return work{Module: m, name: o.String()}, err
	}, r.takeModule, dump.ModuleModel)
	if err != nil {
		return err
	}
	return batched(ctx, r, func(o *dump.Object) (work, error) {
		tag, err := o.Tag()
		return work{tag: &tag, name: o.String()}, err
	}, r.takeTag, dump.TagModel)
}

func (r *run) takeModule(ctx context.Context, tx store.Tx, t *tally, w work) error {
	account := r.accounts[w.Student]
	if account == "" {
		t.skip(dump.ModuleModel, w.name, whyNoLearner)
		return nil
	}
	at, why, err := r.at(ctx, w.CourseKey, w.UsageKey)
	if err != nil {
		return err
	}
	if why != "" {
		t.skip(dump.ModuleModel, w.name, why)
		return nil
	}
	next, why := convert(at, &w.Module)
	if why != "" {
		t.skip(dump.ModuleModel, w.name, why)
		return nil
	}
	next.Key = store.LearnerKey{AccountID: account, CourseKey: at.Course.Key.String(), Ref: at.Block.Ref}
	next.UpdatedAt = w.Modified
	f, err := r.put(ctx, tx, at, &next)
	if err != nil {
		return err
	}
	if f == skipped {
		t.skip(dump.ModuleModel, w.name, whyNewer)
		return nil
	}
	t.count(dump.ModuleModel, f)
	return nil
}

// put writes a state unless there is one that is as new.
func (r *run) put(ctx context.Context, tx store.Tx, at grading.At, next *store.LearnerState) (fate, error) {
	if next.Key.AccountID == newAccount {
		return added, nil
	}
	have, err := tx.Learners().State(ctx, next.Key)
	if err != nil {
		return 0, err
	}
	score := next.Answered && (!have.Answered || have.Earned != next.Earned || have.Possible != next.Possible)
	f := added
	if have.Version > 0 {
		f = changed
		switch {
		case have.State == next.State && !score:
			return same, nil
		case !next.UpdatedAt.After(have.UpdatedAt):
			return skipped, nil
		}
	}
	if r.DryRun {
		return f, nil
	}
	if next.UpdatedAt.IsZero() {
		next.UpdatedAt = r.Clock()
	}
	next.Version = have.Version
	if err := tx.Learners().Put(ctx, next); err != nil {
		return 0, err
	}
	if err := recount(ctx, tx, at, have.State, next.State); err != nil || !score {
		return f, err
	}
	return f, tx.Learners().AppendScore(ctx, store.ScoreEvent{
		ID: uuid.Must(uuid.NewV7()).String(), Key: next.Key, At: next.UpdatedAt,
		Earned: next.Earned, Possible: next.Possible, Why: whyScore,
	})
}

// recount brings the counts that all learners share up to date, where the block
// has some.
func recount(ctx context.Context, tx store.Tx, at grading.At, before, after string) error {
	if at.Block == nil || !counted(at.Block.Type) {
		return nil
	}
	var votes []store.Tally
	for i, state := range []string{before, after} {
		for _, c := range said(at.Block, state) {
			votes = append(votes, store.Tally{Question: c.Question, Answer: c.Answer, Votes: int64(2*i - 1)})
		}
	}
	if len(votes) == 0 {
		return nil
	}
	key := store.TallyKey{CourseKey: at.Course.Key.String(), Ref: at.Block.Ref}
	return tx.Tallies().Add(ctx, key, votes, poll.MaxWords)
}

// at finds the place of an object in a course that is here, or says why there is
// none.
func (r *run) at(ctx context.Context, courseKey, usageKey string) (at grading.At, why string, err error) {
	key, err := keys.ParseCourse(courseKey)
	if err != nil {
		return at, whyBadKey, nil //nolint:nilerr // the file's fault, reported
	}
	usage, err := keys.ParseUsage(usageKey)
	if err != nil {
		return at, whyBadKey, nil //nolint:nilerr // the file's fault, reported
	}
	if at.Course, err = r.course(ctx, key.Bare().String()); err != nil {
		return at, "", err
	}
	if at.Course == nil {
		return at, "The course " + key.Bare().String() + " is not imported here.", nil
	}
	at.Block = at.Course.Block(course.Ref{Type: usage.Type, ID: usage.ID})
	if at.Block == nil {
		return at, "The course " + at.Course.Key.String() + " has no such block.", nil
	}
	return at, "", nil
}

// course returns the published version of a course, or nil.
func (r *run) course(ctx context.Context, key string) (*course.Course, error) {
	version, asked := r.versions[key]
	if asked && version == "" {
		return nil, nil
	}
	if asked {
		return r.Catalog.Version(ctx, version)
	}
	c, err := r.Catalog.Course(ctx, key)
	if errors.Is(err, catalog.ErrCourse) {
		r.versions[key] = ""
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r.versions[key] = c.VersionID
	return c, nil
}

// groupTag begins the key under which Open edX keeps a learner's group in an
// experiment.
const groupTag = "xblock.partition_service.partition_"

func (r *run) takeTag(ctx context.Context, tx store.Tx, t *tally, w work) error {
	account := r.accounts[w.tag.User]
	if account == "" {
		t.skip(dump.TagModel, w.name, whyNoLearner)
		return nil
	}
	id, isGroup := strings.CutPrefix(w.tag.Key, groupTag)
	partition, err := strconv.Atoi(id)
	group, err2 := strconv.Atoi(strings.TrimSpace(w.tag.Value))
	key, err3 := keys.ParseCourse(w.tag.CourseKey)
	if !isGroup || err != nil || err2 != nil || err3 != nil {
		t.skip(dump.TagModel, w.name, whyNoGroup)
		return nil
	}
	c, err := r.course(ctx, key.Bare().String())
	if err != nil {
		return err
	}
	if c == nil || !hasGroup(c, partition, group) {
		t.skip(dump.TagModel, w.name, whyNoGroup)
		return nil
	}
	ref, text := grading.GroupState(partition, group)
	f, err := r.put(ctx, tx, grading.At{Course: c}, &store.LearnerState{
		Key: store.LearnerKey{AccountID: account, CourseKey: c.Key.String(), Ref: ref}, State: text,
	})
	if f == skipped {
		f = same // the group they were put in here stays
	}
	t.count(dump.TagModel, f)
	return err
}

func hasGroup(c *course.Course, partition, group int) bool {
	for _, p := range c.Partitions {
		for _, g := range p.Groups {
			if p.ID == partition && g.ID == group {
				return true
			}
		}
	}
	return false
}

// assignment is a gradebook cell on the way in.
type assignment struct {
	dump.Assignment
	newest bool // of the launches with this cell
	name   string
}

// Why gradebook cells are not taken over.
const (
	whyOlder     = "A later launch of the same learner has the same gradebook cell."
	whyNoService = "Its outcome service is not in the files, or its consumer was not taken over."
)

// takeAssignments takes over where scores go.
func (r *run) takeAssignments(ctx context.Context) error {
	return batched(ctx, r, func(o *dump.Object) (assignment, error) {
		a, err := o.Assignment()
		latest := r.newest[cellOf(&a)]
		return assignment{a, latest == place{r.current, o.Index}, o.String()}, err
	}, r.takeAssignment, dump.AssignmentModel)
}

func (r *run) takeAssignment(ctx context.Context, tx store.Tx, t *tally, a assignment) error {
	why, account := "", r.accounts[a.User]
	s := r.services[a.Service]
	var c *consumer
	if s != nil {
		c = r.consumers[s.consumer]
	}
	switch {
	case !a.newest:
		why = whyOlder
	case account == "":
		why = whyNoLearner
	case c == nil || c.id == "":
		why = whyNoService
	}
	if why != "" {
		t.skip(dump.AssignmentModel, a.name, why)
		return nil
	}
	at, why, err := r.at(ctx, a.CourseKey, a.UsageKey)
	if err != nil {
		return err
	}
	if why != "" {
		t.skip(dump.AssignmentModel, a.name, why)
		return nil
	}
	outcome := lti.Outcome{ServiceURL: s.url, SourcedID: a.SourcedID}
	f := added
	if account != newAccount && c.id != newAccount {
		target := lti.GradeTarget{
			ConsumerID: c.id, AccountID: account, LinkKey: outcome.MovedLink(), CourseKey: at.Course.Key.String(),
			UsageKey: at.Course.Usage(at.Block).String(), Outcome: outcome, UpdatedAt: r.Clock(),
		}
		if f, err = r.putTarget(ctx, tx, target); err != nil {
			return err
		}
	}
	t.count(dump.AssignmentModel, f)
	return nil
}

// putTarget keeps where a score goes, unless it is known.
func (r *run) putTarget(ctx context.Context, tx store.Tx, target lti.GradeTarget) (fate, error) {
	list, err := tx.Placements().Targets(ctx, target.AccountID, "", target.CourseKey, []string{target.UsageKey})
	if err != nil {
		return 0, err
	}
	f, id := added, ""
	for _, have := range list {
		if have.ConsumerID != target.ConsumerID || have.Outcome.Cell() != target.Outcome.Cell() {
			continue
		}
		id, f = have.ID, changed
		if have.LinkKey != target.LinkKey || have.Outcome == target.Outcome { // launched here since, or nothing new
			f = same
		}
	}
	if r.DryRun {
		return f, nil
	}
	if f != same {
		if err := r.CheckURL(target.Outcome.ServiceURL); err != nil {
			target.Refused = cut(err.Error())
		}
		if id, err = tx.Placements().PutTarget(ctx, target); err != nil {
			return 0, err
		}
		if err := tx.Owed().Settle(ctx, id, r.Clock()); err != nil {
			return 0, err
		}
	}
	if !r.Resend {
		return f, nil
	}
	return f, tx.Owed().Owe(ctx, store.Debt{TargetID: id, At: r.Clock()})
}

// finite returns a number that can be added up.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}
