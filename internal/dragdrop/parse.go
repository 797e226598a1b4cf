package dragdrop

import (
	"encoding/json"
	"strconv"
	"strings"

	"lectern/internal/errs"
)

// ErrContent means that the block's data cannot be used.
var ErrContent = errs.New(errs.Invalid, "drag_content_invalid", "capa 2.7",
	"This question has a mistake in it and cannot be shown.",
	"The data of the drag-and-drop block cannot be used; the detail says why. Correct it in Studio and import the course again.")

// Bounds of one block. Real ones stay below fifty items and zones.
const (
	maxItems = 500
	maxZones = 200
	maxData  = 4 << 20 // bytes; a picture may be part of it
)

// Definition is a block as its authors wrote it. Texts are HTML of the course.
type Definition struct {
	Assessment       bool // else standard mode
	Question         string
	QuestionHeading  bool
	ShowTitle        bool
	MaxPerZone       int    // items a zone takes; 0 means any number
	ItemBackground   string // a CSS colour, or ""
	ItemText         string
	Image            string // address of the picture; "" for none
	ImageDescription string
	ShowLabels       bool
	ShowBorders      bool
	BordersOnDrag    bool
	Start, Finish    string // feedback before and after
	Explanation      string // shown with the answer

	Items []Item
	Zones []Zone
}

// Item is something to be placed. One without zones is a decoy: it belongs
// nowhere.
type Item struct {
	ID                 string
	Name               string // HTML
	Image, Description string
	WidthPercent       float64  // of the picture; 0 leaves it to the text
	Zones              []string // any of these is right
	Correct, Incorrect string   // feedback, HTML
}

// Zone is a place on the picture. Its sizes are pixels of the picture, or
// percent of it.
type Zone struct {
	UID                 string
	Title, Description  string
	X, Y, Width, Height float64
	Percent             bool
	Align               string // of the items in it: left, right, center
}

// Item returns the item of this ID, or nil.
func (d *Definition) Item(id string) *Item {
	for i := range d.Items {
		if d.Items[i].ID == id {
			return &d.Items[i]
		}
	}
	return nil
}

// Zone returns the zone of this UID, or nil.
func (d *Definition) Zone(uid string) *Zone {
	for i := range d.Zones {
		if d.Zones[i].UID == uid {
			return &d.Zones[i]
		}
	}
	return nil
}

// wire is the data field as Studio writes it. Numbers may be texts.
type wire struct {
	Items    []wireItem `json:"items"`
	Zones    []wireZone `json:"zones"`
	Feedback struct {
		Start  text `json:"start"`
		Finish text `json:"finish"`
	} `json:"feedback"`
	TargetImg            text `json:"targetImg"`
	TargetImgDescription text `json:"targetImgDescription"`
	DisplayLabels        flag `json:"displayLabels"`
	DisplayBorders       flag `json:"displayBorders"`
	BordersDragging      flag `json:"displayBordersDragging"`
	Explanation          text `json:"explanation"`
}

type wireItem struct {
	ID               text    `json:"id"`
	DisplayName      text    `json:"displayName"`
	ImageURL         text    `json:"imageURL"`
	BackgroundImage  text    `json:"backgroundImage"` // what imageURL was called before
	ImageDescription text    `json:"imageDescription"`
	WidthPercent     number  `json:"widthPercent"`
	Zones            *[]text `json:"zones"`
	Zone             *text   `json:"zone"`
	Feedback         struct {
		Correct   text `json:"correct"`
		Incorrect text `json:"incorrect"`
	} `json:"feedback"`
}

type wireZone struct {
	UID         *text  `json:"uid"`
	Title       text   `json:"title"`
	Description text   `json:"description"`
	X           number `json:"x"`
	Y           number `json:"y"`
	Width       number `json:"width"`
	Height      number `json:"height"`
	XPercent    number `json:"x_percent"`
	YPercent    number `json:"y_percent"`
	WPercent    number `json:"width_percent"`
	HPercent    number `json:"height_percent"`
	Align       text   `json:"align"`
}

// text is a JSON string, or another scalar as it is written.
type text string

// UnmarshalJSON never fails: what is no scalar is "".
func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	switch {
	case json.Unmarshal(b, &s) == nil:
		*t = text(s)
	case len(b) > 0 && b[0] != '{' && b[0] != '[' && string(b) != "null":
		*t = text(b)
	default:
		*t = ""
	}
	return nil
}

// number is a JSON number or a text that begins with one, such as "10%".
type number float64

// UnmarshalJSON never fails: what is no number is 0.
func (n *number) UnmarshalJSON(b []byte) error {
	s := strings.Trim(strings.TrimSpace(strings.Trim(string(b), `"`)), "%px ")
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f != f || f > 1e5 || f < -1e5 {
		f = 0
	}
	*n = number(f)
	return nil
}

