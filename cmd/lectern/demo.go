package main

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"lectern/internal/config"
	"lectern/internal/course"
	"lectern/internal/fakelms"
	"lectern/internal/importer"
	"lectern/internal/lti"
	"lectern/internal/registry"
	"lectern/internal/store"
	"lectern/internal/web/launch"
)

//go:embed all:sample
var sample embed.FS

// demoConsumer is the sample LMS as the console lists it.
const demoConsumer = "Sample LMS"

// demoCmd runs a site with something to click on.
type demoCmd struct {
	LMSListen string `name:"lms-listen" placeholder:"ADDRESS" default:"127.0.0.1:8001" help:"Address of the sample LMS. Another host name than the site's makes frames cross-site, as in real life."`
	LMSURL    string `name:"lms-url" help:"Address of the sample LMS for browsers, when a proxy in front serves it under another. Scores go to its own address." placeholder:"URL"`
	Seed      uint64 `help:"What the sample LMS is like; 0 is like Moodle."`
	JSON      bool   `name:"json" help:"Print one line of JSON when ready."`
}

// demoJSON is what demo prints with --json.
type demoJSON struct {
	Console  string       `json:"console"`
	LMS      string       `json:"lms"`
	Course   string       `json:"course"`
	Consumer consumerJSON `json:"consumer"`

	// Where both listen, which a proxy in front hides.
	SiteListens string `json:"site_listens"`
	LMSListens  string `json:"lms_listens"`
}

