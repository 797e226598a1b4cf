package main

import (
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// memory returns what the program holds in RAM, in bytes, after what it does
// not need was given back. 0 where the system does not say.
func memory() int64 {
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
