package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is one process that is measured.
type server struct {
	name string
	addr string // host:port
	dir  string // of its data; "" for none
	env  []string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// startTime bounds how long a server may take to answer.
const startTime = 60 * time.Second

// start runs a program pinned to a core and waits for the line that tells its
// address, after the given words.
func (b *bench) start(ctx context.Context, name string, core int, env []string, tells string, command ...string) (*server, error) {
	if b.pinned {
		command = append([]string{"taskset", "-c", strconv.Itoa(core)}, command...)
	}
	s := &server{name: name, env: env, done: make(chan struct{})}
	s.cmd = exec.Command(command[0], command[1:]...) //nolint:noctx // stopped by stop, so that it may end in order
	s.cmd.Env = append(s.cmd.Environ(), env...)
	log, err := os.Create(filepath.Join(b.dir, name+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own copy
	s.cmd.Stderr = log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	b.servers = append(b.servers, s)
	lines := bufio.NewScanner(out)
	found := make(chan string, 1)
	go func() {
		for lines.Scan() {
			if _, addr, ok := strings.Cut(lines.Text(), tells); ok {
				found <- strings.TrimSpace(addr)
				break
			}
		}
		_, _ = io.Copy(io.Discard, out) // until it ends
		_ = s.cmd.Wait()                // it is told to stop; its exit code says nothing more
		close(s.done)
	}()
	select {
	case s.addr = <-found:
		return s, nil
	case <-s.done:
		err = errors.New("it ended while starting")
	case <-time.After(startTime):
		err = errors.New("it does not say its address")
	case <-ctx.Done():
		err = ctx.Err()
	}
	text, _ := os.ReadFile(log.Name()) // only for the message
	return nil, fmt.Errorf("%s: %w\n%s", name, err, text)
}

func (s *server) pid() int { return s.cmd.Process.Pid }

// stop ends the process in order, or kills it after a while.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGINT) // it may have ended by itself
	select {
	case <-s.done:
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
}

// target is where requests to the server go; taken is the status that says yes.
func (s *server) target(taken int, db func() time.Duration) target {
	return target{addrs: []string{s.addr}, taken: taken, db: db, cpu: func() time.Duration { return cpu(s.pid()) }}
}

// site is a Lectern site that was set up, to be served.
type site struct {
	dir string
	dsn string
	env []string
}

// newSite imports the course and registers the consumer. dsn is "" for SQLite.
func (b *bench) newSite(ctx context.Context, name, dsn string, blocks int) (*site, error) {
	b.sites++
	name = fmt.Sprintf("%s-%d", name, b.sites)
	s := &site{dir: filepath.Join(b.dir, name), dsn: dsn}
	if dsn == "" {
		s.dsn = filepath.Join(s.dir, "lectern.db")
	}
	s.env = []string{
		"LECTERN_DATA=" + s.dir, "LECTERN_DATABASE=" + s.dsn, "LECTERN_LISTEN=127.0.0.1:0",
		"LECTERN_LAUNCH_WINDOW=90m", "LECTERN_AGGREGATE_DELAY=5h",
	}
	folder := filepath.Join(b.dir, name+"-course")
	if err := writeCourse(folder, blocks); err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"course", "import", folder},
		{"consumer", "add", "--name", "Bench", "--key", consumerKey, "--secret", consumerSecret, "--strict-replay"},
	} {
		if _, err := b.command(ctx, s, args...); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// command runs lectern for a site and returns what it prints.
func (b *bench) command(ctx context.Context, s *site, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, b.lectern, args...)
	var out, errOut bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = append(cmd.Environ(), s.env...), &out, &errOut
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("lectern %s: %w\n%s%s", strings.Join(args, " "), err, out.String(), errOut.String())
	}
	return out.String(), nil
}

// serve starts `lectern serve`.
func (b *bench) serve(ctx context.Context, name string, core int, s *site) (*server, error) {
	srv, err := b.start(ctx, name, core, s.env, "Lectern serves http://", b.lectern, "serve")
	if err == nil {
		srv.dir = s.dir
	}
	return srv, err
}

// bare starts the bare Go server.
func (b *bench) bare(ctx context.Context, name, page string) (*server, error) {
	b.sites++
	return b.start(ctx, name, serverCore, nil, "listening on ", b.floor,
		"-db", filepath.Join(b.dir, fmt.Sprintf("%s-%d.db", name, b.sites)), "-key", consumerKey, "-secret", consumerSecret, "-page", page)
}

// errPeer means that the peer is not installed.
var errPeer = errors.New("no node_modules in bench/peers/imslti; run there: npm ci --ignore-scripts && npm rebuild better-sqlite3")

// peer starts the ims-lti server.
func (b *bench) peer(ctx context.Context) (*server, error) {
	dir := filepath.Join(b.root, "bench", "peers", "imslti")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "better-sqlite3", "build")); err != nil {
		return nil, errPeer
	}
	return b.start(ctx, "ims-lti", serverCore, []string{"NODE_ENV=production"}, "listening on ",
		"node", filepath.Join(dir, "server.mjs"), filepath.Join(b.dir, "imslti.db"), consumerKey, consumerSecret)
}
