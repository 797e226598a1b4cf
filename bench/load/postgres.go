package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// errNoPostgres means that there is no PostgreSQL to measure on.
var errNoPostgres = errors.New("no PostgreSQL: no initdb in PATH or /usr/lib/postgresql/*/bin, and no -postgres")

// postgres is a database server, by default one of our own: as it comes, with
// synchronous commits.
type postgres struct {
	url  string // without a database name at its end
	next int    // number of the next database
	cmd  *exec.Cmd
	dir  string
	done chan struct{}
}

// database makes an empty database and returns its URL. It starts the server
// when there is none yet.
func (b *bench) database(ctx context.Context) (string, error) {
	if b.postgres == nil {
		p, err := b.startPostgres(ctx)
		if err != nil {
			return "", err
		}
		b.postgres = p
	}
	p := b.postgres
	p.next++
	name := fmt.Sprintf("lectern_load_%d", p.next)
	conn, err := pgx.Connect(ctx, p.url+"postgres")
	if err != nil {
		return "", err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, statement := range []string{"DROP DATABASE IF EXISTS ", "CREATE DATABASE "} {
		if _, err := conn.Exec(ctx, statement+name); err != nil {
			return "", fmt.Errorf("%s%s: %w", statement, name, err)
		}
	}
	return p.url + name, nil
}

// cpu returns what all its processes used; nothing for a server that is not ours.
func (p *postgres) cpu() time.Duration {
	if p == nil || p.cmd == nil {
		return 0
	}
	return cpu(family(p.cmd.Process.Pid)...)
}

func (b *bench) startPostgres(ctx context.Context) (*postgres, error) {
	if b.options.postgres != "" {
		return &postgres{url: strings.TrimSuffix(b.options.postgres, "/") + "/"}, nil
	}
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	who, err := postgresUser()
	if err != nil {
		return nil, err
	}
	p := &postgres{done: make(chan struct{})}
	if p.dir, err = os.MkdirTemp("/tmp", "lectern-load-pg-"); err != nil {
		return nil, err
	}
	if who != nil {
		if err := os.Chown(p.dir, int(who.Uid), int(who.Gid)); err != nil {
			return nil, err
		}
	}
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata="+filepath.Join(p.dir, "data"),
		"--username=bench", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = p.dir, &syscall.SysProcAttr{Credential: who}
	if text, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, text)
	}
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	p.url = fmt.Sprintf("postgres://bench@127.0.0.1:%d/", port)
	p.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", filepath.Join(p.dir, "data"), "-p", strconv.Itoa(port), //nolint:noctx // stopped by stop
		"-k", p.dir, "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=100", "-c", "shared_buffers=512MB")
	p.cmd.Dir, p.cmd.SysProcAttr = p.dir, &syscall.SysProcAttr{Credential: who}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // it is told to stop
		close(p.done)
	}()
	return p, p.wait(ctx)
}

// wait returns when the server answers.
func (p *postgres) wait(ctx context.Context) error {
	for deadline := time.Now().Add(startTime); ; time.Sleep(20 * time.Millisecond) {
		conn, err := pgx.Connect(ctx, p.url+"postgres")
		if err == nil {
			return conn.Close(ctx)
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			p.stop()
			return fmt.Errorf("PostgreSQL does not answer: %w", err)
		}
	}
}

// stop ends a server of our own and removes its files.
func (p *postgres) stop() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGINT) // it may have ended by itself
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	_ = os.RemoveAll(p.dir) // the system's temporary folder takes care of the rest
}

// postgresPrograms returns the folder of initdb and postgres.
func postgresPrograms() (string, error) {
	list, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is valid
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			list = append(list, real)
		}
	}
	for i := range list {
		dir := filepath.Dir(list[len(list)-1-i])
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil {
			return dir, nil
		}
	}
	return "", errNoPostgres
}

// postgresUser is who runs it in the place of root, which it refuses; nil is us.
func postgresUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // nil is the documented answer for "us"
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(err1, err2)
}

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}
