package conformance

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"
	"slices"
)

// Methods: RFC 8489 section 18.2, RFC 8656 section 17.
const (
	binding          = 0x001
	allocate         = 0x003
	refresh          = 0x004
	sendMethod       = 0x006
	dataMethod       = 0x007
	createPermission = 0x008
	channelBind      = 0x009
)

// Classes: RFC 8489 section 5.
const (
	classRequest = iota
	classIndication
	classSuccess
	classError
)

// Attributes: RFC 8489 section 18.3, RFC 8656 section 18.
const (
	attrUsername                = 0x0006
	attrIntegrity               = 0x0008
	attrErrorCode               = 0x0009
	attrUnknown                 = 0x000a
	attrChannel                 = 0x000c
	attrLifetime                = 0x000d
	attrPeer                    = 0x0012
	attrData                    = 0x0013
	attrRealm                   = 0x0014
	attrNonce                   = 0x0015
	attrRelayed                 = 0x0016
	attrFamily                  = 0x0017
	attrEvenPort                = 0x0018
	attrTransport               = 0x0019
	attrDontFragment            = 0x001a
	attrMapped                  = 0x0020
	attrToken                   = 0x0022
	attrAdditionalFamily        = 0x8000
	attrAddressError            = 0x8001
	attrSoftware                = 0x8022
	attrFingerprint             = 0x8028
	fingerprintXOR              = 0x5354554e
	headerLen                   = 20
	cookie               uint32 = 0x2112a442
)

// packet is a STUN message on its way out. Every step returns a new one, so
// that a test can branch off from any.
type packet []byte

func newPacket(class, method int) packet {
	p := make(packet, headerLen)
	typ := method&0xf | method&0x70<<1 | method&0xf80<<2 | class&1<<4 | class&2<<7
	binary.BigEndian.PutUint16(p, uint16(typ))
	binary.BigEndian.PutUint32(p[4:], cookie)
	_, _ = rand.Read(p[8:headerLen])
	return p
}

func request(method int) packet    { return newPacket(classRequest, method) }
func indication(method int) packet { return newPacket(classIndication, method) }

func (p packet) id() string { return string(p[8:headerLen]) }

// add appends an attribute, with padding, and corrects the length.
func (p packet) add(kind int, value ...byte) packet { return p.addPadded(0, kind, value...) }

func (p packet) addPadded(pad byte, kind int, value ...byte) packet {
	p = slices.Clone(p)
	p = binary.BigEndian.AppendUint16(p, uint16(kind))
	p = binary.BigEndian.AppendUint16(p, uint16(len(value)))
	p = append(p, value...)
	for len(p)%4 != 0 {
		p = append(p, pad)
	}
	return p.sized(len(p) - headerLen)
}

// sized writes n as the length of the message.
func (p packet) sized(n int) packet {
	p = slices.Clone(p)
	binary.BigEndian.PutUint16(p[2:], uint16(n))
	return p
}

func (p packet) add32(kind int, v uint32) packet {
	return p.add(kind, binary.BigEndian.AppendUint32(nil, v)...)
}

// peers adds an XOR-PEER-ADDRESS for each, in the form of RFC 8489
// section 14.2.
func (p packet) peers(peers ...netip.AddrPort) packet {
	for _, a := range peers {
		p = p.add(attrPeer, xorAddr(a, p[4:headerLen])...)
	}
	return p
}

func (p packet) transport(protocol byte) packet { return p.add(attrTransport, protocol, 0, 0, 0) }
func (p packet) family(f byte) packet           { return p.add(attrFamily, f, 0, 0, 0) }
func (p packet) channel(n uint16) packet        { return p.add32(attrChannel, uint32(n)<<16) }
func (p packet) lifetime(seconds uint32) packet { return p.add32(attrLifetime, seconds) }

func (p packet) integrity(key []byte) packet {
	const size = 4 + sha1.Size
	mac := hmac.New(sha1.New, key)
	mac.Write(p.sized(len(p) - headerLen + size))
	return p.add(attrIntegrity, mac.Sum(nil)...)
}

func (p packet) fingerprint() packet {
	sum := crc32.ChecksumIEEE(p.sized(len(p) - headerLen + 8))
	return p.add32(attrFingerprint, sum^fingerprintXOR)
}

// longTermKey is RFC 8489 section 9.2.2.
func longTermKey(user, realm, password string) []byte {
	sum := md5.Sum([]byte(user + ":" + realm + ":" + password))
	return sum[:]
}

func xorAddr(a netip.AddrPort, mask []byte) []byte {
	family := byte(1)
	if a.Addr().Is6() {
		family = 2
	}
	out := []byte{0, family}
	out = binary.BigEndian.AppendUint16(out, a.Port()^uint16(cookie>>16))
	for i, b := range a.Addr().AsSlice() {
		out = append(out, b^mask[i])
	}
	return out
}

func unxorAddr(v, mask []byte) (netip.AddrPort, error) {
	if len(v) < 4 || v[0] != 0 {
		return netip.AddrPort{}, errAddr
	}
	raw := slices.Clone(v[4:])
	if v[1] == 1 && len(raw) != 4 || v[1] == 2 && len(raw) != 16 || v[1] == 0 || v[1] > 2 {
		return netip.AddrPort{}, errAddr
	}
	for i := range raw {
		raw[i] ^= mask[i]
	}
	a, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(a, binary.BigEndian.Uint16(v[2:])^uint16(cookie>>16)), nil
}

