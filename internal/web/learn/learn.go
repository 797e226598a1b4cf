package learn

import (
	"html/template"
	"net/url"
	"time"

	"gocloud.dev/blob"

	"lectern/internal/catalog"
	"lectern/internal/errs"
	"lectern/internal/grading"
	"lectern/internal/store"
	"lectern/internal/web"
	"lectern/ui"
)

// ErrView means that a launch asked for a view there is not.
var ErrView = errs.New(errs.Invalid, "launch_view_unknown", "",
	"This link asks for a view that does not exist.",
	"In the launch address, view is student_view or public_view, or is left out.")

// ErrBlock means that there is no such block in what was launched, or not for
// this learner.
var ErrBlock = errs.New(errs.NotFound, "block_hidden", "",
	"This content is not available: it may not have started yet, or it is not shown to learners.",
	"Check start dates, staff-only and group settings of the block and of all around it.")

// ErrAsset means that a course has no such file, or not at this address.
var ErrAsset = errs.New(errs.NotFound, "asset_unknown", "",
	"There is no such file in this course.",
	"The course's import report lists links without a file.")

// Deps is what the pages need.
type Deps struct {
	Store   store.Store
	Catalog *catalog.Catalog
	Grading *grading.Service
	Blobs   *blob.Bucket // assets by content, see course.BlobKey
	Clock   func() time.Time
}

// Handler serves learners' pages. It is safe for concurrent use.
type Handler struct {
	Deps
	templates web.Templates
	previews  *pace
	prepared  *memory[preparedKey, *prepared]
	pages     *memory[pageKey, *keptPage]
}

// New returns a handler.
func New(d Deps) *Handler {
	return &Handler{
		Deps: d, templates: web.NewTemplates("learn", template.FuncMap{"asset": ui.Asset}, "learn/*.html"),
		previews: &pace{most: previewsAtOnce, within: previewsWithin},
		prepared: newMemory[preparedKey, *prepared](preparedBytes),
		pages:    newMemory[pageKey, *keptPage](pageBytes),
	}
}

// CheckQuery reports whether the query of a launch address asks for something
// we can show: its error is [ErrView].
func CheckQuery(q url.Values) error {
	switch q.Get("view") {
	case "", "student_view", "public_view":
		return nil
	}
	return ErrView.With("view=%.100q", q.Get("view"))
}
