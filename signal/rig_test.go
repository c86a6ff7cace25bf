package signal_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/cluster/local"
	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
)

// rig is hubs on one bus, with real WebSockets over pipes, inside a synctest
// bubble: time is virtual, and whatever is left behind fails the test.
type rig struct {
	t     *testing.T
	hubs  []*signal.Hub
	dials []chan net.Conn
	graph *graph
	relay *fakeRelay
	stop  func()
	begin func(listen func() net.Listener) // starts one more hub, on the same bus
	ends  []func()                         // stops one hub
	pipe  func() net.Listener
	mutes []*gate
	logs  slog.Handler
	addrs []string // of hubs on loopback; time is real there
}

// rest waits until all that is under way has come to an end. In real time
// nobody can know.
func (r *rig) rest() {
	if r.addrs == nil {
		synctest.Wait()
	}
}

// until waits for what must be so: for no time in a bubble, where all has come
// to rest.
func (r *rig) until(so func() bool) {
	r.rest()
	for range 10_000 {
		if r.addrs == nil || so() {
			return
		}
		<-time.After(time.Millisecond)
	}
}

func (r *rig) dial(ctx context.Context, hub int) (net.Conn, error) {
	if r.addrs != nil {
		return new(net.Dialer).DialContext(ctx, "tcp", r.addrs[hub])
	}
	near, far := net.Pipe()
	r.dials[hub] <- far
	return near, nil
}

// inBubble runs fn with a rig of n hubs.
func inBubble(t *testing.T, n int, fn func(t *testing.T, r *rig)) {
	t.Helper()
	bubble(t, n, &rig{}, fn)
}

// inBubbleWith is inBubble with one hub and a log of the test's own.
func inBubbleWith(t *testing.T, log slog.Handler, fn func(t *testing.T, r *rig)) {
	t.Helper()
	bubble(t, 1, &rig{logs: log}, fn)
}

func bubble(t *testing.T, n int, r *rig, fn func(t *testing.T, r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r.t, r.graph, r.relay = t, newGraph(), &fakeRelay{}
		r.pipe = func() net.Listener {
			dial := make(chan net.Conn)
			r.dials = append(r.dials, dial)
			return &pipeListener{conns: dial, done: make(chan struct{})}
		}
		r.serve(n, r.pipe)
		synctest.Wait()
		fn(t, r)
		for _, g := range r.mutes {
			_ = g.Close()
		}
		r.stop()
	})
}

// log is a log that fails the test where the hub survived a fault of its own.
func (r *rig) log() *slog.Logger {
	if r.logs == nil {
		r.logs = &faults{t: r.t}
	}
	return slog.New(r.logs)
}

// faults is the handler of that log.
type faults struct {
	slog.Handler
	t *testing.T
}

func (f *faults) Enabled(context.Context, slog.Level) bool { return true }

func (f *faults) Handle(_ context.Context, rec slog.Record) error {
	var at, stack slog.Value
	rec.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "while":
			at = a.Value
		case "stack":
			stack = a.Value
		}
		return true
	})
	if at.String() == "at work" {
		f.t.Errorf("%s: %v", rec.Message, stack)
	}
	return nil
}

// serve starts n hubs on one bus, until stop is called.
func (r *rig) serve(n int, listen func() net.Listener) {
	bus := local.New(0)
	var all sync.WaitGroup
	r.begin = func(listen func() net.Listener) {
		ctx, cancel := context.WithCancel(r.t.Context())
		var own sync.WaitGroup
		h := signal.New(signal.Options{Bus: bus, Friends: r.graph, Relay: r.relay, Alive: r.graph.alive, Log: r.log(), ClientPrefix: from})
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			h.ServeWS(w, req, r.graph.session(req.Header.Get("Authorization")))
		})}
		ln := listen()
		own.Go(func() {
			if err := h.Serve(ctx); err != nil {
				r.t.Errorf("hub: %v", err)
			}
		})
		own.Go(func() { _ = srv.Serve(ln) })
		context.AfterFunc(ctx, func() { _ = srv.Close() })
		all.Go(own.Wait)
		r.hubs = append(r.hubs, h)
		r.ends = append(r.ends, func() { cancel(); own.Wait() })
	}
	for range n {
		r.begin(listen)
	}
	r.graph.hub = r.hubs[0]
	r.stop = func() {
		for _, end := range r.ends { // all at once
			all.Go(end)
		}
		all.Wait()
		if err := bus.Close(); err != nil {
			r.t.Error(err)
		}
	}
}

