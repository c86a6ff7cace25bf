package relay

import (
	"encoding/binary"
	"io"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

const (
	stunHeader    = 20
	stunCookie    = 0x2112a442
	channelHeader = 4

	// inboundMTU bounds what comes in: longer packets are dropped, longer
	// messages on a stream end it.
	inboundMTU = 1600

	// pionMTU is what pion reads into: what [front] writes anew may be a little
	// longer than what came, by a name and a nonce of theirs.
	pionMTU = inboundMTU + 64

	// pionBuffer is what pion reads packets of peers into. One that fills it was
	// cut, most likely.
	pionBuffer = 1600
)

// isSTUN tells by the first byte of a message what it may be (RFC 7983).
func isSTUN(first byte) bool { return first <= 3 }

// isChannel holds for the channel numbers 0x4000 to 0x4fff.
func isChannel(first byte) bool { return first&0xf0 == 0x40 }

// plausible reports whether a datagram could be STUN (RFC 8489 section 5) or
// ChannelData (RFC 8656 section 12.4). All else is dropped here, before
// anything is copied or parsed.
func plausible(b []byte) bool {
	if len(b) < channelHeader {
		return false
	}
	length := int(binary.BigEndian.Uint16(b[2:]))
	switch {
	case isChannel(b[0]): // may be padded
		return channelHeader+length <= len(b)
	case isSTUN(b[0]):
		return len(b) == stunHeader+length && length%4 == 0 &&
			binary.BigEndian.Uint32(b[4:]) == stunCookie
	}
	return false
}

// isAnswer reports whether a message of pion's answers a request: all else that
// it sends is data, from a goroutine of each allocation.
func isAnswer(b []byte) bool {
	m := wire.Message(b)
	return len(b) >= stunHeader && isSTUN(b[0]) && (m.Class() == wire.Success || m.Class() == wire.Failure)
}

// messages cuts a stream into whole messages. The zero value needs a buffer
// of its own first, see [newMessages].
type messages struct {
	buf      []byte
	from, to int // what of buf has come and was not handed out
	last     int // where in buf the message begins that was handed out last
}

func newMessages() messages { return messages{buf: make([]byte, 2*inboundMTU)} }

// next returns the next message of r, at most inboundMTU bytes with its
// padding. It lives in the buffer until the next call, and is wiped then:
// what was relayed stays nowhere.
func (m *messages) next(r io.Reader) ([]byte, error) {
	clear(m.buf[m.last:m.from])
	for {
		n, err := messageLength(m.buf[m.from:m.to])
		if err != nil {
			return nil, err
		}
		if n > 0 && n <= m.to-m.from {
			msg := m.buf[m.from : m.from+n]
			m.last, m.from = m.from, m.from+n
			return msg, nil
		}
		if m.from > 0 {
			n := copy(m.buf, m.buf[m.from:m.to])
			clear(m.buf[max(n, m.from):m.to])
			m.from, m.to, m.last = 0, n, 0
		}
		got, err := r.Read(m.buf[m.to:])
		m.to += got
		if got == 0 && err != nil {
			clear(m.buf) // half a message may have come
			return nil, err
		}
	}
}

// messageLength returns how long the message is that begins with b, 0 where b
// is too short to say.
func messageLength(b []byte) (int, error) {
	if len(b) < channelHeader {
		return 0, nil
	}
	after := afterHeader([channelHeader]byte(b))
	if after < 0 || len(b) >= 8 && isSTUN(b[0]) && binary.BigEndian.Uint32(b[4:]) != stunCookie {
		return 0, errNotTURN
	}
	return channelHeader + after, nil
}

// afterHeader returns how much follows the first four bytes of a message, or
// -1 where those are of no message that a client may send.
func afterHeader(h [channelHeader]byte) int {
	length := int(binary.BigEndian.Uint16(h[2:]))
	switch {
	case isChannel(h[0]):
		length = (length + 3) &^ 3 // padded on a stream, RFC 8656 section 12.5
	case isSTUN(h[0]):
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

// rest takes what has come and is no message yet. It lives in the buffer; who
// takes it clears it.
func (m *messages) rest() []byte {
	clear(m.buf[m.last:m.from])
	b := m.buf[m.from:m.to]
	m.last, m.from = m.to, m.to
	return b
}
