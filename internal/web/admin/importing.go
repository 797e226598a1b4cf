package admin

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"lectern/internal/account"
	"lectern/internal/credential"
	"lectern/internal/errs"
	"lectern/internal/importer"
	"lectern/internal/locale"
	"lectern/internal/signin"
	"lectern/internal/store"
	"lectern/internal/web"
)

// Bounds of an upload.
const (
	maxArchive   = 4 << 30 // bytes
	uploadWithin = time.Hour
)

// Refusals of uploads.
var (
	errUpload = errs.New(errs.Invalid, "course_upload_missing", "",
		"Please choose the file of a course export (.tar.gz).", "The form carries the field archive.")
	errUploadSize = errs.New(errs.TooLarge, "course_upload_too_large", "",
		"This file is too large to be uploaded here. Import it on the server instead.",
		"lectern course import takes archives of any size; the console takes 4 GiB.")
)

// versionRow is a version in a course's history.
type versionRow struct {
	store.VersionInfo
	Who string
}

// uploadPage is what ui/courses/upload.html gets.
type uploadPage struct{ Waiting []store.StagedImport }

func (h *Handler) getUpload(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	var p uploadPage
	err := h.Store.View(r.Context(), func(tx store.Tx) (err error) {
		p.Waiting, err = tx.Staged().List(r.Context(), "")
		return err
	})
	p.Waiting = slices.DeleteFunc(p.Waiting, func(s store.StagedImport) bool { return s.By != v.Who.ID && !v.Sees(s.CourseKey) })
	if err != nil {
		return err
	}
	return h.pages.Show(w, r, http.StatusOK, "courses/upload.html", v.Layout("Import a course", "courses", p))
}

// postUpload takes an archive. It is not behind [Handler.guard], which would read
// the whole form first: here nothing is read before it is known who sends it, and
// the file goes straight to disk.
func (h *Handler) postUpload(w http.ResponseWriter, r *http.Request) error {
	v, err := h.Visitors.Visit(r)
	if errors.Is(err, signin.ErrSession) {
		return web.SeeOther(w, r, "/login?next=/admin/import", "")
	}
	if err != nil {
		return err
	}
	if !v.Who.ConsoleRole().May(account.Import) {
		return ErrRight
	}
	// Slow lines may take long; a connection without deadline is none of these.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(uploadWithin))
	r.Body = http.MaxBytesReader(w, r.Body, maxArchive)
	parts, err := r.MultipartReader()
	if err != nil {
		return errUpload.Wrap(err)
	}
	token, err := parts.NextPart()
	if err != nil || token.FormName() != "csrf" {
		return web.ErrForged.Wrap(err)
	}
	said, err := io.ReadAll(io.LimitReader(token, 256))
	if err != nil || !credential.Same(said, []byte(v.CSRF)) {
		return web.ErrForged.Wrap(err)
	}
	file, err := parts.NextPart()
	if err != nil || file.FormName() != "archive" || file.FileName() == "" {
		return errUpload.Wrap(err)
	}
	staged, err := h.stage(r.Context(), v, file)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errUploadSize.Wrap(err)
	}
	if err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/import/"+staged.ID, "")
}

// stage puts an upload on disk and reads it.
func (h *Handler) stage(ctx context.Context, v web.Visit, file *multipart.Part) (*importer.Staged, error) {
	f, err := os.CreateTemp("", "lectern-upload-*.tar.gz")
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, file)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	name := file.FileName()
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	s, err := h.Importer.Stage(ctx, v.Who.ID, f.Name(), name, importer.Options{})
	if err != nil {
		return nil, err
	}
	return s, h.mayReplace(ctx, v, s)
}

// mayReplace reports whether a visitor may publish an import: of their own
// courses, or of one that is new.
func (h *Handler) mayReplace(ctx context.Context, v web.Visit, s *importer.Staged) error {
	if v.Who.ConsoleRole() != account.CourseTeam || s.Changes.New && s.By == v.Who.ID {
		return nil
	}
	var mine []string
	err := h.Store.View(ctx, func(tx store.Tx) (err error) {
		mine, err = tx.Accounts().Courses(ctx, v.Who.ID)
		return err
	})
	if err == nil && !slices.Contains(mine, s.CourseKey) {
		err = ErrNotYours
	}
	return err
}

// reviewPage is what ui/courses/review.html gets.
type reviewPage struct {
	*importer.Staged
	Who   string
	Lists []changeList
}

