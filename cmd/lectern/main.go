// Command lectern serves Open edX courses inside any LMS.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"lectern/internal/config"
	"lectern/internal/errs"
)

// Exit codes of every command.
const (
	exitDone    = 0
	exitRefused = 1 // with a reason
	exitUsage   = 2
)

// cli is the command line: settings and commands.
type cli struct {
	config.Config

	Serve    serveCmd    `cmd:"" help:"Run the site."`
	Demo     demoCmd     `cmd:"" help:"Run the site with a sample course and a sample LMS, and print links to both."`
	Course   courseCmd   `cmd:"" help:"Import courses and list their LTI links."`
	Consumer consumerCmd `cmd:"" help:"Register external LMSs."`
	User     userCmd     `cmd:"" help:"Manage people: administrators and learners with accounts of their own."`
	Score    scoreCmd    `cmd:"" help:"See where scores are and send them again."`
	OpenEdX  openedxCmd  `cmd:"" name:"openedx" help:"Move in from an Open edX site."`
	Launch   launchCmd   `cmd:"" help:"See what happened to launches."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the database to this version's schema."`
	Copy     copyCmd     `cmd:"" help:"Copy a database to another, e.g. from SQLite to PostgreSQL."`
	Backup   backupCmd   `cmd:"" help:"Save database and course files in one file, while the site runs."`
	Restore  restoreCmd  `cmd:"" help:"Bring a backup back, into an empty data folder or database."`
	Key      keyCmd      `cmd:"" help:"See and change the key that secrets are sealed with."`
	Doctor   doctorCmd   `cmd:"" help:"Look for what is wrong with this site and say what to do."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
	Manual   manualCmd   `cmd:"" help:"Print the manual: every command and setting."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal does not wait
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// exit carries kong's wish to stop, after printing help, out of its parser.
type exit int

// run is main without the process: it parses args, runs the command and returns
// the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if p := recover(); p != nil {
			c, ok := p.(exit)
			if !ok {
				panic(p)
			}
			code = int(c)
		}
	}()
	var c cli
	parser, err := newParser(&c, stdout, stderr)
	if err != nil {
		fmt.Fprintln(stderr, "lectern: error:", err)
		return exitUsage
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(stderr, "lectern: error:", err)
		fmt.Fprintln(stderr, "lectern: hint: lectern --help lists commands and settings")
		return exitUsage
	}
	app := &App{Config: &c.Config, Context: ctx, Out: stdout, Err: stderr, Clock: utcNow}
	defer app.Close()
	if err := command.Run(app); err != nil {
		report(stderr, err)
		return exitRefused
	}
	return exitDone
}

// newParser returns the parser of the command line.
func newParser(c *cli, stdout, stderr io.Writer) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("lectern"),
		kong.Description("Lectern serves Open edX courses inside any LMS."),
		kong.Configuration(config.File, config.Files()...),
		kong.UsageOnError(),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exit(code)) }), // help was printed
	)
}

// report prints why a command was refused: what happened, the detail an
// operator may see, and what to do.
func report(w io.Writer, err error) {
	var e *errs.Error
	if !errors.As(err, &e) || e.Public == "" {
		fmt.Fprintln(w, "lectern: error:", err)
		return
	}
	fmt.Fprintln(w, "lectern: error:", e.Public)
	if detail := e.Unwrap(); detail != nil {
		fmt.Fprintln(w, "lectern: detail:", detail)
	}
	if e.Hint != "" {
		fmt.Fprintln(w, "lectern: hint:", e.Hint)
	}
}
