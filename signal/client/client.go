// Package client is the Go client of the signaling protocol: a session that
// finds back by itself when its connection breaks, calls as objects, and
// (peer.go) the WebRTC side of a call on pion. It decides nothing about a call;
// it refuses to know accounts, passwords and friends, which are the HTTP API's.
package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// Errors on which callers branch.
var (
	// ErrClosed says that the client has ended.
	ErrClosed = errors.New("client is closed")
	// ErrRefused says that the server does not want this client back: signed
	// out, too many sessions, or a protocol that it does not speak.
	ErrRefused = errors.New("refused by the server")
	// ErrOffline says that too much waits for a connection that is not there.
	ErrOffline = errors.New("no connection")

	errOften = errors.New("connects too often")
)

// Timing of reconnects, and of what the server may take.
const (
	backoffLeast = 100 * time.Millisecond
	// backoffMost is the longest pause while a server may just start again: with
	// its jitter less than two seconds.
	backoffMost = 1300 * time.Millisecond
	// backoffIdle is that of a server that has been away for longer than patience.
	backoffIdle = 20 * time.Second
	patience    = time.Minute
	dialWithin  = 10 * time.Second
	writeWithin = 10 * time.Second
	// claimWithin is how long a call that rings, and that the old session had, may
	// take to show up in a new one.
	claimWithin = 3 * time.Second
	// rejoinWithin is as long as a hub waits for the other device of a call.
	rejoinWithin = (wire.ResumeSeconds + 2) * time.Second
)

// Options is what a Client needs. URL and Token must be set. Handlers are
// called one at a time, from the goroutine that reads, and must not block.
type Options struct {
	URL   string // the server's, as "https://calls.example"
	Token string // of a sign-in session
	HTTP  *http.Client

	OnIncoming func(*Call) // declined as busy where nil
	// OnElsewhere hears of calls that the person has on other devices, which
	// Take moves here. The hub tells nothing of them where nil.
	OnElsewhere func(call id.Call, e wire.Elsewhere)
	OnPresence  func(wire.Presence)
	OnChanged   func(wire.Topic)
	OnState     func(connected bool)
}

// Client is one session of a device. Its methods are safe for concurrent use.
type Client struct {
	opt     Options
	signal  string // URL of the WebSocket
	welcome chan struct{}

	writing sync.Mutex // held while writing, so that frames keep their order; above mu

	mu      sync.Mutex // guards following
	conn    *websocket.Conn
	first   bool // welcome has been closed
	self    wire.Address
	resume  string
	cursor  uint32
	outbox  [][]byte // frames that the hub may not have taken
	sent    uint32   // number of the last frame in outbox
	calls   map[id.Call]*Call
	waiting map[id.Frame]*request
	closed  bool
}

// request is a frame whose answer somebody waits for.
type request struct {
	call  id.Call
	kind  wire.Kind
	reply chan error // has room
}

// New returns a client. It connects once Serve runs.
func New(o Options) (*Client, error) {
	u, err := url.Parse(o.URL)
	if err != nil {
		return nil, fmt.Errorf("client: url: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("client: %w: the url must start with http:// or https://", errors.ErrUnsupported)
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{}
	}
	return &Client{
		opt: o, signal: strings.TrimSuffix(u.String(), "/") + "/api/v1/signal", welcome: make(chan struct{}),
		calls: map[id.Call]*Call{}, waiting: map[id.Frame]*request{},
	}, nil
}

// Session is a client that Dial started.
type Session struct {
	*Client
	stop context.CancelFunc
	done chan struct{}
	err  error
}

// Dial connects and returns once the server has said welcome. The session goes
// on, through lost connections, until Close or the end of ctx.
func Dial(ctx context.Context, o Options) (*Session, error) {
	c, err := New(o)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	s := &Session{Client: c, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.err = c.Serve(ctx)
	}()
	select {
	case <-c.welcome:
		return s, nil
	case <-s.done:
		stop()
		if s.err == nil {
			s.err = ctx.Err()
		}
		return nil, s.err
	}
}

// Close ends the session and waits until everything of it has ended.
func (s *Session) Close() error {
	s.stop()
	<-s.done
	return s.err
}

// Serve keeps the session up until ctx ends, which is no error, or the server
// refuses it.
func (c *Client) Serve(ctx context.Context) error {
	defer c.end()
	var b backoff
	for {
		start := time.Now()
		up, err := c.connect(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ErrRefused):
			return err
		}
		if up && time.Since(start) > backoffMost { // or one that welcomes and closes would be asked without a pause
			b = backoff{}
		}
		pause := time.NewTimer(jitter(b.next(time.Now())))
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
	}
}

