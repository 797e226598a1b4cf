package admin

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"lectern/internal/cartridge"
	"lectern/internal/course"
	"lectern/internal/errs"
	"lectern/internal/outline"
	"lectern/internal/store"
	"lectern/internal/web"
)

// errGrain means that a cartridge was asked for at a level there is not.
var errGrain = errs.New(errs.Invalid, "cartridge_grain_unknown", "",
	"Links can be made for sections, subsections, units or components.", "")

// getCartridge sends a Thin Common Cartridge of a course.
func (h *Handler) getCartridge(w http.ResponseWriter, r *http.Request, _ web.Visit) error {
	c, tree, err := h.tree(r)
	if err != nil {
		return err
	}
	grain := course.Level(r.URL.Query().Get("grain"))
	modules, err := modules(tree, grain)
	if err != nil {
		return err
	}
	name := fileName(r.PathValue("key")) + "-" + string(grain) + "s.imscc"
	w.Header().Set("Content-Type", "application/vnd.ims.imsccv1p1")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Cache-Control", "no-store")
	return h.Tool.Write(w, &cartridge.Course{
		ID: r.PathValue("key"), Title: c.Name, Lang: c.Language, Modules: modules, Made: h.Clock(),
		Text: "LTI links to " + c.Name + " at " + h.PublicURL.Host,
	})
}

// tree returns a course's outline with its report.
func (h *Handler) tree(r *http.Request) (*course.Course, *outline.Node, error) {
	c, err := h.Catalog.Course(r.Context(), r.PathValue("key"))
	if err != nil {
		return nil, nil, err
	}
	report, err := h.Importer.Report(r.Context(), r.PathValue("key"))
	if err != nil {
		return nil, nil, err
	}
	return c, outline.Of(c, h.PublicURL.String(), report), nil
}

// modules makes two levels of a tree: what is of the grain, grouped by what is
// around it.
func modules(tree *outline.Node, grain course.Level) ([]cartridge.Module, error) {
	around := map[course.Level]course.Level{
		course.LevelSection: course.LevelCourse, course.LevelSubsection: course.LevelSection,
		course.LevelUnit: course.LevelSubsection, course.LevelComponent: course.LevelSubsection,
	}[grain]
	if around == "" {
		return nil, errGrain.With("%.50q", grain)
	}
	var list []cartridge.Module
	var walk func(n *outline.Node, at int)
	walk = func(n *outline.Node, at int) {
		if n == nil || n.Block.Settings.StaffOnly {
			return
		}
		if n.Level == around {
			list = append(list, cartridge.Module{ID: n.Usage, Title: n.Name})
			at = len(list) - 1
		}
		if n.Level == grain {
			if at >= 0 && n.URL != "" && n.Status != outline.NotShown {
				list[at].Links = append(list[at].Links, cartridge.Link{ID: n.Usage, Title: n.Name, Text: n.Path(), URL: n.URL, Usage: n.Usage})
			}
			return
		}
		for _, child := range n.Children {
			walk(child, at)
		}
	}
	walk(tree, -1)
	kept := list[:0]
	for _, m := range list {
		if len(m.Links) > 0 {
			kept = append(kept, m)
		}
	}
	return kept, nil
}

// fileName makes a name that every system takes of a course key.
func fileName(key string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' {
			return c
		}
		return '-'
	}, key)
}

// linksCSV sends all links of a course as a table.
func (h *Handler) linksCSV(w http.ResponseWriter, r *http.Request, _ web.Visit) error {
	_, tree, err := h.tree(r)
	if err != nil {
		return err
	}
	links := map[string]int64{}
	err = h.Store.View(r.Context(), func(tx store.Tx) error {
		uses, err := tx.Placements().Use(r.Context(), r.PathValue("key"))
		for _, u := range uses {
			links[u.UsageKey] += u.Links
		}
		return err
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+fileName(r.PathValue("key"))+`-links.csv"`)
	w.Header().Set("Cache-Control", "no-store")
	out := csv.NewWriter(w)
	err = out.Write([]string{"level", "type", "name", "within", "points", "over_lti", "live_links", "lti_link", "usage_key"})
	tree.Walk(func(n *outline.Node) {
		if n.URL == "" || err != nil {
			return
		}
		err = out.Write([]string{
			string(n.Level), n.Block.Type, harmless(n.Name), harmless(n.Path()), strconv.FormatFloat(n.Points, 'f', -1, 64),
			string(n.Status), strconv.FormatInt(links[n.Usage], 10), n.URL, n.Usage,
		})
	})
	out.Flush()
	if err = errors.Join(err, out.Error()); err != nil {
		return fmt.Errorf("links of %s: %w", r.PathValue("key"), err)
	}
	return nil
}