// from is where a request says that it comes from: nowhere, mostly.
func from(r *http.Request) netip.Prefix {
	p, _ := netip.ParsePrefix(r.Header.Get("From"))
	return p
}

type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// graph is who is whose friend, with reads counted.
type graph struct {
	hub *signal.Hub

	mu       sync.Mutex
	edges    map[[2]id.Account]store.EdgeState
	sessions map[string]store.Session
	reads    int
	missed   []id.Account
	ended    map[id.Session]bool // sign-in sessions
	broken   bool                // reads panic
	failing  bool                // every question fails
	hidden   map[id.Account]bool // whose presence nobody may know
	after    func()              // done once, after a ring was found allowed
}

func newGraph() *graph {
	return &graph{edges: map[[2]id.Account]store.EdgeState{}, sessions: map[string]store.Session{}}
}

var errNoReach = fault.New(fault.Unreachable, "This person cannot be reached.")

func (g *graph) CheckReach(_ context.Context, from, to id.Account, why friends.Purpose) error {
	g.mu.Lock()
	g.reads += 2
	if g.failing {
		g.mu.Unlock()
		return errors.New("the disk is full")
	}
	if g.broken {
		g.mu.Unlock()
		panic("198.51.100.7")
	}
	if why == friends.PurposePresence && g.hidden[from] {
		g.mu.Unlock()
		return errNoReach
	}
	reach := g.edges[[2]id.Account{to, from}] == store.EdgeFriend && g.edges[[2]id.Account{from, to}] == store.EdgeFriend
	after := g.after
	if reach && why == friends.PurposeRing {
		g.after = nil
	}
	g.mu.Unlock()
	if !reach {
		return errNoReach
	}
	if after != nil && why == friends.PurposeRing {
		after()
	}
	return nil
}

func (g *graph) Friends(_ context.Context, a id.Account) ([]id.Account, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []id.Account
	for pair, s := range g.edges {
		if pair[0] == a && s == store.EdgeFriend {
			all = append(all, pair[1])
		}
	}
	return all, nil
}

func (g *graph) MissedCall(_ context.Context, callee, _ id.Account, _ bool) error {
	g.mu.Lock()
	g.missed = append(g.missed, callee)
	g.mu.Unlock()
	g.hub.NoticesChanged(callee)
	return nil
}

func (g *graph) missedBy(a id.Account) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, m := range g.missed {
		if m == a {
			n++
		}
	}
	return n
}

func (g *graph) set(from, to id.Account, s store.EdgeState) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.edges[[2]id.Account{from, to}] = s
}

func (g *graph) befriend(a, b id.Account) {
	g.set(a, b, store.EdgeFriend)
	g.set(b, a, store.EdgeFriend)
}

// afterwards does fn once, after a ring is found allowed.
func (g *graph) afterwards(fn func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.after = fn
}

// breakReach makes reads panic until it is mended.
func (g *graph) breakReach() (mend func()) {
	set := func(b bool) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.broken = b
	}
	set(true)
	return func() { set(false) }
}

func (g *graph) session(token string) store.Session {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sessions[token]
}

// end ends a sign-in session without telling a hub.
func (g *graph) end(token string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended == nil {
		g.ended = map[id.Session]bool{}
	}
	g.ended[g.sessions[token].ID] = true
}

// alive is signal.Options.Alive.
func (g *graph) alive(_ context.Context, s store.Session) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended[s.ID] {
		return fault.New(fault.Unauthorized, "Sign in first.")
	}
	return nil
}

