// Package admin is the console: where operators register external LMSs, see
// courses and their links, launches and scores.
//
// It shares its origin with course content, whose scripts are trusted by
// learners' pages but not here: [web.Visitors] says what keeps them apart.
package admin

import (
	"net/http"
	"net/url"
	"time"

	"lectern/internal/access"
	"lectern/internal/cartridge"
	"lectern/internal/catalog"
	"lectern/internal/grading"
	"lectern/internal/importer"
	"lectern/internal/linktest"
	"lectern/internal/locale"
	"lectern/internal/outcome"
	"lectern/internal/people"
	"lectern/internal/registry"
	"lectern/internal/safehttp"
	"lectern/internal/session"
	"lectern/internal/store"
	"lectern/internal/web"
)

// Deps is what the console needs.
type Deps struct {
	Store      store.Store
	Registry   *registry.Registry
	Visitors   *web.Visitors
	People     *people.Service
	Catalog    *catalog.Catalog
	Importer   *importer.Importer
	Grading    *grading.Service
	PublicURL  *url.URL
	Secure     func(r *http.Request) bool
	Wake       func() // sends owed scores now
	Networks   *outcome.Networks
	Outbound   safehttp.Options // what scores are sent with
	Clock      func() time.Time
	Sessions   *session.Sessions // of previews
	ContentURL string            // where learners' pages are; "" when on this host
	Tool       *cartridge.Tool   // what files of links say of this site
	Settings   []Setting         // the site's, as it was started

	LaunchLogDays int // how long the launch log keeps rows
	Tests         *linktest.Service

	Access         *access.Service
	AccessRequests bool   // the site takes requests for access
	Mail           Mailer // nil when the site sends none
}

// Handler serves the console. It is safe for concurrent use.
type Handler struct {
	Deps
	pages web.Pages
	needs map[string]need // by route
}

// New returns a console.
func New(d Deps) *Handler {
	pages := web.NewPages(
		"home/home.html", "consumers/consumers.html", "consumer/form.html", "consumer/delete.html",
		"courses/courses.html", "courses/upload.html", "courses/review.html", "course/course.html", "course/block.html",
		"consumer/connect.html", "launches/launches.html", "launches/launch.html", "test/form.html", "test/test.html", "scores/scores.html", "scores/score.html",
		"accounts/accounts.html", "accounts/form.html", "accounts/account.html", "accounts/import.html",
		"accounts/merge.html", "accounts/delete.html", "audit/audit.html", "dates/dates.html",
		"learners/learners.html", "rescore/rescore.html", "versions/versions.html",
		"access/list.html", "access/request.html", "help/help.html", "settings/settings.html", "search/search.html",
	)
	return &Handler{Deps: d, pages: pages, needs: needs()}
}

// Mount adds the console's addresses to the mux.
func (h *Handler) Mount(m *web.Mux) {
	m.Handle("GET /admin/login", func(w http.ResponseWriter, r *http.Request) error {
		return web.SeeOther(w, r, "/login?next=/admin", "")
	})
	for pattern, page := range map[string]web.VisitHandler{
		"GET /admin":                         h.home,
		"GET /admin/{$}":                     h.home,
		"GET /admin/search":                  h.search,
		"GET /admin/settings":                h.settings,
		"GET /admin/help":                    h.help,
		"GET /admin/help/{name...}":          h.helpText,
		"GET /admin/consumers":               h.consumers,
		"GET /admin/consumers/add":           h.getAdd,
		"POST /admin/consumers/add":          h.postAdd,
		"GET /admin/consumers/{id}":          h.getConsumer,
		"POST /admin/consumers/{id}":         h.postConsumer,
		"POST /admin/consumers/{id}/secret":  h.postReveal,
		"POST /admin/consumers/{id}/enable":  h.postEnable,
		"POST /admin/consumers/{id}/disable": h.postDisable,
		"GET /admin/consumers/{id}/delete":   h.getDelete,
		"POST /admin/consumers/{id}/delete":  h.postDelete,
		"GET /admin/courses":                 h.courses,
		"GET /admin/courses/{key...}":        h.course,
		"POST /admin/courses/{key...}":       h.postCheck,
		"GET /admin/launches":                h.launches,
		"GET /admin/launches.csv":            h.launchesCSV,
		"GET /admin/launches/{id}":           h.launch,
		"GET /admin/test":                    h.getTest,
		"POST /admin/test":                   h.postTest,
		"GET /admin/test/{id}":               h.showTest,
		"GET /admin/scores":                  h.scores,
		"GET /admin/scores.csv":              h.scoresCSV,
		"GET /admin/scores/{id}":             h.score,
		"POST /admin/scores/resend":          h.postResend,
		"POST /admin/scores/compare":         h.postCompare,
		"POST /admin/scores/repair":          h.postRepair,
		"POST /admin/scores/withdraw":        h.postWithdraw,
		"POST /admin/scores/{id}/allow":      h.postAllow,
		"POST /admin/consumers/{id}/rotate":  h.postRotate,
		"POST /admin/consumers/{id}/drop":    h.postDrop,
	} {
		m.Handle(pattern, h.guard(page))
	}
	for pattern, page := range h.teamRoutes() {
		m.Handle(pattern, h.guard(page))
	}
	for pattern, page := range h.linkRoutes() {
		m.Handle(pattern, h.guard(page))
	}
	for pattern, page := range h.accessRoutes() {
		m.Handle(pattern, h.guard(page))
	}
	for pattern, page := range h.accountRoutes() {
		m.Handle(pattern, h.guard(page))
	}
	m.Handle("GET /admin/test/{id}/return", backInLMS)
	m.Handle("POST /admin/import", h.postUpload)
	m.Handle("POST /admin/accounts/import", h.upload(h.guard(h.postImport)))
}

// notices are what a page may say after a form; the address names one.
func notice(r *http.Request) string {
	return map[string]string{
		"added":     locale.Text("The consumer was added. Copy its key and secret into the LMS."),
		"saved":     locale.Text("The changes were saved."),
		"enabled":   locale.Text("The consumer is enabled."),
		"disabled":  locale.Text("The consumer is disabled. Its open launches ended."),
		"deleted":   locale.Text("The consumer was deleted."),
		"resent":    locale.Text("The scores are on their way again."),
		"noscores":  locale.Text("Nothing was ticked, so nothing was done."),
		"comparing": locale.Text("The LMSs are being asked, a few scores at a time. Reload to see what they say."),
		"repairing": locale.Text("The LMSs are being asked, a few scores at a time. What they lack or hold otherwise is sent again; what somebody typed there stays."),
		"allowed":   locale.Text("The address is allowed. Its scores are on their way again."),
		"withdrawn": locale.Text("The address is not allowed any more."),
		"dropped":   locale.Text("The secret was dropped."),
		"password":  locale.Text("Your password is set. Welcome."),
	}[r.URL.Query().Get("done")]
}
