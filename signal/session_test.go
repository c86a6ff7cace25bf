package signal_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

func TestCallSurvivesALostConnection(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		for _, callee := range []bool{false, true} {
			a, b := r.pair()
			c := r.running(a, b)
			if callee {
				a, b = b, a
			}
			a.drop()
			var away wire.Away
			if body(t, b.want(wire.KindAway), &away); !away.Away || away.Seconds != 20 {
				t.Errorf("away %+v", away)
			}
			for range 3 {
				b.send(wire.Head{Kind: wire.KindCandidate, Call: c, Body: []byte("AAAA")}, nil)
			}
			<-time.After(19 * time.Second)
			a.resume()
			if !a.welcome.Resumed {
				t.Fatal("not resumed")
			}
			for range 3 { // exactly what was missed, in order (next checks the numbers)
				a.want(wire.KindCandidate)
			}
			a.silent()
			if body(t, b.want(wire.KindAway), &away); away.Away {
				t.Errorf("away %+v", away)
			}
			<-time.After(30 * time.Second)
			a.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("AAAA")}, nil)
			b.want(wire.KindMedia)
			a.hangup(c)
			b.wantEnded(wire.ReasonHangup)
			_ = a.conn.Close(websocket.StatusNormalClosure, "")
			_ = b.conn.Close(websocket.StatusNormalClosure, "")
		}
		r.noCalls()
	})
}

func TestCallEndsWhenNobodyComesBack(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		a.drop()
		b.want(wire.KindAway)
		<-time.After(22 * time.Second)
		b.wantEnded(wire.ReasonLost)
		if !r.relay.isRevoked(c) {
			t.Error("credentials live on")
		}
		a.resume()
		if a.welcome.Resumed {
			t.Error("resumed after its time")
		}
		a.send(wire.Head{Kind: wire.KindRelay, Call: c}, wire.Relay{})
		a.wantError(fault.CallGone)
		r.noCalls()
	})
}

// A device that lost its session, but not its call, takes the leg over with a
// new one: here on the other hub, which knows nothing of the old.
func TestFreshSessionTakesTheLegOver(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		a.drop()
		b.want(wire.KindAway)
		a.hub, a.seq = 1, 0
		a.resume()
		if a.welcome.Resumed {
			t.Fatal("the other hub resumed a session that it cannot know")
		}
		var answered wire.Answered
		if body(t, a.want(wire.KindAnswered), &answered); answered.Peer != b.addr {
			t.Errorf("answered %+v", answered)
		}
		b.want(wire.KindAway)
		b.send(wire.Head{Kind: wire.KindMedia, Call: c, Body: []byte("AAAA")}, nil)
		a.want(wire.KindMedia)
		<-time.After(30 * time.Second) // the old session ends and takes nothing along
		a.hangup(c)
		b.wantEnded(wire.ReasonHangup)
	})
}

// A second tab of the same browser does not take a call from the first.
func TestASecondSessionOfTheDeviceTakesNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		tab := *a
		tab.seq = 0
		tab.connect(wire.Hello{Min: 1, Max: 1})
		tab.silent()
		tab.hangup(c)
		tab.wantError(fault.CallGone)
		b.silent()
	})
}

func TestResumeRefusals(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		old := a.welcome.Resume
		for name, hello := range map[string]wire.Hello{
			"another secret": {Resume: old[:len(old)-2] + "AA", Cursor: a.seq},
			"no secret":      {Resume: old[:id.TextSize]},
			"garbage":        {Resume: strings.Repeat("x", 300)},
			"cursor ahead":   {Resume: old, Cursor: 4_000_000},
			"cursor at most": {Resume: old, Cursor: 1<<32 - 1},
		} {
			hello.Min, hello.Max = 1, 1
			d := *a
			d.connect(hello)
			if d.welcome.Resumed {
				t.Errorf("%s: resumed", name)
			}
			_ = d.conn.Close(websocket.StatusNormalClosure, "")
		}
		thief := *b
		thief.connect(wire.Hello{Min: 1, Max: 1, Resume: old, Cursor: a.seq})
		if thief.welcome.Resumed || thief.welcome.Self != b.addr {
			t.Error("somebody else's token was taken")
		}
		// Resumed while the old connection still stands: that one goes.
		first := *a
		a.resume()
		if !a.welcome.Resumed {
			t.Fatal("not resumed")
		}
		first.wantClosed(wire.CloseReplaced)
		again := *a
		again.connect(wire.Hello{Min: 1, Max: 1, Resume: old, Cursor: a.seq})
		if again.welcome.Resumed {
			t.Error("a token worked twice")
		}
		a.ring(b.addr.Account)
		a.want(wire.KindCalling)
	})
}

func TestHelloComesFirstAndOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		for name, first := range map[string]func(d *dev){
			"another kind": func(d *dev) { d.send(wire.Head{Kind: wire.KindHangup, Call: id.NewCall()}, wire.Hangup{}) },
			"garbage":      func(d *dev) { d.raw([]byte("GET / HTTP/1.1")) },
			"nothing":      func(*dev) { <-time.After(11 * time.Second) },
			"binary":       func(d *dev) { _ = d.conn.Write(t.Context(), websocket.MessageBinary, []byte("{}")) },
			"too large":    func(d *dev) { d.raw(make([]byte, wire.MaxFrame+1)) },
			"features": func(d *dev) {
				d.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 1, Max: 1, Features: make([]string, 33)})
			},
		} {
			t.Log(name)
			d := r.device(id.NewAccount())
			d.open()
			first(d)
			<-time.After(time.Second)
			if name == "nothing" { // the read that timed out takes the connection along
				continue
			}
			d.wantClosed(wire.CloseProtocol)
		}
		d := r.device(id.NewAccount())
		d.open()
		d.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 2, Max: 9})
		d.wantError(fault.Version)
		d.wantClosed(wire.CloseProtocol)
		d = r.on(0, id.NewAccount())
		d.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 1, Max: 1})
		d.wantError(fault.OutOfTurn)
	})
}

func TestBadFramesAreAnsweredAndNothingMore(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.rings(a, b)
		ref := id.NewFrame()
		head := `{"v":1,"id":"` + ref.String() + `","call":"` + c.String() + `",`
		for _, tt := range []struct {
			frame string
			code  fault.Code
			rule  string
		}{
			{`nonsense`, fault.BadFrame, "json"},
			{head + `"kind":"hangup","from":{"account":"` + b.addr.Account.String() + `"},"body":""}`, fault.BadFrame, "set_by_hub"},
			{head + `"kind":"hangup","kind":"hangup","body":""}`, fault.BadFrame, "duplicate"},
			{head + `"kind":"ended","body":""}`, fault.BadFrame, "set_by_hub"},
			{head + `"kind":"sparkle","body":""}`, fault.UnknownKind, ""},
			{head + `"kind":"decline","body":"W10"}`, fault.BadFrame, "type"},
			{head + `"kind":"answer","body":"e30"}`, fault.Invalid, "one_of"},
			{head + `"kind":"ring","to":{"account":"` + b.addr.Account.String() + `"},"body":"e30"}`, fault.Invalid, "one_of"},
			{head + `"kind":"ring","body":"eyJtZWRpYSI6ImF1ZGlvIn0"}`, fault.Invalid, "required"},
		} {
			a.raw([]byte(tt.frame))
			if e := a.wantError(tt.code); e.Rule != tt.rule {
				t.Errorf("%s: rule %q, want %q", tt.frame, e.Rule, tt.rule)
			}
		}
		b.silent()
		a.hangup(c) // the session lives
		a.wantEnded(wire.ReasonCancelled)
		a.raw(make([]byte, wire.MaxFrame+1))
		a.wantClosed(wire.CloseProtocol)
	})
}

func TestFramesOutOfTurn(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.rings(a, b)
		pass := func(d *dev) { d.send(wire.Head{Kind: wire.KindDescription, Call: c, Body: []byte("AAAA")}, nil) }
		pass(a) // before the answer nothing passes
		a.wantError(fault.OutOfTurn)
		pass(b)
		b.wantError(fault.OutOfTurn)
		a.answer(c)
		a.wantError(fault.OutOfTurn)
		a.decline(c, false)
		a.wantError(fault.OutOfTurn)
		a.send(wire.Head{Kind: wire.KindRinging, Call: c}, wire.Ringing{})
		a.wantError(fault.OutOfTurn)
		b.answer(c)
		b.want(wire.KindAnswered)
		b.want(wire.KindOK)
		a.want(wire.KindAnswered)
		b.decline(c, false)
		b.wantError(fault.OutOfTurn)
		b.send(wire.Head{Kind: wire.KindRinging, Call: c}, wire.Ringing{})
		b.wantError(fault.OutOfTurn)
		a.ringAs(c, b.addr.Account)
		a.wantError(fault.OutOfTurn)
	})
}