type attr struct {
	kind  int
	value []byte
	at    int // where the attribute starts in the message
}

// message is a STUN message that came in, taken apart by the letter: what a
// sender must do is an error where it did not.
type message struct {
	class, method int
	raw           []byte
	attrs         []attr
}

var (
	errShort       = errors.New("shorter than a header")
	errType        = errors.New("the first two bits are not zero")
	errLength      = errors.New("the length is not that of the message")
	errCookie      = errors.New("no magic cookie")
	errAttr        = errors.New("an attribute is longer than the message")
	errPadding     = errors.New("padding is not zero")
	errAddr        = errors.New("malformed address")
	errFingerprint = errors.New("wrong FINGERPRINT, or not last")
	errCode        = errors.New("malformed ERROR-CODE")
)

func decode(b []byte) (message, error) {
	m := message{raw: slices.Clone(b)}
	if len(b) < headerLen {
		return m, errShort
	}
	typ := int(binary.BigEndian.Uint16(b))
	m.class = typ>>4&1 | typ>>7&2
	m.method = typ&0xf | typ>>1&0x70 | typ>>2&0xf80
	switch {
	case typ&0xc000 != 0:
		return m, errType
	case int(binary.BigEndian.Uint16(b[2:])) != len(b)-headerLen || len(b)%4 != 0:
		return m, errLength
	case binary.BigEndian.Uint32(b[4:]) != cookie:
		return m, errCookie
	}
	for at := headerLen; at < len(b); {
		if len(b)-at < 4 {
			return m, errAttr
		}
		n := int(binary.BigEndian.Uint16(b[at+2:]))
		end := at + 4 + n
		padded := (end + 3) &^ 3
		if padded > len(b) {
			return m, errAttr
		}
		for _, pad := range b[end:padded] {
			if pad != 0 {
				return m, errPadding
			}
		}
		m.attrs = append(m.attrs, attr{int(binary.BigEndian.Uint16(b[at:])), m.raw[at+4 : end], at})
		at = padded
	}
	return m, m.checkFingerprint()
}

func (m message) checkFingerprint() error {
	for i, a := range m.attrs {
		if a.kind != attrFingerprint {
			continue
		}
		want := crc32.ChecksumIEEE(m.raw[:a.at]) ^ fingerprintXOR
		if i != len(m.attrs)-1 || len(a.value) != 4 || binary.BigEndian.Uint32(a.value) != want {
			return errFingerprint
		}
	}
	return nil
}

func (m message) id() string { return string(m.raw[8:headerLen]) }

// find returns the first attribute of a kind.
func (m message) find(kind int) ([]byte, bool) {
	i := slices.IndexFunc(m.attrs, func(a attr) bool { return a.kind == kind })
	if i < 0 {
		return nil, false
	}
	return m.attrs[i].value, true
}

func (m message) has(kind int) bool { _, ok := m.find(kind); return ok }

// signedBy reports whether MESSAGE-INTEGRITY is there and right.
func (m message) signedBy(key []byte) bool {
	i := slices.IndexFunc(m.attrs, func(a attr) bool { return a.kind == attrIntegrity })
	if i < 0 || key == nil {
		return false
	}
	signed := packet(m.raw[:m.attrs[i].at])
	mac := hmac.New(sha1.New, key)
	mac.Write(signed.sized(len(signed) - headerLen + 4 + sha1.Size))
	return hmac.Equal(mac.Sum(nil), m.attrs[i].value)
}

// code returns the error code, or 0 for a success.
func (m message) code() (int, error) {
	if m.class == classSuccess {
		return 0, nil
	}
	v, ok := m.find(attrErrorCode)
	if m.class != classError || !ok || len(v) < 4 {
		return 0, errCode
	}
	class, number := int(v[2]&7), int(v[3])
	if class < 3 || class > 6 || number > 99 || v[0] != 0 || v[1] != 0 || v[2]&0xf8 != 0 {
		return 0, errCode
	}
	return class*100 + number, nil
}

func (m message) addr(kind int) (netip.AddrPort, error) {
	v, ok := m.find(kind)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("%w: there is no %#04x", errAddr, kind)
	}
	return unxorAddr(v, m.raw[4:headerLen])
}

func (m message) lifetime() (uint32, bool) {
	v, ok := m.find(attrLifetime)
	if !ok || len(v) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(v), true
}

// unknown returns the list of UNKNOWN-ATTRIBUTES, in ascending order.
func (m message) unknown() []int {
	var out []int
	v, _ := m.find(attrUnknown)
	for ; len(v) >= 2; v = v[2:] {
		out = append(out, int(binary.BigEndian.Uint16(v)))
	}
	if len(v) != 0 {
		out = append(out, -1)
	}
	slices.Sort(out)
	return out
}

// channelData is RFC 8656 section 12.4, without padding.
func channelData(number uint16, data []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, number)
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	return append(b, data...)
}

// pad4 pads with zeros to a multiple of four bytes.
func pad4(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}
