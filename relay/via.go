package relay

import "net"

// Via is the transport between a client and the relay.
type Via uint8

// The transports. The zero value is none.
const (
	ViaUDP Via = iota + 1
	ViaTCP
	ViaTLS
	ViaDTLS
)

// sealedZone marks the addresses of clients that came by TLS or DTLS. pion
// passes addresses through as they are and tells allocations apart without
// the zone; no interface can have such a name. Without it a client of DTLS
// could not be told from one of plain UDP that has the same 5-tuple.
const sealedZone = "/sealed"

// viaOf reads the transport from an address that a listener of ours gave pion.
func viaOf(a net.Addr) Via {
	switch a := a.(type) {
	case *net.UDPAddr:
		if a.Zone == sealedZone {
			return ViaDTLS
		}
		return ViaUDP
	case *net.TCPAddr:
		if a.Zone == sealedZone {
			return ViaTLS
		}
		return ViaTCP
	}
	return 0
}

// sealed returns a as the address of a client, or of a listener, of TLS or
// DTLS.
func sealed(a net.Addr) net.Addr {
	switch a := a.(type) {
	case *net.UDPAddr:
		return &net.UDPAddr{IP: a.IP, Port: a.Port, Zone: sealedZone}
	case *net.TCPAddr:
		return &net.TCPAddr{IP: a.IP, Port: a.Port, Zone: sealedZone}
	}
	return a
}
