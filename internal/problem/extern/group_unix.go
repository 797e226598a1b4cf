//go:build unix

package extern

import (
	"os"
	"os/exec"
	"syscall"
)

// ownGroup makes cmd the head of a process group, so that its children end with
// it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		killGroup(cmd)
		return nil
	}
}

// killGroup ends cmd and what it started. Whatever is gone already does no
// harm.
func killGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
}

// outOfLimits reports whether the operating system ended the program for what
// it used: memory, processor time, or the size of a file.
func outOfLimits(state *os.ProcessState) bool {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return false
	}
	switch status.Signal() {
	case syscall.SIGKILL, syscall.SIGXCPU, syscall.SIGXFSZ:
		return true
	}
	return false
}
