package admin

import (
	"fmt"
	"net/http"
	"strings"

	"lectern/internal/connect"
	"lectern/internal/web"
)

// connectPage is what ui/consumer/connect.html gets.
type connectPage struct {
	ID       string // of the consumer
	Consumer string
	Guides   []connect.Guide
	Guide    *connect.Guide
	Steps    []connectStep
	Notes    []connectStep
}

// connectStep is a step with its values filled in.
type connectStep struct {
	connect.Step
	Link   bool // the source is an address
	Fields []connectField
}

// connectField is a field of the LMS. ID is set where there is something to
// copy; Secret is where the secret is shown.
type connectField struct {
	connect.Value
	ID, Secret string
}

// connect shows how an LMS is connected with a consumer's values.
func (h *Handler) connect(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	c, err := h.Registry.ByID(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	lms := r.PathValue("lms")
	if lms == "" {
		lms = connect.Guides()[0].ID
	}
	p := connectPage{ID: c.ID, Consumer: c.Name, Guides: connect.Guides(), Guide: connect.Find(lms)}
	if p.Guide == nil {
		return web.ErrNotFound
	}
	at := func(path string) string { return h.PublicURL.JoinPath(path).String() }
	values := connect.Values{
		Site: h.PublicURL.String(), Domain: h.PublicURL.Host, SelectURL: at("/lti_provider/content_item"),
		ConfigURL: at("/lti/config.xml"), Links: at("/lti_provider/courses") + "/", Key: c.Key,
	}
	n := 0
	fill := func(list []connect.Step) (out []connectStep) {
		for _, s := range list {
			x := connectStep{Step: s, Link: strings.HasPrefix(s.Source, "https://")}
			for _, f := range s.Values {
				n++
				field := connectField{Value: f}
				switch {
				case f.Put == "{secret}":
					field.Secret = "/admin/consumers/" + c.ID + "#consumer_secret"
				case strings.Contains(f.Put, "{"):
					field.Put = values.Fill(f.Put)
					field.ID = fmt.Sprintf("value-%d", n)
				case f.Put == "Lectern":
					field.ID = fmt.Sprintf("value-%d", n)
				}
				x.Fields = append(x.Fields, field)
			}
			out = append(out, x)
		}
		return out
	}
	p.Steps, p.Notes = fill(p.Guide.Steps), fill(p.Guide.Notes)
	return h.pages.Show(w, r, http.StatusOK, "consumer/connect.html", v.Layout("Connect an LMS", "consumers", p))
}
