package problem

import (
	"strings"

	"lectern/internal/xmltree"
)

// include puts the files that <include file="…"> names in place of the tags.
// Included files are not searched for includes again.
func include(root *xmltree.Node, read func(string) (string, error)) error {
	files := root.FindAll("include")
	if len(files) > maxIncludes {
		return contentError(root, "more than %d includes", maxIncludes)
	}
	for _, n := range files {
		name, ok := n.Lookup("file")
		if !ok {
			continue
		}
		if read == nil {
			return contentError(n, "file %q cannot be included here", name)
		}
		text, err := read(name)
		if err != nil {
			return contentError(n, "include %q: %w", name, err)
		}
		sub, err := xmltree.ParseBytes([]byte(text), xmltree.Limits{
			Bytes: maxProblemBytes / maxIncludes, Nodes: maxProblemNodes / maxIncludes, Depth: maxProblemDepth / 2,
		})
		if err != nil {
			return contentError(n, "include %q: %w", name, err)
		}
		*n = *sub
	}
	return nil
}

// modernize rewrites two old notations into the ones the rest reads: the text
// of a string response's additional answer becomes its attribute, and option
// elements become an options attribute.
func modernize(root *xmltree.Node) error {
	for _, response := range within(root, "stringresponse") {
		for _, extra := range response.Elements("additional_answer") {
			if text := extra.Lead(); extra.Attr("answer") == "" && text != "" {
				extra.SetAttr("answer", text)
				dropLead(extra)
			}
		}
	}
	for _, in := range within(root, "optioninput") {
		if err := modernizeOptions(in); err != nil {
			return err
		}
	}
	return nil
}

// within returns n itself and its descendants that have the name.
func within(n *xmltree.Node, name string) []*xmltree.Node {
	found := n.FindAll(name)
	if n.Name == name {
		found = append([]*xmltree.Node{n}, found...)
	}
	return found
}

// dropLead removes the text before the first child element.
func dropLead(n *xmltree.Node) {
	for len(n.Children) > 0 && n.Children[0].IsText() {
		n.Children = n.Children[1:]
	}
}

func modernizeOptions(in *xmltree.Node) error {
	options := in.Elements("option")
	if len(options) == 0 {
		return nil
	}
	var names []string
	correct, count := "", 0
	for _, option := range options {
		name := strings.TrimSpace(option.Lead())
		if isTrue(option.Attr("correct")) {
			correct = name
			count++
		}
		names = append(names, "'"+name+"'")
	}
	if count > 1 {
		return contentError(in, "%w", say("Dropdown questions can only have one correct answer."))
	}
	in.SetAttr("options", "("+strings.Join(names, ",")+")")
	if correct != "" {
		in.SetAttr("correct", correct)
	}
	return nil
}

// isTrue reports whether an attribute says true, whatever the case.
func isTrue(s string) bool { return strings.EqualFold(s, "true") }
