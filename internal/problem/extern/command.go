package extern

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"lectern/internal/errs"
	"lectern/internal/problem/script"
)

// stray is how long a command's output is waited for once it has ended or was
// killed: a child that left its process group may hold the pipes.
const stray = 500 * time.Millisecond

// maxStderr is how much of the end of a command's standard error a detail
// quotes, in bytes.
const maxStderr = 2000

// searchPath is where a command finds programs by name.
const searchPath = "/usr/local/bin:/usr/bin:/bin"

// Command is a grader that is a program, started anew for every job. It gets
// the job on its standard input, writes the reply on its standard output, and
// ends with status 0. There is no shell. It starts in an empty folder of its
// own that is removed afterwards, and with the least of an environment; what
// it started itself is killed with it, by its process group.
//
// It is safe for concurrent use.
type Command struct {
	args    []string
	timeout time.Duration
	turns   turns
}

// NewCommand returns a grader that runs args, a program and its arguments.
func NewCommand(args []string, l Limits) (*Command, error) {
	if len(args) == 0 {
		return nil, errors.New("external grader: no command")
	}
	program, err := exec.LookPath(args[0])
	if err != nil {
		return nil, fmt.Errorf("external grader: %w", err)
	}
	l = l.withDefaults()
	return &Command{append([]string{program}, args[1:]...), l.Timeout, newTurns(l)}, nil
}

// Run implements [script.Runner].
func (c *Command) Run(ctx context.Context, job *script.Job) (*script.Reply, error) {
	release, err := c.turns.take(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	in, err := encode(ctx, job)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lectern-grader-*")
	if err != nil {
		return nil, script.ErrUnavailable.With("external grader: %w", err)
	}
	defer os.RemoveAll(dir)
	return c.run(ctx, dir, in)
}

// errTimeout is the cause of a context that ended because a job's time is up.
var errTimeout = errors.New("time is up")

func (c *Command) run(ctx context.Context, dir string, in []byte) (*script.Reply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout, errTimeout)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := &capped{limit: maxReply, over: func() { stop(errOutput) }}
	stderr := &tail{limit: maxStderr}
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...) //nolint:gosec // the operator's own setting
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + searchPath, "HOME=" + dir, "TMPDIR=" + dir, "LANG=C.UTF-8",
		"PYTHONDONTWRITEBYTECODE=1", "PYTHONHASHSEED=0", // sets have the same order every time
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), out, stderr
	cmd.WaitDelay = stray
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		return nil, script.ErrUnavailable.With("external grader: %w", err)
	}
	err := cmd.Wait()
	killGroup(cmd) // what it left behind
	if cause := context.Cause(ctx); cause != nil {
		return nil, stopped(cause, c.timeout, stderr)
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		if outOfLimits(cmd.ProcessState) {
			return nil, script.ErrLimit.With("external grader: %w; it wrote %s", err, stderr)
		}
		return nil, script.ErrUnavailable.With("external grader: %w; it wrote %s", err, stderr)
	}
	reply, err := decode(out.b)
	if err != nil && len(stderr.b) > 0 {
		e := errs.From(err)
		err = e.With("%w; it wrote %s", e.Unwrap(), stderr)
	}
	return reply, err
}

// errOutput is the cause of a context that ended because a reply is too long.
var errOutput = fmt.Errorf("more than %d bytes of output", maxReply)

// stopped says why a job was ended before its reply.
func stopped(cause error, timeout time.Duration, stderr *tail) error {
	switch {
	case errors.Is(cause, errTimeout):
		return script.ErrLimit.With("external grader: no reply within %s; it wrote %s", timeout, stderr)
	case errors.Is(cause, errOutput), errors.Is(cause, context.DeadlineExceeded):
		return script.ErrLimit.With("external grader: %w; it wrote %s", cause, stderr)
	}
	return script.ErrUnavailable.With("external grader: %w", cause)
}

// capped keeps what is written, up to a limit.
type capped struct {
	b     []byte
	limit int
	over  func() // called when the limit is reached
}

func (c *capped) Write(p []byte) (int, error) {
	if len(c.b)+len(p) > c.limit {
		c.over()
		return 0, errOutput
	}
	c.b = append(c.b, p...)
	return len(p), nil
}

// tail keeps the end of what is written.
type tail struct {
	b     []byte
	limit int
}

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if over := len(t.b) - t.limit; over > 0 {
		t.b = append(t.b[:0], t.b[over:]...)
	}
	return len(p), nil
}

// String returns the end, quoted for a log.
func (t *tail) String() string { return fmt.Sprintf("%q", t.b) }
