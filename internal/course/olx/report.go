package olx

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lectern/internal/course"
	"lectern/internal/course/trial"
	"lectern/internal/errs"
	"lectern/internal/keys"
	"lectern/internal/problem"
)

// Report says what became of everything in a course. Its JSON form is what
// `lectern course import --json` prints and what the console shows.
type Report struct {
	CourseKey string              `json:"course_key"`
	Version   int64               `json:"version"` // 1, 2, 3 … per course; 0 when it was only read
	VersionID string              `json:"version_id"`
	Unchanged bool                `json:"unchanged"` // the same content was published already
	Name      string              `json:"name"`
	Blocks    map[string]int      `json:"blocks"` // by type, with a wiki's node, which is left out
	Fates     map[course.Fate]int `json:"fates"`
	Problems  Problems            `json:"problems"`
	Checks    []trial.Entry       `json:"checks"`    // of each problem
	NotShown  []Note              `json:"not_shown"` // unsupported blocks and why
	DeadLinks []DeadLink          `json:"dead_links"`
	Errors    []Note              `json:"errors"`   // the course's mistakes; the blocks are broken or renamed
	Warnings  []Note              `json:"warnings"` // read in a way the course team may not have meant
	Assets    int                 `json:"assets"`
	Drafts    int                 `json:"drafts"`         // units of drafts/, left out
	Runs      []string            `json:"runs,omitempty"` // of a tree that holds several courses
	Source    string              `json:"source"`         // SHA-256 of all content, hex
}

// Digest returns Source as bytes.
func (r *Report) Digest() ([]byte, error) { return hex.DecodeString(r.Source) }

// BlockTypes returns the types in Blocks, sorted.
func (r *Report) BlockTypes() []string { return sortedKeys(r.Blocks) }

// Problems counts problem blocks by what it takes to grade them.
type Problems struct {
	Native      int `json:"native"`
	Python      int `json:"python"`
	External    int `json:"external"`
	Unsupported int `json:"unsupported"`
	Broken      int `json:"broken"`
	Answerable  int `json:"answerable"` // by learners of this site, whatever it takes
}

// Note is a remark about a part of a course.
type Note struct {
	Where   string `json:"where"` // usage key, file below the course's root, or both
	Message string `json:"message"`
}

// DeadLink is an address in a block that leads to nothing in the course.
type DeadLink struct {
	Block  string `json:"block"`
	Target string `json:"target"`
}

// maxNotes bounds each list of a report; a course of mistakes must not fill the
// database.
const maxNotes = 5000

func newReport() *Report {
	return &Report{
		Blocks: map[string]int{}, Fates: map[course.Fate]int{},
		Checks: []trial.Entry{}, NotShown: []Note{}, DeadLinks: []DeadLink{}, Errors: []Note{}, Warnings: []Note{},
	}
}

func note(list *[]Note, n Note) {
	if len(*list) < maxNotes {
		*list = append(*list, n)
	}
}

// fail records a mistake of the course.
func (l *loader) fail(ref course.Ref, file, format string, args ...any) {
	note(&l.report.Errors, Note{l.where(ref, file), fmt.Sprintf(format, args...)})
}

// warn records that something was read leniently.
func (l *loader) warn(ref course.Ref, file, format string, args ...any) {
	note(&l.report.Warnings, Note{l.where(ref, file), fmt.Sprintf(format, args...)})
}

// where names a block by its usage key, a file by its path.
func (l *loader) where(ref course.Ref, file string) string {
	switch {
	case ref.Type == "" && file == "":
		return "course.xml"
	case ref.Type == "":
		return file
	case file == "":
		return l.key.Usage(ref.Type, ref.ID).String()
	}
	return l.key.Usage(ref.Type, ref.ID).String() + " (" + file + ")"
}

// count fills the report's numbers from the finished course.
func (r *Report) count(c *course.Course) {
	c.Blocks(func(b *course.Block) {
		r.Blocks[b.Type]++
		r.Fates[b.Fate]++
		if b.Fate == course.Unsupported {
			note(&r.NotShown, Note{c.Usage(b).String(), b.Reason})
		}
	})
	r.countProblems()
	slices.SortStableFunc(r.DeadLinks, func(a, b DeadLink) int { return cmp.Compare(a.Block, b.Block) })
	r.DeadLinks = slices.Compact(r.DeadLinks)
}

