//go:build linux

// Package memtest looks into the memory of another process, for tests of what
// it keeps.
package memtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const (
	chunk = 1 << 20 // bytes that are read at a time

	// least is what any program has: less was not a look.
	least = 1 << 20
)

var errNoLook = errors.New("the memory of the process could not be read")

// Found counts how often pattern lies in the writable memory of a process,
// which must be of the same user. Memory that went away in that moment holds
// nothing any more.
func Found(pid int, pattern []byte) (int, error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, err
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return 0, err
	}
	defer func() { _ = mem.Close() }()
	buf := make([]byte, chunk+len(pattern))
	count, read := 0, 0
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); n != 3 || !strings.HasPrefix(mode, "rw") {
			continue
		}
		for at := from; at < to; at += chunk {
			n, err := mem.ReadAt(buf[:min(int64(len(buf)), to-at)], at)
			if err != nil && !errors.Is(err, io.EOF) && n == 0 {
				continue
			}
			read += n
			count += bytes.Count(buf[:n], pattern)
		}
	}
	if read < least {
		return 0, errNoLook
	}
	return count, nil
}
