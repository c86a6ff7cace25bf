//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// drainSignal asks to let relayed calls end, and to take no new ones.
func drainSignal() <-chan os.Signal { return hear(syscall.SIGUSR1) }

// reloadSignal asks to read certificates again. It is heard only where there
// are some: to everyone else it means that the terminal was closed.
func reloadSignal() <-chan os.Signal { return hear(syscall.SIGHUP) }

func hear(s os.Signal) <-chan os.Signal {
	c := make(chan os.Signal, 1)
	signal.Notify(c, s)
	return c
}