// backoff is the pauses between two tries since there was a connection last.
type backoff struct {
	since time.Time
	wait  time.Duration
}

// next returns the next pause, before its jitter.
func (b *backoff) next(now time.Time) time.Duration {
	if b.since.IsZero() {
		b.since, b.wait = now, backoffLeast/2
	}
	most := backoffMost
	if now.Sub(b.since) > patience {
		most = backoffIdle
	}
	b.wait = min(2*b.wait, most)
	return b.wait
}

// jitter spreads a wait from half to one and a half of it, so that the clients
// of a hub that was restarted do not all come back in the same moment.
func jitter(d time.Duration) time.Duration {
	var b [1]byte
	_, _ = rand.Read(b[:]) // never fails
	return d/2 + d*time.Duration(b[0])/256
}

// connect lives through one connection; up says that the server welcomed it.
func (c *Client) connect(ctx context.Context) (up bool, err error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.CloseNow() }() // harmless after another close
	if err := c.greet(ctx, conn); err != nil {
		return false, refused(err)
	}
	c.state(true)
	defer c.state(false)
	// A read whose context ends breaks the connection off; the server shall
	// hear instead that we do not come back.
	said := make(chan struct{})
	goodbye := context.AfterFunc(ctx, func() {
		defer close(said)
		_ = conn.Close(websocket.StatusNormalClosure, "") // gone either way
	})
	err = c.read(ctx, conn)
	if !goodbye() {
		<-said
	}
	c.mu.Lock()
	c.conn = nil
	c.mu.Unlock()
	return true, refused(err)
}

func (c *Client) state(connected bool) {
	if c.opt.OnState != nil {
		c.opt.OnState(connected)
	}
}

// refused recognises close codes that say not to come back.
func refused(err error) error {
	if code := websocket.CloseStatus(err); code >= 4500 && code < 5000 {
		return fmt.Errorf("%w: close code %d", ErrRefused, code)
	}
	return err
}

func (c *Client) dial(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, c.signal, &websocket.DialOptions{
		HTTPClient: c.opt.HTTP, Subprotocols: []string{wire.Subprotocol},
		HTTPHeader: http.Header{"Authorization": {"Bearer " + c.opt.Token}},
	})
	if err != nil {
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close() // read by Dial
		}
		if resp != nil && resp.StatusCode >= 400 && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
			return nil, fmt.Errorf("%w: %s", ErrRefused, resp.Status)
		}
		return nil, fmt.Errorf("dial: %w", err)
	}
	conn.SetReadLimit(wire.MaxFrame)
	return conn, nil
}

