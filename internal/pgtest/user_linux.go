package pgtest

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// credential is the user that runs postgres in the place of root.
type credential struct{ uid, gid uint32 }

// unprivileged returns the user to run postgres as: nil for ourselves, or, since
// postgres refuses root, "postgres" or "nobody".
func unprivileged() (*credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // nil is the documented answer for "ourselves"
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &credential{uint32(uid), uint32(gid)}, nil
		}
	}
	return nil, errors.New("pgtest: running as root, and there is no user postgres or nobody to run as")
}

// attributes makes a child that runs as user and ends with this process.
func attributes(user *credential) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if user != nil {
		attr.Credential = &syscall.Credential{Uid: user.uid, Gid: user.gid}
	}
	return attr
}
