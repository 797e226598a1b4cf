package pyrun

import "syscall"

// niceness of threads that run scripts: whatever serves pages goes first.
const niceness = 5

// lowerPriority lowers the priority of the thread that calls it. Linux keeps one
// for each thread; it cannot be raised again.
func lowerPriority() {
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), niceness) // a sandboxed kernel may refuse; then all are equal
}
