//go:build linux || darwin

package main

import "syscall"

// freeDisk returns the bytes that are free for us where path is, and the size of
// that file system.
func freeDisk(path string) (free, total uint64, err error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return 0, 0, err
	}
	block := uint64(st.Bsize) //nolint:gosec // a block's size is never negative
	return st.Bavail * block, st.Blocks * block, nil
}
