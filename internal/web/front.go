package web

import (
	"bytes"
	"fmt"
	"net/http"

	"lectern/ui"
)

// frontView is what the template ui/front/front.html gets.
type frontView struct{ Style string }

// Front returns the handler of the site's own address.
func Front() Handler {
	t := NewTemplates("front", nil, "front/front.html")
	return func(w http.ResponseWriter, r *http.Request) error {
		var b bytes.Buffer
		err := t.Execute(&b, Language(r), "front.html", frontView{Style: ui.Asset("layout/base.css")})
		if err != nil {
			return fmt.Errorf("front page: %w", err)
		}
		PageOf(r).SetHeaders(w.Header(), noScript)
		_, err = w.Write(b.Bytes())
		return err
	}
}