// fakeRelay remembers what was revoked.
type fakeRelay struct {
	mu      sync.Mutex
	minted  []string
	revoked []id.Call
	legs    []string
}

func (f *fakeRelay) Servers(c id.Call, leg string) ([]wire.ICEServer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.minted = append(f.minted, leg)
	return []wire.ICEServer{{URLs: []string{"turn:relay.example"}, Username: c.String() + "." + leg, Credential: "x"}}, nil
}

func (f *fakeRelay) Revoke(c id.Call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.revoked = append(f.revoked, c)
}

func (f *fakeRelay) RevokeLeg(_ id.Call, leg string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.legs = append(f.legs, leg)
}

func (f *fakeRelay) revokedLegs() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.legs)
}

func (f *fakeRelay) isRevoked(c id.Call) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Contains(f.revoked, c)
}

// gate is a connection whose reading can stop, as a peer's that hangs.
type gate struct {
	net.Conn
	held, closed chan struct{}
	once, shut   sync.Once
}

func (g *gate) Read(b []byte) (int, error) {
	select {
	case <-g.held:
		<-g.closed
		return 0, net.ErrClosed
	default:
	}
	n, err := g.Conn.Read(b)
	select {
	case <-g.held:
		<-g.closed
		return 0, net.ErrClosed
	default:
	}
	return n, err
}

func (g *gate) Close() error {
	g.shut.Do(func() { close(g.closed) })
	return g.Conn.Close()
}

// mute makes the device stop reading: it answers no ping either.
func (d *dev) mute() {
	g := d.gate
	g.once.Do(func() { close(g.held) })
	d.r.mutes = append(d.r.mutes, g)
}

// dev is a device of somebody, speaking the protocol by hand.
type dev struct {
	r     *rig
	addr  wire.Address
	token string
	hub   int
	from  string // a prefix; nowhere where empty

	conn    *websocket.Conn
	gate    *gate
	frames  chan got
	closed  chan websocket.StatusCode
	welcome wire.Welcome
	seq     uint32
}

type got struct {
	wire.Head
	raw string
}

// device returns a new device of a, with a sign-in session of its own.
func (r *rig) device(a id.Account) *dev {
	d := &dev{r: r, addr: wire.Address{Account: a, Device: id.NewDevice()}, token: id.NewSession().String()}
	r.graph.mu.Lock()
	r.graph.sessions[d.token] = store.Session{ID: id.NewSession(), Account: a, Device: d.addr.Device}
	r.graph.mu.Unlock()
	return d
}

// on returns a connected device on a hub, past its welcome.
func (r *rig) on(hub int, a id.Account) *dev {
	d := r.device(a)
	d.hub = hub
	d.connect(wire.Hello{Min: 1, Max: 1})
	return d
}

// dial opens the WebSocket; nobody reads it.
func (d *dev) dial() {
	t := d.r.t
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		near, err := d.r.dial(ctx, d.hub)
		if err != nil {
			return nil, err
		}
		d.gate = &gate{Conn: near, held: make(chan struct{}), closed: make(chan struct{})}
		return d.gate, nil
	}}}
	conn, resp, err := websocket.Dial(t.Context(), "ws://hub/signal", &websocket.DialOptions{
		HTTPClient: client, Subprotocols: []string{wire.Subprotocol}, HTTPHeader: http.Header{"Authorization": {d.token}, "From": {d.from}},
	})
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	conn.SetReadLimit(1 << 20)
	d.conn = conn
}

// open opens the WebSocket without a hello.
func (d *dev) open() {
	t := d.r.t
	t.Helper()
	d.dial()
	conn := d.conn
	d.frames, d.closed = make(chan got, 4096), make(chan websocket.StatusCode, 1)
	frames, closed := d.frames, d.closed
	go func() {
		defer close(frames)
		for {
			_, b, err := conn.Read(context.WithoutCancel(t.Context()))
			if err != nil {
				closed <- websocket.CloseStatus(err)
				return
			}
			h, err := wire.ScanHub(b)
			if err != nil {
				t.Errorf("the hub sent %q: %v", b, err)
			}
			frames <- got{h, string(b)}
		}
	}()
}

