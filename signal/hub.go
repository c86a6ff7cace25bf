// Package signal owns the hub: WebSocket sessions, the call table and the
// state machine of a call, presence, and who is told of what. It decides who,
// how often and how much; it refuses to know what a call says: bodies that
// pass between devices are never decoded.
//
// A session (session.go) is one reader and one bounded queue; what is queued
// is written out by a goroutine that lives only while there is something to
// write, so a peer that does not read holds up nobody else.
//
// A call belongs to the hub that took its ring. The other hubs pass frames to
// it over the bus and know no more than which of their sessions take part.
// Between a call and sessions of the same hub frames go straight; all else goes
// over the bus, on a single node too.
//
// Locks: Hub.mu guards the tables, session.mu a session's queue, ownedCall.mu
// one call. Below ownedCall.mu stand the other two and the bus's own: effects
// of one call are handed on in the order in which they arose, and neither
// Publish nor a session's queue ever waits. Else none is taken while another
// is held.
package signal

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"

	"github.com/ringfence/ringfence/friends"
	"github.com/ringfence/ringfence/internal/cluster"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/internal/ratelimit"
	"github.com/ringfence/ringfence/signal/internal/ws"
	"github.com/ringfence/ringfence/signal/wire"
	"github.com/ringfence/ringfence/store"
)

// Friends answers who may reach whom.
type Friends interface {
	// CheckReach returns nil, or one and the same fault.Unreachable for
	// every reason why not. Anything else is a failure to find out.
	CheckReach(ctx context.Context, from, to id.Account, purpose friends.Purpose) error
	// Friends lists everyone whom a takes for a friend.
	Friends(ctx context.Context, a id.Account) ([]id.Account, error)
	// MissedCall leaves callee a notice.
	MissedCall(ctx context.Context, callee, caller id.Account, video bool) error
}

// Relay gives legs of calls what they need to be relayed. leg is an opaque
// random name.
type Relay interface {
	Servers(call id.Call, leg string) ([]wire.ICEServer, error)
	// Revoke and RevokeLeg end allocations and refuse the credentials from
	// then on. They do not block for long.
	Revoke(call id.Call)
	RevokeLeg(call id.Call, leg string)
}

// Options is what a Hub needs. Bus and Friends must be set.
type Options struct {
	Node    id.Node // random where zero
	Bus     cluster.Bus
	Friends Friends
	Relay   Relay // calls are direct only where nil
	// Alive returns an error where a sign-in session is no more. It is asked
	// once a session is entered: one may end while its client still says hello.
	// Nil: nobody is asked.
	Alive func(ctx context.Context, s store.Session) error
	// FrameRate is how many frames a session may send a second in the long run;
	// wire.MaxFrameRate where zero. Benchmarks lift it.
	FrameRate float64
	// ClientPrefix returns the prefix that a request comes from, for limits that
	// are kept in memory. Nothing is limited by address where nil.
	ClientPrefix func(*http.Request) netip.Prefix
	Origins      []string     // hosts besides the request's own whose pages may connect, as path.Match patterns
	Log          *slog.Logger // nothing is logged where nil
}

// state is where a hub's life stands.
type state uint8

const (
	idle state = iota
	serving
	stopping
)

