package signal

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
)

// This file is what lies beneath the WebSocket library: a connection that
// holds no buffer while nothing is to be read or written. Most connections of
// a hub wait nearly all the time.

// thinBuffer is what the library gets in place of net/http's two buffers of
// 4 KB: enough for the head of a frame, and the least that bufio takes.
const thinBuffer = 16

// thinWriter is a response whose connection is taken over as a thin one.
type thinWriter struct {
	http.ResponseWriter
	pool *buffers
}

// Hijack takes over the connection; net/http's buffers are let go.
func (w thinWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("take over the connection: %w", err)
	}
	c := &thinConn{Conn: conn, pool: w.pool}
	if n := rw.Reader.Buffered(); n > 0 { // a client may write before it has read the answer
		early, err := rw.Peek(n)
		if err != nil {
			_ = conn.Close()
			return nil, nil, fmt.Errorf("take over what came early: %w", err)
		}
		c.in = w.pool.get()
		c.in.b = append(c.in.b, early...)
	}
	return c, bufio.NewReadWriter(bufio.NewReaderSize(c, thinBuffer), bufio.NewWriterSize(c, thinBuffer)), nil
}

// thinConn takes a buffer from the pool when bytes are here or a frame is
// half written, and gives it back with the last of them. One goroutine reads
// at a time and one writes; the library sees to that.
type thinConn struct {
	net.Conn
	pool *buffers

	in *buffer // read and not yet asked for
	at int     // how much of it was asked for

	out  *buffer // the frame that is being put together
	need int     // how long it will be
}

// Read reads into p alone where the library waits for the head of a frame:
// that may last for hours. Within a frame as much as is here is read at once.
func (c *thinConn) Read(p []byte) (int, error) {
	if c.in == nil {
		if len(p) <= thinBuffer {
			return c.Conn.Read(p)
		}
		b := c.pool.get()
		n, err := c.Conn.Read(b.b[:cap(b.b)])
		if n == 0 {
			c.pool.put(b)
			return 0, err
		}
		c.in, c.at, b.b = b, 0, b.b[:n] // an error shows at the next read
	}
	n := copy(p, c.in.b[c.at:])
	if c.at += n; c.at == len(c.in.b) {
		c.pool.put(c.in)
		c.in = nil
	}
	return n, nil
}

// Write writes each frame at once: as one segment, and as one record of TLS.
// The library writes a head and what follows it in pieces of its buffer's size.
func (c *thinConn) Write(p []byte) (int, error) {
	if c.out == nil {
		need := frameSize(p)
		if need <= len(p) {
			return c.Conn.Write(p)
		}
		c.out, c.need = c.pool.get(), need
	}
	c.out.b = append(c.out.b, p...)
	if len(c.out.b) < c.need {
		return len(p), nil
	}
	b := c.out
	c.out = nil
	_, err := c.Conn.Write(b.b)
	c.pool.put(b)
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// frameSize returns how long the frame is that begins with p, which holds all
// of its head; zero where it does not. Frames of a server have no mask.
func frameSize(p []byte) int {
	if len(p) < 2 {
		return 0
	}
	switch n := int(p[1] & 0x7f); {
	case n < 126:
		return 2 + n
	case n == 126 && len(p) >= 4:
		return 4 + int(binary.BigEndian.Uint16(p[2:]))
	case n == 127 && len(p) >= 10:
		return 10 + int(binary.BigEndian.Uint32(p[6:])) // no slice of the hub is longer
	}
	return 0
}
