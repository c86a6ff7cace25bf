package client

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// Call is one call as this device takes part in it.
type Call struct {
	ID       id.Call
	Outgoing bool
	Media    wire.Media
	Offer    string // incoming: what the caller sealed for us
	Early    bool   // incoming: the caller would connect through relays while it rings

	client *Client
	events chan Event

	doubt   *time.Timer // guarded by client.mu, as are the next two
	running bool        // answered: it can be asked for where a hub lost it
	rejoin  id.Frame    // what asked for it last

	mu      sync.Mutex // guards following
	peer    wire.Address
	moved   *wire.Answered // the other side is another device since, for the next Peer
	servers []wire.ICEServer
	ended   *wire.Ended
	done    chan struct{}
}

// Event is something that happened to a call: a frame of the hub, its body
// decoded, or of the other device.
type Event struct {
	Kind wire.Kind
	Body any // wire.Progress, Early, Answered, Away, Ended; Description, Candidates, Sending, Warm
}

// eventRoom is how many events of a call may wait for its owner.
const eventRoom = 256

func (c *Client) newCall(name id.Call, outgoing bool, media wire.Media, peer wire.Address) *Call {
	return &Call{
		ID: name, Outgoing: outgoing, Media: media, client: c, peer: peer,
		events: make(chan Event, eventRoom), done: make(chan struct{}),
	}
}

// Ring calls an account and returns once it rings, or cannot. sealed goes to
// the callee's devices unread.
func (c *Client) Ring(ctx context.Context, to id.Account, media wire.Media, sealed string) (*Call, error) {
	return c.RingWith(ctx, to, wire.Ring{Media: media, Sealed: sealed})
}

// RingWith is Ring with everything that a ring can say.
func (c *Client) RingWith(ctx context.Context, to id.Account, ring wire.Ring) (*Call, error) {
	call := c.newCall(id.NewCall(), true, ring.Media, wire.Address{Account: to})
	return c.begin(ctx, call, &wire.Head{Kind: wire.KindRing, To: wire.Address{Account: to}, Body: wire.EncodeBody(ring)})
}

// Take moves a call here that OnElsewhere told of. A Peer of it connects with
// the other side anew.
func (c *Client) Take(ctx context.Context, name id.Call, e wire.Elsewhere) (*Call, error) {
	call, err := c.begin(ctx, c.newCall(name, e.Caller, e.Media, e.Peer), &wire.Head{Kind: wire.KindTake, Body: wire.EncodeBody(wire.Take{})})
	if err != nil {
		return nil, err
	}
	if _, err := call.Refresh(ctx); err != nil {
		return nil, err
	}
	return call, nil
}

// begin asks for a call that this client has not had until now.
func (c *Client) begin(ctx context.Context, call *Call, h *wire.Head) (*Call, error) {
	c.mu.Lock()
	c.calls[call.ID] = call
	c.mu.Unlock()
	h.Call = call.ID
	if err := c.ask(ctx, h); err != nil {
		c.mu.Lock()
		delete(c.calls, call.ID)
		c.mu.Unlock()
		return nil, err
	}
	return call, nil
}

// takeCall acts on a frame about a call.
func (c *Client) takeCall(ctx context.Context, h *wire.Head) {
	c.mu.Lock()
	call := c.calls[h.Call]
	if call != nil && call.doubt != nil {
		call.doubt.Stop() // the new session has it
		call.doubt = nil
	}
	if call != nil && h.Kind == wire.KindAnswered {
		call.running = true
	}
	c.mu.Unlock()
	if call == nil {
		c.takeUnknown(ctx, h)
		return
	}
	switch string(h.Kind) {
	case string(wire.KindCalling):
		if b, ok := decode[wire.Calling](h); ok {
			call.equip(b.Servers)
			c.settleCall(call.ID, wire.KindRing)
		}
	case string(wire.KindServers):
		if b, ok := decode[wire.Servers](h); ok {
			call.equip(b.Servers)
			c.settleCall(call.ID, wire.KindRelay)
		}
	case string(wire.KindAnswered):
		if b, ok := decode[wire.Answered](h); ok {
			call.mu.Lock()
			call.peer = b.Peer
			call.mu.Unlock()
			call.tell(ctx, Event{h.Kind, b})
		}
	case string(wire.KindEnded):
		if b, ok := decode[wire.Ended](h); ok {
			call.finish(b)
		}
	case string(wire.KindProgress):
		tell[wire.Progress](ctx, call, h)
	case string(wire.KindEarly):
		tell[wire.Early](ctx, call, h)
	case string(wire.KindWarm):
		tell[wire.Warm](ctx, call, h)
	case string(wire.KindAway):
		tell[wire.Away](ctx, call, h)
	case string(wire.KindDescription):
		tell[wire.Description](ctx, call, h)
	case string(wire.KindCandidate):
		tell[wire.Candidates](ctx, call, h)
	case string(wire.KindMedia):
		tell[wire.Sending](ctx, call, h)
	}
}

func tell[B any](ctx context.Context, call *Call, h *wire.Head) {
	if b, ok := decode[B](h); ok {
		call.tell(ctx, Event{h.Kind, b})
	}
}

