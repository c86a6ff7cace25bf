// Package ws owns the hub's end of a WebSocket (RFC 6455): frames in and out,
// pings, the close handshake, and how a connection waits that has nothing to
// say. The handshake of HTTP is the library's.
//
// While nothing comes in, a connection holds no buffer, and one that has
// waited for long holds no goroutine either: it is parked (park_linux.go).
package ws

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Errors of Next. Any other is one of the connection beneath.
var (
	ErrTooLarge = errors.New("message too large")
	ErrBinary   = errors.New("not a text message")
	ErrFlood    = errors.New("too many control frames")
	// ErrIdle: asked to let go, or woken for control frames alone. The
	// connection may be parked, and Next may be called again.
	ErrIdle = errors.New("nothing has come in")
)

// CloseError is the close frame of the peer.
type CloseError struct{ Code int }

func (*CloseError) Error() string { return "the peer has closed" }

// closeWithin is how long either half of a close handshake may take.
const closeWithin = 5 * time.Second

// Conn is one connection. Next is called by one goroutine at a time; all else
// is safe for concurrent use.
type Conn struct {
	net   net.Conn
	raw   syscall.RawConn // of the socket beneath; nil where there is none
	plain bool            // net is the socket itself, with nothing in between
	pool  *Pool
	limit int

	// Reading: only Next and what it calls look at these.
	in      *Buffer // read, and not yet taken
	at      int     // how much of in was taken
	parts   *Buffer // of a message in fragments
	given   bool    // parts was given out as a message
	skip    int     // bytes of a message that nobody wants
	drained bool    // no message is wanted any more
	firm    bool    // the deadline is the caller's
	brief   bool    // woken: what has come in is looked at, but no more is waited for
	woken   bool    // and nothing was read yet
	read    reading
	small   [maxHead]byte // what is waited with where the socket cannot be read directly

	ping func() bool
	pong func(payload []byte) bool

	wake    func() // called once each time a parked connection is to be read again
	parked  atomic.Bool
	asked   atomic.Bool // to let go
	closing atomic.Bool // our close frame is out or on its way
	fd      int32       // of the socket; guarded by the lot
	lot     *Lot

	mu   sync.Mutex // guards following; never held while writing
	busy bool       // somebody writes
	last bool       // the close frame was written or is owed: nothing may follow
	owed []byte     // what whoever writes is to write next
	room room
}

// reading is what a read of the socket itself needs, kept so that reading
// allocates nothing.
type reading struct {
	fn   func(fd uintptr) bool
	b    *Buffer
	free int // where in b.B to read to
	wait bool
	n    int
	err  error
}

// beneath returns the socket under a connection, however many wrap it.
func beneath(c net.Conn) (raw syscall.RawConn, plain bool) {
	plain = true
	for range 8 {
		if sc, ok := c.(syscall.Conn); ok {
			raw, err := sc.SyscallConn()
			if err != nil {
				return nil, false
			}
			return raw, plain
		}
		in, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return nil, false
		}
		c, plain = in.NetConn(), false
	}
	return nil, false
}

func (c *Conn) start(conn net.Conn, o *Options) {
	c.net, c.pool, c.limit, c.ping, c.pong = conn, o.Pool, o.Limit, o.Ping, o.Pong
	c.raw, c.plain = beneath(conn)
	if c.raw != nil && c.plain {
		c.read.fn = c.readSocket
	}
}

// Next waits for the next message and returns it. The message is valid until
// Next is called again. Pings are answered and pongs handed on meanwhile.
func (c *Conn) Next() ([]byte, error) {
	if c.given {
		c.drop(&c.parts)
		c.given = false
	}
	for {
		h, err := c.frame()
		if err != nil {
			if errors.Is(err, errProtocol) {
				_ = c.Close(codeProtocol)
			}
			return nil, err
		}
		payload := c.in.B[c.at+h.size : c.at+h.size+h.length]
		unmask(payload, h.mask)
		c.at += h.size + h.length
		if h.op >= opClose {
			if err := c.control(h.op, payload); err != nil {
				return nil, err
			}
			continue
		}
		message, err := c.assemble(&h, payload)
		if message != nil || err != nil {
			c.brief = false
			return message, err
		}
	}
}

// NextWithin is Next with a limit of time. After an error the connection is of
// no more use than to be closed.
func (c *Conn) NextWithin(d time.Duration) ([]byte, error) {
	c.firm = true
	if err := c.deadline(time.Now().Add(d)); err != nil {
		return nil, err
	}
	message, err := c.Next()
	c.firm = false
	if err == nil {
		err = c.deadline(time.Time{})
	}
	return message, err
}

