package lease

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// Holder names this process to whoever finds its lease.
func Holder() string { return holderOf(os.Getpid()) }

func holderOf(pid int) string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host"
	}
	return fmt.Sprintf("%s, process %d%s", host, pid, startOf(pid))
}

// startOf tells a process from another that had its number before: when it was
// started, in the kernel's ticks; empty where that cannot be known.
func startOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(b), ") ") // the name before it may hold anything
	fields := strings.Fields(rest)
	if len(fields) < 20 {
		return ""
	}
	return ", started at tick " + fields[19]
}

var holderName = regexp.MustCompile(`^(.*), process (\d+)(, started at tick \d+)?$`)

// Dead says that a holder was a process of this machine and is no more.
func Dead(name string) bool {
	m := holderName.FindStringSubmatch(name)
	host, err := os.Hostname()
	if m == nil || err != nil || m[1] != host {
		return false
	}
	pid, err := strconv.Atoi(m[2])
	if err != nil {
		return false
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || m[3] != "" && startOf(pid) != m[3]
}
