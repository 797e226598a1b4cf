package learn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"gocloud.dev/gcerrors"

	"lectern/internal/assets"
	"lectern/internal/catalog"
	"lectern/internal/course"
)

// forever is for addresses that never change what they stand for.
const forever = "public, max-age=31536000, immutable"

// Asset serves GET /asset/{version}/static/{name}: a file that is not locked.
// The address names a course version, so its content never changes.
func (h *Handler) Asset(w http.ResponseWriter, r *http.Request, version, name string) error {
	c, err := h.Catalog.Version(r.Context(), version)
	if errors.Is(err, catalog.ErrCourse) {
		return ErrAsset.Wrap(err)
	}
	if err != nil {
		return err
	}
	a, ok := c.Assets.Find(name)
	if !ok || a.Locked {
		return ErrAsset.With("%.300q in version %s, locked: %v", name, version, a.Locked)
	}
	w.Header().Set("Access-Control-Allow-Origin", "*") // fonts, and frames that are sandboxed
	if isProgram(r.URL.Query(), a) {
		return h.sendProgram(w, r, a, forever)
	}
	return h.sendAsset(w, r, a, forever)
}

// getLocked serves static/{name} below a session: any file of the course, for
// its learners only.
func (v *view) getLocked(w http.ResponseWriter, r *http.Request, name string) error {
	a, ok := v.c.Assets.Find(name)
	if !ok {
		return ErrAsset.With("%.300q in version %s", name, v.c.VersionID)
	}
	const private = "private, max-age=300"
	if isProgram(r.URL.Query(), a) {
		return v.sendProgram(w, r, a, private)
	}
	return v.sendAsset(w, r, a, private)
}

// sendAsset answers with a file: whole, in ranges, or "not modified".
func (h *Handler) sendAsset(w http.ResponseWriter, r *http.Request, a course.Asset, cache string) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return ErrMethod.With("%s on an asset", r.Method)
	}
	ctx, cancel := context.WithTimeout(r.Context(), assets.Within)
	defer cancel()
	attrs, err := h.Blobs.Attributes(ctx, course.BlobKey(a.SHA256))
	if gcerrors.Code(err) == gcerrors.NotFound {
		return ErrAsset.With("blob of %q is gone: %w", a.Name, err)
	}
	if err != nil {
		return fmt.Errorf("asset %q: %w", a.Name, assets.Explain(err))
	}
	head := w.Header()
	head.Set("Content-Type", contentType(a))
	head.Set("ETag", `"`+a.SHA256+`"`)
	head.Set("Cache-Control", cache)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	file := &blobFile{open: func(offset int64) (io.ReadCloser, error) {
		return h.Blobs.NewRangeReader(r.Context(), course.BlobKey(a.SHA256), offset, -1, nil)
	}, size: attrs.Size}
	defer file.Close()
	http.ServeContent(w, r, "", time.Time{}, file)
	if file.broken != nil { // the answer has begun: for the log
		return fmt.Errorf("asset %q: %w", a.Name, assets.Explain(file.broken))
	}
	return nil
}

// contentType returns what the course says a file is, else what its name says.
func contentType(a course.Asset) string {
	t := a.ContentType
	if _, _, err := mime.ParseMediaType(t); err != nil || !strings.Contains(t, "/") || t == "application/octet-stream" {
		t = ""
	}
	if known := types[strings.ToLower(path.Ext(a.Name))]; known != "" && (t == "" || scripted(known)) {
		t = known // a style or script of the wrong type would not load at all
	}
	if t == "" {
		return "application/octet-stream"
	}
	if strings.HasPrefix(t, "text/") && !strings.Contains(t, "charset") {
		t += "; charset=utf-8"
	}
	return t
}

func scripted(t string) bool { return t == "text/css" || t == "text/javascript" }

// types are those that courses hold; the machine's own table may lack them.
var types = map[string]string{
	".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript",
	".html": "text/html", ".htm": "text/html", ".txt": "text/plain", ".csv": "text/csv", ".xml": "text/xml",
	".json": "application/json", ".pdf": "application/pdf", ".zip": "application/zip",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
	".svg": "image/svg+xml", ".webp": "image/webp", ".ico": "image/x-icon", ".bmp": "image/bmp",
	".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".ogg": "audio/ogg", ".wav": "audio/wav",
	".mp4": "video/mp4", ".webm": "video/webm", ".ogv": "video/ogg", ".m3u8": "application/vnd.apple.mpegurl",
	".vtt": "text/vtt", ".srt": "text/plain", ".sjson": "application/json",
	".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".otf": "font/otf",
	".wasm": "application/wasm", ".doc": "application/msword", ".xls": "application/vnd.ms-excel",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}

// readWithin is how long a small file may take.
const readWithin = 30 * time.Second

// readAsset returns a small file whole: at most limit bytes.
func (h *Handler) readAsset(ctx context.Context, a course.Asset, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	file, err := h.Blobs.NewReader(ctx, course.BlobKey(a.SHA256), nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrAsset.With("blob of %q is gone: %w", a.Name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("asset %q: %w", a.Name, assets.Explain(err))
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, limit))
	if err != nil {
		return nil, fmt.Errorf("asset %q: %w", a.Name, assets.Explain(err))
	}
	return b, nil
}

// blobFile reads a blob the way [http.ServeContent] wants: it opens the store's
// file at the place that is read, once for each range.
type blobFile struct {
	open         func(offset int64) (io.ReadCloser, error)
	size, offset int64
	body         io.ReadCloser
	broken       error // what ended reading, other than the file's end
}

// Read reads from the current offset on.
func (f *blobFile) Read(p []byte) (int, error) {
	if f.offset >= f.size {
		return 0, io.EOF
	}
	if f.body == nil {
		var err error
		if f.body, err = f.open(f.offset); err != nil {
			f.broken = err
			return 0, err
		}
	}
	n, err := f.body.Read(p)
	f.offset += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		f.broken = err
	}
	return n, err
}

// Seek sets the offset of the next Read.
func (f *blobFile) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.offset
	case io.SeekEnd:
		offset += f.size
	}
	if offset < 0 {
		return 0, errNegativeSeek
	}
	if offset != f.offset {
		f.Close()
	}
	f.offset = offset
	return offset, nil
}

// Close closes the store's file, if one is open.
func (f *blobFile) Close() error {
	if f.body == nil {
		return nil
	}
	err := f.body.Close()
	f.body = nil
	return err
}

var errNegativeSeek = errors.New("seek before the start of an asset")
