package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc: USER_HZ, 100 a second on every Linux.
const tick = 10 * time.Millisecond

// cpu returns what the processes used, user and system, with the children that
// ended. It is steadier than rates on a machine that others use too.
func cpu(pids ...int) time.Duration {
	var sum time.Duration
	for _, pid := range pids {
		fields := procStat(pid)
		if len(fields) < 15 {
			continue // it has ended
		}
		for _, f := range fields[11:15] { // utime, stime, cutime, cstime
			n, _ := strconv.ParseInt(f, 10, 64)
			sum += time.Duration(n) * tick
		}
	}
	return sum
}

// procStat returns the fields of a process after its name: state is the first,
// the parent's pid the second.
func procStat(pid int) []string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(b[strings.LastIndexByte(string(b), ')'):]), " ")
	return strings.Fields(rest)
}

// family returns pid and its children.
func family(pid int) []int {
	list := []int{pid}
	dirs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is valid
	for _, dir := range dirs {
		child, err := strconv.Atoi(filepath.Base(dir))
		if f := procStat(child); err == nil && len(f) > 1 && f[1] == strconv.Itoa(pid) {
			list = append(list, child)
		}
	}
	return list
}

// resident returns the memory of a process in MiB, now and at its highest.
func resident(pid int) (now, highest float64) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		kib, _ := strconv.ParseFloat(f[1], 64)
		switch f[0] {
		case "VmRSS:":
			now = kib / 1024
		case "VmHWM:":
			highest = kib / 1024
		}
	}
	return now, highest
}