// Run serves site and sample LMS until the process is told to stop.
func (c *demoCmd) Run(app *App) error {
	lmsListener, err := (&net.ListenConfig{}).Listen(app.Context, "tcp", c.LMSListen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	// The gradebook is on this machine.
	app.Config.OutboundAllow = append(app.Config.OutboundAllow, "127.0.0.0/8", "::1/128")
	app.Config.PythonCache = cmp.Or(app.Config.PythonCache, config.SharedPythonCache())
	if err := app.Open(); err != nil {
		return err
	}
	if err := app.checkAssets(); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(app.Context, "tcp", app.Config.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s, err := newSite(app, listener)
	if err != nil {
		return err
	}
	out, lms, err := c.prepare(app, s, lmsListener.Addr().String())
	if err != nil {
		return err
	}
	out.SiteListens, out.LMSListens = listener.Addr().String(), lmsListener.Addr().String()
	lmsServer := &http.Server{Handler: lms, ReadHeaderTimeout: headerTimeout}
	failed := make(chan error, 1)
	go func() { failed <- lmsServer.Serve(lmsListener) }()
	if err := c.announce(app, out); err != nil {
		return err
	}
	err = s.run(app.Context, listener)
	err = errors.Join(err, lmsServer.Close())
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// prepare imports the sample course, registers the sample LMS and gives it
// links to the course.
func (c *demoCmd) prepare(app *App, s *site, lmsListens string) (*demoJSON, *fakelms.LMS, error) {
	imported, err := sampleCourse(app)
	if err != nil {
		return nil, nil, err
	}
	consumer, secret, err := sampleConsumer(app)
	if err != nil {
		return nil, nil, err
	}
	outcomes := "http://" + lmsListens
	lmsURL := cmp.Or(strings.TrimRight(c.LMSURL, "/"), outcomes)
	lms, err := fakelms.New(fakelms.Options{
		Seed: c.Seed, ConsumerName: demoConsumer, Key: consumer.Key, Secret: secret,
		BaseURL: lmsURL, OutcomeBaseURL: outcomes, SelectURL: s.public.String() + launch.SelectPath,
	})
	if err != nil {
		return nil, nil, err
	}
	if err := lms.SetLinks(demoLinks(imported, s.public.String())); err != nil {
		return nil, nil, err
	}
	link, err := s.signIn.FirstRun(app.Context)
	if err != nil {
		return nil, nil, err
	}
	console := s.public.String() + "/admin"
	if link != "" {
		console = setupURL(s.public.String(), link)
	}
	return &demoJSON{
		Console: console, LMS: lmsURL + "/", Course: imported.Key.String(), Consumer: toJSON(consumer, secret),
	}, lms, nil
}

// sampleSetting names the setting that says which sample was imported.
const sampleSetting = "demo.sample"

// sampleCourse returns the sample course, importing it the first time and when
// it has changed since.
func sampleCourse(app *App) (*course.Course, error) {
	tree, err := fs.Sub(sample, "sample")
	if err != nil {
		return nil, fmt.Errorf("sample course: %w", err)
	}
	digest, err := digestOf(tree)
	if err != nil {
		return nil, fmt.Errorf("sample course: %w", err)
	}
	var imported string // digest and course key
	err = app.Store.View(app.Context, func(tx store.Tx) (err error) {
		imported, err = tx.Settings().Value(app.Context, sampleSetting)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if key, ok := strings.CutPrefix(imported, digest+" "); ok {
		if c, err := app.Catalog.Course(app.Context, key); err == nil {
			return c, nil
		}
	}
	c, err := importSample(app, tree)
	if err != nil {
		return nil, err
	}
	return c, app.Store.Update(app.Context, func(tx store.Tx) error {
		return tx.Settings().Put(app.Context, sampleSetting, digest+" "+c.Key.String())
	})
}

// digestOf returns the SHA-256 of all names and files of a tree, in hex.
func digestOf(tree fs.FS) (string, error) {
	sum := sha256.New()
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(tree, name)
		fmt.Fprintf(sum, "%s %d\n%s", name, len(b), b)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// importSample publishes the sample course.
func importSample(app *App, tree fs.FS) (*course.Course, error) {
	dir, err := os.MkdirTemp("", "lectern-sample-")
	if err != nil {
		return nil, fmt.Errorf("sample course: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "course")
	if err := os.CopyFS(path, tree); err != nil {
		return nil, fmt.Errorf("sample course: %w", err)
	}
	report, err := app.Importer.Import(app.Context, path, importer.Options{By: "demo"})
	if err != nil {
		return nil, err
	}
	return app.Catalog.Course(app.Context, report.CourseKey)
}

// sampleConsumer returns the sample LMS's consumer and secret, registering it
// the first time.
func sampleConsumer(app *App) (*lti.Consumer, string, error) {
	found, err := app.Registry.Find(app.Context, demoConsumer)
	if errors.Is(err, registry.ErrUnknown) {
		return app.Registry.Add(app.Context, "demo", registry.Spec{Name: demoConsumer})
	}
	if err != nil {
		return nil, "", err
	}
	secret, err := app.Registry.Reveal(app.Context, "demo", found.ID)
	return found, secret, err
}

// demoLinks is what a course team would have put into its LMS course: every
// subsection, graded where it holds problems, and the whole first section.
func demoLinks(c *course.Course, public string) []fakelms.Link {
	scored := map[string]bool{}
	c.Blocks(func(b *course.Block) {
		for p := b; b.Scored && p != nil; p = p.Parent {
			scored[c.Usage(p).String()] = true
		}
	})
	var out []fakelms.Link
	for _, l := range importer.Links(c, public) {
		if l.Level != importer.Subsection && !(l.Level == importer.Unit && scored[l.Usage]) {
			continue
		}
		out = append(out, fakelms.Link{
			ID: fmt.Sprintf("link-%d", len(out)+1), Title: l.Name, LaunchURL: l.URL, Graded: scored[l.Usage],
		})
	}
	return out
}

func (c *demoCmd) announce(app *App, out *demoJSON) error {
	if c.JSON {
		return json.NewEncoder(app.Out).Encode(out)
	}
	_, err := fmt.Fprintf(app.Out, `
Lectern is running with a sample course.

  Sample LMS   %s
               Click a link, answer, and watch the grade arrive in its gradebook.
  Console      %s

Stop with Ctrl-C.

`, out.LMS, out.Console)
	return err
}
