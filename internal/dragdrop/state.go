package dragdrop

import (
	"maps"
	"slices"

	"lectern/internal/errs"
)

// Refusals. None changes the state.
var (
	// ErrPlace means that there is no such item or zone.
	ErrPlace = errs.New(errs.Invalid, "drag_place_unknown", "capa 2.7",
		"This item or place is not part of the question any more. Please open the page again.",
		"The form named an item or zone that the published course does not have.")
	// ErrZoneFull means that a zone holds as many items as it may.
	ErrZoneFull = errs.New(errs.Conflict, "drag_zone_full", "",
		"There is no room for more items in this place. Take one out first.",
		"The block's setting max_items_per_zone limits the items in a zone.")
	// ErrNothingPlaced means that an attempt was made without placing anything.
	ErrNothingPlaced = errs.New(errs.Conflict, "drag_nothing_placed", "",
		"Please place at least one item first. This did not count as an attempt.", "")
	// ErrNothingToReset means that all items are where they were at the start.
	ErrNothingToReset = errs.New(errs.Conflict, "drag_nothing_to_reset", "", "There is nothing to reset.", "")
)

// State is what one learner has done with a block. Its JSON names are those of
// Open edX. It outlives changes of the course: what names items or zones that
// are gone is left out.
type State struct {
	Placed    map[string]Placed `json:"item_state"` // by item ID
	Attempts  int               `json:"attempts"`
	Completed bool              `json:"completed"`            // all was right once, or attempts are used up
	RawEarned *float64          `json:"raw_earned,omitempty"` // the best so far, of 1; nil before the first
}

// Placed is where an item is. Correct is what was thought of it when it was put
// there; what counts is [Definition.Right].
type Placed struct {
	Zone    string `json:"zone"`
	Correct bool   `json:"correct"`
}

// Where returns the zone that an item is in, or "" for the bank.
func (d *Definition) Where(st *State, item string) string {
	if p, ok := st.Placed[item]; ok && d.Zone(p.Zone) != nil {
		return p.Zone
	}
	return ""
}

// Right reports whether an item belongs where it is. Decoys belong in the bank,
// which is zone "".
func (i *Item) Right(zone string) bool {
	if len(i.Zones) == 0 {
		return zone == ""
	}
	return zone != "" && slices.Contains(i.Zones, zone)
}

// Tally counts the items of a state.
type Tally struct {
	Right   int // placed where they belong
	Wrong   int // placed elsewhere, decoys too
	Missing int // in the bank, but not decoys
	Decoys  int // in the bank, where they belong
	All     int
}

// Raw returns the score of 1 that the items are worth [capa 2.7].
func (t Tally) Raw() float64 { return float64(t.Right+t.Decoys) / float64(t.All) }

// Solved reports whether everything is where it belongs.
func (t Tally) Solved() bool { return t.Right+t.Decoys == t.All }

// Count counts the items of st.
func (d *Definition) Count(st *State) Tally {
	t := Tally{All: len(d.Items)}
	for i := range d.Items {
		item := &d.Items[i]
		zone := d.Where(st, item.ID)
		switch {
		case zone != "" && item.Right(zone):
			t.Right++
		case zone != "":
			t.Wrong++
		case item.Right(""):
			t.Decoys++
		default:
			t.Missing++
		}
	}
	return t
}

// Judged is an item with what was thought of its place.
type Judged struct {
	Item  *Item
	Right bool
}

// Outcome is what came of something a learner did.
type Outcome struct {
	Judged    []Judged // in standard mode what was dropped, after an attempt what was wrong
	Returned  int      // items that went back to the bank after an attempt
	Published bool     // the score grew and is to be published
}