// changeList is one kind of change.
type changeList struct {
	ID, Title, Help string
	Bad             bool
	Notes           bool // some row has a detail
	Rows            []importer.Change
}

func (h *Handler) review(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	s, err := h.waiting(r, v)
	if err != nil {
		return err
	}
	p := reviewPage{Staged: s}
	names, err := h.usernames(r.Context(), s.By)
	if err != nil {
		return err
	}
	p.Who = names[s.By]
	var used, unused []importer.Change
	for _, c := range s.Changes.Removed {
		if c.Links+c.Learners > 0 {
			used = append(used, c)
		} else {
			unused = append(unused, c)
		}
	}
	for _, l := range []changeList{
		{"used", locale.Text("Removed, and in use"), locale.Text("Links to these stop working, and what learners did is not shown any more."), true, false, used},
		{"stopped", locale.Text("Problems that would not work any more"), locale.Text("Learners can answer them now."), true, false, s.Changes.Stopped},
		{"keys", locale.Text("Other right answers"), locale.Text("What learners have answered keeps its score; new answers are graded by the new key."), true, false, s.Changes.Keys},
		{"moved", locale.Text("Moved"), locale.Text("Links to these go on to work."), false, false, s.Changes.Moved},
		{"changed", locale.Text("Changed"), "", false, false, s.Changes.Changed},
		{"added", locale.Text("New"), "", false, false, s.Changes.Added},
		{"removed", locale.Text("Removed, and not in use"), "", false, false, unused},
	} {
		l.Notes = slices.ContainsFunc(l.Rows, func(c importer.Change) bool { return c.Detail != "" })
		if len(l.Rows) > 0 {
			p.Lists = append(p.Lists, l)
		}
	}
	return h.pages.Show(w, r, http.StatusOK, "courses/review.html", v.Layout("Review an import", "courses", p))
}

// waiting returns the import that the address names, if the visitor may decide
// about it.
func (h *Handler) waiting(r *http.Request, v web.Visit) (*importer.Staged, error) {
	s, err := h.Importer.Waiting(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s, h.mayReplace(r.Context(), v, s)
}

func (h *Handler) postPublish(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	s, err := h.waiting(r, v)
	if err != nil {
		return err
	}
	if _, err := h.Importer.Publish(r.Context(), v.Who.ID, s.ID, importer.Options{}); err != nil {
		return err
	}
	if v.Who.ConsoleRole() == account.CourseTeam && s.Changes.New {
		if err := h.join(r.Context(), v.Who.ID, s.CourseKey); err != nil {
			return err
		}
	}
	return web.SeeOther(w, r, "/admin/courses/"+s.CourseKey, "published")
}

// join puts who imported a new course into its team.
func (h *Handler) join(ctx context.Context, accountID, courseKey string) error {
	return h.Store.Update(ctx, func(tx store.Tx) error {
		list, err := tx.Accounts().Courses(ctx, accountID)
		if err != nil && !errors.Is(err, store.ErrNotFound) || slices.Contains(list, courseKey) {
			return err
		}
		return tx.Accounts().SetCourses(ctx, accountID, append(list, courseKey), h.Clock())
	})
}

func (h *Handler) postDiscard(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	s, err := h.waiting(r, v)
	if err != nil {
		return err
	}
	if err := h.Importer.Discard(r.Context(), v.Who.ID, s.ID); err != nil {
		return err
	}
	return web.SeeOther(w, r, "/admin/courses", "discarded")
}

// usernames returns the names of accounts that are still there; words for
// programs stay.
func (h *Handler) usernames(ctx context.Context, ids ...string) (map[string]string, error) {
	names := map[string]string{}
	err := h.Store.View(ctx, func(tx store.Tx) error {
		for _, id := range ids {
			names[id] = id
			a, err := tx.Accounts().ByID(ctx, id)
			if err == nil {
				names[id] = a.Username
			} else if !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return nil
	})
	return names, err
}

// history lists the newest imports of a course.
func (h *Handler) history(ctx context.Context, courseKey string) ([]versionRow, error) {
	var rows []versionRow
	var ids []string
	err := h.Store.View(ctx, func(tx store.Tx) error {
		list, err := tx.Courses().Versions(ctx, courseKey, 20)
		for _, x := range list {
			rows = append(rows, versionRow{x, x.By})
			if x.By != "" && !slices.Contains(ids, x.By) {
				ids = append(ids, x.By)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	names, err := h.usernames(ctx, ids...)
	for i := range rows {
		if name, ok := names[rows[i].By]; ok {
			rows[i].Who = name
		}
	}
	return rows, err
}
