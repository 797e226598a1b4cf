package olx

import (
	"errors"
	"fmt"
	"html"
	"path"
	"regexp"
	"strings"

	"lectern/internal/course"
	"lectern/internal/course/trial"
	"lectern/internal/xmltree"
)

// Bounds of what <include> may add to one problem.
const (
	maxIncludes     = 50
	maxIncludeDepth = 5
)

// problem takes the problem's XML, with what it includes, since nothing of the
// course's files is at hand when it is shown.
func (l *loader) problem(n *node, def definition) {
	el := def.el
	el.Name = "problem"
	el.DelAttr("markdown") // what Studio made the XML from
	in := includer{l: l, left: maxIncludes, from: map[*xmltree.Node]string{}}
	if err := in.include(el, 0); err != nil {
		l.fail(n.block.Ref, def.file, "%v", err)
	}
	l.sources[n.block.Ref] = trial.NewSource(el, def.file, in.from)
	n.block.Data = l.portable(el.XML())
}

// includer puts the files that <include file="…"/> elements name in their place.
type includer struct {
	l    *loader
	left int                      // how many more files
	from map[*xmltree.Node]string // the file of each node put in
}

// include works on what is below el. An element whose file cannot be had stays,
// and breaks the problem.
func (in *includer) include(el *xmltree.Node, depth int) error {
	var failed error
	for i, child := range el.Children {
		if child.Name != "include" {
			failed = errors.Join(failed, in.include(child, depth))
			continue
		}
		if in.left--; in.left < 0 || depth >= maxIncludeDepth {
			return errors.Join(failed, errors.New("it includes too many files"))
		}
		file, content, err := in.read(child.Attr("file"))
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("include %q: %w", file, detail(err)))
			continue
		}
		failed = errors.Join(failed, in.include(content, depth+1))
		in.from[content] = file
		el.Children[i] = content
	}
	return failed
}

// read parses a file of the course by the name that an include gives it: from
// the course's root or, as Studio's authors have it, below static/.
func (in *includer) read(name string) (file string, content *xmltree.Node, err error) {
	file = path.Clean(strings.TrimPrefix(name, "/"))
	for _, folder := range append([]string{""}, assetFolders[:]...) {
		if under := path.Join(folder, file); in.l.src.has(under) {
			file = under
			break
		}
	}
	content, err = in.l.src.parse(file)
	return file, content, err
}

// templateVariable is how a custom tag's template refers to an attribute.
var templateVariable = regexp.MustCompile(`\$\{\s*(\w+)\s*\}|\$(\w+)`)

// customTag makes the HTML of a custom tag from its template in custom_tags/,
// with the element's attributes put in.
func (l *loader) customTag(n *node, def definition) {
	impl := def.el.Attr("impl")
	if child := def.el.Child("impl"); impl == "" && child != nil {
		impl = strings.TrimSpace(child.Text())
	}
	template, err := l.src.read(path.Join("custom_tags", impl))
	if err != nil {
		l.breakBlock(n, "", fmt.Sprintf("there is no template custom_tags/%s", impl))
		return
	}
	n.block.Data = l.portable(templateVariable.ReplaceAllStringFunc(string(template), func(m string) string {
		name := strings.Trim(m, "${} \t\n")
		if v, ok := def.el.Lookup(name); ok {
			return html.EscapeString(v)
		}
		return m
	}))
}

// portable rewrites addresses that hold for the source course alone: its files
// become /static/…, jumps become /jump_to_id/….
func (l *loader) portable(text string) string {
	return course.RewriteLinks(text, func(prefix, rest string) (string, bool) {
		switch prefix {
		case course.PrefixAsset, course.PrefixAssetKey, course.PrefixC4x:
			return l.portableAsset(prefix, rest)
		case course.PrefixCourses:
			return l.portablePage(rest)
		}
		return "", false
	})
}
