package main

import (
	"context"
	"html"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"lectern/internal/account"
	"lectern/internal/store"
)

// The routes that roles other than administrators may use; a course team on its
// own courses. Every other route of the console is for administrators alone.
func allowedRoutes() map[account.Role][]string {
	return map[account.Role][]string{
		account.NoRole: nil,
		account.Support: {
			"GET /admin", "GET /admin/{$}", "GET /admin/search", "GET /admin/help", "GET /admin/help/{name...}", "GET /admin/consumers", "GET /admin/consumers/{id}",
			"GET /admin/launches", "GET /admin/launches.csv", "GET /admin/launches/{id}",
			"GET /admin/accounts", "GET /admin/accounts/{id}", "GET /admin/audit",
			"GET /admin/access", "GET /admin/access/{id}", "GET /admin/access/{id}/data",
			"GET /admin/scores", "GET /admin/scores.csv", "GET /admin/scores/{id}",
			"GET /admin/courses", "GET /admin/courses/{key...}", "GET /admin/dates/{key...}", "GET /admin/consumers/{id}/dates",
			"GET /admin/learners/{key...}", "GET /admin/rescore/{key...}", "GET /admin/versions/{key...}",
			"GET /admin/consumers/{id}/connect", "GET /admin/consumers/{id}/connect/{lms}",
			"GET /admin/block/{key...}", "POST /admin/preview/{key...}", "GET /admin/links.csv/{key...}", "GET /admin/cartridge/{key...}",
		},
		account.CourseTeam: {
			"GET /admin", "GET /admin/{$}", "GET /admin/search", "GET /admin/help", "GET /admin/help/{name...}", "GET /admin/scores", "GET /admin/scores.csv", "GET /admin/scores/{id}",
			"GET /admin/courses", "GET /admin/courses/{key...}", "POST /admin/courses/{key...}",
			"GET /admin/dates/{key...}", "POST /admin/dates/{key...}", "GET /admin/learners/{key...}",
			"POST /admin/learners/{key...}", "GET /admin/rescore/{key...}", "POST /admin/rescore/{key...}",
			"GET /admin/versions/{key...}", "POST /admin/versions/{key...}",
			"GET /admin/block/{key...}", "POST /admin/preview/{key...}", "GET /admin/links.csv/{key...}", "GET /admin/cartridge/{key...}",
			"GET /admin/import", "POST /admin/import", "GET /admin/import/{id}", "POST /admin/import/{id}/publish", "POST /admin/import/{id}/discard",
		},
	}
}

// TestRightsOfEveryRoute walks all routes of the console with every role.
func TestRightsOfEveryRoute(t *testing.T) {
	s := startSite(t, nil)
	course := s.importFiles(testCourse()).CourseKey
	boss, _ := s.consoleOf()
	var routes []string
	for _, route := range s.site.mux.Routes() {
		if _, at, _ := strings.Cut(route, " "); strings.HasPrefix(at, "/admin") && at != "/admin/login" && at != "/admin/test/{id}/return" {
			routes = append(routes, route)
		}
	}
	if len(routes) < 40 {
		t.Fatalf("only %d routes", len(routes))
	}
	for role, allowed := range allowedRoutes() {
		for _, own := range []bool{true, false} {
			browser := s.withRole(boss, role, own, course)
			for _, route := range routes {
				may := slices.Contains(allowed, route)
				if role == account.CourseTeam && !own && aboutCourse(route) {
					may = false
				}
				p := s.walk(browser, route, course)
				refused := p.StatusCode == http.StatusForbidden
				if refused == may {
					t.Errorf("%q (own course: %v) at %s: %d %s", role, own, route, p.StatusCode, p.code())
				}
			}
		}
	}
}

// aboutCourse reports whether a route is about one course.
func aboutCourse(route string) bool {
	return strings.Contains(route, "{key...}") || strings.Contains(route, "/scores") && !strings.Contains(route, "{id}")
}

// withRole returns the browser of a new person with a role.
func (s *testSite) withRole(boss *http.Client, role account.Role, own bool, course string) *http.Client {
	s.t.Helper()
	name := "some-" + string(role)
	if own {
		name += "-own"
	}
	a := s.local(name, name+"@example.edu", "a pass phrase", false)
	fields := []string{"role", string(role)}
	if own {
		fields = append(fields, "course", course)
	}
	if p := s.press(boss, a.ID, "/role", fields...); p.StatusCode != 200 {
		s.t.Fatalf("give %s: %d %s", role, p.StatusCode, p.code())
	}
	return s.signedInAs(name, "a pass phrase")
}

// walk sends a request to a route, as its own page's form would.
func (s *testSite) walk(browser *http.Client, route, course string) page {
	s.t.Helper()
	method, at, _ := strings.Cut(route, " ")
	at = strings.NewReplacer("{$}", "", "{key...}", course, "{id}", "none").Replace(at)
	if method == http.MethodGet {
		return s.follow(browser, s.get(browser, at))
	}
	form := s.fill(s.get(browser, "/account"))
	return s.submit(browser, at, form)
}

// TestConsoleRoles: the menu shows what one may use, scores are those of one's courses,
// and roles end with the sessions that had them.
func TestConsoleRoles(t *testing.T) {
	s := startSite(t, nil)
	course := s.importFiles(testCourse()).CourseKey
	boss, _ := s.consoleOf()
	team := s.withRole(boss, account.CourseTeam, true, course)
	p := s.follow(team, s.get(team, "/admin"))
	if p.Request.URL.Path != "/admin/courses" || !strings.Contains(html.UnescapeString(p.body), course) {
		t.Errorf("the team lands at %s", p.Request.URL)
	}
	for link, shown := range map[string]bool{
		"/admin/courses": true, "/admin/scores": true,
		"/admin/consumers": false, "/admin/accounts": false, "/admin/launches": false, "/admin/audit": false,
	} {
		if strings.Contains(p.body, `href="`+link+`"`) != shown {
			t.Errorf("menu, %s: want %v", link, shown)
		}
	}
	if p := s.follow(team, s.get(team, "/admin/scores")); p.Request.URL.Query().Get("course") != course {
		t.Errorf("scores of all courses: %s", p.Request.URL)
	}
	if p := s.get(team, "/admin/scores?course="+url.QueryEscape("course-v1:Other+C+R")); p.StatusCode != 403 {
		t.Errorf("scores of another course: %d", p.StatusCode)
	}
	support := s.withRole(boss, account.Support, false, course)
	c := s.consumer("k", "very-secret", nil)
	if p := s.get(support, "/admin/consumers/"+c.ID); p.StatusCode != 200 || strings.Contains(p.body, "very-secret") {
		t.Errorf("support at a consumer: %d", p.StatusCode)
	}
	if code, out, _ := s.command("user", "list"); code != 0 || !strings.Contains(out, "support") || !strings.Contains(out, "team") {
		t.Errorf("user list: %d %s", code, out)
	}
	if code, out, _ := s.command("user", "role", "some-support", "team", "--course", "not a key"); code != 1 {
		t.Errorf("a course that is none: %d %s", code, out)
	}
	if code, out, _ := s.command("user", "role", "some-support", "none"); code != 0 {
		t.Errorf("take a role: %d %s", code, out)
	}
	if p := s.get(support, "/admin"); p.StatusCode != 303 {
		t.Errorf("a session outlives its role: %d", p.StatusCode)
	}
	s.view(func(ctx context.Context, tx store.Tx) error {
		a, err := tx.Accounts().ByUsername(ctx, "some-support")
		if err == nil && a.HasRights() {
			t.Errorf("still %s", a.ConsoleRole())
		}
		return err
	})
}
