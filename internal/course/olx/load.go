package olx

import (
	"bytes"
	"encoding/json"

	"lectern/internal/course"
	"lectern/internal/course/trial"
	"lectern/internal/keys"
	"lectern/internal/xmltree"
)

// Bounds of a course tree. Pointers can make a small archive unfold into an
// endless course.
const (
	maxBlocks = 50_000
	maxDepth  = 50
)

// loader reads one course.
type loader struct {
	src    *source
	opts   Options
	key    keys.Course // what the course is imported as
	origin keys.Course // what the export calls itself
	policy map[string]metadata
	report *Report

	used    map[course.Ref]bool
	repeats map[course.Ref]int // how often a name made for a repeated block was taken
	loading map[string]bool    // definition files being read, against cycles
	sources map[course.Ref]trial.Source
	nodes   []*node
	full    bool
}

// load reads the block that el stands for and everything below it. It returns
// nil when the course has no room for more blocks.
func (l *loader) load(el *xmltree.Node, depth int) *node {
	if len(l.nodes) >= maxBlocks || depth > maxDepth {
		l.full = true
		return nil
	}
	tag := el.Name
	if !isBlockType(tag) && l.src.has("custom_tags/"+tag) { // <slides page="3"/>
		el.SetAttr("impl", tag)
		tag = "customtag"
	}
	ref, written := l.name(el, tag)
	if depth == 0 {
		ref.ID = l.rootID()
	}
	n := &node{block: &course.Block{Ref: ref}, own: metadata{}}
	l.nodes = append(l.nodes, n)
	def, err := l.define(el, ref, written)
	if def.file != "" {
		if l.loading[def.file] {
			l.breakBlock(n, def.file, "it contains itself")
			return n
		}
		l.loading[def.file] = true
		defer delete(l.loading, def.file)
	}
	if err != nil {
		l.attributes(n, el)
		l.applyPolicy(n, written)
		l.breakBlock(n, def.file, detail(err).Error())
		l.sources[ref] = trial.Source{File: def.file}
		return n
	}
	l.attributes(n, def.el)
	l.applyPolicy(n, written)
	l.content(n, def, depth)
	return n
}

// breakBlock makes n a placeholder.
func (l *loader) breakBlock(n *node, file, message string) {
	n.block.Fate, n.block.Reason = course.Broken, message
	l.fail(n.block.Ref, file, "%s", message)
}

// attributes puts the own attributes of el into n, under their names of today.
func (l *loader) attributes(n *node, el *xmltree.Node) {
	for _, a := range el.Attrs {
		if name := fieldName(n.block.Type, a.Name); !isNever(name) {
			n.own[name] = attributeText(a.Value)
		}
	}
	meta := el.Child("meta")
	if meta == nil {
		return
	}
	var more map[string]json.RawMessage
	if json.Unmarshal([]byte(meta.Text()), &more) != nil {
		return // an element of a page, not ours
	}
	for name, raw := range more {
		if name = fieldName(n.block.Type, name); !isNever(name) {
			n.own[name] = policyText(raw)
		}
	}
	el.Children = without(el.Children, meta)
}

func without(list []*xmltree.Node, drop *xmltree.Node) []*xmltree.Node {
	var out []*xmltree.Node
	for _, n := range list {
		if n != drop {
			out = append(out, n)
		}
	}
	return out
}

// fieldName translates the attribute names of 2012.
func fieldName(tag, name string) string {
	switch {
	case name == "name" && tag != "customtag":
		return "display_name"
	case name == "Due":
		return "due"
	case (tag == "video" || tag == "videoalpha") && name == "from":
		return "start_time"
	case (tag == "video" || tag == "videoalpha") && name == "to":
		return "end_time"
	case tag == "discussion" && name == "id":
		return "discussion_id"
	case tag == "discussion" && name == "for":
		return "discussion_target"
	}
	return name
}

// applyPolicy lets the policy file have the last word on n's attributes.
func (l *loader) applyPolicy(n *node, written string) {
	tag := n.block.Type
	entry := l.policy[tag+"/"+n.block.ID]
	if written != "" && entry == nil {
		entry = l.policy[tag+"/"+written]
	}
	for name, v := range entry {
		if name = fieldName(tag, name); !isNever(name) {
			n.own[name] = v
		}
	}
}

// readPolicy reads policies/<run>/policy.json, or where it lay before. A file
// that is no JSON says nothing.
func (l *loader) readPolicy(run string) {
	l.policy = map[string]metadata{}
	for _, name := range []string{"policies/" + run + "/policy.json", "policies/" + run + ".json"} {
		if !l.src.has(name) {
			continue
		}
		b, err := l.src.read(name)
		var raw map[string]map[string]json.RawMessage
		if err == nil {
			err = json.Unmarshal(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), &raw)
		}
		if err != nil {
			l.fail(course.Ref{}, name, "the policy is left out: %v", err)
			return
		}
		for key, fields := range raw {
			m := metadata{}
			for field, value := range fields {
				m[field] = policyText(value)
			}
			l.policy[key] = m
		}
		return
	}
}

// content fills n from its definition: data, or children.
func (l *loader) content(n *node, def definition, depth int) {
	b := n.block
	switch {
	case isContainer(b.Type):
		l.children(n, def, depth)
	case b.Type == "html":
		b.Data = l.portable(def.html())
	case b.Type == "problem":
		l.problem(n, def)
	case b.Type == "customtag":
		l.customTag(n, def)
	default:
		b.Data = l.portable(def.el.XML())
		if isInteractive(b.Type) {
			for name, v := range n.own { // their content is in attributes
				n.own[name] = l.portable(v)
			}
		}
	}
}

func (l *loader) children(n *node, def definition, depth int) {
	for _, child := range def.el.Elements() {
		switch {
		case child.Name == "wiki" || child.Name == "textbook" || child.Name == "grading_policy":
			l.report.Blocks[child.Name]++ // no block, but counted: nothing goes unsaid
			l.report.Fates[course.Hidden]++
			continue
		case n.block.Type == "conditional" && child.Name == "show":
			l.shown(n, child, depth)
			continue
		}
		if c := l.load(child, depth+1); c != nil {
			n.children = append(n.children, c)
		}
	}
}

// shown loads the blocks that a <show> element of a conditional refers to.
func (l *loader) shown(n *node, show *xmltree.Node, depth int) {
	fields := map[string]string{"sources": attributeText(show.Attr("sources"))}
	for _, source := range course.Sources(fields) {
		ref, err := course.ParseRef(source)
		if err != nil {
			l.fail(n.block.Ref, "", "<show> refers to %.200q, which is no usage key", source)
			continue
		}
		if c := l.load(xmltree.Element(ref.Type, "url_name", ref.ID), depth+1); c != nil {
			n.children = append(n.children, c)
		}
	}
	for _, child := range show.Elements() {
		if c := l.load(child, depth+1); c != nil {
			n.children = append(n.children, c)
		}
	}
}

// isContainer lists the types whose child elements are blocks.
func isContainer(tag string) bool {
	switch tag {
	case "course", "library", "chapter", "sequential", "vertical", "library_content", "itembank", "split_test",
		"conditional", "videosequence", "problemset", "wrapper", "section", "randomize":
		return true
	}
	return false
}

// isBlockType reports whether the tag is of a block that we know by name.
func isBlockType(tag string) bool {
	return isContainer(tag) || kindOf(tag).fate != ""
}
