package olx

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"lectern/internal/course"
	"lectern/internal/xmltree"
)

// definition is where a block's content comes from.
type definition struct {
	el   *xmltree.Node // its element, attributes merged
	file string        // the file of el, "" when inline
	text *string       // content of an html file beside it
}

// html returns the HTML of an html block.
func (d definition) html() string {
	if d.text != nil {
		return *d.text
	}
	return d.el.InnerHTML()
}

// define finds the definition of the block that el stands for: el itself, the
// file it points to, the file its filename attribute names, or one after the
// other. It never returns a nil element.
func (l *loader) define(el *xmltree.Node, ref course.Ref, written string) (definition, error) {
	d := definition{el: el}
	pointed, err := l.pointed(el, ref, written)
	if pointed.el == nil {
		pointed.el = el
	}
	if err != nil || pointed.text != nil {
		return pointed, err
	}
	if pointed.file != "" {
		d = pointed
	}
	name, ok := d.el.Lookup("filename")
	if !ok || name == "" {
		return d, nil
	}
	if ref.Type == "html" {
		return l.htmlFile(d, written, name)
	}
	return l.namedFile(d, ref.Type, name)
}

// pointed follows a pointer. The result has no file when el is no pointer.
func (l *loader) pointed(el *xmltree.Node, ref course.Ref, written string) (definition, error) {
	if written == "" || !el.Blank() || el.Attr("filename") != "" {
		return definition{}, nil
	}
	file := filePath(ref.Type, written) + ".xml"
	switch {
	case l.src.has(file):
		d, err := l.fromFile(el, ref, file)
		return d, err
	case !isPointer(el):
		return definition{}, nil
	case ref.Type == "html" && l.src.has(filePath("html", written)+".html"):
		l.warn(ref, "", "its html/*.xml is missing; the HTML file beside it is taken")
		return l.htmlFile(definition{el: el}, written, path.Base(filePath("html", written)))
	case isContainer(ref.Type) || kindOf(ref.Type).file:
		return definition{file: file}, fmt.Errorf("its definition %s is missing", file)
	}
	return definition{}, nil
}

// fromFile reads a definition. A pointer has no attributes of its own; where
// there are some they win, as they do with filename.
func (l *loader) fromFile(el *xmltree.Node, ref course.Ref, file string) (definition, error) {
	content, err := l.src.parse(file)
	if err != nil {
		return definition{file: file}, err
	}
	if !isPointer(el) {
		own := false
		for _, a := range el.Attrs {
			if name := fieldName(ref.Type, a.Name); !isNever(name) {
				content.SetAttr(a.Name, a.Value)
				own = true
			}
		}
		if own {
			l.warn(ref, file, "the pointer has attributes of its own; they count over those of the file")
		}
	}
	return definition{el: content, file: file}, nil
}

// isPointer reports whether el is nothing but a reference to a file.
func isPointer(el *xmltree.Node) bool {
	if !el.Blank() || el.Attr("url_name") == "" && el.Attr("slug") == "" {
		return false
	}
	allowed := []string{"url_name", "slug"}
	if el.Name == "course" {
		allowed = append(allowed, "org", "course")
	}
	for _, a := range el.Attrs {
		if !slices.Contains(allowed, a.Name) {
			return false
		}
	}
	return true
}

// namedFile reads the file that a filename attribute names. The attributes of
// the element that names it win.
func (l *loader) namedFile(d definition, tag, name string) (definition, error) {
	file := path.Join(tag, name+".xml")
	candidates := []string{file}
	if tag == "problem" {
		candidates = append(candidates, path.Join("problems", name+".xml"), name+".xml")
	}
	i := slices.IndexFunc(candidates, l.src.has)
	if i < 0 {
		return definition{el: d.el, file: file}, fmt.Errorf("its file %s is missing", file)
	}
	content, err := l.src.parse(candidates[i])
	if err != nil {
		return definition{el: d.el, file: candidates[i]}, err
	}
	for _, a := range d.el.Attrs {
		content.SetAttr(a.Name, a.Value)
	}
	return definition{el: content, file: candidates[i]}, nil
}

// htmlFile reads the HTML that stands beside an html element.
func (l *loader) htmlFile(d definition, written, name string) (definition, error) {
	file := path.Join(path.Dir(filePath("html", written)), name+".html")
	i := slices.IndexFunc(htmlPaths(file), l.src.has)
	if i < 0 {
		return definition{el: d.el, file: d.file}, fmt.Errorf("its file %s is missing", file)
	}
	b, err := l.src.read(htmlPaths(file)[i])
	if err != nil {
		return definition{el: d.el, file: d.file}, err
	}
	text := strings.TrimPrefix(strings.ToValidUTF8(string(b), "\uFFFD"), "\uFEFF")
	d.text = &text
	return d, nil
}

// htmlPaths lists where an HTML file may lie, the right place first: people
// wrote the extension twice, or the path from elsewhere.
func htmlPaths(file string) []string {
	list := []string{file}
	switch {
	case strings.HasSuffix(file, ".html.xml"):
		file = strings.TrimSuffix(file, ".html.xml") + ".html"
	case strings.HasSuffix(file, ".xml.html"):
		file = strings.TrimSuffix(file, ".html")
	case strings.HasSuffix(file, ".html.html"):
		file = strings.TrimSuffix(file, ".html")
	}
	var tails []string
	for strings.Contains(file, "/") {
		tails = append(tails, file)
		_, file, _ = strings.Cut(file, "/")
	}
	list = append(list, tails...)
	for _, tail := range append(tails, file) {
		if base, ok := strings.CutSuffix(tail, ".xml"); ok {
			list = append(list, base+".html")
		}
	}
	return append(list, file)
}
