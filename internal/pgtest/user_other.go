//go:build !linux

package pgtest

import "syscall"

// credential is unused here: only on Linux do tests run as root.
type credential struct{ uid, gid uint32 }

func unprivileged() (*credential, error) { return nil, nil }

func attributes(*credential) *syscall.SysProcAttr { return nil }
