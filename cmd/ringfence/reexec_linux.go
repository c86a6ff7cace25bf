package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
)

// keepNothing are settings of the runtime that nothing but the environment of
// a new process can carry, and why they are needed: docs/adr/0020.
var keepNothing = []string{"asyncpreemptoff=1", "clobberfree=1"} //nolint:gochecknoglobals // a constant

// withRuntime starts the program anew, as the same process, with the settings
// of the runtime under which memory keeps nothing of what is relayed. It
// returns where they hold already, or where that can't be done.
func withRuntime(args, environ []string) error {
	if len(args) < 2 || args[1] != "relay" && args[1] != "serve" {
		return nil
	}
	environ, changed := godebug(environ)
	if !changed {
		return nil
	}
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("start anew: %w", err)
	}
	if err := syscall.Exec(path, args, environ); err != nil { //nolint:gosec // this very program
		return fmt.Errorf("start anew: %w", err)
	}
	return nil
}

// godebug adds what is missing to GODEBUG. What somebody has set otherwise
// stays as they want it.
func godebug(environ []string) (_ []string, changed bool) {
	environ = slices.Clone(environ)
	const name = "GODEBUG="
	at := slices.IndexFunc(environ, func(e string) bool { return strings.HasPrefix(e, name) })
	value := ""
	if at >= 0 {
		value = environ[at][len(name):]
	}
	for _, s := range keepNothing {
		key, _, _ := strings.Cut(s, "=")
		if has := slices.ContainsFunc(strings.Split(value, ","), func(v string) bool { return strings.HasPrefix(v, key+"=") }); has {
			continue
		}
		value = strings.TrimPrefix(value+","+s, ",")
		changed = true
	}
	if at < 0 {
		return append(environ, name+value), changed
	}
	environ[at] = name + value
	return environ, changed
}
