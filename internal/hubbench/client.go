package hubbench

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// Kind is what a server speaks.
type Kind string

// Kinds of servers.
const (
	Hub   Kind = "ringfence" // a hub that takes an account's name for its token, as this package starts it
	Floor Kind = "floor"     // passes frames between the two ends of a pair, and looks at nothing

	CentrifugeJSON     Kind = "centrifuge, JSON"     // publishes to personal channels
	CentrifugeProtobuf Kind = "centrifuge, protobuf" // likewise
	CentrifugeLean     Kind = "centrifuge, lean"     // protobuf, and what passes is sent, with no answer
	PeerJS             Kind = "PeerJS"               // passes offers on
)

var errNot101 = errors.New("the server does not take the WebSocket")

// client is a WebSocket by hand that costs next to nothing, so that the
// generator is not what is measured.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	self id.Account
	in   []byte
	out  []byte
	says *dialect // of a rival; nil: ours
	rest []byte   // of the rival's last frame
}

// target is where to connect.
type target struct {
	kind Kind
	addr string
	conf *tls.Config // nil: plain
	host string      // as the request names it
	// Of accounts that are friends, two by two; without, a client makes its
	// account's name up, as ServeHub takes it.
	tokens []string
}

// readBuffer is small for those that wait and large enough for a frame.
const readBuffer = 2 << 10

var errNoToken = errors.New("there are not enough tokens for so many sessions")

// dial connects client n and is welcomed; clients 2k and 2k+1 belong together.
func (t target) dial(n int) (*client, error) {
	d := net.Dialer{Timeout: 30 * time.Second}
	conn, err := d.Dial("tcp", t.addr)
	if err != nil {
		return nil, err
	}
	if t.conf != nil {
		conn = tls.Client(conn, t.conf)
	}
	c := &client{conn: conn, self: id.NewAccount(), says: dialects[t.kind], r: bufio.NewReaderSize(conn, readBuffer)}
	if err := c.open(t, n); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *client) open(t target, n int) error {
	token := c.self.String()
	if t.tokens != nil {
		if n >= len(t.tokens) {
			return errNoToken
		}
		token = t.tokens[n]
	}
	host := t.host
	if host == "" {
		host = t.addr
	}
	path, protocol := fmt.Sprintf("/api/v1/signal?pair=%d", n/2), wire.Subprotocol
	if c.says != nil {
		path, protocol = c.says.path(token), c.says.protocol
	}
	if protocol != "" {
		protocol = "Sec-WebSocket-Protocol: " + protocol + "\r\n"
	}
	_, err := fmt.Fprintf(c.conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n%s"+
		"Authorization: Bearer %s\r\n\r\n", path, host, protocol, token)
	if err != nil {
		return err
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err
	}
	_ = resp.Body.Close() // has none
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("%w: %s", errNot101, resp.Status)
	}
	switch {
	case t.kind == Floor:
		return nil
	case c.says != nil:
		return c.meet()
	}
	if err := c.send(&wire.Head{Kind: wire.KindHello, Body: wire.EncodeBody(wire.Hello{Min: 1, Max: 1})}); err != nil {
		return err
	}
	b, err := c.until(wire.KindWelcome)
	if err != nil {
		return err
	}
	var w wire.Welcome
	err = wire.DecodeBody(b, &w)
	c.self = w.Self.Account
	return err
}

// meet says hello to a rival and is welcomed.
func (c *client) meet() error {
	if c.says.hello != nil {
		if _, err := c.conn.Write(c.says.masked(c.says.hello)); err != nil {
			return err
		}
	}
	m, err := c.says.next(c)
	if err == nil && !c.says.welcome(m) {
		err = errRefused
	}
	return err
}

func (c *client) send(h *wire.Head) error {
	_, err := c.conn.Write(masked(wire.AppendFrame(nil, h)))
	return err
}

// masked is a text message as a client sends it, with a mask of zeros.
func masked(b []byte) []byte {
	out := []byte{0x81}
	switch n := len(b); {
	case n < 126:
		out = append(out, 0x80|byte(n&0x7f))
	default:
		out = append(out, 0x80|126, byte(n>>8&0xff), byte(n&0xff))
	}
	return append(append(out, 0, 0, 0, 0), b...)
}

