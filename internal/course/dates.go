package course

import "time"

// DateMode says what becomes of a course's dates.
type DateMode string

// The modes.
const (
	Obey   DateMode = "obey"
	Ignore DateMode = "ignore" // nothing starts late, nothing is ever due
	Shift  DateMode = "shift"  // all dates move by the same span
)

// DateRule is what somebody decided about the dates of a course. The zero value
// obeys them.
type DateRule struct {
	Mode   DateMode
	Days   int       // of a shift
	Starts time.Time // of a shift, instead of Days: when the course starts now
}

// Span returns how far a rule moves the dates of c.
func (r DateRule) Span(c *Course) time.Duration {
	switch first := c.FirstDate(); {
	case r.Mode != Shift:
		return 0
	case r.Starts.IsZero():
		return time.Duration(r.Days) * 24 * time.Hour
	case first != nil:
		return r.Starts.Sub(*first)
	}
	return 0
}

// Extra is what one learner gets beyond a course's limits, on a block and all
// below it; the zero Ref is the whole course.
type Extra struct {
	Ref      Ref
	Time     time.Duration
	Attempts int
}

// Dates are the dates and limits of a course as they count for one learner at
// one link. A nil *Dates is the course's own.
type Dates struct {
	Ignore bool
	Shift  time.Duration
	Extra  []Extra
}

// NewDates returns the dates of c under a rule, nil when nothing changes them.
func NewDates(c *Course, r DateRule, extra []Extra) *Dates {
	d := &Dates{Ignore: r.Mode == Ignore, Shift: r.Span(c), Extra: extra}
	if !d.Ignore && d.Shift == 0 && len(extra) == 0 {
		return nil
	}
	return d
}

func (d *Dates) moved(t *time.Time) *time.Time {
	switch {
	case d == nil || t == nil:
		return t
	case d.Ignore:
		return nil
	}
	m := t.Add(d.Shift)
	return &m
}

// CourseStart returns when the course starts, nil when it has or says nothing.
func (d *Dates) CourseStart(c *Course) *time.Time { return d.moved(c.Start) }

// Start returns when b starts.
func (d *Dates) Start(b *Block) *time.Time { return d.moved(b.Settings.Start) }

// Due returns when b is due, with the learner's extra time.
func (d *Dates) Due(b *Block) *time.Time { return d.later(b, d.moved(b.Settings.Due)) }

// End returns when the course ends for what b holds, with the learner's extra
// time.
func (d *Dates) End(c *Course, b *Block) *time.Time { return d.later(b, d.moved(c.End)) }

func (d *Dates) later(b *Block, t *time.Time) *time.Time {
	if t == nil || d == nil {
		return t
	}
	m := t.Add(d.ExtraTime(b))
	return &m
}

// ExtraTime is the extra time that the learner has on b: what was given for b,
// else for the nearest block around it, else for the course.
func (d *Dates) ExtraTime(b *Block) time.Duration {
	e := d.nearest(b, func(e Extra) bool { return e.Time != 0 })
	return e.Time
}

// MaxAttempts returns how many attempts b allows, with the learner's extra ones;
// nil for no limit. A survey, which takes none, stays one.
func (d *Dates) MaxAttempts(b *Block) *int {
	most := b.Settings.MaxAttempts
	if d == nil || most == nil || *most == 0 {
		return most
	}
	n := *most + d.nearest(b, func(e Extra) bool { return e.Attempts != 0 }).Attempts
	return &n
}

func (d *Dates) nearest(b *Block, counts func(Extra) bool) Extra {
	if d == nil {
		return Extra{}
	}
	for n := b; n != nil; n = n.Parent {
		for _, e := range d.Extra {
			if e.Ref == n.Ref && counts(e) {
				return e
			}
		}
	}
	for _, e := range d.Extra {
		if e.Ref == (Ref{}) && counts(e) {
			return e
		}
	}
	return Extra{}
}

// FirstDate is when the course begins: its start, else the first start or due
// date in it; nil when it has no dates.
func (c *Course) FirstDate() *time.Time {
	if c.Start != nil {
		return c.Start
	}
	return c.first
}

// noteDate keeps the earliest date of the course's blocks.
func (c *Course) noteDate(t *time.Time) {
	if t != nil && (c.first == nil || t.Before(*c.first)) {
		c.first = t
	}
}

// DateEffect says what a learner meets of a course's scored problems.
type DateEffect struct {
	Open, Closed, NotStarted int
	NextDue                  *time.Time // of what is open
}

// Effect counts the scored blocks of top and below it that are open, closed and
// not started at now.
func (c *Course) Effect(d *Dates, top *Block, now time.Time) (e DateEffect) {
	if top == nil {
		return e
	}
	begun := d.CourseStart(c)
	late := begun != nil && now.Before(*begun)
	top.Walk(func(b *Block) bool {
		if b.Fate == Hidden || b.Settings.StaffOnly {
			return false
		}
		if !b.Scored {
			return true
		}
		start, due := d.Start(b), d.Due(b)
		if due == nil {
			due = d.End(c, b)
		}
		switch {
		case late || start != nil && now.Before(*start):
			e.NotStarted++
		case due != nil && now.After(due.Add(b.Settings.Grace)):
			e.Closed++
		default:
			e.Open++
			if due != nil && (e.NextDue == nil || due.Before(*e.NextDue)) {
				e.NextDue = due
			}
		}
		return true
	})
	return e
}
