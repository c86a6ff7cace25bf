package relay

import (
	"encoding/binary"
	"slices"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// request is what a request says, as far as it counts: of each attribute the
// first, and none behind MESSAGE-INTEGRITY (RFC 8489 section 14.5). Values
// share the bytes of the message.
type request struct {
	m       wire.Message
	signed  bool
	values  [requestAttrs][]byte
	has     [requestAttrs]bool
	peers   [][]byte
	unknown []wire.Attr
}

// requestAttrs is one above the highest attribute that is read by its number.
const requestAttrs = 0x2b

// understood reports whether a is known here, in any message. What is known
// and out of place is ignored; what is not known and required ends a request
// with 420 (RFC 8489 sections 6.3.1 and 14).
func understood(a wire.Attr) bool { return slices.Contains(known[:], a) }

var known = [...]wire.Attr{ //nolint:gochecknoglobals // a constant
	wire.XORPeerAddress, wire.DataAttr, wire.Username, wire.MessageIntegrity, wire.Realm, wire.Nonce, wire.ChannelNumber, wire.Lifetime,
	wire.RequestedTransport, wire.RequestedFamily, wire.EvenPort, wire.ReservationToken, wire.DontFragment, wire.ConnectionID,
	wire.ErrorCode, wire.UnknownAttributes, wire.XORRelayedAddress, wire.XORMappedAddress,
}

// read goes through m once.
func read(m wire.Message) request {
	r := request{m: m}
	for at, a := range m.Attrs() {
		switch {
		case a == wire.MessageIntegrity:
			r.signed = true
			return r
		case a == wire.XORPeerAddress:
			r.peers = append(r.peers, m.ValueAt(at))
		case understood(a):
			if !r.has[a] {
				r.has[a], r.values[a] = true, m.ValueAt(at)
			}
		case a == wire.AdditionalFamily:
			r.second(m.ValueAt(at))
		case a.Required():
			r.unknown = append(r.unknown, a)
		}
	}
	return r
}

// second notes ADDITIONAL-ADDRESS-FAMILY, which has too high a number, at a
// place that no attribute has.
func (r *request) second(value []byte) { r.has[0], r.values[0] = true, value }

func (r *request) get(a wire.Attr) ([]byte, bool) { return r.values[a], r.has[a] }

// word reads an attribute of four bytes. ok is false where it is missing, bad
// where it is there and malformed.
func (r *request) word(a wire.Attr) (v uint32, ok, bad bool) {
	b, has := r.get(a)
	if !has || len(b) != 4 {
		return 0, false, has
	}
	return binary.BigEndian.Uint32(b), true, false
}
