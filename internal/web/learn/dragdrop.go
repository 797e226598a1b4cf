package learn

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"lectern/internal/course"
	"lectern/internal/dragdrop"
	"lectern/internal/grading"
	"lectern/internal/locale"
)

// dragPart is what the template "drag" gets.
type dragPart struct {
	part
	Name, Progress string
	Alone          bool
	Action         string // address that a button's name is put behind
	Attempts       int    // the learner has made
	Mode           string // "standard" or "assessment"
	Off            bool   // nothing can be moved any more
	Heading        bool
	Question       template.HTML
	Start          template.HTML
	Board          dragBoard
	Rows           []dragRow
	Buttons        []button
	Used           string
	Due            *due
	Notification   *notification
	Details        []string      // counts, below the notification
	Feedback       []dragSaid    // of single items
	Finish         template.HTML // what the course says at the end
	Answer         *dragAnswer
}

// dragBoard is the picture with the items around and on it.
type dragBoard struct {
	Image         template.URL
	Description   string
	Labels        bool
	Borders       string // "always", "dragging" or ""
	Most          int    // items a zone takes; 0 for any number
	Fixed         bool   // nothing can be moved
	Bank          []dragItem
	Zones         []dragZone
	Width, Height float64 // of the plane that stands for a missing picture
}

type dragItem struct {
	ID, Label string
	Name      template.HTML
	Image     template.URL
	Alt       string
	Style     template.CSS
	Mark      string // "right", "wrong" or ""
}

type dragZone struct {
	UID, Label, Description string
	Title                   template.HTML
	Align                   string
	Style                   template.CSS
	Percent                 bool
	X, Y, Width, Height     float64
	Items                   []dragItem
}

// dragRow is an item with the list of places it may go to.
type dragRow struct {
	ID, Name, Label string
	Places          []dragPlace
	Off             bool
}

type dragPlace struct {
	UID, Name string
	Here      bool
}

type dragSaid struct {
	Right bool
	Name  string
	Text  template.HTML
}

type dragAnswer struct {
	Board       dragBoard
	Lines       []string
	Explanation template.HTML
}

// renderDrag returns a drag-and-drop block with its form.
func (v *view) renderDrag(ctx context.Context, b *course.Block) (template.HTML, error) {
	dv, err := v.Grading.DragDrop(ctx, v.who(), v.at(b))
	if broken(err) {
		return v.notice(b, locale.Text("This question has a mistake in it and cannot be shown."), cmp.Or(b.Reason, err.Error()))
	}
	if err != nil {
		return "", err
	}
	v.need("learn/dragdrop.css", "learn/problems.js", "learn/dragdrop.js")
	return v.html("drag", v.dragPart(b, dv))
}

func (v *view) dragPart(b *course.Block, dv *grading.DragView) *dragPart {
	d, just := dv.Drag, v.justAnswered(b)
	p := &dragPart{
		part: v.part(b), Alone: b == v.launched, Progress: v.progress(b, &dv.View), Action: v.actURL(b),
		Attempts: dv.Dropped.Attempts, Mode: "standard", Heading: d.QuestionHeading && d.Question != "",
		Question: v.courseHTML(d.Question), Off: dv.Settings.Closed(&dv.State, v.now),
	}
	if d.Assessment {
		p.Mode = "assessment"
	}
	if d.ShowTitle {
		p.Name = b.Name
	}
	if most := dv.Settings.MaxAttempts; most != nil && d.Assessment {
		p.Used = v.used(dv.Dropped.Attempts, *most)
	}
	if !v.dueAbove(b) {
		p.Due = v.due(b)
	}
	p.Board = v.dragBoard(b, d, &dv.Dropped, p.Off)
	v.dragMarks(&p.Board, dv, p.Off)
	p.Rows = v.dragRows(p.part, d, &dv.Dropped, p.Off)
	v.dragSay(p, dv, just)
	p.Buttons = v.dragButtons(dv, p.Off)
	if just.answer && v.dragAnswerable(dv) {
		p.Answer = v.dragAnswer(b, dv)
	}
	return p
}

// courseHTML makes a text of the course ready; empty stays empty.
func (v *view) courseHTML(text string) template.HTML {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return template.HTML(v.content(text).html) //nolint:gosec // the course team is trusted
}

