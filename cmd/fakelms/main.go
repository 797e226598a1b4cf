// Command fakelms runs the sample LMS on its own: two learners, a teacher, a
// course whose links launch a tool in an iframe, and a gradebook.
//
//	fakelms --listen 127.0.0.1:8090 --key KEY --secret SECRET \
//	        --tool-url http://localhost:8080/lti_provider/courses/COURSE/USAGE
//
// Give the tool another host name than the LMS (localhost and 127.0.0.1 will
// do): only then do browsers treat the frame as one of another site. The LMS is
// for trying things out; everybody who reaches it can be anybody.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"lectern/internal/errs"
	"lectern/internal/fakelms"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// settings are the flags.
type settings struct {
	listen, key, secret, name, links, faults, selectURL string
	seed                                                uint64
	toolURLs                                            urlList
}

// urlList collects --tool-url, which may be repeated and may hold several
// addresses separated by commas.
type urlList []string

func (u *urlList) String() string { return strings.Join(*u, ",") }

// Set adds the addresses of one flag.
func (u *urlList) Set(s string) error {
	for one := range strings.SplitSeq(s, ",") {
		if one = strings.TrimSpace(one); one != "" {
			*u = append(*u, one)
		}
	}
	return nil
}

func parse(args []string, stderr io.Writer) (settings, error) {
	var s settings
	fs := flag.NewFlagSet("fakelms", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&s.listen, "listen", "127.0.0.1:8090", "address to listen on; port 0 picks a free one")
	fs.Uint64Var(&s.seed, "seed", 0, "what the LMS is like; 0 is Moodle")
	fs.Var(&s.toolURLs, "tool-url", "launch address at the tool; may be repeated, each becomes a graded link")
	fs.StringVar(&s.selectURL, "select-url", "", "the tool's address for choosing content, e.g. https://lectern.example/lti_provider/content_item")
	fs.StringVar(&s.links, "links", "", `links as JSON: [{"id":"1","title":"T","launch_url":"http://…","graded":true}]`)
	fs.StringVar(&s.key, "key", "sample-key", "consumer key")
	fs.StringVar(&s.secret, "secret", "sample-secret", "consumer secret")
	fs.StringVar(&s.name, "consumer-name", "Sample LMS", "how the LMS calls itself")
	fs.StringVar(&s.faults, "faults", "", "outcome fault from the start, as on the page Break things")
	if err := fs.Parse(args); err != nil {
		return s, err
	}
	if fs.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if s.faults != "" && !fakelms.OutcomeFault(s.faults).Known() {
		return s, fmt.Errorf("unknown fault %q", s.faults)
	}
	return s, nil
}

// run serves the LMS until ctx ends. Exit codes: 0 done, 1 refused, 2 usage.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	s, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "fakelms:", err)
		return 2
	}
	if err := serve(ctx, s, stdout); err != nil {
		e := errs.From(err)
		fmt.Fprintf(stderr, "fakelms: %s (%v)\n", e.Public, err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, s settings, stdout io.Writer) error {
	links, err := s.courseLinks()
	if err != nil {
		return err
	}
	lms, err := fakelms.New(fakelms.Options{
		Seed: s.seed, ConsumerName: s.name, Key: s.key, Secret: s.secret, Links: links, SelectURL: s.selectURL,
	})
	if err != nil {
		return err
	}
	if s.faults != "" {
		lms.FailOutcomes(fakelms.OutcomeFault(s.faults), -1)
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", s.listen)
	if err != nil {
		return fakelms.ErrOptions.Say("The sample LMS cannot listen on %s.", s.listen).Wrap(err)
	}
	lms.SetBaseURL("http://" + listener.Addr().String())
	fmt.Fprintf(stdout, "Sample LMS  %s/\n", lms.BaseURL())
	srv := &http.Server{Handler: lms, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		done <- srv.Shutdown(grace)
	}()
	if err := srv.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-done
}

// courseLinks returns the links of --links and --tool-url.
func (s settings) courseLinks() ([]fakelms.Link, error) {
	var links []fakelms.Link
	if s.links != "" {
		if err := json.Unmarshal([]byte(s.links), &links); err != nil {
			return nil, fakelms.ErrOptions.Say("The value of --links is not a JSON list of links.").Wrap(err)
		}
	}
	for i, u := range s.toolURLs {
		links = append(links, fakelms.Link{
			ID: fmt.Sprintf("tool-%d", i+1), Title: fmt.Sprintf("Activity %d", i+1), LaunchURL: u, Graded: true,
		})
	}
	return links, nil
}
