//go:build !unix

package extern

import (
	"os"
	"os/exec"
)

// ownGroup leaves cmd as it is: there are no process groups here, so children
// of the grader have to end by themselves.
func ownGroup(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func outOfLimits(*os.ProcessState) bool { return false }