// flag is a JSON boolean, also as a text.
type flag bool

// UnmarshalJSON never fails: what is not true is false.
func (f *flag) UnmarshalJSON(b []byte) error {
	*f = flag(strings.EqualFold(strings.Trim(string(b), `"`), "true"))
	return nil
}

// Parse reads the fields of a block, as texts. Its error is [ErrContent].
func Parse(fields map[string]string) (*Definition, error) {
	d := &Definition{
		Question:        fields["question_text"],
		QuestionHeading: enabled(fields, "show_question_header"),
		ShowTitle:       enabled(fields, "show_title"),
		ItemBackground:  colour(fields["item_background_color"]),
		ItemText:        colour(fields["item_text_color"]),
	}
	switch fields["mode"] {
	case "assessment":
		d.Assessment = true
	case "", "standard":
	default:
		return nil, ErrContent.With("there is no mode %.50q", fields["mode"])
	}
	if n, err := strconv.Atoi(strings.TrimSpace(fields["max_items_per_zone"])); err == nil && n > 0 {
		d.MaxPerZone = n
	}
	data := fields["data"]
	switch {
	case data == "":
		return nil, ErrContent.With("it has no data: it still holds the example that Studio begins with, which is not exported")
	case len(data) > maxData:
		return nil, ErrContent.With("its data is larger than %d bytes", maxData)
	}
	var w wire
	if err := json.Unmarshal([]byte(data), &w); err != nil {
		return nil, ErrContent.With("its data is no JSON: %v", err)
	}
	if err := d.take(&w); err != nil {
		return nil, err
	}
	return d, nil
}

// enabled reads a boolean field that is on unless it is switched off.
func enabled(fields map[string]string, name string) bool {
	return !strings.EqualFold(fields[name], "false")
}

func (d *Definition) take(w *wire) error {
	switch {
	case len(w.Items) == 0:
		return ErrContent.With("it has no items")
	case len(w.Items) > maxItems || len(w.Zones) > maxZones:
		return ErrContent.With("it has %d items and %d zones", len(w.Items), len(w.Zones))
	}
	d.Image, d.ImageDescription = picture(string(w.TargetImg)), string(w.TargetImgDescription)
	d.ShowLabels, d.ShowBorders, d.BordersOnDrag = bool(w.DisplayLabels), bool(w.DisplayBorders), bool(w.BordersDragging)
	d.Start, d.Finish = string(w.Feedback.Start), string(w.Feedback.Finish)
	d.Explanation = strings.TrimSpace(string(w.Explanation))
	for _, z := range w.Zones {
		zone := z.zone()
		if zone.UID == "" || d.Zone(zone.UID) != nil {
			return ErrContent.With("zone %.80q has no name of its own", zone.UID)
		}
		d.Zones = append(d.Zones, zone)
	}
	for _, i := range w.Items {
		item := i.item()
		if item.ID == "" || d.Item(item.ID) != nil {
			return ErrContent.With("item %.80q has no number of its own", item.ID)
		}
		d.Items = append(d.Items, item)
	}
	return nil
}

func (w *wireItem) item() Item {
	i := Item{
		ID: string(w.ID), Name: string(w.DisplayName), Image: picture(string(w.ImageURL)),
		Description: string(w.ImageDescription), WidthPercent: min(max(float64(w.WidthPercent), 0), 100),
		Correct: string(w.Feedback.Correct), Incorrect: string(w.Feedback.Incorrect),
	}
	if i.Image == "" {
		i.Image = picture(string(w.BackgroundImage))
	}
	switch {
	case w.Zones != nil:
		for _, uid := range *w.Zones {
			i.Zones = append(i.Zones, string(uid))
		}
	case w.Zone != nil && *w.Zone != "" && *w.Zone != "none":
		i.Zones = []string{string(*w.Zone)}
	}
	return i
}

// zone reads a zone of any age: the first ones had no name but their title.
func (w *wireZone) zone() Zone {
	z := Zone{
		UID: string(w.Title), Title: string(w.Title), Description: string(w.Description), Align: string(w.Align),
		X: float64(w.X), Y: float64(w.Y), Width: float64(w.Width), Height: float64(w.Height),
	}
	if w.UID != nil {
		z.UID = string(*w.UID)
	}
	if z.Width == 0 && w.WPercent > 0 {
		z.X, z.Y, z.Width, z.Height = float64(w.XPercent), float64(w.YPercent), float64(w.WPercent), float64(w.HPercent)
		z.Percent = true
	}
	if z.Align != "left" && z.Align != "right" {
		z.Align = "center"
	}
	return z
}
