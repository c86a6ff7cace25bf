//go:build !unix

package relay

import "net"

// forbidBroadcast does nothing here: the policy still refuses what is not
// globally routable.
func forbidBroadcast(*net.UDPConn) error { return nil }