// next returns the next message; it answers pings. The message is valid until
// the next call.
func (c *client) next() ([]byte, error) {
	if c.says != nil {
		return c.says.next(c)
	}
	return c.frame()
}

// frame returns what the next frame holds that is none of control.
func (c *client) frame() ([]byte, error) {
	for {
		var head [8]byte
		if _, err := io.ReadFull(c.r, head[:2]); err != nil {
			return nil, err
		}
		n := int(head[1] & 0x7f)
		if n == 126 {
			if _, err := io.ReadFull(c.r, head[:2]); err != nil {
				return nil, err
			}
			n = int(binary.BigEndian.Uint16(head[:]))
			head[0] = 0x81
		}
		if cap(c.in) < n {
			c.in = make([]byte, n)
		}
		b := c.in[:n]
		if _, err := io.ReadFull(c.r, b); err != nil {
			return nil, err
		}
		switch head[0] & 0xf {
		case 0x9:
			c.out = append(append(c.out[:0], 0x8a, 0x80|byte(n&0x7f), 0, 0, 0, 0), b...)
			if _, err := c.conn.Write(c.out); err != nil {
				return nil, err
			}
		case 0x8:
			return nil, io.EOF
		default:
			return b, nil
		}
	}
}

var errRefused = errors.New("the server refuses")

// until reads up to the next message of a kind and returns its body.
func (c *client) until(kind wire.Kind) ([]byte, error) {
	for {
		b, err := c.next()
		if err != nil {
			return nil, fmt.Errorf("wait for %s: %w", kind, err)
		}
		h, err := wire.ScanHub(b)
		switch {
		case err != nil:
			return nil, err
		case h.Kind == kind:
			return h.Body, nil
		case h.Kind == wire.KindError:
			var e wire.Error
			_ = wire.DecodeBody(h.Body, &e)
			return nil, fmt.Errorf("%w: %s %s", errRefused, e.Code, e.Text)
		}
	}
}

// pair is two ends between which frames pass.
type pair struct {
	from, to *client
	call     id.Call
	frame    []byte // what from sends
	batch    []byte // many of it

	answers sync.WaitGroup // of listen
}

// pair connects two and has them talk; frames will have about size bytes.
func (t target) pair(n, size int) (*pair, error) {
	a, err := t.dial(2 * n)
	if err != nil {
		return nil, err
	}
	b, err := t.dial(2*n + 1)
	if err != nil {
		return nil, err
	}
	p := &pair{from: a, to: b, call: id.NewCall()}
	if a.says != nil {
		p.frame = a.says.masked(a.says.sized(b.self.String(), size))
		p.listen()
		return p, nil
	}
	h := wire.Head{Kind: wire.KindDescription, Call: p.call, Body: []byte(marker + strings.Repeat("0", stampSize))}
	for len(wire.AppendFrame(nil, &h)) < size-3 {
		h.Body = append(h.Body, "AAAA"...)
	}
	p.frame = masked(wire.AppendFrame(nil, &h))
	if t.kind == Floor {
		return p, nil
	}
	ring := &wire.Head{Kind: wire.KindRing, Call: p.call, To: wire.Address{Account: b.self}, Body: wire.EncodeBody(wire.Ring{Media: wire.MediaAudio})}
	answer := &wire.Head{Kind: wire.KindAnswer, Call: p.call, Body: wire.EncodeBody(wire.Answer{Media: wire.MediaAudio})}
	for _, step := range []func() error{
		func() error { return a.send(ring) },
		func() error { return hears(b, wire.KindIncoming) },
		func() error { return b.send(answer) },
		func() error { return hears(b, wire.KindAnswered) },
		func() error { return hears(a, wire.KindAnswered) },
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("a call for the measurement: %w", err)
		}
	}
	p.listen()
	return p, nil
}

// listen reads what comes back to who sends: a rival's answers, and pings. A
// hub takes those for dead who answer none, in the middle of a measurement.
func (p *pair) listen() {
	p.answers.Go(func() {
		for {
			if _, err := p.from.next(); err != nil {
				return
			}
		}
	})
}

func hears(c *client, kind wire.Kind) error {
	_, err := c.until(kind)
	return err
}

func (p *pair) close() {
	_ = p.from.conn.Close()
	_ = p.to.conn.Close()
	p.answers.Wait()
}
