package problem

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"lectern/internal/xmltree"
)

// dragInput is a picture and what is put on it.
type dragInput struct {
	image     string
	outline   bool // targets are drawn
	single    bool // a target holds one item
	bare      bool // items are not labelled by their ids
	labelFill string
	items     []dragItem
	targets   []dragTarget
}

// dragItem is something to be put somewhere.
type dragItem struct {
	id, icon string
	label    string // what is shown; "" where the picture is enough
	name     string // what it is called
	reusable bool
	targets  []dragTarget // places on the item itself, from its corner
}

// dragTarget is a place, in pixels of the picture.
type dragTarget struct {
	id         string
	x, y, w, h float64
}

// maxPlaces bounds the places that one item is offered.
const maxPlaces = 500

// readDrag reads a drag_and_drop_input, variables put in. What lacks its id or
// its size is left out, as nobody could put anything there.
func readDrag(n *xmltree.Node, expand func(string) string) dragInput {
	attr := func(n *xmltree.Node, name string) string { return strings.TrimSpace(expand(n.Attr(name))) }
	in := dragInput{
		image: attr(n, "img"), outline: isTrue(attr(n, "target_outline")), single: !strings.EqualFold(attr(n, "one_per_target"), "false"),
		bare: isTrue(attr(n, "no_labels")), labelFill: attr(n, "label_bg_color"),
	}
	in.targets = readTargets(n, attr)
	for _, d := range n.Elements("draggable") {
		item := dragItem{id: attr(d, "id"), label: attr(d, "label"), icon: attr(d, "icon"), reusable: isTrue(attr(d, "can_reuse"))}
		if item.id == "" || slices.ContainsFunc(in.items, func(other dragItem) bool { return other.id == item.id }) {
			continue
		}
		if item.label == "" && (item.icon == "" || !in.bare) {
			item.label = item.id
		}
		if item.name = item.label; item.name == "" {
			item.name = fmt.Sprintf("Item %d", len(in.items)+1)
		}
		item.targets = readTargets(d, attr)
		in.items = append(in.items, item)
	}
	return in
}

func readTargets(n *xmltree.Node, attr func(*xmltree.Node, string) string) []dragTarget {
	var out []dragTarget
	for _, t := range n.Elements("target") {
		target, sound := dragTarget{id: attr(t, "id")}, true
		for name, v := range map[string]*float64{"x": &target.x, "y": &target.y, "w": &target.w, "h": &target.h} {
			f, err := strconv.ParseFloat(strings.TrimSuffix(attr(t, name), "px"), 64)
			sound = sound && err == nil && math.Abs(f) < 1e5 && f == f
			*v = f
		}
		if sound && target.id != "" && target.w > 0 && target.h > 0 && len(out) < maxPlaces {
			out = append(out, target)
		}
	}
	return out
}

// place is somewhere an item can be put: what the learner reads and what Open
// edX's graders read.
type place struct{ name, value string }

// places are what one item is offered: the targets of the picture, and those on
// other items, wherever they may lie.
func (in dragInput) places(item dragItem) []place {
	var out []place
	for i, t := range in.targets {
		out = append(out, place{in.targetName(i), fragmentOf(item.id, t.id)})
	}
	for _, base := range in.items {
		for j, own := range base.targets {
			for i, t := range in.targets {
				if base.id != item.id && len(out) < maxPlaces {
					where := map[string]any{own.id: map[string]string{base.id: t.id}}
					out = append(out, place{
						fmt.Sprintf("Spot %d on %s at %s", j+1, base.name, strings.ToLower(in.targetName(i))), fragmentOf(item.id, where),
					})
				}
			}
		}
	}
	return out
}

// targetName is what a target is called: the ids of courses speak to graders,
// not to people, and may give the answer away.
func (in dragInput) targetName(i int) string { return fmt.Sprintf("Place %d", i+1) }

// fragmentOf is one entry of the answer: {"item": where}.
func fragmentOf(item string, where any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]any{item: where}); err != nil {
		return "" // strings and numbers always encode
	}
	return strings.TrimSpace(b.String())
}

// readPlacements returns the entries of an answer, one JSON object each, as
// [fragmentOf] writes them.
func readPlacements(answer string) []string {
	var list []json.RawMessage
	if json.Unmarshal([]byte(answer), &list) != nil {
		return nil
	}
	var out []string
	for _, raw := range list {
		if text := entry(string(raw)); text != "" {
			out = append(out, text)
		}
	}
	return out
}

// entry returns a JSON object in its shortest form, or "".
func entry(text string) string {
	var b bytes.Buffer
	if text = strings.TrimSpace(text); !strings.HasPrefix(text, "{") || json.Compact(&b, []byte(text)) != nil {
		return ""
	}
	return b.String()
}

// position returns the item and the point of an entry {"item": [x, y]}.
func position(entry string) (item string, x, y float64, ok bool) {
	var at map[string][]float64
	if json.Unmarshal([]byte(entry), &at) != nil || len(at) != 1 {
		return "", 0, 0, false
	}
	for id, point := range at {
		if len(point) == 2 {
			return id, point[0], point[1], true
		}
	}
	return "", 0, 0, false
}

// Names of the fields that stand for a drag and drop input where no script
// composes its value: an entry for each place chosen, and lists of items and
// their coordinates.
const (
	placeField  = "place_"
	placedField = "placed_"
	acrossField = "across_"
	downField   = "down_"
)

// composed returns the form with the fields of drag and drop inputs put together
// into the one that Open edX knows. Fields that make no sense are dropped.
func composed(form url.Values) url.Values {
	entries := map[string][]string{}
	rest := url.Values{}
	for key, values := range form {
		if id, ok := strings.CutPrefix(key, placeField); ok {
			entries[id] = append(entries[id], values...)
		} else if id, ok := strings.CutPrefix(key, placedField); ok {
			entries[id] = append(entries[id], points(values, form[acrossField+id], form[downField+id])...)
		} else if !strings.HasPrefix(key, acrossField) && !strings.HasPrefix(key, downField) {
			rest[key] = values
		}
	}
	if len(entries) == 0 {
		return form
	}
	for id, list := range entries {
		var sound []string
		for _, text := range list {
			if text = entry(text); text != "" {
				sound = append(sound, text)
			}
		}
		rest["input_"+id] = []string{"[" + strings.Join(sound, ",") + "]"}
	}
	return rest
}

// points makes entries of items that have both coordinates.
func points(items, across, down []string) []string {
	var out []string
	for i, item := range items {
		if i >= len(across) || i >= len(down) {
			break
		}
		x, errX := strconv.ParseFloat(strings.TrimSpace(across[i]), 64)
		y, errY := strconv.ParseFloat(strings.TrimSpace(down[i]), 64)
		if errX == nil && errY == nil && onPaper([]float64{x, y}) {
			out = append(out, fragmentOf(item, []float64{x, y}))
		}
	}
	return out
}
