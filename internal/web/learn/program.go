package learn

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"time"

	xhtml "golang.org/x/net/html"

	"lectern/internal/course"
	"lectern/ui"
)

// programQuery is the parameter that asks for a file of the course as a program
// in a question: its page with our bridge in it. The value names the build, so
// that a new bridge has a new address.
const programQuery = "program"

// programPolicy keeps a program off the page around it and off the learner's
// session: whichever way its address is opened, its origin is its own.
const programPolicy = "sandbox allow-scripts allow-forms allow-popups allow-modals"

// maxProgram bounds a program's page, in bytes; what it loads is not bounded.
const maxProgram = 16 << 20

// isProgram reports whether a request asks for a page of the course as a
// program.
func isProgram(query url.Values, a course.Asset) bool {
	return query.Has(programQuery) && strings.HasPrefix(contentType(a), "text/html")
}

// sendProgram answers with a page of the course, our bridge before everything in
// it. Links in it are relative to the same address as ever.
func (h *Handler) sendProgram(w http.ResponseWriter, r *http.Request, a course.Asset, cache string) error {
	page, err := h.readAsset(r.Context(), a, maxProgram+1)
	if err != nil {
		return err
	}
	if len(page) > maxProgram {
		return ErrAsset.With("%q is longer than %d bytes", a.Name, maxProgram)
	}
	head := w.Header()
	head.Set("Content-Type", contentType(a))
	head.Set("Content-Security-Policy", programPolicy)
	head.Set("Cache-Control", cache)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(withBridge(page)))
	return nil
}

// withBridge puts the bridge's script where it runs before any other.
func withBridge(page []byte) []byte {
	at := bridgePlace(page)
	script := `<script src="` + ui.Asset("learn/bridge.js") + `"></script>`
	out := make([]byte, 0, len(page)+len(script))
	out = append(out, page[:at]...)
	out = append(out, script...)
	return append(out, page[at:]...)
}

// bridgePlace returns the first place for a script in a page: behind its doctype
// and the tags of html and head, before everything else.
func bridgePlace(page []byte) int {
	at, behind := 0, 0
	z := xhtml.NewTokenizer(bytes.NewReader(page))
	for {
		kind := z.Next()
		at += len(z.Raw())
		switch kind {
		case xhtml.DoctypeToken:
			behind = at
		case xhtml.CommentToken:
		case xhtml.TextToken:
			if len(bytes.TrimSpace(bytes.TrimPrefix(z.Raw(), []byte("\ufeff")))) > 0 {
				return behind
			}
		case xhtml.StartTagToken:
			switch name, _ := z.TagName(); string(name) {
			case "html":
				behind = at
			case "head":
				return at
			default:
				return behind
			}
		default:
			return behind // also io.EOF
		}
	}
}
