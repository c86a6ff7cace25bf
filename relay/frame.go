package relay

import "encoding/binary"

const (
	stunHeader    = 20
	stunCookie    = 0x2112a442
	channelHeader = 4

	// inboundMTU is pion's: longer packets are dropped, longer messages on a
	// stream end it.
	inboundMTU = 1600
)

// plausible reports whether a datagram could be STUN (RFC 8489 section 5) or
// ChannelData (RFC 8656 section 12.4). All else is dropped here, before
// anything is copied or parsed.
func plausible(b []byte) bool {
	if len(b) < channelHeader {
		return false
	}
	length := int(binary.BigEndian.Uint16(b[2:]))
	switch b[0] & 0xf0 {
	case 0x40: // channel numbers 0x4000 to 0x4fff; may be padded
		return channelHeader+length <= len(b)
	case 0x00, 0x10, 0x20, 0x30:
		return len(b) == stunHeader+length && length%4 == 0 &&
			binary.BigEndian.Uint32(b[4:]) == stunCookie
	}
	return false
}

// framer follows the messages of a stream and counts them. It keeps four
// bytes and copies nothing.
type framer struct {
	header [channelHeader]byte
	have   int // bytes of header
	left   int // bytes of the message still to come
}

// feed takes what was read and returns how many messages began in it. ok is
// false once the stream can't be TURN; then it is of no use any more.
func (f *framer) feed(b []byte) (began int, ok bool) {
	for len(b) > 0 {
		if f.left > 0 {
			n := min(f.left, len(b))
			f.left -= n
			b = b[n:]
			continue
		}
		n := copy(f.header[f.have:], b)
		f.have += n
		b = b[n:]
		if f.have < channelHeader {
			return began, true
		}
		f.have = 0
		if f.left = afterHeader(f.header); f.left < 0 {
			return began, false
		}
		began++
	}
	return began, true
}

// afterHeader returns how much follows the first four bytes of a message, or
// -1 where those are of no message that a client may send.
func afterHeader(h [channelHeader]byte) int {
	length := int(binary.BigEndian.Uint16(h[2:]))
	switch h[0] & 0xf0 {
	case 0x40:
		length = (length + 3) &^ 3 // padded on a stream, RFC 8656 section 12.5
	case 0x00, 0x10, 0x20, 0x30:
		if length%4 != 0 {
			return -1
		}
		length += stunHeader - channelHeader
	default:
		return -1
	}
	if channelHeader+length > inboundMTU {
		return -1
	}
	return length
}