// Hub is the signaling server of one node. Make it with New, run it with
// Serve. Its methods are safe for concurrent use.
type Hub struct {
	opt      Options
	node     id.Node
	boot     id.Boot // another one at each start
	mark     string  // of this hub in tokens: the beginning of boot
	log      *slog.Logger
	handlers map[wire.Kind]handler
	// What to do with a message about an account or a call; nil: nothing.
	accountOps [opLast]func(*message)
	callOps    [opLast]func(*ownedCall, *message)

	rate     float64 // frames a second of a session
	buffers  ws.Pool
	counters counters
	work     group          // everything that outlives the call that started it
	conns    sync.WaitGroup // connections that have been let in
	parking  parking

	accounts  meters[id.Account]
	addresses meters[addressKey]
	blind     *ratelimit.Blinder

	//nolint:containedctx // the context of Serve, without its end: what publishing and writing run under
	base context.Context // set before state becomes serving

	mu       sync.Mutex // guards following
	state    state
	closed   bool               // no new sessions, see Refuse
	greeting map[*link]struct{} // connections whose hello is awaited; who says nothing does not hold up the end
	people   map[id.Account]*person
	lines    map[lineID]*session
	calls    map[id.Call]*ownedCall
	callsOf  map[id.Account][]*ownedCall // both ends of each call
	rings    map[id.Account]*bucket      // outlive the sessions that rang
	late     map[id.Account]bool         // accounts that are still to be told of a change

	comings   chores[id.Account, struct{}] // of whom friends are to be told
	relations chores[relation, relating]   // between accounts
	notices   chores[notice, int]          // of missed calls, which take the store its time

	subs subscriptions
}

// person is an account that has sessions here. Guarded by Hub.mu.
type person struct {
	account  id.Account
	sessions []*session
	friends  map[id.Account][]id.Node // friends who are there, and on which nodes
	news     map[id.Account]news      // friends who came and are still to be checked
	checking bool
	changes  map[wire.Topic]*change // of which it was told lately
	release  func()                 // ends the subscription
}

// New returns a hub. It starts nothing.
func New(o Options) *Hub {
	if o.Node.IsZero() {
		o.Node = id.NewNode()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.FrameRate == 0 {
		o.FrameRate = wire.MaxFrameRate
	}
	h := &Hub{
		opt: o, node: o.Node, boot: id.NewBoot(), log: o.Log, rate: o.FrameRate,
		people: map[id.Account]*person{}, lines: map[lineID]*session{},
		calls: map[id.Call]*ownedCall{}, callsOf: map[id.Account][]*ownedCall{},
		rings: map[id.Account]*bucket{},
	}
	h.work.caught = h.survive
	h.mark = h.boot.String()[:8]
	h.counters.kinds, h.counters.rings = newKinds(), newRings()
	h.counters.measured.ways = newWays()
	h.blind = ratelimit.NewBlinder()
	h.late = map[id.Account]bool{}
	h.relations = chores[relation, relating]{group: &h.work, hands: 1, most: maxChores, do: h.related, join: relating.and}
	h.comings = chores[id.Account, struct{}]{group: &h.work, hands: 8, most: maxComings, do: h.tellFriends, join: func(struct{}, struct{}) struct{} { return struct{}{} }}
	h.notices = chores[notice, int]{group: &h.work, hands: 4, most: maxChores, do: h.leaveNotice, join: func(a, b int) int { return a + b }}
	h.subs.bus, h.subs.byAccount = o.Bus, map[id.Account]*subscription{}
	h.handlers = h.routes()
	h.accountOps = [opLast]func(*message){
		opDeliver: h.onDeliver, opTopic: h.onTopic, opPresence: h.onPresence,
		opFriends: h.onFriends, opSeek: h.onSeek, opHere: h.onHere, opComeBack: h.onComeBack,
		opAway: h.onGone, opLeft: h.onGone, opOthers: h.onOthers,
	}
	h.callOps = [opLast]func(*ownedCall, *message){
		opFrame: h.onFrame, opHere: h.join,
		opAway: func(oc *ownedCall, m *message) { // these cannot fail but by coming late
			_ = h.apply(oc, evAway{from: m.line, forGood: m.flags&flagForGood != 0})
		},
		opBack:   func(oc *ownedCall, m *message) { _ = h.apply(oc, evBack{from: m.line}) },
		opLeft:   func(oc *ownedCall, m *message) { _ = h.apply(oc, evLeft{from: m.line}) },
		opRejoin: h.onRejoin,
		opTaken:  h.onTaken,
		opGlare:  func(oc *ownedCall, _ *message) { _ = h.apply(oc, evGlare{}) },
	}
	return h
}

// Serve runs the hub until ctx ends. Then rings end, calls that run are left to
// their devices, sessions are told to come back, and Serve returns once
// everything it started has ended. It works once.
func (h *Hub) Serve(ctx context.Context) error {
	h.mu.Lock()
	if h.state != idle {
		h.mu.Unlock()
		return fmt.Errorf("hub: %w", errServed)
	}
	base := context.WithoutCancel(ctx)
	h.base = base
	h.state = serving
	h.mu.Unlock()
	cancel, err := h.opt.Bus.Subscribe(everyHub, h.onEveryHub)
	if err != nil {
		h.stop()
		return fmt.Errorf("hub: subscribe: %w", err)
	}
	defer cancel()
	h.sweepAll(ctx)
	h.stop()
	return nil
}

// admit lets a connection in and counts it; the caller calls h.conns.Done.
func (h *Hub) admit() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.state != serving {
		return false
	}
	h.conns.Add(1)
	return true
}

