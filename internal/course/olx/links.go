package olx

import (
	"strings"

	"lectern/internal/course"
	"lectern/internal/keys"
)

// isOwn reports whether c is the course being read, under either of its names.
func (l *loader) isOwn(c keys.Course) bool { return l.key.Own(c) || l.origin.Own(c) }

func (l *loader) portableAsset(prefix, rest string) (string, bool) {
	name, tail := course.SplitLink(rest)
	a, err := keys.ParseAsset(prefix + name)
	if err != nil || !l.isOwn(a.Course) {
		return "", false
	}
	// The name is cut from the text as it is written: it stays encoded.
	written := strings.TrimSuffix(rest, tail)
	if i := strings.LastIndex(written, a.Name); i >= 0 {
		written = written[i:]
	} else {
		written = a.Name
	}
	return course.PrefixStatic + written + tail, true
}

// portablePage rewrites what follows /courses/: {course key}/jump_to/{usage key}
// and the like.
func (l *loader) portablePage(rest string) (string, bool) {
	name, tail := course.SplitLink(rest)
	c, page, ok := cutCourse(name)
	if !ok || !l.isOwn(c) {
		return "", false
	}
	if id, ok := strings.CutPrefix(page, "jump_to_id/"); ok {
		return course.PrefixJump + id + tail, true
	}
	if key, ok := strings.CutPrefix(page, "jump_to/"); ok {
		if ref, err := course.ParseRef(keys.UnquoteSlashes(key)); err == nil {
			return course.PrefixJump + ref.ID + tail, true
		}
	}
	return course.PrefixCourse + page + tail, true
}

// cutCourse cuts a course key of either style off the beginning of a path.
func cutCourse(path string) (c keys.Course, rest string, ok bool) {
	for slashes := range 3 {
		if slashes == 1 {
			continue // Org/Course is no key
		}
		at, from := -1, 0
		for range slashes + 1 {
			i := strings.IndexByte(path[from:], '/')
			if i < 0 {
				at = len(path)
				from = len(path)
				continue
			}
			at = from + i
			from = at + 1
		}
		if c, err := keys.ParseCourse(path[:at]); err == nil {
			return c, strings.TrimPrefix(path[at:], "/"), true
		}
	}
	return keys.Course{}, "", false
}

// deadLinks lists the addresses in b that lead to nothing in the course.
func (l *loader) deadLinks(c *course.Course, b *course.Block) {
	dead := func(target string) {
		if len(l.report.DeadLinks) < maxNotes {
			l.report.DeadLinks = append(l.report.DeadLinks, DeadLink{c.Usage(b).String(), target})
		}
	}
	static := func(rest string) (string, bool) {
		name, _ := course.SplitLink(rest)
		if b.Type == "problem" && strings.Contains(name, "$") {
			return "", false // a variable, known when somebody opens the problem
		}
		if _, found := c.Assets.Find(name); !found && name != "" {
			dead(course.PrefixStatic + name)
		}
		return "", false
	}
	course.RewriteLinks(b.Data, func(prefix, rest string) (string, bool) {
		name, tail := course.SplitLink(rest)
		switch prefix {
		case course.PrefixStatic:
			course.RewriteQuery(tail, static)
			return static(rest)
		case course.PrefixJump:
			if id := strings.Trim(name, "/"); c.BlockByID(id) == nil {
				dead(course.PrefixJump + id)
			}
		case course.PrefixAsset, course.PrefixAssetKey, course.PrefixC4x:
			if _, err := keys.ParseAsset(prefix + name); err == nil {
				dead(prefix + name) // own ones are /static/ by now
			}
		}
		return "", false
	})
}