// assemble takes a data frame; the message is nil where more is to come.
func (c *Conn) assemble(h *head, payload []byte) ([]byte, error) {
	switch {
	case h.op == opBinary:
		return nil, ErrBinary
	case (h.op == opContinuation) != (c.parts != nil):
		_ = c.Close(codeProtocol)
		return nil, errProtocol
	case h.op == opText && h.fin:
		return payload, nil
	case c.parts == nil:
		c.parts = c.pool.Get()
	}
	c.parts.B = append(c.parts.B, payload...)
	if !h.fin {
		return nil, nil
	}
	c.given = true
	return c.parts.B, nil
}

func (c *Conn) control(op byte, payload []byte) error {
	switch op {
	case opPing:
		if c.ping != nil && !c.drained && !c.ping() {
			return ErrFlood
		}
		return c.pongBack(payload)
	case opPong:
		if c.pong != nil && !c.pong(payload) && !c.drained {
			return ErrFlood
		}
		return nil
	}
	code, err := parseClose(payload)
	if err != nil {
		_ = c.Close(codeProtocol)
		return err
	}
	echo := code
	if code == codeNone {
		echo = CodeNormal
	}
	_ = c.Close(echo) // an answer to ours needs none, and then this writes none
	return &CloseError{Code: code}
}

// pongBack answers a ping. One that crosses our close frame needs no answer.
func (c *Conn) pongBack(payload []byte) error {
	if err := c.write(appendControl(nil, opPong, payload), false); err != nil && !c.closing.Load() {
		return err
	}
	return nil
}

// frame returns the head of the next frame once all of it is in c.in, from
// c.at on.
func (c *Conn) frame() (head, error) {
	for {
		need := 1
		if c.in != nil && c.skip > 0 {
			n := min(c.skip, len(c.in.B)-c.at)
			c.at += n
			c.skip -= n
		}
		if c.in != nil {
			have := c.in.B[c.at:]
			h, err := parseHead(have)
			if err != nil {
				return head{}, err
			}
			held := 0
			if c.parts != nil {
				held = len(c.parts.B)
			}
			switch {
			case h.size > 0 && h.op < opClose && c.drained:
				c.at, c.skip = c.at+h.size, h.length
				continue
			case h.size > 0 && h.op < opClose && held+h.length > c.limit:
				return head{}, ErrTooLarge
			case h.size > 0 && len(have) >= h.size+h.length:
				return h, nil
			case h.size > 0:
				need = h.size + h.length
			}
			if len(have) == 0 {
				c.drop(&c.in)
			}
		}
		if err := c.more(need); err != nil {
			return head{}, err
		}
	}
}

// drop gives a buffer back.
func (c *Conn) drop(b **Buffer) {
	if *b != nil {
		c.pool.Put(*b)
		*b = nil
	}
	if b == &c.in {
		c.at = 0
	}
}

// more reads what is here, and waits until something is. There is room for a
// frame of need bytes from c.at on afterwards.
func (c *Conn) more(need int) error {
	if c.in != nil && c.at > 0 {
		c.in.B = c.in.B[:copy(c.in.B, c.in.B[c.at:])]
		c.at = 0
	}
	if c.in != nil && cap(c.in.B) < need {
		c.in.B = append(make([]byte, 0, need+maxHead), c.in.B...)
	}
	for {
		err := c.receive()
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, os.ErrDeadlineExceeded), c.closing.Load(), c.firm:
			return err
		case c.in == nil && c.parts == nil && (c.brief || c.asked.Load()):
			return ErrIdle
		}
		// Asked to let go in the middle of a message: not now.
		c.asked.Store(false)
		if err := c.deadline(time.Time{}); err != nil {
			return err
		}
	}
}

// past is a deadline that has passed.
func past() time.Time { return time.Unix(1, 0) }

// deadline sets when reading gives up. That of a closing connection stays.
func (c *Conn) deadline(t time.Time) error {
	err := c.net.SetReadDeadline(t)
	if c.closing.Load() {
		err = c.net.SetReadDeadline(time.Now().Add(closeWithin))
	}
	return err
}

// receive reads once. While it waits between messages it holds no buffer.
func (c *Conn) receive() error {
	first := c.woken
	if c.woken = false; first {
		if err := c.deadline(time.Time{}); err != nil {
			return err
		}
	}
	if c.read.fn != nil {
		return c.receivePlain()
	}
	if c.in == nil {
		if c.brief && !first && c.parts == nil {
			_ = c.deadline(past()) // what TLS holds already, and no more
		}
		n, err := c.net.Read(c.small[:])
		if n == 0 {
			return err
		}
		c.in = c.pool.getRead()
		c.in.B = append(c.in.B, c.small[:n]...)
		return nil
	}
	b := c.in.B
	n, err := c.net.Read(b[len(b):cap(b)])
	c.in.B = b[:len(b)+n]
	if n == 0 {
		return err
	}
	return nil // an error shows at the next read
}