// takeUnknown: a call that this client has not had until now. One that another
// run of the program left behind is hung up.
func (c *Client) takeUnknown(ctx context.Context, h *wire.Head) {
	switch string(h.Kind) {
	case string(wire.KindCalling), string(wire.KindAnswered):
		_ = c.send(ctx, &wire.Head{Kind: wire.KindHangup, Call: h.Call}) // it ends by itself otherwise
	case string(wire.KindElsewhere):
		if b, ok := decode[wire.Elsewhere](h); ok && c.opt.OnElsewhere != nil {
			c.opt.OnElsewhere(h.Call, b)
		}
	case string(wire.KindIncoming):
		b, ok := decode[wire.Incoming](h)
		if !ok {
			return
		}
		if c.opt.OnIncoming == nil {
			_ = c.send(ctx, &wire.Head{ // it stops by itself otherwise
				Kind: wire.KindDecline, Call: h.Call, Body: wire.EncodeBody(wire.Decline{Busy: true}),
			})
			return
		}
		call := c.newCall(h.Call, false, b.Media, h.From)
		call.Offer, call.servers, call.Early = b.Sealed, b.Servers, b.Early
		c.mu.Lock()
		c.calls[call.ID] = call
		c.mu.Unlock()
		c.opt.OnIncoming(call)
	}
}

func (c *Client) settleCall(call id.Call, kind wire.Kind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settleCallLocked(call, kind, nil)
}

// tell hands an event to the call's owner. One who does not take them holds up
// this client, and in the end loses the session.
func (call *Call) tell(ctx context.Context, e Event) {
	select {
	case call.events <- e:
	case <-call.done:
	case <-ctx.Done():
	}
}

func (call *Call) equip(servers []wire.ICEServer) {
	call.mu.Lock()
	defer call.mu.Unlock()
	call.servers = servers
}

// finish ends the call here.
func (call *Call) finish(e wire.Ended) {
	call.mu.Lock()
	if call.ended != nil {
		call.mu.Unlock()
		return
	}
	call.ended = &e
	close(call.done)
	call.mu.Unlock()
	c := call.client
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.calls, call.ID)
	if call.doubt != nil {
		call.doubt.Stop()
	}
	c.settleCallLocked(call.ID, wire.KindHangup, nil)
	c.settleCallLocked(call.ID, wire.KindDecline, nil)
	c.settleCallLocked(call.ID, "", fault.New(fault.CallGone, "This call is over."))
}

func (call *Call) lost() { call.finish(wire.Ended{Reason: wire.ReasonLost}) }

// Events returns what happens to the call. After Done is closed some may still
// wait in it.
func (call *Call) Events() <-chan Event { return call.events }

// Done is closed when the call is over.
func (call *Call) Done() <-chan struct{} { return call.done }

// Ended returns why the call is over; ok is false while it is not.
func (call *Call) Ended() (e wire.Ended, ok bool) {
	call.mu.Lock()
	defer call.mu.Unlock()
	if call.ended == nil {
		return wire.Ended{}, false
	}
	return *call.ended, true
}

// Peer returns the other leg; its device is known once the call is answered,
// to the callee at once.
func (call *Call) Peer() wire.Address {
	call.mu.Lock()
	defer call.mu.Unlock()
	return call.peer
}

// Servers returns the ICE servers of this leg.
func (call *Call) Servers() []wire.ICEServer {
	call.mu.Lock()
	defer call.mu.Unlock()
	return call.servers
}

func (call *Call) act(ctx context.Context, kind wire.Kind, body any) error {
	return call.client.ask(ctx, &wire.Head{Kind: kind, Call: call.ID, Body: wire.EncodeBody(body)})
}

// Ringing says that this device shows the call.
func (call *Call) Ringing(ctx context.Context) error {
	return call.act(ctx, wire.KindRinging, wire.Ringing{})
}

// Ready says that this device shows the call, and would connect through relays
// while it rings. An event of wire.Early says that it may.
func (call *Call) Ready(ctx context.Context) error {
	return call.act(ctx, wire.KindRinging, wire.Ringing{Early: true})
}

// Answer takes the call. sealed goes to the caller's device unread.
func (call *Call) Answer(ctx context.Context, media wire.Media, sealed string) error {
	return call.act(ctx, wire.KindAnswer, wire.Answer{Media: media, Sealed: sealed})
}

// AnswerEarly takes the call over the connection that was made while it rang.
func (call *Call) AnswerEarly(ctx context.Context, media wire.Media) error {
	return call.act(ctx, wire.KindAnswer, wire.Answer{Media: media, Early: true})
}

// Decline refuses the call; busy says that this device is in another one.
func (call *Call) Decline(ctx context.Context, busy bool) error {
	return call.act(ctx, wire.KindDecline, wire.Decline{Busy: busy})
}

// Hangup ends the call, or takes the ring back. A call that is over is no
// error.
func (call *Call) Hangup(ctx context.Context) error {
	err := call.act(ctx, wire.KindHangup, wire.Hangup{})
	if err != nil && !fault.Is(err, fault.CallGone) {
		return err
	}
	return nil
}

// Refresh asks for fresh ICE servers: credentials open the door only for a
// short time.
func (call *Call) Refresh(ctx context.Context) ([]wire.ICEServer, error) {
	if err := call.act(ctx, wire.KindRelay, wire.Relay{}); err != nil {
		return nil, err
	}
	return call.Servers(), nil
}

// Send passes a frame to the other device: description, candidate or media, or
// warm before the answer.
func (call *Call) Send(ctx context.Context, kind wire.Kind, body any) error {
	spec, ok := wire.Lookup([]byte(kind))
	if !ok || !spec.Passes {
		return fmt.Errorf("send %q: %w", kind, errNotPassed)
	}
	return call.client.send(ctx, &wire.Head{Kind: kind, ID: id.NewFrame(), Call: call.ID, Body: wire.EncodeBody(body)})
}

// Measured tells the hub how the call went. Only for a client whose person has
// agreed to that; once a call, while it runs.
func (call *Call) Measured(ctx context.Context, m wire.Measured) error {
	return call.act(ctx, wire.KindMeasured, m)
}
