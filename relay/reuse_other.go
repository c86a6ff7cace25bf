//go:build !unix

package relay

import "syscall"

// canShareListener: no connection can leave from a port that is listened on.
const canShareListener = false

func shareListener(syscall.RawConn) error { return nil }
