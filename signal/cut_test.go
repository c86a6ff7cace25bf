package signal_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// TestExactlyOnceOverCutConnections lets two devices in a call send each other
// numbered frames over sockets of the system that break at any byte, in either
// direction: in the upgrade, in hello, in welcome, in the middle of a frame.
// Each frame arrives exactly once and in its order, or one of the two is told:
// by an error that names the frame, by a new session, or by the end of the call.
// A new session is allowed only where a welcome was under way when its
// connection broke.
func TestExactlyOnceOverCutConnections(t *testing.T) {
	t.Parallel()
	seed := number(t, "SIGNAL_SEED", rand.Uint64()>>1)
	t.Logf("SIGNAL_SEED=%d", seed)
	worlds := uint64(8)
	if testing.Short() {
		worlds = 2
	}
	for name, c := range map[string]struct {
		hubs int
	}{
		"one hub":  {1},
		"two hubs": {2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cuts, told, lost, over := 0, 0, 0, 0
			for n := uint64(0); n < worlds && !t.Failed(); n++ {
				onLoopback(t, c.hubs, func(r *rig) {
					for _, h := range r.hubs {
						h.Unlimited() // nobody else connects so often
					}
					a, b := r.couriers(rand.New(rand.NewPCG(seed, n)))
					lost += courierWorld(t, a, b)
					cuts += a.cuts + b.cuts
					told += a.session + b.session
					if a.over || b.over {
						over++
					}
				})
			}
			t.Logf("%d connections broken, %d new sessions told, %d frames lost of which somebody was told, %d calls lost", cuts, told, lost, over)
			if cuts == 0 {
				t.Error("nothing was broken")
			}
		})
	}
}

// Numbers of a world.
const (
	courierFrames = 120 // below what may come at once: nothing is refused for its rate
	courierAhead  = 24  // frames that may be on their way
	cutWithin     = 3000
)

// courierWorld runs one world and returns how many frames were lost with notice.
func courierWorld(t *testing.T, a, b *courier) (lost int) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for _, c := range []*courier{a, b} {
		c.cutting.Store(true)
		all.Go(func() { c.live(ctx) })
	}
	var senders sync.WaitGroup
	for _, pair := range [][2]*courier{{a, b}, {b, a}} {
		senders.Go(func() { pair[0].sendAll(ctx, pair[1]) })
	}
	senders.Wait()
	for _, c := range []*courier{a, b} {
		c.cutting.Store(false)
		c.sever() // the one that would break later
	}
	ended := func() bool { return a.ended() || b.ended() }
	within(t, "both are back in the call", func() bool { return ended() || a.settled() && b.settled() })
	last := [2]int{a.send(ctx), b.send(ctx)}
	within(t, "the last frames are there", func() bool { return ended() || b.newest() >= last[0] && a.newest() >= last[1] })
	stop()
	a.sever()
	b.sever()
	all.Wait()
	return a.check(t, b) + b.check(t, a)
}

func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	end := time.After(30 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-end:
			t.Errorf("not within 30 seconds: %s", what)
			return
		case <-tick.C:
		}
	}
}

// courier is a device that keeps its session over connections that break.
type courier struct {
	t     *testing.T
	r     *rig
	d     *dev
	call  id.Call
	peer  wire.Address
	first bool // it is the caller

	cutting atomic.Bool
	rnd     *rand.Rand // of the goroutine that connects

	mu      sync.Mutex // guards following
	conn    *websocket.Conn
	inCall  bool
	over    bool
	unsure  bool
	resume  string
	cursor  uint32
	outbox  [][]byte
	cuts    int
	session int   // how often it was told of a new one
	sent    []int // the session in which each frame was sent
	refs    map[id.Frame]int
	refused map[int]bool
	got     []arrival
}

type arrival struct{ number, session int }

// couriers returns the two ends of a call that runs.
func (r *rig) couriers(rnd *rand.Rand) (caller, callee *courier) {
	a, b := r.pair()
	call := r.running(a, b)
	courierOf := func(d *dev, peer wire.Address, first bool) *courier {
		c := &courier{
			t: r.t, r: r, d: d, call: call, peer: peer, first: first, inCall: true,
			rnd:    rand.New(rand.NewPCG(rnd.Uint64(), rnd.Uint64())),
			resume: d.welcome.Resume, refs: map[id.Frame]int{}, refused: map[int]bool{},
		}
		d.all() // what the hub said until here
		c.cursor = d.seq
		_ = d.conn.CloseNow()
		return c
	}
	caller, callee = courierOf(a, b.addr, true), courierOf(b, a.addr, false)
	return caller, callee
}

