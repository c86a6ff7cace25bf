package ws

import (
	"bufio"
	"fmt"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// Options is what Accept needs. Pool must be set.
type Options struct {
	Subprotocol string
	Origins     []string // hosts besides the request's own whose pages may connect, as path.Match patterns
	Limit       int      // bytes of a message
	Pool        *Pool
	Pong        func(payload []byte) bool // gets each pong; valid during the call alone; false as for Ping
	Ping        func() bool               // gets each ping; false: too many, Next returns ErrFlood
	Lot         func() *Lot               // where to park; asked for a connection that can be, nil where there is none
	Wake        func()                    // reads a parked connection again; must not block
}

// Accept takes a request over into c; where it fails the request is answered. Of the
// library only the handshake is used: it never sees the connection. agreed
// says whether the client speaks the subprotocol.
func (c *Conn) Accept(w http.ResponseWriter, r *http.Request, o *Options) (agreed bool, err error) {
	taken := &takeover{ResponseWriter: w, conn: c, opt: o}
	lib, err := websocket.Accept(taken, r, &websocket.AcceptOptions{
		Subprotocols: []string{o.Subprotocol}, OriginPatterns: o.Origins,
	})
	if err != nil {
		return false, fmt.Errorf("accept: %w", err)
	}
	agreed = lib.Subprotocol() == o.Subprotocol
	_ = lib.CloseNow() // of nowhere; else the library's finalizer keeps it for ever
	c.wake = o.Wake
	if c.raw != nil && o.Lot != nil {
		c.lot = o.Lot()
	}
	return agreed, nil
}

// takeover is a response whose connection the library does not get.
type takeover struct {
	http.ResponseWriter
	conn *Conn
	opt  *Options
}

// Hijack takes over the connection; net/http's buffers are let go.
func (t *takeover) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("take over the connection: %w", err)
	}
	c := t.conn
	c.start(conn, t.opt)
	if n := rw.Reader.Buffered(); n > 0 { // a client may write before it has read the answer
		early, err := rw.Peek(n)
		if err != nil {
			_ = conn.Close()
			return nil, nil, fmt.Errorf("take over what came early: %w", err)
		}
		c.in = c.pool.Get()
		c.in.B = append(c.in.B, early...)
	}
	none := nowhere{}
	return none, bufio.NewReadWriter(bufio.NewReaderSize(none, 1), bufio.NewWriterSize(none, 1)), nil
}

// nowhere is what the library gets in place of the connection.
type nowhere struct{ net.Conn }

func (nowhere) Close() error              { return nil }
func (nowhere) Read([]byte) (int, error)  { return 0, net.ErrClosed }
func (nowhere) Write([]byte) (int, error) { return 0, net.ErrClosed }
