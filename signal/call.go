package signal

import (
	"slices"
	"time"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// This file is the call as a state machine: state and event give state and
// effects, and nothing else happens. calls.go carries the effects out.

// phase is where a call stands.
type phase uint8

const (
	ringing   phase = iota // offered to the callee's devices
	returning              // ran before a hub lost it; the caller asked for it back, the callee not yet
	running                // between two legs
	over                   // nothing happens any more
)

// lineID names one session of a device: what a leg of a call sits on. It
// outlives a lost connection for as long as the session can be resumed.
type lineID = id.Of[line]

type line struct{}

// leg is one device's part in a call.
type leg struct {
	addr wire.Address
	line lineID
	tag  string // names the leg to the relay; random
	busy bool   // the device said that it is in another
	away bool   // its connection is lost
	told bool   // it has measured
}

// call is one call. Its zero phase is ringing.
type call struct {
	id     id.Call
	media  wire.Media
	sealed string // the caller's offer, for devices that come later
	phase  phase
	caller leg
	callee id.Account
	legs   []leg     // ringing: the callee's devices; running: the one that answered
	awaits id.Device // returning: of the callee
	since  time.Time // start of the ring, then of the call
	begun  bool      // the caller is told of it; before that it may still be refused
	rang   bool      // a device said that it shows the call, be it gone by now
	goesOn bool      // over here, and not for its two devices
	early  early     // what passes before the answer
	known  bool      // one of the two has measured, and was counted
}

// maxLegs bounds how many of the callee's sessions ring.
const maxLegs = 32

// timer names what a call waits for.
type timer uint8

const (
	timerRing    timer = iota // somebody answers
	timerOffline              // a first device reports that it rings
	timerCaller               // the caller's connection is back
	timerCallee               // the callee's is
	timerReturn               // the callee asks for the call back, too
	timers
)

// Events.
type (
	event     interface{ event() }
	evStart   struct{}              // the call came into being
	evRetry   struct{ from lineID } // ring came again
	evHere    struct{ leg leg }     // a device of one of the two has a session
	evRinging struct {              // frames of clients
		from  lineID
		early bool
	}
	evAnswer struct {
		from   lineID
		media  wire.Media
		sealed string
		early  bool
	}
	evDecline struct {
		from lineID
		busy bool
	}
	evHangup  struct{ from lineID }
	evServers struct{ from lineID }
	evAway    struct { // the connection is lost
		from    lineID
		forGood bool // with its session; the device comes back on another
	}
	evBack    struct{ from lineID } // it is back
	evLeft    struct{ from lineID } // the session is over
	evTimeout struct{ timer timer }
	evEnd     struct { // something outside ends the call
		reason wire.Reason
		missed bool
	}
	evRejoin struct { // a device asks for the call back
		leg  leg
		peer wire.Address // whom it says the call was with
	}
	evGlare struct{}                // the two rang each other, and the other call stays
	evStop  struct{}                // the hub stops
	evTaken struct{ caller lineID } // both devices have the call on another hub, where the caller has this line
	evYield struct{}                // another hub has the call
	evVoid  struct{}                // it may not begin; the caller is told otherwise
)

func (evStart) event()   {}
func (evRetry) event()   {}
func (evHere) event()    {}
func (evRinging) event() {}
func (evAnswer) event()  {}
func (evDecline) event() {}
func (evHangup) event()  {}
func (evServers) event() {}
func (evAway) event()    {}
func (evBack) event()    {}
func (evLeft) event()    {}
func (evTimeout) event() {}
func (evEnd) event()     {}
func (evRejoin) event()  {}
func (evGlare) event()   {}
func (evStop) event()    {}
func (evTaken) event()   {}
func (evYield) event()   {}
func (evVoid) event()    {}

// Effects, in the order in which they are to be carried out.
type (
	effect interface{ effect() }
	send   struct { // a frame to one leg; ICE servers are filled in on the way
		to   leg
		kind wire.Kind
		body any
	}
	seek struct{} // ask the callee's devices to report
	arm  struct {
		timer timer
		after time.Duration
	}
	disarm   struct{ timer timer }
	revoke   struct{ tag string } // one leg's credentials; all of the call's where empty
	comeBack struct{ who leg }    // its device is to ask for the call anew, wherever its session stands
	claim    struct{}             // no other hub has this call any more
	missed   struct{}             // leave the callee a notice
	forget   struct{}             // the call is over
)

func (send) effect()     {}
func (seek) effect()     {}
func (arm) effect()      {}
func (disarm) effect()   {}
func (revoke) effect()   {}
func (comeBack) effect() {}
func (claim) effect()    {}
func (missed) effect()   {}
func (forget) effect()   {}

// Answers to frames that the call's state does not allow. Whoever is no leg is
// told the same as about a call that does not exist.
var (
	errCallGone  = fault.New(fault.CallGone, "This call is over.")
	errOutOfTurn = fault.New(fault.OutOfTurn, "The call does not allow this now.")
)

// step returns what the call is after ev and what has to be done about it. c
// is not changed. The error answers the frame that caused the event.
func (c call) step(now time.Time, ev event) (call, []effect, error) {
	if c.phase == over {
		return c, nil, errCallGone
	}
	c.legs = slices.Clone(c.legs)
	switch e := ev.(type) {
	case evStart:
		return c.start(now)
	case evRetry:
		return c.retry(now, e.from)
	case evHere:
		return c.here(now, e.leg)
	case evRinging:
		return c.ringsEarly(e)
	case evAnswer:
		return c.answer(now, e)
	case evDecline:
		return c.decline(now, e)
	case evHangup:
		return c.hangup(now, e.from)
	case evServers:
		return c.servers(e.from)
	case evTake:
		return c.take(now, e.leg)
	case evMeasured:
		return c.measured(e)
	case evAway:
		return c.away(now, e.from, e.forGood)
	case evBack:
		return c.back(e.from)
	case evLeft:
		return c.left(now, e.from)
	case evTimeout:
		return c.timeout(now, e.timer)
	case evEnd:
		if !c.begun {
			return c.void(now)
		}
		return c.finish(now, e.reason, e.missed)
	case evRejoin:
		return c.rejoin(now, e.leg, e.peer)
	case evYield:
		return c.yield()
	case evTaken:
		if c.phase != ringing {
			return c.taken(e.caller)
		}
	case evStop:
		return c.stop(now)
	case evGlare:
		if c.offered() { // one that was answered stays too
			return c.finish(now, wire.ReasonGlare, false)
		}
	case evVoid:
		return c.void(now)
	}
	return c, nil, nil
}

// offered reports whether the call was offered to the callee's devices, and is still open.
func (c *call) offered() bool { return c.begun && c.phase == ringing }

// void ends a call of which nobody was told; the caller's ring is answered by
// an error.
func (c call) void(now time.Time) (call, []effect, error) {
	next, effects, err := c.finish(now, wire.ReasonReach, false)
	return next, effects[1:], err // the first one is for the caller
}

func (c call) start(now time.Time) (call, []effect, error) {
	c.begun = true
	if c.phase == returning {
		return c, []effect{arm{timerReturn, wire.ResumeSeconds * time.Second}, seek{}}, nil
	}
	return c, []effect{
		c.calling(now),
		arm{timerRing, wire.RingSeconds * time.Second},
		arm{timerOffline, wire.OfflineSeconds * time.Second},
		seek{},
	}, nil
}

// find returns the callee's leg on a line, or nil.
func (c *call) find(l lineID) *leg {
	i := slices.IndexFunc(c.legs, func(x leg) bool { return x.line == l })
	if i < 0 {
		return nil
	}
	return &c.legs[i]
}

// peer returns the other end of a running call.
func (c *call) peer(from lineID) (leg, error) {
	callee := c.find(from)
	switch {
	case c.phase == over, from != c.caller.line && callee == nil:
		return leg{}, errCallGone
	case c.phase != running:
		return leg{}, errOutOfTurn
	case callee != nil:
		return c.caller, nil
	}
	return c.legs[0], nil
}

// ringFor is how many seconds the call will go on ringing.
func (c *call) ringFor(now time.Time) int {
	return max(0, wire.RingSeconds-int(now.Sub(c.since).Seconds()))
}

func (c *call) calling(now time.Time) effect {
	return send{c.caller, wire.KindCalling, wire.Calling{Seconds: c.ringFor(now)}}
}

func (c *call) incoming(now time.Time, to leg) effect {
	return send{to, wire.KindIncoming, wire.Incoming{
		Media: c.media, Sealed: c.sealed, Seconds: c.ringFor(now), Early: c.early.asked,
	}}
}

func (c call) retry(now time.Time, from lineID) (call, []effect, error) {
	if from != c.caller.line {
		return c, nil, errCallGone // somebody else's call id
	}
	if c.phase != ringing {
		return c, nil, errOutOfTurn
	}
	return c, []effect{c.calling(now)}, nil
}

// here takes a device that has a session: one more that rings, or a leg that
// comes back on a new session after its old one was lost.
func (c call) here(now time.Time, l leg) (call, []effect, error) {
	switch {
	case l.line == c.caller.line || c.find(l.line) != nil:
		return c, nil, nil
	case !c.begun:
		return c, nil, nil // it is found once the call begins
	case c.phase == returning:
		return c, nil, nil // being there is not enough: both have to ask
	case c.phase == ringing && l.addr.Account == c.callee:
		if len(c.legs) >= maxLegs {
			return c, nil, nil
		}
		c.legs = append(c.legs, l)
		return c, []effect{c.incoming(now, l)}, nil
	case l.addr == c.caller.addr && c.caller.away:
		old := c.caller
		c.caller.line, c.caller.away = l.line, false
		if c.phase == ringing {
			return c, []effect{disarm{timerCaller}, movedOn(old), c.calling(now)}, nil
		}
		return c, c.returned(timerCaller, old, c.caller, c.legs[0]), nil
	case c.phase == running && l.addr == c.legs[0].addr && c.legs[0].away:
		old := c.legs[0]
		c.legs[0].line, c.legs[0].away = l.line, false
		return c, c.returned(timerCallee, old, c.legs[0], c.caller), nil
	}
	return c, c.glimpse(now, l), nil
}

// returned tells both ends of a running call that one of them is back on a new
// session, which has to be told what it takes part in.
func (c *call) returned(t timer, old, who, other leg) []effect {
	return []effect{
		disarm{t},
		movedOn(old),
		send{who, wire.KindAnswered, wire.Answered{Media: c.media, Peer: other.addr, Early: c.early.taken}},
		send{other, wire.KindAway, wire.Away{}},
	}
}

// movedOn tells a session that another one of its device has its leg now, in
// case it comes back after all.
func movedOn(old leg) effect {
	return send{old, wire.KindEnded, wire.Ended{Reason: wire.ReasonElsewhere}}
}

func (c call) rings(from lineID) (call, []effect, error) {
	l := c.find(from)
	switch {
	case l == nil && from != c.caller.line:
		return c, nil, errCallGone
	case l == nil || c.phase != ringing:
		return c, nil, errOutOfTurn
	case c.rang:
		return c, nil, nil
	}
	c.rang = true
	return c, []effect{disarm{timerOffline}, send{c.caller, wire.KindProgress, wire.Progress{}}}, nil
}

func (c call) answer(now time.Time, e evAnswer) (call, []effect, error) {
	l := c.find(e.from)
	switch {
	case l == nil && e.from != c.caller.line:
		return c, nil, errCallGone
	case l == nil:
		return c, nil, errOutOfTurn
	case c.phase == running:
		return c, nil, nil // the same answer once more
	case e.early && !c.early.with(*l):
		return c, nil, errOutOfTurn
	}
	winner := *l
	effects := []effect{
		disarm{timerRing},
		disarm{timerOffline},
		send{winner, wire.KindAnswered, wire.Answered{Media: e.media, Peer: c.caller.addr, Early: e.early}},
		send{c.caller, wire.KindAnswered, wire.Answered{
			Media: e.media, Peer: winner.addr, Sealed: e.sealed, Early: e.early,
		}},
	}
	for _, x := range c.legs {
		if x.line != winner.line {
			effects = append(effects, send{x, wire.KindEnded, wire.Ended{Reason: wire.ReasonElsewhere}}, revoke{x.tag})
		}
	}
	if c.caller.away {
		effects = append(effects, send{winner, wire.KindAway, wire.Away{Away: true, Seconds: wire.ResumeSeconds}})
	}
	if winner.away { // it answered, and was lost at once
		effects = append(effects, arm{timerCallee, wire.ResumeSeconds * time.Second},
			send{c.caller, wire.KindAway, wire.Away{Away: true, Seconds: wire.ResumeSeconds}})
	}
	c.phase, c.legs, c.since = running, []leg{winner}, now
	c.media, c.sealed, c.early.taken = e.media, "", e.early
	return c, append(effects, c.toOthers(now)...), nil
}

func (c call) decline(now time.Time, e evDecline) (call, []effect, error) {
	l := c.find(e.from)
	switch {
	case l == nil && e.from != c.caller.line:
		return c, nil, errCallGone
	case l == nil || c.phase != ringing:
		return c, nil, errOutOfTurn
	case !e.busy:
		return c.finish(now, wire.ReasonDeclined, false)
	}
	l.busy = true
	return c.allBusy(now)
}

// allBusy ends the call when every device that rings is in another one.
func (c call) allBusy(now time.Time) (call, []effect, error) {
	if len(c.legs) == 0 || slices.ContainsFunc(c.legs, func(l leg) bool { return !l.busy }) {
		return c, nil, nil
	}
	return c.finish(now, wire.ReasonBusy, true)
}

func (c call) hangup(now time.Time, from lineID) (call, []effect, error) {
	callee := c.find(from) != nil
	switch {
	case !callee && from != c.caller.line:
		return c, nil, errCallGone
	case c.phase == running:
		return c.finish(now, wire.ReasonHangup, false)
	case callee:
		return c.finish(now, wire.ReasonDeclined, false)
	}
	return c.finish(now, wire.ReasonCancelled, c.rang)
}

func (c call) servers(from lineID) (call, []effect, error) {
	to := c.find(from)
	if from == c.caller.line {
		to = &c.caller
	}
	if to == nil {
		return c, nil, errCallGone
	}
	return c, []effect{send{*to, wire.KindServers, wire.Servers{}}}, nil
}

// away notes that a leg lost its connection. Only the two ends of a call that
// runs, and the caller, are waited for; another device that rings is no leg any
// more where its session is over.
func (c call) away(now time.Time, from lineID, forGood bool) (call, []effect, error) {
	if forGood && from != c.caller.line && c.phase != running {
		return c.left(now, from)
	}
	wait := arm{timerCaller, wire.ResumeSeconds * time.Second}
	gone := &c.caller
	if from != c.caller.line {
		gone, wait.timer = c.find(from), timerCallee
	}
	if gone == nil || gone.away {
		return c, nil, nil
	}
	gone.away = true
	if c.phase != running {
		if gone == &c.caller {
			return c, []effect{wait}, nil
		}
		return c, nil, nil
	}
	other, _ := c.peer(from)
	return c, []effect{wait, send{other, wire.KindAway, wire.Away{Away: true, Seconds: wire.ResumeSeconds}}}, nil
}

func (c call) back(from lineID) (call, []effect, error) {
	t, l := timerCaller, &c.caller
	if from != c.caller.line {
		t, l = timerCallee, c.find(from)
	}
	if l == nil || !l.away {
		return c, nil, nil
	}
	l.away = false
	if c.phase != running {
		return c, []effect{disarm{t}}, nil
	}
	other, _ := c.peer(from)
	return c, []effect{disarm{t}, send{other, wire.KindAway, wire.Away{}}}, nil
}

// left takes a session that will not come back.
func (c call) left(now time.Time, from lineID) (call, []effect, error) {
	l := c.find(from)
	switch {
	case from == c.caller.line, l != nil && c.phase == running:
		return c.finish(now, wire.ReasonLost, c.rang)
	case l == nil:
		return c, nil, nil
	}
	tag := l.tag
	c.legs = slices.DeleteFunc(c.legs, func(x leg) bool { return x.line == from })
	next, effects, err := c.allBusy(now)
	return next, append(effects, revoke{tag}), err
}

func (c call) timeout(now time.Time, t timer) (call, []effect, error) {
	switch t {
	case timerRing:
		if c.phase == ringing {
			return c.finish(now, wire.ReasonTimeout, true)
		}
	case timerOffline:
		if c.phase == ringing && !c.rang {
			return c.finish(now, wire.ReasonOffline, true)
		}
	case timerCaller:
		if c.caller.away {
			return c.finish(now, wire.ReasonLost, c.rang)
		}
	case timerCallee:
		if c.phase == running && c.legs[0].away {
			return c.finish(now, wire.ReasonLost, false)
		}
	case timerReturn:
		if c.phase == returning {
			return c.finish(now, wire.ReasonLost, false)
		}
	case timers:
	}
	return c, nil, nil // came too late
}

// finish ends the call for everybody. A call that ran was not missed.
func (c call) finish(now time.Time, reason wire.Reason, wasMissed bool) (call, []effect, error) {
	ended := wire.Ended{Reason: reason}
	if c.phase == running {
		ended.Within = int(now.Sub(c.since).Seconds())
	}
	effects := []effect{send{c.caller, wire.KindEnded, ended}}
	for _, l := range c.legs {
		effects = append(effects, send{l, wire.KindEnded, ended})
	}
	if wasMissed && c.phase == ringing {
		effects = append(effects, missed{})
	}
	effects = append(effects, c.noMore()...)
	c.phase, c.legs = over, nil
	return c, append(effects, revoke{}, forget{}), nil
}