// Refuse lets in no session that is new from now on. Those that there are stay,
// and may come back after a lost connection, until Serve is told to end.
func (h *Hub) Refuse() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
}

// serves reports whether Serve runs: with sessions, be there new ones or not.
func (h *Hub) serves() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state == serving
}

// Ready reports whether the hub takes sessions.
func (h *Hub) Ready() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state == serving && !h.closed
}

// publish sends m to the hubs that listen to a subject.
func (h *Hub) publish(to cluster.Subject, m *message) {
	if err := h.opt.Bus.Publish(h.base, to, m.encode()); err != nil {
		h.counters.drops[dropBus].Add(1)
		h.log.WarnContext(h.base, "bus refused a message", "error", err)
	}
}

// hand delivers a frame to a session: at once where that is one of this hub, by
// the bus where it is not. All that a hub's calls have for its own sessions
// goes the first way, so that it keeps its order.
func (h *Hub) hand(m *message) {
	if s := h.session(m.line); s != nil {
		if s.who.Account == m.to {
			s.take(m)
		}
		return
	}
	h.publish(ofAccount(m.to), m)
}

// session returns the session on a line, or nil.
func (h *Hub) session(l lineID) *session {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lines[l]
}

// sessionsOf returns the sessions of an account on this node.
func (h *Hub) sessionsOf(a id.Account) []*session {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.people[a]; p != nil {
		return slices.Clone(p.sessions)
	}
	return nil
}

// onAccount takes a message about an account that has sessions or calls here.
// It must not keep msg.
func (h *Hub) onAccount(msg []byte) {
	defer h.survive()
	var m message
	if err := m.decode(msg); err != nil {
		h.counters.drops[dropMalformed].Add(1)
		return
	}
	if act := h.accountOps[m.op]; act != nil {
		act(&m)
	}
}

func (h *Hub) onDeliver(m *message) {
	if s := h.session(m.line); s != nil && s.who.Account == m.to {
		s.take(m)
	}
}

// onEveryHub takes what concerns every hub.
func (h *Hub) onEveryHub(msg []byte) {
	defer h.survive()
	var m message
	if err := m.decode(msg); err != nil || m.op != opSignOut {
		h.counters.drops[dropMalformed].Add(1)
		return
	}
	h.mu.Lock()
	var gone []*session
	for _, s := range h.lines {
		if otherID(s.who.ID) == m.other {
			gone = append(gone, s)
		}
	}
	h.mu.Unlock()
	for _, s := range gone {
		h.end(s, wire.CloseSignedOut, endSignedOut)
	}
}

// SignedOut closes the sessions that were opened with a sign-in session which
// is no more.
func (h *Hub) SignedOut(s id.Session) {
	if h.serves() {
		h.publish(everyHub, &message{op: opSignOut, other: otherID(s)})
	}
}

// identity is who a session belongs to: what signing in made.
type identity = store.Session
