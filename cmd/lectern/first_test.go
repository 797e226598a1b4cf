package main

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"lectern/internal/account"
	"lectern/internal/config"
	"lectern/internal/registry"
	"lectern/internal/store"
)

// T120: an LMS page with many frames launches one new learner many times at
// once. One account comes of it, in every mode and on both engines, and no
// launch fails.
func TestT120FirstLaunchesAtOnce(t *testing.T) {
	for engine, change := range map[string]func(*config.Config){
		"SQLite":     nil,
		"PostgreSQL": func(c *config.Config) { c.Database = postgres.Database(t) },
	} {
		for mode, option := range map[string]func(*registry.Spec){
			"anonymous": func(*registry.Spec) {},
			"pii":       func(spec *registry.Spec) { spec.UseLTIPII = true },
			"trusted": func(spec *registry.Spec) {
				spec.UseLTIPII, spec.TrustedDomains = true, []string{"school.example"}
			},
		} {
			t.Run(engine+" "+mode, func(t *testing.T) {
				s := startSite(t, change)
				s.importFiles(testCourse())
				s.consumer("consumer_key", "secret", option)
				var all sync.WaitGroup
				for range 12 {
					all.Go(func() {
						m := s.good(path("html", "h1")).set("lis_person_contact_email_primary", "ana@school.example")
						if p := s.post(newBrowser(t), m); p.StatusCode != http.StatusSeeOther {
							t.Errorf("status %d, code %s", p.StatusCode, p.code())
						}
					})
				}
				all.Wait()
				s.view(func(ctx context.Context, tx store.Tx) error {
					list, err := tx.Accounts().List(ctx, "", 0)
					made := 0
					for _, a := range list {
						if a.Kind != account.Local {
							made++
						}
					}
					if made != 1 {
						t.Errorf("%d accounts of one learner", made)
					}
					return err
				})
			})
		}
	}
}
