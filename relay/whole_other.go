//go:build !linux

package relay

import "net"

// canForbidFragments says that packets can't be sent with DF set at will:
// DONT-FRAGMENT is an attribute that is not understood, as RFC 8656 section 7.2
// has it.
const canForbidFragments = false

// forbidFragments does nothing here, and is never asked to.
func forbidFragments(*net.UDPConn, bool, bool) error { return nil }
