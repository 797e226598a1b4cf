// Package pyrun runs the Python of problems in a sandbox inside this program:
// CPython 3.12 for WASI under wazero.
//
// Every job gets an interpreter of its own, which is started beforehand, waits
// with its modules loaded, runs that one job and is thrown away. A script sees
// its standard library, the modules under py/modules and its course's
// python_lib.zip, all read-only, and nothing else: no other files, no network,
// no environment, no processes, no threads. It has [Options.Time] by the clock,
// 128 MB of memory and 1 MB of output. What goes beyond that is [script.ErrLimit].
//
// A reply depends on its job alone. random is Python 2.7's and seeded by the job,
// text is hashed alike in all interpreters, other randomness is the same each
// time; only the clock is not, and time.sleep does not wait.
//
// # What it takes
//
// Measured on two cores of a 2025 server that others used too. The compiled
// interpreter and its modules: 75 MB, once, of which nothing remains but 16 MB
// after [Pool.Close]. An interpreter: 10 MB ready, as many as [Options.Size], and
// at most 128 MB while it runs, which the system gets back at once. Compiling: 4.5 s
// and 45 MB in [Options.CacheDir], 1.5 s when it is there. Starting an
// interpreter: 0.3 s, in the background. A job in one that is ready: 2 ms and
// what its script takes, 20 to 36 times what it takes outside. Small pages beside
// four endless loops: 1.8 ms at the 95th percentile, 1.6 ms alone.
//
// # Inside
//
// [Pool] hands jobs to guests (guest.go), whose code compiles once (engine.go,
// bake.go). In the guest py/sandbox/_lectern/prologue.py runs the job; lenient.py
// and py2.py read what Python 3 would refuse. Which bytes of its output are the
// reply and which were printed is told apart by output.go.
package pyrun
