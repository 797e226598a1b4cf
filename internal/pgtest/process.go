package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

const (
	startTimeout = 20 * time.Second      // from postgres' start to its first answer
	initTimeout  = 60 * time.Second      // initdb writes 40 MB; slow disks exist
	stopTimeout  = 5 * time.Second       // fast shutdown, before it is killed
	pollInterval = 20 * time.Millisecond // between attempts to connect
	portAttempts = 3                     // somebody else may take the free port
	leftoverAge  = 24 * time.Hour        // files of killed runs go after this
	folderPrefix = "lectern-pgtest-"
)

// errExited means that postgres ended before it answered.
var errExited = errors.New("pgtest: postgres ended while starting")

// process is a running postgres and its files.
type process struct {
	bin  string
	dir  string
	user *credential
	port int
	cmd  *exec.Cmd
	done chan struct{} // closed when postgres has ended
}

// startProcess makes a new cluster and starts postgres on it.
func startProcess(ctx context.Context) (*process, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	user, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := clusterFolder(user)
	if err != nil {
		return nil, err
	}
	if err := initdb(ctx, bin, dir, user); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	for range portAttempts {
		var p *process
		if p, err = startOn(ctx, bin, dir, user); err == nil {
			return p, nil
		}
		if !errors.Is(err, errExited) {
			break
		}
	}
	return nil, errors.Join(err, os.RemoveAll(dir))
}

// binaries returns the folder of initdb and postgres.
func binaries() (string, error) {
	for _, name := range candidates() {
		if _, err := os.Stat(filepath.Join(filepath.Dir(name), "postgres")); err == nil {
			return filepath.Dir(name), nil
		}
	}
	return "", ErrMissing
}

// candidates lists initdb programs: the one in PATH, then Debian's folders with
// the newest version first.
func candidates() []string {
	var list []string
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			list = append(list, real)
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is valid
	for i := range found {
		list = append(list, found[len(found)-1-i])
	}
	return list
}

// clusterFolder makes the folder of a new cluster, owned by user, and removes
// what runs killed long ago have left.
func clusterFolder(user *credential) (string, error) {
	base := traversable(os.TempDir())
	old, _ := filepath.Glob(filepath.Join(base, folderPrefix+"*")) // the pattern is valid
	for _, dir := range old {
		if st, err := os.Stat(dir); err == nil && time.Since(st.ModTime()) > leftoverAge {
			_ = os.RemoveAll(dir) // somebody else's folder may stay
		}
	}
	dir, err := os.MkdirTemp(base, folderPrefix)
	if err != nil {
		return "", fmt.Errorf("pgtest: %w", err)
	}
	if user != nil {
		if err := os.Chown(dir, int(user.uid), int(user.gid)); err != nil {
			return "", fmt.Errorf("pgtest: %w", err)
		}
	}
	return dir, nil
}

// traversable returns dir when every user may pass through it, else /tmp: the
// user postgres runs as is not the one who owns the temporary folder.
func traversable(dir string) string {
	for d := filepath.Clean(dir); ; d = filepath.Dir(d) {
		st, err := os.Stat(d)
		if err != nil || st.Mode().Perm()&0o001 == 0 {
			return "/tmp"
		}
		if d == filepath.Dir(d) {
			return dir
		}
	}
}

func initdb(ctx context.Context, bin, dir string, user *credential) error {
	ctx, cancel := context.WithTimeout(ctx, initTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"),
		"--pgdata="+filepath.Join(dir, "data"), "--username="+superuser,
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	cmd.Dir = dir
	cmd.SysProcAttr = attributes(user)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("pgtest: initdb: %w\n%s", err, out)
	}
	return nil
}

// startOn starts postgres on a free port and waits until it answers.
func startOn(ctx context.Context, bin, dir string, user *credential) (*process, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	return startAt(ctx, bin, dir, user, port)
}

// startAt is startOn for a port.
func startAt(ctx context.Context, bin, dir string, user *credential, port int) (*process, error) {
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	defer log.Close() // postgres has its own copy
	cmd := exec.Command(filepath.Join(bin, "postgres"), "-D", filepath.Join(dir, "data"),
		"-p", strconv.Itoa(port), "-k", dir, "-c", "listen_addresses=127.0.0.1",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=200", "-c", "timezone=UTC")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	cmd.SysProcAttr = attributes(user)
	p := &process{bin: bin, dir: dir, user: user, port: port, cmd: cmd, done: make(chan struct{})}
	if err := p.launch(); err != nil {
		return nil, fmt.Errorf("pgtest: start postgres: %w", err)
	}
	if err := p.wait(ctx); err != nil {
		p.kill()
		text, _ := os.ReadFile(log.Name()) // only for the message
		return nil, fmt.Errorf("%w\n%s", err, text)
	}
	return p, nil
}

// launch starts postgres from a thread that lives as long as postgres does: the
// kernel sends the parent-death signal when the starting thread ends, not when
// the process ends.
func (p *process) launch() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // it is told to stop; its exit code says nothing more
			close(p.done)
		}
	}()
	return <-started
}

// wait returns when postgres answers a query.
func (p *process) wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		err := p.exec(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return errExited
		case <-ctx.Done():
			return fmt.Errorf("pgtest: postgres does not answer after %s: %w", startTimeout, err)
		case <-time.After(pollInterval):
		}
	}
}

// stop ends postgres by its fast shutdown and removes its files.
func (p *process) stop() {
	p.halt()
	_ = os.RemoveAll(p.dir) // what stays is removed by a later run
}

// halt ends postgres by its fast shutdown, which cuts all connections, and keeps
// its files.
func (p *process) halt() {
	_ = p.cmd.Process.Signal(syscall.SIGINT) // it may have ended by itself
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		p.kill()
	}
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.done
}

func freePort() (int, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("pgtest: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
