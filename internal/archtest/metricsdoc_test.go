package archtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lectern/internal/spectest"
	"lectern/internal/telemetry"
)

func allMetrics() []telemetry.Metric {
	m := telemetry.New()
	m.Build("test")
	list := slices.Clone(m.List())
	slices.SortFunc(list, func(a, b telemetry.Metric) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// TestMetricsDoc keeps docs/metrics.md equal to the metrics in the code.
func TestMetricsDoc(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Metrics\n\nWhat `/metrics` tells in Prometheus' text format, beside the numbers of the Go runtime (`go_…`) and the process\n" +
		"(`process_…`). [Monitoring](operator/monitoring.md) says where it is and what to watch. Labels never name a consumer, a course or a person.\n" +
		"Made from the source by `go test ./internal/archtest -run MetricsDoc -update`.\n\n" +
		"| metric | kind | labels | |\n|---|---|---|---|\n")
	for _, m := range allMetrics() {
		if !strings.HasPrefix(m.Name, "lectern_") || !strings.HasSuffix(m.Help, ".") {
			t.Errorf("%s: %q", m.Name, m.Help)
		}
		labels := ""
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "` `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Kind, labels, cell(m.Help))
	}
	path := filepath.Join(spectest.Root(t), "docs", "metrics.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != b.String() {
		t.Errorf("docs/metrics.md is out of date (%v): go test ./internal/archtest -run MetricsDoc -update", err)
	}
}

// series are the names and labels that expressions may use.
func series() map[string][]string {
	known := map[string][]string{}
	for _, m := range allMetrics() {
		if m.Kind != "histogram" {
			known[m.Name] = m.Labels
			continue
		}
		known[m.Name+"_count"], known[m.Name+"_sum"] = m.Labels, m.Labels
		known[m.Name+"_bucket"] = append(slices.Clone(m.Labels), "le")
	}
	return known
}

var (
	seriesName = regexp.MustCompile(`\b(?:lectern|go|process)_[a-z_0-9]+`)
	matcher    = regexp.MustCompile(`\b((?:lectern)_[a-z_0-9]+)\{([^}]*)\}`)
	labelName  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
	grouping   = regexp.MustCompile(`\bby\s*\(([^)]*)\)`)
)

// checkExpr reports names and labels in a PromQL expression that Lectern does
// not have.
func checkExpr(t *testing.T, where, expr string) {
	t.Helper()
	known, names := series(), seriesName.FindAllString(expr, -1)
	labels := []string{"job", "instance"} // Prometheus' own
	for _, name := range names {
		if !strings.HasPrefix(name, "lectern_") {
			continue
		}
		list, ok := known[name]
		if !ok {
			t.Errorf("%s: there is no metric %s", where, name)
		}
		labels = append(labels, list...)
	}
	if len(names) == 0 && !strings.Contains(expr, "up{") {
		t.Errorf("%s: %q is about nothing", where, expr)
	}
	for _, m := range matcher.FindAllStringSubmatch(expr, -1) {
		for _, l := range labelName.FindAllStringSubmatch(m[2], -1) {
			if !slices.Contains(append([]string{"job", "instance"}, known[m[1]]...), l[1]) {
				t.Errorf("%s: %s has no label %s", where, m[1], l[1])
			}
		}
		checkValues(t, where, m[1], m[2])
	}
	for _, g := range grouping.FindAllStringSubmatch(expr, -1) {
		for l := range strings.SplitSeq(g[1], ",") {
			if !slices.Contains(labels, strings.TrimSpace(l)) {
				t.Errorf("%s: groups by %q, which none of its metrics has", where, l)
			}
		}
	}
}

var labelValue = regexp.MustCompile(`(code|class|state|status|result)(?:=~|!~|!=|=)"([^"]*)"`)

// checkValues reports labels that are compared with what they never are.
func checkValues(t *testing.T, where, metric, matchers string) {
	t.Helper()
	docs, err := os.ReadFile(filepath.Join(spectest.Root(t), "docs", "errors.md"))
	if err != nil {
		t.Fatal(err)
	}
	about := string(docs) + "`5xx`"
	for _, m := range allMetrics() {
		if strings.HasPrefix(metric, m.Name) {
			about += m.Help
		}
	}
	for _, m := range labelValue.FindAllStringSubmatch(matchers, -1) {
		for value := range strings.SplitSeq(m[2], "|") {
			if !strings.Contains(about, "`"+value+"`") {
				t.Errorf("%s: %s never has %s %q", where, metric, m[1], value)
			}
		}
	}
}

// TestDashboard checks that every panel of the example dashboard shows metrics
// that there are, and says what they mean.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(spectest.Root(t), "deploy", "grafana", "lectern.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		UID    string
		Title  string
		Panels []struct {
			ID          int
			Type        string
			Title       string
			Description string
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	if d.UID == "" || d.Title == "" || len(d.Panels) < 10 {
		t.Errorf("%q has %d panels", d.Title, len(d.Panels))
	}
	seen := map[int]bool{}
	for _, p := range d.Panels {
		if seen[p.ID] {
			t.Errorf("panel %d is there twice", p.ID)
		}
		seen[p.ID] = true
		if p.Type == "row" {
			continue
		}
		if p.Title == "" || p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("panel %d (%q) lacks a title, a description or a query", p.ID, p.Title)
		}
		for _, target := range p.Targets {
			checkExpr(t, p.Title, target.Expr)
		}
	}
}

// TestAlerts checks that every alert is about metrics that there are, and says
// what happened and what to do.
func TestAlerts(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(spectest.Root(t), "deploy", "prometheus", "alerts.yml"))
	if err != nil {
		t.Fatal(err)
	}
	rules := strings.Split(string(text), "\n      - alert: ")[1:]
	if len(rules) < 8 {
		t.Fatalf("%d alerts", len(rules))
	}
	field := regexp.MustCompile(`(?m)^\s+(expr|for|severity|summary|act): (\S.*)$`)
	for _, rule := range rules {
		name, _, _ := strings.Cut(rule, "\n")
		has := map[string]string{}
		for _, m := range field.FindAllStringSubmatch(rule, -1) {
			has[m[1]] = m[2]
		}
		for _, want := range []string{"expr", "severity", "summary", "act"} {
			if has[want] == "" {
				t.Errorf("alert %s has no %s on a line of its own", name, want)
			}
		}
		checkExpr(t, name, has["expr"])
	}
}