func (d *dev) connect(hello wire.Hello) {
	d.r.t.Helper()
	d.open()
	d.send(wire.Head{Kind: wire.KindHello}, hello)
	w := d.want(wire.KindWelcome)
	body(d.r.t, w, &d.welcome)
	if !d.welcome.Resumed {
		d.seq = 0
	}
	d.r.rest()
}

// drop breaks the connection without a word and waits until it is noticed.
func (d *dev) drop() {
	_ = d.conn.CloseNow()
	d.r.rest()
}

// resume comes back on a new connection.
func (d *dev) resume() {
	d.r.t.Helper()
	d.connect(wire.Hello{Min: 1, Max: 1, Resume: d.welcome.Resume, Cursor: d.seq})
}

// send sends a frame; body is encoded unless it is nil.
func (d *dev) send(h wire.Head, b any) id.Frame {
	d.r.t.Helper()
	if h.ID.IsZero() {
		h.ID = id.NewFrame()
	}
	if b != nil {
		h.Body = wire.EncodeBody(b)
	}
	d.raw(wire.AppendFrame(nil, &h))
	return h.ID
}

func (d *dev) raw(b []byte) {
	d.r.t.Helper()
	err := d.try(b)
	if err != nil && !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
		d.r.t.Fatalf("write: %v", err)
	}
}

func (d *dev) try(b []byte) error {
	return d.conn.Write(d.r.t.Context(), websocket.MessageText, b)
}

// next returns the next frame that is there or on its way, or none.
func (d *dev) next() (got, bool) {
	d.r.rest()
	select {
	case f, ok := <-d.frames:
		if ok && f.Seq != 0 {
			if f.Seq != d.seq+1 {
				d.r.t.Errorf("frame %d after %d", f.Seq, d.seq)
			}
			d.seq = f.Seq
		}
		return f, ok
	default:
		return got{}, false
	}
}

// want returns the next frame, which must be of a kind. News of friends, which
// come when they come, are passed over where they are not asked for.
func (d *dev) want(kind wire.Kind) got {
	d.r.t.Helper()
	for {
		d.r.until(func() bool { return len(d.frames) > 0 })
		f, ok := d.next()
		if !ok {
			d.r.t.Fatalf("no %s came", kind)
		}
		if f.Kind == kind {
			return f
		}
		if f.Kind != wire.KindPresence && f.Kind != wire.KindChanged {
			d.r.t.Fatalf("got %s %s, want %s", f.Kind, plain(f), kind)
		}
	}
}

// silent checks that nothing about a call came.
func (d *dev) silent() {
	d.r.t.Helper()
	for {
		f, ok := d.next()
		if !ok {
			return
		}
		if f.Kind != wire.KindPresence && f.Kind != wire.KindChanged {
			d.r.t.Errorf("got %s %s, want nothing", f.Kind, plain(f))
		}
	}
}

// all drains what came, by kind.
func (d *dev) all() map[wire.Kind][]got {
	out := map[wire.Kind][]got{}
	for {
		f, ok := d.next()
		if !ok {
			return out
		}
		out[f.Kind] = append(out[f.Kind], f)
	}
}

func body(t *testing.T, f got, into any) {
	t.Helper()
	if err := wire.DecodeBody(f.Body, into); err != nil {
		t.Fatalf("%s: %v", f.Kind, err)
	}
}

func plain(f got) string {
	var m map[string]any
	_ = wire.DecodeBody(f.Body, &m)
	out := ""
	for _, k := range []string{"reason", "code", "text", "field", "rule"} {
		if v, ok := m[k].(string); ok {
			out += k + "=" + v + " "
		}
	}
	return out
}

func (d *dev) wantEnded(reason wire.Reason) wire.Ended {
	d.r.t.Helper()
	var e wire.Ended
	body(d.r.t, d.want(wire.KindEnded), &e)
	if e.Reason != reason {
		d.r.t.Errorf("ended with %s, want %s", e.Reason, reason)
	}
	return e
}