// live connects, again and again, until ctx ends.
func (c *courier) live(ctx context.Context) {
	for ctx.Err() == nil {
		if err := c.connect(ctx); err != nil && ctx.Err() == nil {
			c.mu.Lock()
			c.cuts++
			c.mu.Unlock()
		}
	}
}

var errCut = errors.New("the connection is cut")

// cut is a connection that breaks after so many bytes.
type cut struct {
	net.Conn
	in, out atomic.Int64
}

func (c *cut) Read(b []byte) (int, error) {
	left := c.in.Load()
	if left <= 0 {
		_ = c.Close()
		return 0, errCut
	}
	n, err := c.Conn.Read(b[:min(int64(len(b)), left)])
	c.in.Add(-int64(n))
	return n, err
}

func (c *cut) Write(b []byte) (int, error) {
	left := c.out.Load()
	n, err := c.Conn.Write(b[:max(0, min(int64(len(b)), left))])
	c.out.Add(-int64(n))
	if err == nil && n < len(b) {
		_ = c.Close()
		err = errCut
	}
	return n, err
}

func (c *courier) dial(ctx context.Context) (*websocket.Conn, error) {
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.r.addrs[c.d.hub])
		if err != nil {
			return nil, err
		}
		broken := &cut{Conn: conn}
		broken.in.Store(1 << 40)
		broken.out.Store(1 << 40)
		if c.cutting.Load() {
			broken.in.Store(c.rnd.Int64N(cutWithin))
			broken.out.Store(c.rnd.Int64N(cutWithin))
		}
		return broken, nil
	}}}
	conn, resp, err := websocket.Dial(ctx, "ws://hub/signal", &websocket.DialOptions{
		HTTPClient: client, Subprotocols: []string{wire.Subprotocol}, HTTPHeader: http.Header{"Authorization": {c.d.token}},
	})
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close()
	}
	return conn, err
}

func (c *courier) connect(ctx context.Context) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(1 << 20)
	c.mu.Lock()
	hello := wire.Hello{Min: 1, Max: 1, Resume: c.resume, Cursor: c.cursor}
	doubtful := c.unsure
	c.unsure = true
	c.mu.Unlock()
	err = conn.Write(ctx, websocket.MessageText, wire.AppendFrame(nil, &wire.Head{Kind: wire.KindHello, Body: wire.EncodeBody(hello)}))
	if err != nil {
		return err
	}
	h, err := c.read(ctx, conn)
	if err != nil {
		return err
	}
	var w wire.Welcome
	if err := wire.DecodeBody(h.Body, &w); err != nil || h.Kind != wire.KindWelcome {
		c.t.Errorf("%s in place of welcome: %v", h.Kind, err)
		return err
	}
	if err := c.welcomed(ctx, conn, w, doubtful); err != nil {
		return err
	}
	for {
		h, err := c.read(ctx, conn)
		if err != nil {
			c.mu.Lock()
			c.conn = nil
			c.mu.Unlock()
			return err
		}
		c.take(h)
	}
}

func (c *courier) read(ctx context.Context, conn *websocket.Conn) (wire.Head, error) {
	_, b, err := conn.Read(ctx)
	if err != nil {
		return wire.Head{}, err
	}
	h, err := wire.ScanHub(b)
	if err != nil {
		c.t.Errorf("the hub sent %q: %v", b, err)
	}
	return h, err
}

