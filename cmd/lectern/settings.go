package main

import (
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"lectern/internal/web/admin"
)

// settingsList returns how the site was started, for the console: every setting
// with its value, but no secret.
func settingsList(app *App) ([]admin.Setting, error) {
	c := cli{Config: *app.Config}
	parser, err := newParser(&c, io.Discard, io.Discard)
	if err != nil {
		return nil, err
	}
	var list []admin.Setting
	for _, f := range settings(parser.Model.Node) {
		value := strings.Trim(fmt.Sprint(f.Target.Interface()), "[]")
		list = append(list, admin.Setting{
			Name: f.Name, Variable: strings.Join(f.Envs, " "), Value: harmless(f.Name, value),
			Default: value == f.Default || value == "", Help: f.Help,
		})
	}
	return list, nil
}

// secretSettings are shown as being there, and no more.
func secretSettings() []string { return []string{"sealing-key", "oidc-client-secret", "grader-token"} }

// harmless returns a value without secrets: passwords in addresses too.
func harmless(name, value string) string {
	if value == "" {
		return ""
	}
	if slices.Contains(secretSettings(), name) {
		return "•••"
	}
	if u, err := url.Parse(value); err == nil && (u.User != nil || u.RawQuery != "") {
		if u.RawQuery != "" {
			u.RawQuery = "…"
		}
		return u.Redacted()
	}
	return value
}
