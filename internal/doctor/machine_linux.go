package doctor

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// ThisMachine reads what the kernel allows.
func ThisMachine() Machine {
	m := Machine{ReadBuffer: number("/proc/sys/net/core/rmem_max"), WriteBuffer: number("/proc/sys/net/core/wmem_max")}
	var l unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &l) == nil {
		m.Files = l.Max // the program raises itself to it
	}
	var t unix.Timex
	if state, err := unix.Adjtimex(&t); err == nil {
		synced := state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
		m.ClockSynced = &synced
	}
	return m
}

func number(path string) int {
	b, err := os.ReadFile(path) //nolint:gosec // of a constant path
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(b)))
	if err != nil {
		return 0
	}
	return n
}
