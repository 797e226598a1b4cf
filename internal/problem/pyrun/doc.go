// Package pyrun runs the Python of problems in a sandbox inside this program:
// CPython 3.12 for WASI under wazero.
//
// Every job gets an interpreter of its own, which is started beforehand, waits
// with its modules loaded, runs that one job and is thrown away. A script sees
// its standard library, the modules under py/modules and its course's
// python_lib.zip, all read-only, and nothing else: no other files, no network,
// no environment, no processes, no threads. It has [Options.Time] by the clock,
// 128 MB of memory and 1 MB of output. What goes beyond that is [script.ErrLimit].
package pyrun
