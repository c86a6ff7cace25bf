//go:build unix

package relay

import (
	"net"
	"syscall"
)

// forbidBroadcast takes back the SO_BROADCAST that package net gives.
func forbidBroadcast(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_BROADCAST, 0)
	})
	if err != nil {
		return err
	}
	return failed
}