// welcomed takes the session and sends again what the hub does not have.
func (c *courier) welcomed(ctx context.Context, conn *websocket.Conn, w wire.Welcome, doubtful bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsure, c.resume = false, w.Resume
	if !w.Resumed {
		if !doubtful {
			c.t.Errorf("a new session for no reason, after %d", c.session)
		}
		c.session++
		c.cursor, c.outbox, c.inCall = 0, nil, false
		c.outbox = append(c.outbox, wire.AppendFrame(nil, &wire.Head{
			Kind: wire.KindRejoin, ID: id.NewFrame(), Call: c.call,
			Body: wire.EncodeBody(wire.Rejoin{Media: wire.MediaVideo, Peer: c.peer, Caller: c.first}),
		}))
	}
	// before is what this session took of the device when the call was made.
	have := int(w.Received) - c.before(w.Resumed)
	if have < 0 || have > len(c.outbox) {
		c.t.Errorf("the hub has %d frames of %d", have, len(c.outbox))
		return errCut
	}
	for _, b := range c.outbox[have:] {
		if err := conn.Write(ctx, websocket.MessageText, b); err != nil {
			return err
		}
	}
	c.conn = conn
	return nil
}

// before is how many frames the device sent by hand in its first session: ring,
// or ringing and answer.
func (c *courier) before(resumed bool) int {
	switch {
	case !resumed, c.session > 0:
		return 0
	case c.first:
		return 1
	}
	return 2
}

func (c *courier) take(h wire.Head) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h.Seq != c.cursor+1 {
		c.t.Errorf("frame %d after %d", h.Seq, c.cursor)
	}
	c.cursor = h.Seq
	switch string(h.Kind) {
	case string(wire.KindCandidate):
		var b wire.Candidates
		err := wire.DecodeBody(h.Body, &b)
		n, err2 := strconv.Atoi(b.Candidates[0].Candidate)
		if err = errors.Join(err, err2); err != nil {
			c.t.Errorf("candidate: %v", err)
		}
		c.got = append(c.got, arrival{n, c.session})
	case string(wire.KindAnswered):
		c.inCall = true
	case string(wire.KindEnded):
		c.over = true
	case string(wire.KindError):
		var b wire.Error
		if err := wire.DecodeBody(h.Body, &b); err != nil {
			c.t.Errorf("error: %v", err)
		}
		if n, ours := c.refs[b.Ref]; ours {
			c.refused[n] = true
		}
	}
}

// sendAll sends the frames of a world, not too far ahead of the other side, as
// long as there is a call.
func (c *courier) sendAll(ctx context.Context, other *courier) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range courierFrames {
		if c.ended() || other.ended() {
			return
		}
		for range 100 { // a millisecond each
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if c.count()-other.newest() < courierAhead {
				break
			}
		}
		c.send(ctx)
	}
}

// send sends the next frame, now or once there is a connection.
func (c *courier) send(ctx context.Context) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.sent)
	ref := id.NewFrame()
	c.sent, c.refs[ref] = append(c.sent, c.session), n
	b := wire.AppendFrame(nil, &wire.Head{
		Kind: wire.KindCandidate, ID: ref, Call: c.call,
		Body: wire.EncodeBody(wire.Candidates{Candidates: []wire.Candidate{{Candidate: strconv.Itoa(n)}}}),
	})
	c.outbox = append(c.outbox, b)
	if c.conn != nil {
		_ = c.conn.Write(ctx, websocket.MessageText, b) // one that breaks is sent again
	}
	return n
}

func (c *courier) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sent)
}

func (c *courier) newest() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.got) == 0 {
		return -1
	}
	return c.got[len(c.got)-1].number
}

func (c *courier) settled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn != nil && c.inCall
}

func (c *courier) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// sever breaks the connection that there is.
func (c *courier) sever() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		_ = c.conn.CloseNow()
		c.conn = nil
	}
}

// check looks at what came from another: nothing twice, all in order, and
// nothing left out of which nobody was told.
func (c *courier) check(t *testing.T, from *courier) (lost int) {
	t.Helper()
	before := arrival{number: -1}
	for i, a := range c.got {
		if a.number <= before.number {
			t.Errorf("frame %d after %d (received in sessions %d and %d, sent in %d and %d)", a.number, before.number,
				a.session, before.session, from.sent[a.number], from.sent[before.number])
			t.Log("around it", c.got[max(0, i-6):min(len(c.got), i+6)])
		}
		for n := before.number + 1; n < a.number; n++ {
			lost++
			if !from.refused[n] && from.sent[n] == from.sent[a.number] && before.session == a.session {
				t.Errorf("frame %d is lost, and nobody was told", n)
			}
		}
		before = a
	}
	return lost
}