// greet says hello, reads welcome and sends again what got lost.
func (c *Client) greet(ctx context.Context, conn *websocket.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	c.mu.Lock()
	hello := wire.Hello{Min: wire.MinVersion, Max: wire.MaxVersion, Resume: c.resume, Cursor: c.cursor}
	c.mu.Unlock()
	if c.opt.OnElsewhere != nil {
		hello.Features = []string{wire.FeatureMove}
	}
	frame := wire.AppendFrame(nil, &wire.Head{Kind: wire.KindHello, Body: wire.EncodeBody(hello)})
	if err := conn.Write(ctx, websocket.MessageText, frame); err != nil {
		return fmt.Errorf("hello: %w", err)
	}
	_, b, err := conn.Read(ctx)
	if err != nil {
		return fmt.Errorf("welcome: %w", err)
	}
	var w wire.Welcome
	head, err := wire.ScanHub(b)
	if err == nil {
		err = wire.DecodeBody(head.Body, &w)
	}
	if err == nil && head.Kind == wire.KindError {
		var e wire.Error
		if wire.DecodeBody(head.Body, &e) == nil && e.Code == fault.RateLimited {
			return fmt.Errorf("welcome: %w", errOften)
		}
	}
	if err != nil || head.Kind != wire.KindWelcome {
		return fmt.Errorf("%w: no welcome (%w)", ErrRefused, errors.Join(err))
	}
	return c.welcomed(ctx, conn, w)
}

// welcomed takes the session that the server gave, old or new.
func (c *Client) welcomed(ctx context.Context, conn *websocket.Conn, w wire.Welcome) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	c.self, c.resume = w.Self, w.Resume
	if !w.Resumed {
		c.cursor, c.outbox, c.sent = 0, nil, 0
		c.doubtLocked()
	}
	lost := int64(c.sent) - int64(w.Received)
	if w.Resumed && (lost < 0 || lost > int64(len(c.outbox))) {
		c.mu.Unlock()
		return fmt.Errorf("%w: it counts %d frames of %d", ErrRefused, w.Received, c.sent)
	}
	again := slices.Clone(c.outbox[len(c.outbox)-int(max(lost, 0)):])
	c.conn = conn
	if !c.first {
		c.first = true
		close(c.welcome)
	}
	c.mu.Unlock()
	for _, b := range again {
		if err := conn.Write(ctx, websocket.MessageText, b); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

// doubtLocked: the old session is lost. Its requests have failed. A call that
// rings lives on only if the hub gives it to the new session; one that runs is
// asked for, should the hub have lost it.
func (c *Client) doubtLocked() {
	for ref, r := range c.waiting {
		delete(c.waiting, ref)
		r.reply <- ErrOffline
	}
	for _, call := range c.calls {
		if call.doubt != nil {
			call.doubt.Stop() // the session before this one was lost as well
		}
		if !call.running {
			call.doubt = time.AfterFunc(claimWithin, call.lost)
			continue
		}
		call.doubt = time.AfterFunc(rejoinWithin, call.lost)
		call.mu.Lock()
		b := wire.Rejoin{Media: call.Media, Peer: call.peer, Caller: call.Outgoing}
		call.mu.Unlock()
		call.rejoin = id.NewFrame()
		c.outbox = append(c.outbox, wire.AppendFrame(nil, &wire.Head{Kind: wire.KindRejoin, ID: call.rejoin, Call: call.ID, Body: wire.EncodeBody(b)}))
		c.sent++
	}
}

// notBackLocked takes the hub's no to a call that was asked for: it is over
// where it does not help to wait.
func (c *Client) notBackLocked(ref id.Frame, code fault.Code) {
	if code != fault.CallGone && code != fault.Unreachable {
		return
	}
	for _, call := range c.calls {
		if call.rejoin == ref && call.doubt != nil {
			call.doubt.Reset(0)
		}
	}
}

// Self returns the account and device that the session speaks for.
func (c *Client) Self() wire.Address {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.self
}

// send numbers a frame, keeps it until the hub is known to have it and writes
// it, if there is a connection. Without one it goes out after the next resume.
func (c *Client) send(ctx context.Context, h *wire.Head) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return ErrClosed
	}
	if len(c.outbox) >= wire.ResumeFrames {
		if c.conn == nil {
			c.mu.Unlock()
			return ErrOffline
		}
		c.outbox = slices.Delete(c.outbox, 0, 1)
	}
	b := wire.AppendFrame(nil, h)
	c.outbox = append(c.outbox, b)
	c.sent++
	conn := c.conn
	c.mu.Unlock()
	if conn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin) // half a frame would end the connection
	defer cancel()
	if err := conn.Write(ctx, websocket.MessageText, b); err != nil {
		_ = conn.CloseNow() // the frame goes out again after the resume
	}
	return nil
}