// dragBoard lays out the items where st has them.
func (v *view) dragBoard(b *course.Block, d *dragdrop.Definition, st *dragdrop.State, fixed bool) dragBoard {
	board := dragBoard{
		Image: v.image(d.Image), Description: d.ImageDescription,
		Labels: d.ShowLabels, Most: d.MaxPerZone, Fixed: fixed,
	}
	if strings.HasPrefix(string(board.Image), course.PrefixStatic) { // the course has no such file
		board.Image = ""
		v.note(v.lang.T("The picture %s of %s is not among the course’s files.", d.Image, v.nameOf(b)))
	}
	if board.Image == "" { // nothing else shows where the zones are
		board.Labels = true
	}
	switch {
	case d.ShowBorders || board.Image == "":
		board.Borders = "always"
	case d.BordersOnDrag:
		board.Borders = "dragging"
	}
	for i := range d.Zones {
		z := &d.Zones[i]
		zone := dragZone{
			UID: z.UID, Label: v.zoneName(z, i), Title: v.inline(z.Title), Description: plain(z.Description), Align: z.Align,
			Percent: z.Percent, X: z.X, Y: z.Y, Width: z.Width, Height: z.Height, Style: zoneStyle(z),
		}
		for j := range d.Items {
			if d.Where(st, d.Items[j].ID) == z.UID {
				zone.Items = append(zone.Items, v.dragItem(d, j))
			}
		}
		board.Zones = append(board.Zones, zone)
		board.Width, board.Height = max(board.Width, z.X+z.Width), max(board.Height, z.Y+z.Height)
	}
	for j := range d.Items {
		if d.Where(st, d.Items[j].ID) == "" {
			board.Bank = append(board.Bank, v.dragItem(d, j))
		}
	}
	return board
}

// zoneName is what a zone is called in lists and announcements.
func (v *view) zoneName(z *dragdrop.Zone, i int) string {
	return cmp.Or(plain(z.Title), v.lang.T("Place %d", i+1))
}

// itemName is what an item is called in lists and announcements.
func (v *view) itemName(d *dragdrop.Definition, i int) string {
	item := &d.Items[i]
	return cmp.Or(plain(item.Name), strings.TrimSpace(item.Description), v.lang.T("Item %d", i+1))
}

func zoneStyle(z *dragdrop.Zone) template.CSS {
	unit := "px"
	if z.Percent {
		unit = "%"
	}
	return template.CSS(fmt.Sprintf("left:%.5g%[5]s;top:%.5[2]g%[5]s;width:%.5[3]g%[5]s;height:%.5[4]g%[5]s", //nolint:gosec // numbers
		z.X, z.Y, z.Width, z.Height, unit))
}

func (v *view) dragItem(d *dragdrop.Definition, i int) dragItem {
	item := &d.Items[i]
	out := dragItem{
		ID: item.ID, Label: v.itemName(d, i), Name: v.inline(item.Name), Image: v.image(item.Image), Alt: item.Description,
	}
	if strings.TrimSpace(plain(item.Name)) == "" && !strings.Contains(item.Name, "<img") {
		out.Name = ""
	}
	if out.Image != "" && out.Name == "" && out.Alt == "" {
		out.Alt = out.Label
	}
	var style []string
	if item.WidthPercent > 0 {
		style = append(style, fmt.Sprintf("--wide:%.4g", item.WidthPercent))
	}
	text := d.ItemText
	if d.ItemBackground != "" {
		style = append(style, "background:"+d.ItemBackground)
		text = cmp.Or(text, dragdrop.Contrasting(d.ItemBackground))
	}
	if text != "" {
		style = append(style, "color:"+text)
	}
	out.Style = template.CSS(strings.Join(style, ";")) //nolint:gosec // package dragdrop lets colours through and nothing else
	return out
}

// dragMarks says of each item on the board whether it is right, where the learner
// may know: what stays in standard mode, and all at the end of an assessment.
func (v *view) dragMarks(board *dragBoard, dv *grading.DragView, closed bool) {
	known := !dv.Drag.Assessment || closed && dv.Dropped.Attempts > 0 && dv.Settings.CorrectnessVisible(v.now, v.s.Staff)
	if !known {
		return
	}
	for i := range board.Zones {
		zone := &board.Zones[i]
		for j := range zone.Items {
			zone.Items[j].Mark = "wrong"
			if dv.Drag.Item(zone.Items[j].ID).Right(zone.UID) {
				zone.Items[j].Mark = "right"
			}
		}
	}
}