// ends returns the one ended frame among frames.
func (d *dev) ends(all map[wire.Kind][]got, reason wire.Reason) (e wire.Ended) {
	d.r.t.Helper()
	if n := len(all[wire.KindEnded]); n != 1 {
		d.r.t.Fatalf("%d ended frames, want 1 (%v)", n, all)
	}
	if body(d.r.t, all[wire.KindEnded][0], &e); e.Reason != reason {
		d.r.t.Errorf("ended with %s, want %s", e.Reason, reason)
	}
	return e
}

func (d *dev) wantError(code fault.Code) wire.Error {
	d.r.t.Helper()
	var e wire.Error
	body(d.r.t, d.want(wire.KindError), &e)
	if e.Code != code {
		d.r.t.Errorf("error %s, want %s", e.Code, code)
	}
	return e
}

func (d *dev) wantClosed(code wire.CloseCode) {
	d.r.t.Helper()
	d.r.rest()
	select {
	case c := <-d.closed:
		if int(c) != int(code) {
			d.r.t.Errorf("closed with %d, want %d", c, code)
		}
	default:
		d.r.t.Errorf("still open, want closed with %d", code)
	}
}

// Frames of clients.

func (d *dev) ring(to id.Account) id.Call {
	d.r.t.Helper()
	c := id.NewCall()
	d.ringAs(c, to)
	return c
}

func (d *dev) ringAs(c id.Call, to id.Account) {
	d.r.t.Helper()
	d.send(wire.Head{Kind: wire.KindRing, Call: c, To: wire.Address{Account: to}}, wire.Ring{Media: wire.MediaVideo, Sealed: "b2ZmZXI"})
}

func (d *dev) ringing(c id.Call) { d.ok(wire.KindRinging, c, wire.Ringing{}) }
func (d *dev) answer(c id.Call) {
	d.send(wire.Head{Kind: wire.KindAnswer, Call: c}, wire.Answer{Media: wire.MediaVideo, Sealed: "YW5zd2Vy"})
}

func (d *dev) decline(c id.Call, busy bool) {
	d.send(wire.Head{Kind: wire.KindDecline, Call: c}, wire.Decline{Busy: busy})
}
func (d *dev) hangup(c id.Call) { d.send(wire.Head{Kind: wire.KindHangup, Call: c}, wire.Hangup{}) }

// ok sends a frame and wants its ok next.
func (d *dev) ok(kind wire.Kind, c id.Call, b any) {
	d.r.t.Helper()
	ref := d.send(wire.Head{Kind: kind, Call: c}, b)
	var o wire.OK
	body(d.r.t, d.want(wire.KindOK), &o)
	if o.Ref != ref {
		d.r.t.Errorf("ok for another frame")
	}
}

// pair returns two friends with a device each, on the first and last hub.
func (r *rig) pair() (caller, callee *dev) {
	a, b := id.NewAccount(), id.NewAccount()
	r.graph.befriend(a, b)
	return r.on(0, a), r.on(len(r.hubs)-1, b)
}

// rings makes one ring the other and returns once the callee shows the call.
func (r *rig) rings(from, to *dev) id.Call {
	r.t.Helper()
	c := from.ring(to.addr.Account)
	from.want(wire.KindCalling)
	to.want(wire.KindIncoming)
	to.ringing(c)
	from.want(wire.KindProgress)
	return c
}

// running makes a call between the two that runs.
func (r *rig) running(from, to *dev) id.Call {
	r.t.Helper()
	c := r.rings(from, to)
	to.answer(c)
	to.want(wire.KindAnswered)
	to.want(wire.KindOK)
	from.want(wire.KindAnswered)
	return c
}

// noCalls checks that the tables are empty once ended calls have faded.
func (r *rig) noCalls() {
	r.t.Helper()
	<-time.After(10 * time.Second)
	for i, h := range r.hubs {
		if s := h.Stats(); s.Ringing+s.Running != 0 {
			r.t.Errorf("hub %d still has %d ringing and %d running calls", i, s.Ringing, s.Running)
		}
	}
}
