package admin

import "lectern/internal/web"

// linkRoutes are the pages about a course's content and its way into an LMS.
func (h *Handler) linkRoutes() map[string]web.VisitHandler {
	return map[string]web.VisitHandler{
		"GET /admin/block/{key...}":               h.block,
		"POST /admin/preview/{key...}":            h.postPreview,
		"GET /admin/cartridge/{key...}":           h.getCartridge,
		"GET /admin/links.csv/{key...}":           h.linksCSV,
		"GET /admin/consumers/{id}/connect":       h.connect,
		"GET /admin/consumers/{id}/connect/{lms}": h.connect,
		"GET /admin/import":                       h.getUpload,
		"GET /admin/import/{id}":                  h.review,
		"POST /admin/import/{id}/publish":         h.postPublish,
		"POST /admin/import/{id}/discard":         h.postDiscard,
	}
}
