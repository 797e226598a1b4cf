package pyrun

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"runtime"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"lectern/internal/problem/script"
)

// The interpreter is fetched by scripts/fetch-python; without it the folder
// holds a README alone.
//
//go:embed wasm/dist
var embedded embed.FS

// The prologue and the modules that scripts may import.
//
//go:embed all:py
var pythonFiles embed.FS

const interpreterFile = "wasm/dist/python.wasm.gz"

// Available returns nil when the binary holds the interpreter, else
// [script.ErrUnavailable].
func Available() error { return available(embedded) }

func available(files fs.FS) error {
	if _, err := fs.Stat(files, interpreterFile); err != nil {
		return script.ErrUnavailable.With("the binary was built without the Python interpreter %s: run scripts/fetch-python (it needs npm) and build again",
			interpreterFile)
	}
	return nil
}

// engine is the compiled interpreter.
type engine struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	modules  *tree // mounted as /lectern
}

// compile takes some seconds, or one with a warm cache.
func compile(ctx context.Context, files fs.FS, cacheDir string) (*engine, error) {
	// A script that computes keeps one of Go's processors for ten milliseconds at
	// a time. With a second one the system decides who goes first, and a page does.
	if runtime.GOMAXPROCS(0) == 1 {
		runtime.GOMAXPROCS(2)
	}
	if err := available(files); err != nil {
		return nil, err
	}
	code, err := readInterpreter(files)
	if err != nil {
		return nil, script.ErrUnavailable.Wrap(err)
	}
	config := wazero.NewRuntimeConfig().
		WithCloseOnContextDone(true).
		WithMemoryLimitPages(maxMemory >> 16).
		WithDebugInfoEnabled(false)
	if cacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
		if err != nil {
			return nil, script.ErrUnavailable.With("Python's cache folder: %w", err)
		}
		config = config.WithCompilationCache(cache)
	}
	e := &engine{runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, e.runtime); err != nil {
		return nil, script.ErrUnavailable.Wrap(err)
	}
	if e.compiled, err = e.runtime.CompileModule(ctx, code); err != nil {
		return nil, script.ErrUnavailable.With("compile Python: %w", err)
	}
	sources, err := fs.Sub(pythonFiles, "py")
	if err != nil {
		return nil, script.ErrUnavailable.Wrap(err)
	}
	if e.modules, err = bake(ctx, e, sources); err != nil {
		return nil, script.ErrUnavailable.Wrap(err)
	}
	return e, nil
}

func readInterpreter(files fs.FS) ([]byte, error) {
	packed, err := fs.ReadFile(files, interpreterFile)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", interpreterFile, err)
	}
	code, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", interpreterFile, err)
	}
	return code, nil
}

func (e *engine) close(ctx context.Context) error { return e.runtime.Close(ctx) }
