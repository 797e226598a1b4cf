package web

import (
	"bytes"
	"fmt"
	"net/http"

	"lectern/ui"
)

// frontView is what the template ui/front/front.html gets.
type frontView struct{ Style string }

// Front returns the handler of the site's own address. It fails when the
// page's template is broken.
func Front() (Handler, error) {
	t, err := ParseTemplates("front", nil, "front/front.html")
	if err != nil {
		return nil, fmt.Errorf("front page: %w", err)
	}
	return func(w http.ResponseWriter, r *http.Request) error {
		var b bytes.Buffer
		err := t.In(Language(r)).ExecuteTemplate(&b, "front.html", frontView{Style: ui.Asset("layout/base.css")})
		if err != nil {
			return fmt.Errorf("front page: %w", err)
		}
		PageOf(r).SetHeaders(w.Header(), noScript)
		_, err = w.Write(b.Bytes())
		return err
	}, nil
}
