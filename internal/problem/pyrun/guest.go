package pyrun

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"runtime"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"

	"lectern/internal/problem/script"
)

// bootstrap is what the interpreter is started with.
const bootstrap = "import _lectern.prologue as p; p.main()"

// guest is one interpreter, from its start to its end.
type guest struct {
	ready    chan struct{} // closed: it waits for its job
	answered chan struct{} // closed: its reply is there, or it printed too much
	ended    chan struct{} // closed: it is gone, and err is set
	err      error         // why it ended without being asked to
	cancel   context.CancelFunc
	course   *mount
	stdin    *input
	stdout   *output
}

// start starts an interpreter on a thread of its own, which ends with it.
func start(ctx context.Context, e *engine) *guest {
	ctx, cancel := context.WithCancel(ctx)
	g := &guest{
		ready: make(chan struct{}), answered: make(chan struct{}), ended: make(chan struct{}),
		cancel: cancel, course: &mount{},
	}
	g.stdin = &input{asked: g.ready, gone: ctx.Done(), job: make(chan []byte, 1)}
	g.stdout = &output{stop: func() {
		close(g.answered)
		cancel()
	}}
	config := wazero.NewModuleConfig().
		WithName("").
		WithArgs("python", "-s", "-P", "-S", "-B", "-c", bootstrap).
		WithEnv("PYTHONPATH", modulePath).
		WithStdin(g.stdin).WithStdout(g.stdout).WithStderr(g.stdout).
		WithFSConfig(wazero.NewFSConfig().WithFSMount(e.modules, "/lectern").WithFSMount(g.course, "/course")).
		WithSysWalltime().WithSysNanotime().
		// Every interpreter hashes strings alike, so that a script that walks
		// through a set does the same each time.
		WithRandSource(mathrand.NewChaCha8([32]byte{}))
	go func() {
		defer close(g.ended)
		runtime.LockOSThread() // never unlocked: the thread ends with its low priority
		lowerPriority()
		space := &memory{}
		defer space.release()
		module, err := e.runtime.InstantiateModule(experimental.WithMemoryAllocator(ctx, space), e.compiled, config)
		if module != nil {
			_ = module.Close(context.WithoutCancel(ctx)) // it has ended
		}
		cancel()
		g.err = err
	}()
	return g
}

// message is what the prologue reads.
type message struct {
	Word    string      `json:"word"` // announces the reply
	Limit   int         `json:"limit"`
	Job     *script.Job `json:"job"`
	Library bool        `json:"library"`
}

// hand gives the guest its job.
func (g *guest) hand(job *script.Job, library *tree) error {
	m := message{Word: rand.Text(), Limit: maxReply, Job: job, Library: library != nil}
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("job: %w", err)
	}
	if library != nil {
		g.course.tree.Store(library)
	}
	g.stdout.expect(m.Word)
	g.stdin.job <- b
	return nil
}

// reply returns what a guest that has answered or ended left behind.
func (g *guest) reply() (*script.Reply, error) {
	b, err := g.stdout.result()
	if err != nil {
		return nil, script.ErrLimit.With("more than %d bytes printed or returned", maxOutput)
	}
	if b == nil {
		return g.noReply()
	}
	r, err := parseReply(b)
	if err != nil {
		return failed("SystemError", err.Error()), nil
	}
	if r.Failure != nil && r.Failure.Type == "MemoryError" {
		return nil, script.ErrLimit.With("memory: more than %d MB", maxMemory>>20)
	}
	return r, nil
}

// noReply says why the interpreter ended before the prologue did.
func (g *guest) noReply() (*script.Reply, error) {
	var exit *sys.ExitError
	switch {
	case g.err == nil:
		return failed("SystemExit", "the script ended the interpreter"), nil
	case errors.As(g.err, &exit):
		return failed("SystemExit", fmt.Sprintf("the script ended the interpreter with code %d: %s", exit.ExitCode(), g.stdout.lastLine())), nil
	}
	return nil, script.ErrLimit.With("the interpreter broke off: %w", g.err)
}

func failed(class, text string) *script.Reply {
	return &script.Reply{Failure: &script.Failure{Kind: script.Raised, Type: class, Message: text}}
}

// input is what a guest reads: nothing until its job comes, then the job, then
// the end.
type input struct {
	asked chan struct{} // closed on the first read
	gone  <-chan struct{}
	job   chan []byte

	once sync.Once
	rest []byte
	done bool
}

// Read blocks until there is a job, unless the guest is stopped.
func (in *input) Read(p []byte) (int, error) {
	if !in.done {
		in.once.Do(func() { close(in.asked) })
		select {
		case in.rest = <-in.job:
			in.done = true
		case <-in.gone:
			return 0, io.EOF
		}
	}
	if len(in.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}
