package olx

import (
	"path"
	"slices"
	"strings"

	"lectern/internal/course"
	"lectern/internal/keys"
	"lectern/internal/xmltree"
)

// noRun is what old exports wrote where the run belongs.
const noRun = "course"

// identify finds out which course this is: what the export calls itself, what
// it is imported as, and which file describes the run that was asked for.
func (l *loader) identify(root *xmltree.Node, policies map[string]assetPolicy) error {
	l.report.Runs = l.runs()
	if wanted := l.opts.CourseKey; wanted != nil {
		run := wanted.Run
		if root.Name == "course" && run != root.Attr("url_name") && slices.Contains(l.report.Runs, run) {
			*root = *xmltree.Element("course", "url_name", run, "org", root.Attr("org"), "course", root.Attr("course"))
		}
	}
	l.origin = l.selfKey(root)
	if l.opts.CourseKey != nil {
		l.key = *l.opts.CourseKey
		if l.origin.Run == noRun && root.Name == "course" {
			l.origin.Run, _ = l.guessRun(policies) // "" stands for any
		}
		return nil
	}
	if root.Name == "library" {
		l.key = l.origin
		return l.checkKey()
	}
	run := root.Attr("url_name")
	if run == "" || run == noRun {
		guess, from := l.guessRun(policies)
		if guess == "" {
			example := l.origin
			example.Run = "Run"
			return withHint(ErrRunMissing, example)
		}
		l.origin.Run = guess
		l.warn(course.Ref{}, "", "the run is taken from %s: %s. "+
			"Links made for the old site need the very same key; give it with --course-key if this one is wrong",
			from, l.origin)
	}
	l.key = l.origin
	return l.checkKey()
}

// checkKey refuses a key that no address could hold.
func (l *loader) checkKey() error {
	if l.key.Org == "" || l.key.Course == "" {
		return ErrCourseKey.With("course.xml says org %q, course %q", l.key.Org, l.key.Course)
	}
	if again, err := keys.ParseCourse(l.key.String()); err != nil || again != l.key {
		return ErrCourseKey.With("%q is no course key", l.key)
	}
	return nil
}

// selfKey is what the export calls itself, as far as it says.
func (l *loader) selfKey(root *xmltree.Node) keys.Course {
	if root.Name == "library" {
		return keys.Course{Org: root.Attr("org"), Course: root.Attr("library"), Library: true}
	}
	c := keys.Course{Org: root.Attr("org"), Course: root.Attr("course"), Run: root.Attr("url_name")}
	if c.Org != "" && c.Course != "" {
		return c
	}
	if described, err := l.src.parse(filePath("course", c.Run) + ".xml"); err == nil {
		if c.Org == "" {
			c.Org = described.Attr("org")
		}
		for _, name := range []string{"course", "number"} {
			if c.Course == "" {
				c.Course = described.Attr(name)
			}
		}
	}
	return c
}

// guessRun looks for the run where old exports say it by the way: in the keys of
// their files, and in the name of their wiki. It returns where it was found.
func (l *loader) guessRun(policies map[string]assetPolicy) (run, from string) {
	votes := map[string]int{}
	for _, p := range policies {
		if a, err := keys.ParseAsset(p.Filename); err == nil &&
			a.Course.Org == l.origin.Org && a.Course.Course == l.origin.Course && a.Course.Run != "" {
			votes[a.Course.Run]++
		} else if p.Son.Run != "" {
			votes[p.Son.Run]++
		}
	}
	for _, candidate := range sortedKeys(votes) {
		if run == "" || votes[candidate] > votes[run] {
			run = candidate
		}
	}
	wiki := l.wikiRun()
	switch {
	case run == "" && wiki != "":
		return wiki, "the wiki's name"
	case run != "" && wiki != "" && wiki != run:
		return run, "policies/assets.json, although the wiki's name says " + wiki
	case run != "":
		return run, "policies/assets.json"
	}
	return "", ""
}

// wikiRun returns the run that the wiki's name ends in, "" when it does not.
func (l *loader) wikiRun() string {
	for _, file := range []string{"course.xml", "course/" + noRun + ".xml"} {
		root, err := l.src.parse(file)
		if err != nil {
			continue
		}
		if wiki := root.Find("wiki"); wiki != nil {
			prefix := l.origin.Org + "." + l.origin.Course + "."
			if run, ok := strings.CutPrefix(wiki.Attr("slug"), prefix); ok && run != "" {
				return run
			}
		}
	}
	return ""
}

// runs lists the runs that a tree describes, if there are several.
func (l *loader) runs() []string {
	var out []string
	for _, name := range l.src.below("course") {
		run, ok := strings.CutSuffix(name, ".xml")
		if !ok || path.Dir(name) != "." {
			continue
		}
		if n, err := l.src.parse("course/" + name); err == nil && n.Name == "course" && n.Attr("contextid") == "" {
			out = append(out, run)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// rootID is the id of the course block itself.
func (l *loader) rootID() string {
	switch {
	case l.key.Library:
		return "library"
	case l.key.Deprecated:
		return l.key.Run
	}
	return "course"
}
