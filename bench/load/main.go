// Command load measures Lectern under load: a generator, Lectern itself as
// `lectern serve` processes, and peers, in one run on one machine. What counts
// are ratios between contestants that took turns; bars say how good they have to
// be. docs/performance.md has the method and results.
//
//	go run ./bench/load launches   launches against ims-lti and a bare Go server
//	go run ./bench/load pages      a unit's page and a graded answer against a bare Go server
//	go run ./bench/load growth     a site with 10,000 blocks and a million states against an empty one
//	go run ./bench/load replicas   two replicas on one PostgreSQL against one
//
// It runs inside the repository on Linux, builds what it measures, and takes a
// few minutes for each. With -quick it only shows that everything works and is
// counted right. The exit code is 1 when a bar is not met, 2 when something
// failed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// errBar means that a bar was not met.
var errBar = errors.New("a bar is not met")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, errBar):
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	case err != nil:
		fmt.Fprintln(os.Stderr, "load:", err)
		stop()
		os.Exit(2)
	}
}

// options are what the command line says.
type options struct {
	quick    bool
	rounds   int
	postgres string
	only     string
	profile  string
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	programs := map[string]func(context.Context, *bench) error{
		"launches": launches, "pages": pages, "growth": growth, "replicas": replicas,
	}
	var chosen []func(context.Context, *bench) error
	for len(args) > 0 && programs[args[0]] != nil {
		chosen, args = append(chosen, programs[args[0]]), args[1:]
	}
	if len(chosen) == 0 {
		return errors.New("say what to measure: launches, pages, growth, replicas, or several of them")
	}
	var o options
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.BoolVar(&o.quick, "quick", false, "only show that it works: few requests, no bars on time")
	flags.IntVar(&o.rounds, "rounds", 7, "how often the contestants take turns")
	flags.StringVar(&o.postgres, "postgres", "", "postgres:// URL of an empty server to use; default: start one")
	flags.StringVar(&o.only, "only", "", "only contestants with this in their name, e.g. SQLite; judges nothing that needs others")
	flags.StringVar(&o.profile, "profile", "", "of pages and growth: a folder to write CPU profiles of Lectern to")
	if err := flags.Parse(args); err != nil {
		return err
	}
	b, err := newBench(ctx, out, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	for _, program := range chosen {
		if err := program(ctx, b); err != nil {
			return err
		}
		fmt.Fprintln(out)
		b.stopServers()
	}
	if b.missed > 0 {
		return errBar
	}
	return nil
}