// ask sends a frame and waits for its answer.
func (c *Client) ask(ctx context.Context, h *wire.Head) error {
	h.ID = id.NewFrame()
	r := &request{call: h.Call, kind: h.Kind, reply: make(chan error, 1)}
	c.mu.Lock()
	c.waiting[h.ID] = r
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waiting, h.ID)
		c.mu.Unlock()
	}()
	if err := c.send(ctx, h); err != nil {
		return err
	}
	select {
	case err := <-r.reply:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", h.Kind, ctx.Err())
	}
}

func (c *Client) read(ctx context.Context, conn *websocket.Conn) error {
	for {
		_, b, err := conn.Read(context.WithoutCancel(ctx)) // ends by a close
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		h, err := wire.ScanHub(b)
		if err != nil {
			return fmt.Errorf("frame: %w", err)
		}
		c.mu.Lock()
		if h.Seq != 0 {
			c.cursor = h.Seq
		}
		c.mu.Unlock()
		c.take(ctx, &h)
	}
}

// take acts on one frame of the hub. Kinds that it does not know are for later
// clients.
func (c *Client) take(ctx context.Context, h *wire.Head) {
	switch string(h.Kind) {
	case string(wire.KindOK):
		if b, ok := decode[wire.OK](h); ok {
			c.settle(b.Ref, nil)
		}
	case string(wire.KindError):
		if b, ok := decode[wire.Error](h); ok {
			c.refuse(b.Ref, &fault.Error{
				Code: b.Code, Public: b.Text, Field: b.Field, Rule: b.Rule,
				Limit: int64(b.Limit), RetryAfter: int64(b.RetryAfter),
			})
		}
	case string(wire.KindPresence):
		if b, ok := decode[wire.Presence](h); ok && c.opt.OnPresence != nil {
			c.opt.OnPresence(b)
		}
	case string(wire.KindChanged):
		if b, ok := decode[wire.Changed](h); ok && c.opt.OnChanged != nil {
			c.opt.OnChanged(b.Topic)
		}
	default:
		if !h.Call.IsZero() {
			c.takeCall(ctx, h)
		}
	}
}

func decode[B any](h *wire.Head) (b B, ok bool) {
	return b, wire.DecodeBody(h.Body, &b) == nil
}

// settle answers whoever waits for a frame's outcome.
func (c *Client) settle(ref id.Frame, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settleLocked(ref, err)
}

// refuse is settle for what the hub said no to.
func (c *Client) refuse(ref id.Frame, err *fault.Error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.notBackLocked(ref, err.Code)
	c.settleLocked(ref, err)
}

func (c *Client) settleLocked(ref id.Frame, err error) {
	if r := c.waiting[ref]; r != nil {
		delete(c.waiting, ref)
		r.reply <- err
	}
}

// settleCallLocked answers what waits about a call, of one kind or of all.
func (c *Client) settleCallLocked(call id.Call, kind wire.Kind, err error) {
	for ref, r := range c.waiting {
		if r.call == call && (kind == "" || r.kind == kind) {
			c.settleLocked(ref, err)
		}
	}
}

// end closes everything that waits.
func (c *Client) end() {
	c.mu.Lock()
	c.closed = true
	for ref := range c.waiting {
		c.settleLocked(ref, ErrClosed)
	}
	calls := make([]*Call, 0, len(c.calls))
	for _, call := range c.calls {
		calls = append(calls, call)
	}
	c.mu.Unlock()
	for _, call := range calls {
		call.lost()
	}
}
