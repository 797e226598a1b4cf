package admin

import (
	"net/http"

	"lectern/internal/web"
)

// Setting is one setting of the site as the console shows it.
type Setting struct {
	Name     string // of the flag
	Variable string // of the environment
	Value    string // without secrets
	Default  bool   // nobody set it
	Help     string
}

// settingsPage is what ui/settings/settings.html gets.
type settingsPage struct{ Settings []Setting }

// settings shows how the site is set up. Settings are changed where it is
// started, so that replicas agree.
func (h *Handler) settings(w http.ResponseWriter, r *http.Request, v web.Visit) error {
	return h.pages.Show(w, r, http.StatusOK, "settings/settings.html", v.Layout("Settings", "settings", settingsPage{h.Settings}))
}
