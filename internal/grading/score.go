package grading

import (
	"context"
	"math"
	"time"

	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/keys"
	"lectern/internal/lti"
)

// ErrGone means that a grade target points at content which is not in the
// published course any more.
var ErrGone = errs.New(errs.NotFound, "score_content_gone", "",
	"This content is not part of the course any more.",
	"Import a version of the course that has the block, or delete the link in the LMS.")

// TargetScore returns the score behind a grade target, in the published version
// of its course, and whether the learner has answered anything of it. Content
// that is gone is an error of kind errs.NotFound.
func (s *Service) TargetScore(ctx context.Context, t lti.GradeTarget) (lti.Score, bool, error) {
	c, err := s.Courses.Course(ctx, t.CourseKey)
	if err != nil {
		return lti.Score{}, false, err
	}
	usage, err := keys.ParseUsage(t.UsageKey)
	if err != nil {
		return lti.Score{}, false, ErrGone.Wrap(err)
	}
	who := Who{AccountID: t.AccountID, Scope: t.Scope, ConsumerID: t.ConsumerID, PlacementID: t.PlacementID}
	return s.Score(ctx, who, c, course.Ref{Type: usage.Type, ID: usage.ID})
}

// Score returns a learner's points on a block and whether they have answered
// anything of it. Where they have not, there is no score to send. It is
// [ErrGone] when c has no such block.
func (s *Service) Score(ctx context.Context, who Who, c *course.Course, ref course.Ref) (lti.Score, bool, error) {
	b := c.Block(ref)
	if b == nil {
		return lti.Score{}, false, ErrGone.With("block %s/%s", ref.Type, ref.ID)
	}
	l, err := s.read(ctx, who, c)
	if err != nil {
		return lti.Score{}, false, err
	}
	score, answered := l.Score(b)
	return score, answered, nil
}

// Score returns the learner's points on b: a teacher's where one was given, its
// own where it is scored, else the
// sum over what the learner gets to see below it [capa 2.6]. What was not
// answered counts as nothing earned; what was keeps the points it could bring
// at the time.
func (l *Learner) Score(b *course.Block) (score lti.Score, answered bool) {
	if state := l.states[b.Ref]; state != nil {
		if earned, of, counts := state.Counts(); counts {
			return lti.Score{Earned: finite(earned), Possible: finite(of)}, true
		}
	}
	if b.Scored {
		return lti.Score{Possible: possible(b)}, false
	}
	for _, child := range l.counted(b) {
		part, did := l.Score(child)
		score.Earned += part.Earned
		score.Possible += part.Possible
		answered = answered || did
	}
	return score, answered
}

// counted returns the children of b that count for the learner: those they see,
// and those they do not see any more because the due date has passed. Nobody
// can answer what is not shown as a question, so it does not count.
func (l *Learner) counted(b *course.Block) []*course.Block {
	if !l.Open(b) {
		return nil
	}
	v := l.Viewer
	v.Staff, v.IgnoreDates = false, true // dates are looked at below
	var out []*course.Block
	for _, child := range l.Course.VisibleChildren(b, l.Choices, v, time.Time{}) {
		start := l.Dates.Start(child)
		started := start == nil || !l.now.Before(*start)
		leaf := child.Fate == course.Shown && child.Scored
		if started && (leaf || len(child.Children) > 0) {
			out = append(out, child)
		}
	}
	return out
}

// possible returns the points that an unanswered block can bring.
func possible(b *course.Block) float64 {
	if w := b.Settings.Weight; w != nil && b.MaxScore != 0 {
		return finite(*w)
	}
	return finite(b.MaxScore)
}

// finite returns x, or 0 where x is no number that can be added up.
func finite(x float64) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0
	}
	return x
}