// Place puts items into zones, "" for the bank, and returns what came of it.
// In standard mode what is placed already stays, and what is wrong goes back.
// Errors are [ErrPlace] and [ErrZoneFull].
func (d *Definition) Place(st *State, places map[string]string) (Outcome, error) {
	next := d.clean(st)
	var out Outcome
	for i := range d.Items {
		item := &d.Items[i]
		zone, given := places[item.ID]
		switch was := next[item.ID].Zone; {
		case !given || zone == was, !d.Assessment && was != "":
			continue
		case zone == "":
			delete(next, item.ID)
			continue
		case d.Zone(zone) == nil:
			return Outcome{}, ErrPlace.With("zone %.80q", zone)
		}
		right := item.Right(zone)
		if !d.Assessment {
			out.Judged = append(out.Judged, Judged{item, right})
			if !right {
				continue
			}
		}
		next[item.ID] = Placed{Zone: zone, Correct: right}
	}
	for id := range places {
		if d.Item(id) == nil {
			return Outcome{}, ErrPlace.With("item %.80q", id)
		}
	}
	if err := d.roomy(st, next); err != nil {
		return Outcome{}, err
	}
	st.Placed = next
	if len(out.Judged) > 0 {
		out.Published = d.best(st)
		st.Completed = st.Completed || d.Count(st).Solved()
	}
	return out, nil
}

// clean copies what is placed in zones that exist.
func (d *Definition) clean(st *State) map[string]Placed {
	next := maps.Clone(st.Placed)
	if next == nil {
		next = map[string]Placed{}
	}
	for id, p := range next {
		if d.Item(id) == nil || d.Zone(p.Zone) == nil {
			delete(next, id)
		}
	}
	return next
}

// roomy checks that no zone got more items than it takes. One that held too many
// before, from an older version of the course, may keep them.
func (d *Definition) roomy(st *State, next map[string]Placed) error {
	if d.MaxPerZone == 0 {
		return nil
	}
	before, after := map[string]int{}, map[string]int{}
	for id := range st.Placed {
		before[d.Where(st, id)]++
	}
	for _, p := range next {
		after[p.Zone]++
	}
	for zone, n := range after {
		if n > d.MaxPerZone && n > before[zone] {
			return ErrZoneFull.With("zone %.80q, %d items", zone, n)
		}
	}
	return nil
}

// Attempt judges what is placed, in assessment mode. last says that no attempt
// follows; keep that the learner must not see what was right: in both cases
// items stay where they are, else what is wrong goes back to the bank. Its error
// is [ErrNothingPlaced].
func (d *Definition) Attempt(st *State, last, keep bool) (Outcome, error) {
	next := d.clean(st)
	if len(next) == 0 && d.Count(st).Missing > 0 {
		return Outcome{}, ErrNothingPlaced
	}
	st.Placed = next
	st.Attempts++
	st.Completed = st.Completed || last || d.Count(st).Solved()
	out := Outcome{Published: d.best(st)}
	for i := range d.Items {
		item := &d.Items[i]
		zone := d.Where(st, item.ID)
		if zone == "" || item.Right(zone) {
			continue
		}
		out.Judged = append(out.Judged, Judged{item, false})
		if !last && !keep {
			delete(next, item.ID)
			out.Returned++
		}
	}
	return out, nil
}

// best keeps the best score and reports whether it changed. The first one counts
// whatever it is.
func (d *Definition) best(st *State) bool {
	raw := d.Count(st).Raw()
	if st.RawEarned != nil && raw <= *st.RawEarned {
		return false
	}
	st.RawEarned = &raw
	return true
}

// Reset puts all items back into the bank. Attempts and score stay. Its error is
// [ErrNothingToReset].
func (d *Definition) Reset(st *State) error {
	if len(d.clean(st)) == 0 {
		return ErrNothingToReset
	}
	st.Placed = map[string]Placed{}
	return nil
}

// Answer returns a state in which everything is right: what the learner placed
// well stays, the rest is spread evenly over the zones it may go to.
func (d *Definition) Answer(st *State) *State {
	answer := &State{Placed: map[string]Placed{}}
	held := map[string]int{}
	put := func(item *Item, zone string) {
		answer.Placed[item.ID] = Placed{Zone: zone, Correct: true}
		held[zone]++
	}
	for i := range d.Items {
		if zone := d.Where(st, d.Items[i].ID); zone != "" && d.Items[i].Right(zone) {
			put(&d.Items[i], zone)
		}
	}
	for i := range d.Items {
		item := &d.Items[i]
		if _, done := answer.Placed[item.ID]; done {
			continue
		}
		best := ""
		for _, zone := range item.Zones {
			if d.Zone(zone) != nil && (best == "" || held[zone] < held[best]) {
				best = zone
			}
		}
		if best != "" {
			put(item, best)
		}
	}
	return answer
}