func TestTheSameFrameTwice(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := id.NewCall()
		a.ringAs(c, b.addr.Account)
		a.ringAs(c, b.addr.Account)
		a.want(wire.KindCalling)
		a.want(wire.KindCalling)
		b.want(wire.KindIncoming)
		b.silent() // rings once
		b.ringing(c)
		b.ringing(c)
		a.want(wire.KindProgress)
		a.silent()
		b.answer(c)
		b.answer(c)
		b.want(wire.KindAnswered)
		b.want(wire.KindOK)
		b.want(wire.KindOK)
		b.silent()
		a.want(wire.KindAnswered)
		a.silent()
		a.hangup(c)
		a.hangup(c)
		all := a.all()
		if len(all[wire.KindEnded]) != 1 || len(all[wire.KindOK]) != 1 || len(all[wire.KindError]) != 1 {
			t.Errorf("hanging up twice: %v", all)
		}
		b.wantEnded(wire.ReasonHangup)
	})
}

func TestSignedOutSessionsClose(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		c := r.running(a, b)
		r.hubs[1].SignedOut(r.graph.session(a.token).ID) // told on another node
		a.wantClosed(wire.CloseSignedOut)
		b.wantEnded(wire.ReasonLost)
		if !r.relay.isRevoked(c) {
			t.Error("credentials live on")
		}
	})
}

// However slowly a client closes: once signed out it has no say.
func TestSignedOutSessionsHaveNoSay(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, b := r.pair()
		a.mute() // does not take part in closing
		r.hubs[0].SignedOut(r.graph.session(a.token).ID)
		synctest.Wait()
		a.ring(b.addr.Account)
		b.silent()
	})
}

// A connection that was opened before its sign-in session ended, and says
// hello after, gets in no more: whoever holds a stolen token could else keep
// one waiting.
func TestHelloAfterSigningOut(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(_ *testing.T, r *rig) {
		a, _ := r.pair()
		late := *a
		late.seq = 0
		late.open()
		synctest.Wait()
		r.graph.end(a.token)
		r.hubs[0].SignedOut(r.graph.session(a.token).ID)
		a.wantClosed(wire.CloseSignedOut)
		late.send(wire.Head{Kind: wire.KindHello}, wire.Hello{Min: 1, Max: 1})
		late.wantClosed(wire.CloseSignedOut)
	})
}

func TestSessionEndsWithItsSignIn(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		d := r.device(id.NewAccount())
		s := r.graph.sessions[d.token]
		s.ExpiresAt = time.Now().Add(time.Hour)
		r.graph.sessions[d.token] = s
		d.connect(wire.Hello{Min: 1, Max: 1})
		<-time.After(59 * time.Minute)
		d.send(wire.Head{Kind: wire.KindHangup, Call: id.NewCall()}, wire.Hangup{})
		d.wantError(fault.CallGone)
		<-time.After(61 * time.Second)
		d.wantClosed(wire.CloseSignedOut)
	})
}

func TestSilentPeerIsFound(t *testing.T) {
	t.Parallel()
	inBubble(t, 2, func(t *testing.T, r *rig) {
		a, b := r.pair()
		r.running(a, b)
		// a answers no ping: its reader is gone, its connection stands.
		mute := r.device(a.addr.Account)
		mute.openMute()
		start := time.Now()
		for r.hubs[0].Stats().Detached == 0 {
			<-time.After(time.Second)
			if time.Since(start) > 21*time.Second {
				t.Fatal("not found within 20 s")
			}
		}
	})
}

// openMute connects, greets and then neither reads nor answers pings.
func (d *dev) openMute() {
	d.r.t.Helper()
	d.connect(wire.Hello{Min: 1, Max: 1})
	d.mute()
}

func TestEveryKindHasAHandler(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		d := r.on(0, id.NewAccount())
		for _, k := range wire.Kinds() {
			if k.Sender != wire.FromClient {
				continue
			}
			d.send(wire.Head{Kind: k.Kind, Call: id.NewCall(), To: wire.Address{Account: id.NewAccount()}}, k.Body)
			var e wire.Error
			body(t, d.want(wire.KindError), &e)
			if !slices.Contains([]fault.Code{fault.CallGone, fault.OutOfTurn, fault.Invalid, fault.Unreachable}, e.Code) {
				t.Errorf("%s: %s", k.Kind, e.Code)
			}
		}
	})
}

// A connection that never says hello does not hold up the end of the program.
func TestStopWaitsForNobodySilent(t *testing.T) {
	t.Parallel()
	inBubble(t, 1, func(t *testing.T, r *rig) {
		a, _ := r.pair()
		silent := &dev{r: r, addr: a.addr, token: a.token}
		silent.open()
		r.rest()
		begin := time.Now()
		r.stop()
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
