package learn

import (
	"context"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"lectern/internal/course"
	"lectern/internal/grading"
	"lectern/internal/locale"
	"lectern/internal/xmltree"
)

// part is what every block's template gets.
type part struct{ Anchor, Type string }

func (v *view) part(b *course.Block) part { return part{v.anchor(b), b.Type} }

// maxDepth bounds how deep blocks may nest; Open edX courses stay below ten.
const maxDepth = 40

// render returns b and what is below it as the learner sees it. A block that
// cannot be shown is a sentence, never an error: one bad block must not take a
// page away.
func (v *view) render(ctx context.Context, b *course.Block, depth int) (template.HTML, error) {
	switch {
	case b.Fate == course.Hidden:
		return "", nil
	case b.Fate == course.Broken, depth > maxDepth:
		return v.notice(b, locale.Text("This part of the course cannot be shown."), b.Reason)
	case b.Fate == course.Unsupported && b.Type != "problem":
		return v.notice(b, locale.Text("This part of the course needs something that cannot be shown here."), b.Reason)
	}
	switch b.Type {
	case "html", "customtag":
		return v.renderHTML(b)
	case "video", "videoalpha":
		return v.renderVideo(ctx, b)
	case "problem":
		return v.renderProblem(ctx, b)
	case grading.DragType:
		return v.renderDrag(ctx, b)
	case "poll", "survey", "poll_question":
		v.passing = true // others vote
		return v.renderPoll(ctx, b)
	case "word_cloud":
		v.passing = true
		return v.renderCloud(ctx, b)
	case "done":
		return v.renderDone(b)
	case "lti", "lti_consumer":
		return v.renderTool(b)
	case "annotatable":
		return v.renderAnnotatable(b)
	}
	if b.Fate == course.Container || len(b.Children) > 0 {
		return v.renderContainer(ctx, b, depth)
	}
	return v.notice(b, locale.Text("This part of the course needs something that cannot be shown here."), b.Reason)
}

// notice stands in for a block.
func (v *view) notice(b *course.Block, text string, reasons ...string) (template.HTML, error) {
	if !v.s.Staff {
		reasons = nil
	}
	return v.html("notice", struct {
		part
		Text    string
		Reasons []string
	}{v.part(b), v.lang.T(text), slices.DeleteFunc(reasons, func(r string) bool { return r == "" })})
}

func (v *view) renderHTML(b *course.Block) (template.HTML, error) {
	text := v.content(b.Data)
	return v.html("html", struct {
		part
		HTML  template.HTML
		Paper bool
	}{v.part(b), template.HTML(text.html), text.paper}) //nolint:gosec // the course team is trusted
}

// renderContainer shows the children of b one below another.
func (v *view) renderContainer(ctx context.Context, b *course.Block, depth int) (template.HTML, error) {
	if b.Type == "conditional" && !v.learner.Open(b) {
		return v.renderLocked(b)
	}
	data := struct {
		part
		Children []template.HTML
		ResetURL string
	}{part: v.part(b)}
	for _, child := range v.children(b) {
		html, err := v.render(ctx, child, depth+1)
		if err != nil {
			return "", err
		}
		data.Children = append(data.Children, html)
	}
	if b.Draws() && b.Fields["allow_resetting_children"] == "true" && len(data.Children) > 0 {
		data.ResetURL = v.s.Base + "library/" + escapePath(b.Type) + "/" + escapePath(b.ID) + "/reset"
	}
	if len(data.Children) == 0 && v.s.Staff {
		return v.notice(b, locale.Text("Nothing is shown here."), fmt.Sprintf("This %s has nothing that this learner sees.", b.Type))
	}
	return v.html("container", data)
}

// renderLocked shows what a learner must do before a conditional block opens.
func (v *view) renderLocked(b *course.Block) (template.HTML, error) {
	conditions, err := v.c.Conditions(b)
	if err != nil {
		return v.notice(b, locale.Text("This part of the course cannot be shown."), err.Error())
	}
	var sources []link
	for _, cond := range conditions {
		source := v.c.Block(cond.Source)
		url, ok := v.address(source)
		if !ok {
			url = ""
		}
		sources = append(sources, link{url, v.nameOf(source)})
	}
	message, err := xmltree.ParseBytes([]byte("<p>"+b.ConditionMessage()+"</p>"), xmltree.Limits{})
	text := b.ConditionMessage()
	if err == nil {
		text = message.Text() // authors put markup into it
	}
	return v.html("locked", struct {
		part
		Parts []link
	}{v.part(b), linkParts(text, sources)})
}

// linkParts puts the sources in place of each {link} in text.
func linkParts(text string, sources []link) []link {
	var out []link
	for i, piece := range strings.Split(text, "{link}") {
		if i > 0 {
			out = append(out, commaSeparated(sources)...)
		}
		out = append(out, link{"", piece})
	}
	return out
}

func commaSeparated(list []link) []link {
	var out []link
	for i, l := range list {
		if i > 0 {
			out = append(out, link{"", ", "})
		}
		out = append(out, l)
	}
	return out
}