func (c *Conn) receivePlain() error {
	r := &c.read
	r.b, r.free, r.wait = c.in, 0, !c.brief || c.in != nil || c.parts != nil
	if r.b != nil {
		r.free = len(r.b.B)
	}
	r.n, r.err = 0, nil
	err := c.raw.Read(r.fn)
	b := r.b
	r.b = nil
	switch {
	case err != nil:
		c.unused(b)
		return err
	case r.err != nil:
		c.unused(b)
		return r.err
	case r.n == 0:
		c.unused(b)
		return io.EOF
	}
	b.B = b.B[:r.free+r.n]
	c.in = b
	return nil
}

// unused gives back a buffer that was taken for a read which brought nothing.
func (c *Conn) unused(b *Buffer) {
	if b != nil && b != c.in {
		c.pool.Put(b)
	}
}

// Write writes frames of a server, whole ones only. Where another write is in
// progress, whoever does that writes these, too: nobody waits for anybody.
func (c *Conn) Write(frames []byte) error { return c.write(frames, false) }

// WriteWithin is Write with a limit of time. After an error the connection is
// of no more use than to be closed.
func (c *Conn) WriteWithin(frames []byte, d time.Duration) error {
	if err := c.net.SetWriteDeadline(time.Now().Add(d)); err != nil {
		return err
	}
	if err := c.write(frames, false); err != nil {
		return err
	}
	return c.net.SetWriteDeadline(time.Time{})
}

// maxOwed is how many bytes may wait for a write in progress: the largest that
// a session writes at once, and pings and pongs.
const maxOwed = 128 << 10

func (c *Conn) write(frames []byte, last bool) error {
	c.mu.Lock()
	switch {
	case c.last, len(c.owed)+len(frames) > maxOwed:
		c.mu.Unlock()
		return net.ErrClosed
	case c.busy:
		c.last = last
		c.owed = append(c.owed, frames...)
		c.mu.Unlock()
		return nil
	}
	c.busy, c.last = true, last
	c.mu.Unlock()
	_, err := c.net.Write(frames)
	for {
		c.mu.Lock()
		more := c.owed
		c.owed = nil
		c.busy = len(more) > 0 && err == nil
		c.mu.Unlock()
		if len(more) == 0 || err != nil {
			return err
		}
		_, err = c.net.Write(more)
	}
}

// AppendPing appends a ping with a number to frames that are to be written.
func AppendPing(dst []byte, number uint32) []byte {
	return binary.BigEndian.AppendUint32(append(dst, bitFIN|opPing, 4), number)
}

// Ping writes a ping with a number, which its pong repeats. After a close
// frame it does nothing.
func (c *Conn) Ping(number uint32) error {
	var b [6]byte
	err := c.write(AppendPing(b[:0], number), false)
	if c.closing.Load() {
		return nil
	}
	return err
}

// Close writes a close frame, unless one was written. Whoever reads, and a
// parked connection is read again for it, gets the peer's answer or an error
// within seconds.
func (c *Conn) Close(code int) error {
	c.closing.Store(true)
	_ = c.net.SetWriteDeadline(time.Now().Add(closeWithin)) // an error shows at the write
	var b [4]byte
	err := c.write(binary.BigEndian.AppendUint16(append(b[:0], bitFIN|opClose, codeSize), uint16(code&0xffff)), true)
	_ = c.net.SetReadDeadline(time.Now().Add(closeWithin)) // an error shows at the next read
	c.unpark()
	return err
}

// Drain reads on, whatever comes in, until the connection is closed. Somebody
// must have called Close, or be about to.
func (c *Conn) Drain() {
	c.drained = true
	c.drop(&c.parts)
	c.given = false
	for {
		if _, err := c.Next(); err != nil && !errors.Is(err, ErrIdle) {
			return
		}
	}
}

// CloseNow closes the connection without a word. Once more does no harm.
func (c *Conn) CloseNow() {
	if c.net == nil {
		return // never taken over
	}
	c.closing.Store(true)
	if c.lot != nil {
		c.lot.forget(c)
	}
	_ = c.net.Close() // gone either way
	c.unpark()
}

// LetGo asks Next to return ErrIdle, should it wait between messages. Where
// the connection cannot be parked it does nothing.
func (c *Conn) LetGo() {
	if c.lot == nil || c.parked.Load() || c.closing.Load() || c.asked.Swap(true) {
		return
	}
	_ = c.deadline(past()) // on a closed connection, whose Next has ended
}

// unpark has a parked connection read again.
func (c *Conn) unpark() {
	if c.parked.CompareAndSwap(true, false) {
		c.wake()
	}
}
