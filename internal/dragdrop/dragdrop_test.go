package dragdrop_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"lectern/internal/dragdrop"
)

// data has two items with a place, one of them with two, and a decoy.
const data = `{"items":[
 {"id":0,"displayName":"A","zones":["left"],"feedback":{"correct":"yes","incorrect":"no"}},
 {"id":1,"displayName":"B","zones":["left","right"],"feedback":{}},
 {"id":2,"displayName":"C","zone":"none"}],
 "zones":[{"uid":"left","title":"L","x":1,"y":"2","width":"30px","height":40},{"title":"right","x_percent":"10%","width_percent":"20%","height_percent":5,"align":"none"}],
 "feedback":{"start":"go","finish":"done"},"targetImg":"data:image/svg+xml;producer=\"dndv2\";cols=3,%3Csvg%3E"}`

func parse(t *testing.T, mode string, more ...string) *dragdrop.Definition {
	t.Helper()
	fields := map[string]string{"mode": mode, "data": data}
	for i := 0; i < len(more); i += 2 {
		fields[more[i]] = more[i+1]
	}
	d, err := dragdrop.Parse(fields)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestParse(t *testing.T) {
	d := parse(t, "assessment", "max_items_per_zone", "2", "item_background_color", "#FF8F02", "item_text_color", "red;position:fixed",
		"show_title", "False", "question_text", "Q")
	left, right := d.Zones[0], d.Zones[1]
	if left.Width != 30 || left.X != 1 || left.Y != 2 || left.Percent || left.Align != "center" {
		t.Errorf("zone in pixels: %+v", left)
	}
	if right.UID != "right" || !right.Percent || right.X != 10 || right.Width != 20 || right.Height != 5 {
		t.Errorf("zone in percent, named by its title: %+v", right)
	}
	if !d.Assessment || d.MaxPerZone != 2 || d.ShowTitle || !d.QuestionHeading || d.ItemBackground != "#FF8F02" || d.ItemText != "" {
		t.Errorf("fields: %+v", d)
	}
	if d.Image != "data:image/svg+xml,%3Csvg%3E" {
		t.Errorf("picture %q", d.Image)
	}
	if len(d.Items[2].Zones) != 0 || d.Items[1].ID != "1" {
		t.Errorf("items: %+v", d.Items)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, fields := range map[string]map[string]string{
		"no data":         {},
		"no JSON":         {"data": `{"items":`},
		"another type":    {"data": `[]`},
		"no items":        {"data": `{"items":[],"zones":[]}`},
		"an unknown mode": {"data": data, "mode": "exam"},
		"items alike":     {"data": `{"items":[{"id":1},{"id":"1"}]}`},
		"an item without": {"data": `{"items":[{"displayName":"x"}]}`},
		"zones alike":     {"data": `{"items":[{"id":1}],"zones":[{"title":"x"},{"uid":"x"}]}`},
		"a million items": {"data": `{"items":[` + strings.Repeat(`{"id":1},`, 501) + `{"id":2}]}`},
		"too much":        {"data": `{"items":[{"id":1}],"x":"` + strings.Repeat("x", 5<<20) + `"}`},
	} {
		if _, err := dragdrop.Parse(fields); !errors.Is(err, dragdrop.ErrContent) {
			t.Errorf("%s: %v, want ErrContent", name, err)
		}
	}
}

func raw(st *dragdrop.State) float64 {
	if st.RawEarned == nil {
		return -1
	}
	return math.Round(*st.RawEarned*1000) / 1000
}

// TestStandard drops items one by one: right ones stay, every drop is scored, and
// the score never falls.
func TestStandard(t *testing.T) {
	d, st := parse(t, "standard"), &dragdrop.State{}
	steps := []struct {
		item, zone string
		right      bool
		raw        float64
		published  bool
		placed     int
	}{
		{"0", "right", false, 0.333, true, 0}, // the decoy is where it belongs
		{"0", "right", false, 0.333, false, 0},
		{"2", "left", false, 0.333, false, 0},
		{"0", "left", true, 0.667, true, 1},
		{"1", "right", true, 1, true, 2},
	}
	for _, step := range steps {
		out, err := d.Place(st, map[string]string{step.item: step.zone})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Judged) != 1 || out.Judged[0].Right != step.right || out.Published != step.published ||
			raw(st) != step.raw || len(st.Placed) != step.placed {
			t.Errorf("%+v: %+v, raw %v, placed %v", step, out, raw(st), st.Placed)
		}
	}
	if !st.Completed || !d.Count(st).Solved() {
		t.Errorf("not complete: %+v", st)
	}
	if out, err := d.Place(st, map[string]string{"0": "right"}); err != nil || len(out.Judged) != 0 || st.Placed["0"].Zone != "left" {
		t.Errorf("what is right moved: %+v %v", st, err)
	}
	if err := d.Reset(st); err != nil || len(st.Placed) != 0 || raw(st) != 1 || !st.Completed {
		t.Errorf("reset: %+v %v", st, err)
	}
	if err := d.Reset(st); !errors.Is(err, dragdrop.ErrNothingToReset) {
		t.Errorf("second reset: %v", err)
	}
}

// TestAssessment makes attempts: positions are kept, what is wrong goes back but
// on the last one, and the best score counts.
func TestAssessment(t *testing.T) {
	d, st := parse(t, "assessment"), &dragdrop.State{}
	place := func(places map[string]string) {
		t.Helper()
		if out, err := d.Place(st, places); err != nil || out.Published || len(out.Judged) > 0 {
			t.Fatalf("%+v %v", out, err)
		}
	}
	if _, err := d.Attempt(st, false, false); !errors.Is(err, dragdrop.ErrNothingPlaced) || st.Attempts != 0 {
		t.Fatalf("an empty attempt: %v %+v", err, st)
	}
	place(map[string]string{"0": "left", "1": "left", "2": "left"})
	out, err := d.Attempt(st, false, false)
	if err != nil || !out.Published || out.Returned != 1 || raw(st) != 0.667 || st.Attempts != 1 || st.Completed {
		t.Errorf("first: %+v, %+v, %v", out, st, err)
	}
	if got := d.Count(st); got != (dragdrop.Tally{Right: 2, Decoys: 1, All: 3}) {
		t.Errorf("after the decoy went back: %+v", got)
	}
	place(map[string]string{"0": "right", "1": ""})
	out, _ = d.Attempt(st, false, true)
	if out.Published || out.Returned != 0 || raw(st) != 0.667 || st.Placed["0"].Zone != "right" {
		t.Errorf("worse, and correctness is hidden: %+v, %+v", out, st)
	}
	out, _ = d.Attempt(st, true, false)
	if out.Returned != 0 || len(out.Judged) != 1 || !st.Completed || st.Placed["0"].Correct {
		t.Errorf("last: %+v, %+v", out, st)
	}
	answer := d.Answer(st)
	if got := d.Count(answer); !got.Solved() || answer.Placed["0"].Zone != "left" || answer.Placed["1"].Zone != "right" {
		t.Errorf("answer %+v: items go where there are fewest", answer)
	}
	text, err := json.Marshal(st)
	if want := `{"item_state":{"0":{"zone":"right","correct":false}},"attempts":3,"completed":true,"raw_earned":0.6666666666666666}`; err != nil || string(text) != want {
		t.Errorf("state %s, want %s", text, want)
	}
}

func TestPlacesThatAreNone(t *testing.T) {
	d, st := parse(t, "assessment", "max_items_per_zone", "1"), &dragdrop.State{}
	for name, tt := range map[string]struct {
		places map[string]string
		want   error
	}{
		"an unknown item": {map[string]string{"9": "left"}, dragdrop.ErrPlace},
		"an unknown zone": {map[string]string{"0": "middle"}, dragdrop.ErrPlace},
		"a full zone":     {map[string]string{"0": "left", "1": "left"}, dragdrop.ErrZoneFull},
	} {
		if _, err := d.Place(st, tt.places); !errors.Is(err, tt.want) || len(st.Placed) != 0 {
			t.Errorf("%s: %v, %+v", name, err, st)
		}
	}
	if _, err := d.Place(st, map[string]string{"0": "left"}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Place(st, map[string]string{"0": "right", "1": "left"}); err != nil {
		t.Errorf("a swap: %v", err)
	}
}

// TestCourseChanged judges old states by the course of today.
func TestCourseChanged(t *testing.T) {
	d := parse(t, "assessment")
	st := &dragdrop.State{Placed: map[string]dragdrop.Placed{
		"0": {Zone: "left"}, "1": {Zone: "gone", Correct: true}, "7": {Zone: "left", Correct: true},
	}}
	if got := d.Count(st); got != (dragdrop.Tally{Right: 1, Missing: 1, Decoys: 1, All: 3}) {
		t.Errorf("%+v", got)
	}
	if _, err := d.Attempt(st, false, false); err != nil || len(st.Placed) != 1 {
		t.Errorf("%+v %v", st, err)
	}
}

func TestContrasting(t *testing.T) {
	for in, want := range map[string]string{
		"#FF8F02": "black", "#fff": "black", "#000": "white", "#0b5cad": "white", "White": "black", "navy": "white", "": "", "rgb(1,2,3)": "", "#12": "",
	} {
		if got := dragdrop.Contrasting(in); got != want {
			t.Errorf("on %q: %q, want %q", in, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(data, "assessment", "0", "left")
	f.Add(`{"items":[{"id":null,"zones":null,"feedback":[]}],"zones":[{"uid":""}]}`, "", "", "")
	f.Add(`{"items":[{"id":1,"zones":[1,null]}],"zones":[{"uid":1,"x":"1e999"}]}`, "standard", "1", "1")
	f.Fuzz(func(t *testing.T, data, mode, item, zone string) {
		d, err := dragdrop.Parse(map[string]string{"data": data, "mode": mode})
		if err != nil {
			if !errors.Is(err, dragdrop.ErrContent) {
				t.Fatal(err)
			}
			return
		}
		st := &dragdrop.State{}
		_, _ = d.Place(st, map[string]string{item: zone})
		_, _ = d.Attempt(st, false, false)
		if r := d.Count(d.Answer(st)).Raw(); !(r >= 0 && r <= 1) {
			t.Errorf("raw score %v", r)
		}
	})
}
