package wire

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 8489 section 14.5: MESSAGE-INTEGRITY is HMAC-SHA1
	"encoding/binary"
	"hash/crc32"
	"net/netip"
)

// fingerprintXOR is the constant of RFC 8489 section 14.7.
const fingerprintXOR = 0x5354554e

// New appends the header of a message to b and returns it. Attributes are
// appended with the Append functions.
func New(b []byte, method Method, class Class, id [IDLen]byte) Message {
	t := uint16(method)
	t = t&0x000f | t&0x0070<<1 | t&0x0f80<<2 | uint16(class)
	b = binary.BigEndian.AppendUint16(b[:0], t)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint32(b, Cookie)
	return append(b, id[:]...)
}

// Append adds an attribute, padded with zeros.
func (m Message) Append(a Attr, value []byte) Message {
	m = m.head(a, len(value))
	m = append(m, value...)
	for len(m)%4 != 0 {
		m = append(m, 0)
	}
	return m.sized()
}

// AppendText is [Message.Append] of a text.
func (m Message) AppendText(a Attr, value string) Message {
	m = m.head(a, len(value))
	m = append(m, value...)
	for len(m)%4 != 0 {
		m = append(m, 0)
	}
	return m.sized()
}

// AppendUint32 adds an attribute of four bytes, such as LIFETIME in seconds.
func (m Message) AppendUint32(a Attr, value uint32) Message {
	return Message(binary.BigEndian.AppendUint32(m.head(a, 4), value)).sized()
}

// AppendXORAddr adds an XOR-…-ADDRESS: RFC 8489 section 14.2.
func (m Message) AppendXORAddr(a Attr, addr netip.AddrPort) Message {
	ip := addr.Addr().Unmap()
	if ip.Is4() {
		m = append(m.head(a, 8), 0, IPv4)
	} else {
		m = append(m.head(a, 20), 0, IPv6)
	}
	m = binary.BigEndian.AppendUint16(m, addr.Port()^Cookie>>16)
	raw, n := ip.As16(), 16
	b := raw[:]
	if ip.Is4() {
		b, n = raw[12:], 4
	}
	for i := range n {
		m = append(m, b[i]^m[4+i])
	}
	return m.sized()
}

// AppendError adds ERROR-CODE without a reason phrase: RFC 8489 section 14.8
// has it for people, and answers to strangers have to be short.
func (m Message) AppendError(code int) Message {
	return append(m.head(ErrorCode, 4), 0, 0, byte(code/100&7), byte(code%100&0x7f)).sized()
}

// AppendUnknown adds UNKNOWN-ATTRIBUTES: RFC 8489 section 14.13.
func (m Message) AppendUnknown(unknown []Attr) Message {
	m = m.head(UnknownAttributes, 2*len(unknown))
	for _, a := range unknown {
		m = binary.BigEndian.AppendUint16(m, uint16(a))
	}
	if len(m)%4 != 0 {
		m = append(m, 0, 0)
	}
	return m.sized()
}

// Sign adds MESSAGE-INTEGRITY over all that is there: RFC 8489 section 14.5.
func (m Message) Sign(key []byte) Message {
	at := len(m)
	m = append(m.head(MessageIntegrity, IntegrityLen), make([]byte, IntegrityLen)...).sized()
	sum := m.integrity(key, at)
	copy(m[at+attrHeader:], sum[:])
	return m
}

// AppendFingerprint adds FINGERPRINT, which must be last: RFC 8489 section 14.7.
func (m Message) AppendFingerprint() Message {
	at := len(m)
	m = append(m.head(Fingerprint, 4), 0, 0, 0, 0).sized()
	binary.BigEndian.PutUint32(m[at+attrHeader:], crc32.ChecksumIEEE(m[:at])^fingerprintXOR)
	return m
}

// CheckFingerprint reports whether the message has no FINGERPRINT, or the
// right one as its last attribute.
func (m Message) CheckFingerprint() bool {
	for at, a := range m.Attrs() {
		if a == Fingerprint {
			return at == len(m)-attrHeader-4 && binary.BigEndian.Uint32(m[at+attrHeader:]) == crc32.ChecksumIEEE(m[:at])^fingerprintXOR
		}
	}
	return true
}

// CheckIntegrity reports whether the message is signed with key. What follows
// MESSAGE-INTEGRITY is not covered by it. The time that it takes does not
// depend on where a wrong sum differs.
func (m Message) CheckIntegrity(key []byte) bool {
	for at, a := range m.Attrs() {
		if a == MessageIntegrity {
			sum := m.integrity(key, at)
			return hmac.Equal(sum[:], m.ValueAt(at))
		}
	}
	return false
}

// integrity is HMAC-SHA1 over what comes before at, with a length in the
// header as if the message ended with the attribute at at.
func (m Message) integrity(key []byte, at int) [IntegrityLen]byte {
	var header [HeaderLen]byte
	copy(header[:], m)
	binary.BigEndian.PutUint16(header[2:], uint16((at+attrHeader+IntegrityLen-HeaderLen)&0xffff))
	mac := hmac.New(sha1.New, key)
	mac.Write(header[:])
	mac.Write(m[HeaderLen:at])
	return [IntegrityLen]byte(mac.Sum(nil))
}

func (m Message) head(a Attr, length int) Message {
	b := binary.BigEndian.AppendUint16(m, uint16(a))
	return binary.BigEndian.AppendUint16(b, uint16(length&0xffff)) // callers write short values
}

// sized sets the length in the header to what is there.
func (m Message) sized() Message {
	binary.BigEndian.PutUint16(m[2:], uint16((len(m)-HeaderLen)&0xffff))
	return m
}
