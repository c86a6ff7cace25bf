// Package wire reads and writes STUN messages (RFC 8489 section 5) and
// ChannelData (RFC 8656 section 12.4) in place: a message is the bytes that
// came, checked once, and nothing is copied or allocated to look into it. It
// knows forms, and no rules about who may say what.
package wire

import (
	"encoding/binary"
	"errors"
	"iter"
	"net/netip"
)

// Sizes in bytes.
const (
	HeaderLen     = 20 // of a STUN message
	ChannelHeader = 4  // of ChannelData
	IDLen         = 12 // of a transaction id
	IntegrityLen  = 20 // of MESSAGE-INTEGRITY, HMAC-SHA1
	attrHeader    = 4
)

// Cookie is the second word of every STUN message.
const Cookie = 0x2112a442

// Class is what a message is: RFC 8489 section 5.
type Class uint16

// The classes, as their bits lie in a message's type.
const (
	Request    Class = 0x0000
	Indication Class = 0x0010
	Success    Class = 0x0100
	Failure    Class = 0x0110

	classBits = 0x0110
)

// Method is what a message is about.
type Method uint16

// The methods of RFC 8489, RFC 8656 section 17 and RFC 6062 section 6.1.
const (
	Binding           Method = 0x001
	Allocate          Method = 0x003
	Refresh           Method = 0x004
	Send              Method = 0x006
	Data              Method = 0x007
	CreatePermission  Method = 0x008
	ChannelBind       Method = 0x009
	Connect           Method = 0x00a
	ConnectionBind    Method = 0x00b
	ConnectionAttempt Method = 0x00c
)

// Attr is the type of an attribute.
type Attr uint16

// The attributes: RFC 8489 section 18.3, RFC 8656 section 18, RFC 6062 section
// 6.2.
const (
	Username           Attr = 0x0006
	MessageIntegrity   Attr = 0x0008
	ErrorCode          Attr = 0x0009
	UnknownAttributes  Attr = 0x000a
	ChannelNumber      Attr = 0x000c
	Lifetime           Attr = 0x000d
	XORPeerAddress     Attr = 0x0012
	DataAttr           Attr = 0x0013
	Realm              Attr = 0x0014
	Nonce              Attr = 0x0015
	XORRelayedAddress  Attr = 0x0016
	RequestedFamily    Attr = 0x0017
	EvenPort           Attr = 0x0018
	RequestedTransport Attr = 0x0019
	DontFragment       Attr = 0x001a
	IntegritySHA256    Attr = 0x001c
	XORMappedAddress   Attr = 0x0020
	ReservationToken   Attr = 0x0022
	ConnectionID       Attr = 0x002a
	AdditionalFamily   Attr = 0x8000
	AddressErrorCode   Attr = 0x8001
	Software           Attr = 0x8022
	Fingerprint        Attr = 0x8028
)

// Required reports whether a receiver that does not know a may not go on:
// RFC 8489 section 14.
func (a Attr) Required() bool { return a < 0x8000 }

// The errors of [Parse] and of the readers of attributes.
var (
	ErrForm    = errors.New("wire: not a STUN message")
	ErrAddress = errors.New("wire: not an address")
)

// Message is a STUN message that [Parse] has found well formed. It shares the
// bytes that it was made from.
type Message []byte

// Parse checks the form of b: header, cookie, length, and that attributes fill
// it to the last byte.
func Parse(b []byte) (Message, error) {
	if len(b) < HeaderLen || b[0]&0xc0 != 0 || len(b)%4 != 0 ||
		int(binary.BigEndian.Uint16(b[2:])) != len(b)-HeaderLen || binary.BigEndian.Uint32(b[4:]) != Cookie {
		return nil, ErrForm
	}
	for at := HeaderLen; at < len(b); {
		if at+attrHeader > len(b) {
			return nil, ErrForm
		}
		at += attrHeader + pad(int(binary.BigEndian.Uint16(b[at+2:])))
		if at > len(b) {
			return nil, ErrForm
		}
	}
	return Message(b), nil
}

// Class is what the message is.
func (m Message) Class() Class { return Class(binary.BigEndian.Uint16(m)) & classBits }

// Method is what it is about. The bits of the class lie between its own.
func (m Message) Method() Method {
	t := binary.BigEndian.Uint16(m)
	return Method(t&0x000f | t&0x00e0>>1 | t&0x3e00>>2)
}

// ID is the transaction id.
func (m Message) ID() [IDLen]byte { return [IDLen]byte(m[8:HeaderLen]) }

// Attrs goes through the attributes in their order, each with where in the
// message it begins.
func (m Message) Attrs() iter.Seq2[int, Attr] {
	return func(yield func(int, Attr) bool) {
		for at := HeaderLen; at < len(m); at += attrHeader + pad(m.lengthAt(at)) {
			if !yield(at, Attr(binary.BigEndian.Uint16(m[at:]))) {
				return
			}
		}
	}
}

func (m Message) lengthAt(at int) int { return int(binary.BigEndian.Uint16(m[at+2:])) }

// ValueAt returns the value of the attribute that begins at at, as
// [Message.Attrs] said, without its padding.
func (m Message) ValueAt(at int) []byte {
	return m[at+attrHeader : at+attrHeader+m.lengthAt(at)]
}

// Get returns the first attribute of type a. Those behind MESSAGE-INTEGRITY
// are found as well: whether they count is the caller's to know.
func (m Message) Get(a Attr) (value []byte, ok bool) {
	for at, t := range m.Attrs() {
		if t == a {
			return m.ValueAt(at), true
		}
	}
	return nil, false
}

// pad rounds n up to whole words.
func pad(n int) int { return (n + 3) &^ 3 }

// The address families of attributes: RFC 8489 section 14.1.
const (
	IPv4 = 0x01
	IPv6 = 0x02
)

// XORAddr reads the value of an XOR-…-ADDRESS: RFC 8489 section 14.2. An
// IPv4-mapped address stays one.
func (m Message) XORAddr(value []byte) (netip.AddrPort, error) {
	if len(value) < 4 {
		return netip.AddrPort{}, ErrAddress
	}
	port := binary.BigEndian.Uint16(value[2:]) ^ Cookie>>16
	switch {
	case value[1] == IPv4 && len(value) == 8:
		a := [4]byte(value[4:])
		for i := range a {
			a[i] ^= m[4+i]
		}
		return netip.AddrPortFrom(netip.AddrFrom4(a), port), nil
	case value[1] == IPv6 && len(value) == 20:
		a := [16]byte(value[4:])
		for i := range a {
			a[i] ^= m[4+i] // cookie, then transaction id
		}
		return netip.AddrPortFrom(netip.AddrFrom16(a), port), nil
	}
	return netip.AddrPort{}, ErrAddress
}

// Channel reads the header of ChannelData: RFC 8656 section 12.4. ok is false
// where b is none, or says that it is longer than it is.
func Channel(b []byte) (number uint16, data []byte, ok bool) {
	if len(b) < ChannelHeader || b[0]&0xf0 != 0x40 {
		return 0, nil, false
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if len(b) < ChannelHeader+n {
		return 0, nil, false
	}
	return binary.BigEndian.Uint16(b), b[ChannelHeader : ChannelHeader+n], true
}
