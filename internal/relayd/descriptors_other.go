//go:build !linux && !darwin

package relayd

// openFiles returns 0: it is not told here.
func openFiles() uint64 { return 0 }
