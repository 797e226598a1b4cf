package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"

	"lectern/ui"
)

// frontView is what the template ui/front/front.html gets.
type frontView struct{ Style string }

// Front returns the handler of the site's own address. It fails when the
// page's template is broken.
func Front() (Handler, error) {
	t, err := template.ParseFS(ui.FS, "front/front.html")
	if err != nil {
		return nil, fmt.Errorf("front page: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, frontView{Style: ui.Asset("layout/base.css")}); err != nil {
		return nil, fmt.Errorf("front page: %w", err)
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		PageOf(r).SetHeaders(w.Header(), noScript)
		_, err := w.Write(b.Bytes())
		return err
	}, nil
}
