package olx

import (
	"crypto/sha1" //nolint:gosec // names blocks as Open edX does; nothing secret
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"lectern/internal/course"
	"lectern/internal/keys"
	"lectern/internal/xmltree"
)

// needsName lists the types whose name learner state hangs on, so that a missing
// or repeated one is a mistake of the course.
func needsName(tag string) bool {
	switch tag {
	case "problem", "sequential", "video", "course", "chapter", "videosequence", "poll_question", "vertical":
		return true
	}
	return false
}

var underscores = regexp.MustCompile(`_+`)

// cleanName makes a name of a title.
func cleanName(s string) string {
	return underscores.ReplaceAllString(keys.CleanAssetName(s), "_")
}

// name returns the reference of the block that el stands for: its url_name, or
// what stood for it in older courses, or else its tag and a part of its hash. It
// is unique: a repeated one is renamed, with a remark. The written name, for
// finding the definition, is returned too.
func (l *loader) name(el *xmltree.Node, tag string) (ref course.Ref, written string) {
	for _, try := range []struct {
		attr  string
		clean func(string) string
	}{
		{"url_name", strings.TrimSpace}, {"slug", strings.TrimSpace}, {"name", cleanName}, {"display_name", cleanName},
	} {
		if v, ok := el.Lookup(try.attr); ok {
			written = try.clean(strings.ReplaceAll(v, null, ""))
			break
		}
	}
	ref = course.Ref{Type: tag, ID: written}
	if written == "" {
		ref.ID = tag + "_" + hash12(el)
		if needsName(tag) {
			l.fail(ref, "", "it has no name of any kind; learners' work is lost when its text changes")
		}
	}
	if !l.used[ref] {
		l.used[ref] = true
		return ref, written
	}
	first := ref
	ref.ID = renamed(tag, ref.ID, el)
	base := ref
	for l.used[ref] {
		l.repeats[base]++
		ref.ID = fmt.Sprintf("%s_%d", base.ID, l.repeats[base]+1)
	}
	l.used[ref] = true
	if needsName(tag) {
		l.fail(first, "", "a second block has this name; it is now %s", ref.ID)
	} else {
		l.warn(first, "", "used a second time, as %s", ref.ID)
	}
	return ref, written
}

// hashed matches a name that was made of a hash before.
var hashed = regexp.MustCompile(`_?[0-9a-fA-F]{12}$`)

// renamed returns the name of a block whose own name is taken.
func renamed(tag, id string, el *xmltree.Node) string {
	if strings.HasPrefix(id, tag) && hashed.MatchString(id) {
		id = strings.Trim(hashed.ReplaceAllString(strings.TrimPrefix(id, tag), ""), "_")
	}
	if id != "" {
		id = "_" + id
	}
	return tag + id + "_" + hash12(el)
}

func hash12(el *xmltree.Node) string {
	h := sha1.New() //nolint:gosec // see the import
	_ = el.WriteXML(h)
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// filePath is where a block's definition lies, without extension.
func filePath(tag, name string) string {
	return tag + "/" + strings.ReplaceAll(name, ":", "/")
}
