//go:build !linux

package relay

import "errors"

// runMemoryChild is never asked for here: only Linux shows a process's memory.
func runMemoryChild(string) error { return errors.ErrUnsupported }
