//go:build unix

package main

import "syscall"

// noCore keeps keys and addresses out of a core dump.
func noCore() error {
	return syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{})
}