// countProblems counts the checks, and bounds them after that.
func (r *Report) countProblems() {
	r.Problems = Problems{}
	for i := range r.Checks {
		e := &r.Checks[i]
		n := map[problem.Class]*int{
			problem.Native: &r.Problems.Native, problem.Python: &r.Problems.Python, problem.External: &r.Problems.External,
			problem.Unsupported: &r.Problems.Unsupported, problem.Broken: &r.Problems.Broken,
		}[e.Status]
		*n++
		if e.Answerable {
			r.Problems.Answerable++
		}
	}
	r.Checks = r.Checks[:min(len(r.Checks), maxNotes)]
}

// broken is what Errors say about a problem that is broken, if it is.
func broken(e *trial.Entry) (Note, bool) {
	message := e.Reason
	if e.Line > 0 {
		message = fmt.Sprintf("line %d: %s", e.Line, e.Reason)
	}
	return Note{e.Usage, message}, e.Status == problem.Broken
}

// NoteBroken makes Errors speak of the problems that are broken by Checks, and
// no more of those that were broken by old ones.
func (r *Report) NoteBroken(old []trial.Entry) {
	for i := range old {
		if n, ok := broken(&old[i]); ok {
			r.Errors = slices.DeleteFunc(r.Errors, func(x Note) bool { return x == n })
		}
	}
	for i := range r.Checks {
		n, ok := broken(&r.Checks[i])
		known := func(x Note) bool { // perhaps with the file that could not be read
			return x.Message == n.Message && (x.Where == n.Where || strings.HasPrefix(x.Where, n.Where+" ("))
		}
		if ok && !slices.ContainsFunc(r.Errors, known) {
			note(&r.Errors, n)
		}
	}
}

// Retried returns a copy of the report after the problems of c, which it is
// about, were tried again.
func (r *Report) Retried(c *course.Course, fates map[course.Ref]course.Fate, checks []trial.Entry) *Report {
	n := *r
	n.Fates = maps.Clone(r.Fates)
	n.Errors, n.NotShown = slices.Clone(r.Errors), []Note{}
	for ref, old := range fates {
		n.Fates[old]--
		n.Fates[c.Block(ref).Fate]++
	}
	maps.DeleteFunc(n.Fates, func(_ course.Fate, count int) bool { return count == 0 })
	c.Blocks(func(b *course.Block) {
		if b.Fate == course.Unsupported {
			note(&n.NotShown, Note{c.Usage(b).String(), b.Reason})
		}
	})
	n.Checks = sameLines(r.Checks, checks)
	n.NoteBroken(r.Checks)
	n.countProblems()
	return &n
}

// sameLines returns fresh with the lines of old where both say the same: only an
// import knows the files.
func sameLines(old, fresh []trial.Entry) []trial.Entry {
	known := map[string]*trial.Entry{}
	for i := range old {
		known[old[i].Usage] = &old[i]
	}
	for i := range fresh {
		e := &fresh[i]
		if o := known[e.Usage]; o != nil && o.Status == e.Status && o.Reason == e.Reason && o.Module == e.Module {
			e.File, e.Line = o.File, o.Line
		}
	}
	return fresh
}

// Errors of a course whose name is not known.
var (
	ErrCourseKey = errs.New(errs.Invalid, "course_key_unknown", "",
		"The course does not say its organisation and number.",
		"Give the key that links use with --course-key course-v1:Org+Course+Run.")
	ErrRunMissing = errs.New(errs.Invalid, "course_run_missing", "",
		"The course does not say which run it is.",
		"Give the key that links use with --course-key course-v1:Org+Course+Run.")
	ErrCourseXML = errs.New(errs.Invalid, "course_xml_unreadable", "",
		"The file that describes the course cannot be read.",
		"The detail names the file and the line. Correct it and import again.")
)

// withHint returns e with the key that is probably meant, so that it can be
// pasted.
func withHint(e *errs.Error, guess keys.Course) *errs.Error {
	c := *e
	c.Hint = fmt.Sprintf("Give the key that links use, perhaps --course-key %s", guess)
	return &c
}