func (v *view) dragRows(p part, d *dragdrop.Definition, st *dragdrop.State, off bool) []dragRow {
	var rows []dragRow
	for i := range d.Items {
		id := d.Items[i].ID
		here := d.Where(st, id)
		row := dragRow{
			ID: p.Anchor + "-place-" + strconv.Itoa(i), Name: placeField + id, Label: v.itemName(d, i), Off: off || !d.Assessment && here != "",
		}
		row.Places = append(row.Places, dragPlace{"", v.lang.T("Not placed"), here == ""})
		for j := range d.Zones {
			z := &d.Zones[j]
			row.Places = append(row.Places, dragPlace{z.UID, v.zoneName(z, j), here == z.UID})
		}
		rows = append(rows, row)
	}
	return rows
}

// dragButtons returns the buttons below the board.
func (v *view) dragButtons(dv *grading.DragView, off bool) []button {
	var out []button
	if dv.Drag.Assessment {
		out = append(out, button{"submit", v.lang.T("Submit"), true, off})
	} else if !dv.Drag.Count(&dv.Dropped).Solved() {
		out = append(out, button{"place", v.lang.T("Check"), true, off})
	}
	if len(dv.Dropped.Placed) > 0 && !off {
		out = append(out, button{Action: "reset", Label: v.lang.T("Reset")})
	}
	if v.dragAnswerable(dv) {
		out = append(out, button{Action: "answer", Label: v.lang.T("Show answer")})
	}
	return out
}

// dragAnswerable reports whether the learner may see the answer. In standard
// mode there is no need: every drop says whether it was right.
func (v *view) dragAnswerable(dv *grading.DragView) bool {
	return dv.Drag.Assessment && (v.s.Staff || dv.Settings.AnswerAvailable(&dv.State, v.now, false))
}

func (v *view) dragAnswer(b *course.Block, dv *grading.DragView) *dragAnswer {
	st := dv.Drag.Answer(&dv.Dropped)
	a := &dragAnswer{Board: v.dragBoard(b, dv.Drag, st, true), Explanation: v.courseHTML(dv.Drag.Explanation)}
	for i := range dv.Drag.Items {
		place := v.lang.T("nowhere")
		for j := range dv.Drag.Zones {
			if dv.Drag.Where(st, dv.Drag.Items[i].ID) == dv.Drag.Zones[j].UID {
				place = v.zoneName(&dv.Drag.Zones[j], j)
			}
		}
		a.Lines = append(a.Lines, v.itemName(dv.Drag, i)+": "+place)
	}
	return a
}

// placeField begins the names of the lists in the form.
const placeField = "place_"

// actDrag does what a form of a drag-and-drop block asks for.
func (v *view) actDrag(r *http.Request, b *course.Block) (again bool, err error) {
	form := grading.DragForm{Places: places(r.PostForm), Attempts: grading.NoVersion}
	switch v.just.action {
	case "drop": // one item, by script
		form.Places = map[string]string{r.PostForm.Get("moved"): r.PostForm.Get("zone")}
	case "place":
	case "submit":
		form.Attempt = true
		if n, err := strconv.Atoi(r.PostForm.Get("attempts")); err == nil {
			form.Attempts = n
		}
	case "reset":
		_, err := v.Grading.ResetDrag(r.Context(), v.who(), v.at(b))
		return true, err
	case "answer":
		v.just.answer = true
		return false, nil
	default:
		return false, ErrBlock.With("no action %.50q", v.just.action)
	}
	v.just.drag, err = v.Grading.Drag(r.Context(), v.who(), v.at(b), form)
	return false, err
}

// places reads the lists of a form.
func places(posted url.Values) map[string]string {
	out := map[string]string{}
	for name, values := range posted {
		if id, ok := strings.CutPrefix(name, placeField); ok && len(values) == 1 {
			out[id] = values[0]
		}
	}
	return out
}
