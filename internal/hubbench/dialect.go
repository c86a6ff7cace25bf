package hubbench

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// dialect is what clients of a rival speak over a WebSocket: its own messages,
// by hand, as client does for ours.
type dialect struct {
	path     func(name string) string // of the request
	protocol string                   // of the WebSocket, or empty
	binary   bool
	hello    []byte // what a client says first; nothing: the server does
	ping     []byte // of the server, and how a client answers it
	pong     []byte
	// cut takes the first message off what one frame holds.
	cut func(frame []byte) (message, rest []byte)
	// welcome and passed tell what a message of the server is.
	welcome, passed func(message []byte) bool
	// pass is a message to somebody with a body like this.
	pass func(to, body string) []byte
}

// dialects are those of the rivals.
var dialects = map[Kind]*dialect{
	CentrifugeJSON: {
		path: func(string) string { return "/connection/websocket" }, protocol: "centrifuge-json",
		hello: []byte(`{"id":1,"connect":{}}`), ping: []byte(`{}`), pong: []byte(`{}`), cut: line,
		welcome: func(m []byte) bool { return bytes.HasPrefix(m, []byte(`{"id":1,"connect":`)) },
		passed:  func(m []byte) bool { return bytes.HasPrefix(m, []byte(`{"push":`)) },
		pass: func(to, body string) []byte {
			return []byte(`{"id":2,"publish":{"channel":"#` + to + `","data":{"sealed":"` + body + `"}}}`)
		},
	},
	CentrifugeProtobuf: inProtobuf(func(to, body string) []byte {
		return field(nil, commandPublish, field(field(nil, publishChannel, []byte("#"+to)), publishData, []byte(body)))
	}),
	CentrifugeLean: inProtobuf(func(to, body string) []byte {
		return field(nil, commandSend, field(nil, sendData, []byte(to+body)))
	}),
	PeerJS: {
		path: func(name string) string { return "/peerjs?key=peerjs&id=" + name + "&token=" + name + "&version=1.5.5" },
		cut:  func(b []byte) (message, rest []byte) { return b, nil },
		welcome: func(m []byte) bool {
			return bytes.HasPrefix(m, []byte(`{"type":"OPEN"`))
		},
		passed: func(m []byte) bool { return bytes.HasPrefix(m, []byte(`{"type":"OFFER"`)) },
		pass: func(to, body string) []byte {
			return []byte(`{"type":"OFFER","payload":{"sdp":{"type":"offer","sdp":"` + body +
				`"},"type":"media","connectionId":"mc_0123456789"},"dst":"` + to + `"}`)
		},
	},
}

// line takes the first line.
func line(b []byte) (message, rest []byte) {
	message, rest, _ = bytes.Cut(b, []byte("\n"))
	return message, rest
}

// Fields of centrifuge's protocol, of client.proto.
const (
	commandID      = 1
	commandConnect = 4
	commandPublish = 7
	commandSend    = 12
	publishChannel = 1
	publishData    = 2
	sendData       = 1
	replyPush      = 4
	replyConnect   = 5
)

// inProtobuf is centrifuge's binary protocol, with a command that passes a
// message. Each message is one behind its length.
func inProtobuf(command func(to, body string) []byte) *dialect {
	whole := func(fields []byte) []byte {
		return append(binary.AppendUvarint(nil, uint64(len(fields))), fields...)
	}
	id := func(n byte) []byte { return []byte{commandID << 3, n} }
	return &dialect{
		path: func(string) string { return "/connection/websocket" }, protocol: "centrifuge-protobuf", binary: true,
		hello: whole(field(id(1), commandConnect, nil)), pong: []byte{0}, cut: delimited,
		welcome: func(m []byte) bool { return len(m) > 2 && m[2] == replyConnect<<3|lengthDelimited },
		passed:  func(m []byte) bool { return len(m) > 0 && m[0] == replyPush<<3|lengthDelimited },
		pass: func(to, body string) []byte {
			c := command(to, body)
			if c[0] == commandSend<<3|lengthDelimited {
				return whole(c) // has no answer, and so no number
			}
			return whole(append(id(2), c...))
		},
	}
}

// lengthDelimited is the wire type of a protobuf field of bytes.
const lengthDelimited = 2

// field appends a protobuf field of bytes.
func field(dst []byte, number byte, value []byte) []byte {
	dst = append(dst, number<<3|lengthDelimited)
	return append(binary.AppendUvarint(dst, uint64(len(value))), value...)
}

// delimited takes a message behind its length.
func delimited(b []byte) (message, rest []byte) {
	const most = 1<<20 - 1
	n, size := binary.Uvarint(b)
	end := size + int(n&most)
	if size <= 0 || n > most || end > len(b) {
		return b, nil
	}
	return b[size:end], b[end:]
}

// sized is a message of about size bytes, the time included.
func (d *dialect) sized(to string, size int) []byte {
	body := marker + strings.Repeat("0", stampSize)
	return d.pass(to, body+strings.Repeat("A", max(size-len(d.pass(to, body)), 0)))
}

// next returns the next message that was passed on; it answers pings.
func (d *dialect) next(c *client) ([]byte, error) {
	for {
		for len(c.rest) > 0 {
			var m []byte
			m, c.rest = d.cut(c.rest)
			switch {
			case bytes.Equal(m, d.ping) && d.pong != nil:
				if _, err := c.conn.Write(d.masked(d.pong)); err != nil {
					return nil, err
				}
			case d.passed(m), d.welcome(m):
				return m, nil
			}
		}
		b, err := c.frame()
		if err != nil {
			return nil, err
		}
		c.rest = b
	}
}

// masked is a message as a client sends it.
func (d *dialect) masked(b []byte) []byte {
	out := masked(b)
	if d.binary {
		out[0] = 0x82
	}
	return out
}
