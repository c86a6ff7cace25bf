package hubtest_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/ringfence/ringfence/internal/fault"
	"github.com/ringfence/ringfence/internal/hubtest"
	"github.com/ringfence/ringfence/signal/client"
	"github.com/ringfence/ringfence/signal/wire"
)

// loopbackAPI is pion on this machine alone: no mDNS, no other network.
func loopbackAPI(t *testing.T) *webrtc.API {
	t.Helper()
	s := webrtc.SettingEngine{}
	s.SetIncludeLoopbackCandidate(true)
	s.SetRelayAcceptanceMinWait(0)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(s), webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
}

// end is one side of a call: it sends a tone of numbered packets and says
// something on a data channel.
type end struct {
	peer   *client.Peer
	events chan client.Event
	heard  chan uint16 // sequence number of the first packet from the other side
	said   chan string
	up     chan struct{} // the channel is open
	dc     *webrtc.DataChannel
	track  *webrtc.TrackLocalStaticRTP
	served chan error
}

func newEnd(t *testing.T, call *client.Call, relayOnly bool) *end {
	t.Helper()
	e := &end{
		events: make(chan client.Event, 64), heard: make(chan uint16, 1), said: make(chan string, 8),
		up: make(chan struct{}), served: make(chan error, 1),
	}
	negotiated, number := true, uint16(0)
	var err error
	e.peer, err = client.NewPeer(call, client.PeerOptions{
		API: loopbackAPI(t), RelayOnly: relayOnly,
		Setup: func(pc *webrtc.PeerConnection) error {
			dc, err := pc.CreateDataChannel("test", &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &number})
			if err != nil {
				return err
			}
			e.dc = dc
			dc.OnOpen(func() { close(e.up) })
			dc.OnMessage(func(m webrtc.DataChannelMessage) { e.said <- string(m.Data) })
			e.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "audio", "test")
			if err != nil {
				return err
			}
			pc.OnTrack(func(tr *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
				if p, _, err := tr.ReadRTP(); err == nil {
					e.heard <- p.SequenceNumber
				}
			})
			_, err = pc.AddTrack(e.track)
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { e.served <- e.peer.Serve(t.Context(), func(ev client.Event) { e.events <- ev }) })
	t.Cleanup(wg.Wait)
	return e
}

// talk sends numbered packets until the other side has heard one.
func (e *end) talk(t *testing.T, other *end) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n := uint16(1); n < 2000; n++ {
		err := e.track.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 960}, Payload: []byte{0xf8, 0xff, 0xfe}})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-other.heard:
			return
		case <-tick.C:
		}
	}
	t.Fatal("no packet came through")
}

func (e *end) say(t *testing.T, other *end, text string) {
	t.Helper()
	hubtest.Wait(t, e.up, "an open channel")
	if err := e.dc.SendText(text); err != nil {
		t.Fatal(err)
	}
	if got := hubtest.Wait(t, other.said, "a message"); got != text {
		t.Errorf("heard %q, want %q", got, text)
	}
}

// connect rings, answers and returns both sides of a call that carries media.
func connect(t *testing.T, a, b *hubtest.Device, relayOnly bool) (caller, callee *end, out, in *client.Call) {
	t.Helper()
	out, err := a.Ring(t.Context(), b.Self().Account, wire.MediaAudio, "")
	if err != nil {
		t.Fatal(err)
	}
	caller = newEnd(t, out, relayOnly)
	in = hubtest.Wait(t, b.Incoming, "the ring")
	if err := in.Ringing(t.Context()); err != nil {
		t.Fatal(err)
	}
	callee = newEnd(t, in, relayOnly)
	if err := callee.peer.Answer(t.Context(), wire.MediaAudio); err != nil {
		t.Fatal(err)
	}
	caller.say(t, callee, "hello")
	callee.say(t, caller, "good to hear you")
	caller.talk(t, callee)
	callee.talk(t, caller)
	return caller, callee, out, in
}

func hangUp(t *testing.T, by *client.Call, ends ...*end) {
	t.Helper()
	if err := by.Hangup(t.Context()); err != nil {
		t.Error(err)
	}
	for _, e := range ends {
		if err := hubtest.Wait(t, e.served, "the end"); err != nil {
			t.Error(err)
		}
	}
}

func TestCallBetweenTwoHubs(t *testing.T) {
	t.Parallel()
	for name, relayOnly := range map[string]bool{"direct": false, "relayed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := hubtest.New(t, 2)
			anna, ben := w.Person("anna"), w.Person("ben")
			w.Befriend(anna, ben)
			a, b := anna.Device(0, nil), ben.Device(1, nil)
			start := time.Now()
			caller, callee, out, in := connect(t, a, b, relayOnly)
			t.Logf("ring to media both ways: %v", time.Since(start))
			live := w.Relay.Stats().AllocationsLive
			if (live > 0) != relayOnly && relayOnly {
				t.Errorf("%d allocations, want some", live)
			}
			hangUp(t, in, caller, callee)
			if e, ok := out.Ended(); !ok || e.Reason != wire.ReasonHangup {
				t.Errorf("ended %+v %v", e, ok)
			}
			if n := w.Relay.Stats().AllocationsLive; n != 0 {
				t.Errorf("%d allocations left", n)
			}
		})
	}
}

func TestOfferInTheRing(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, 2)
	anna, ben := w.Person("anna"), w.Person("ben")
	w.Befriend(anna, ben)
	a, b := anna.Device(0, nil), ben.Device(1, nil)
	pc, err := loopbackAPI(t).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pc.Close() }()
	if _, err := pc.CreateDataChannel("x", nil); err != nil {
		t.Fatal(err)
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := a.Ring(t.Context(), ben.ID, wire.MediaVideo, client.Seal(wire.Description{Type: wire.SDPOffer, SDP: offer.SDP}))
	if err != nil {
		t.Fatal(err)
	}
	in := hubtest.Wait(t, b.Incoming, "the ring")
	callee := newEnd(t, in, false)
	if err := callee.peer.Answer(t.Context(), wire.MediaVideo); err != nil {
		t.Fatal(err)
	}
	answered, ok := hubtest.Wait(t, out.Events(), "the answer").Body.(wire.Answered)
	if !ok {
		t.Fatal("not answered first")
	}
	d, err := client.Unseal(answered.Sealed)
	if err != nil || d.Type != wire.SDPAnswer || answered.Peer != b.Self() {
		t.Errorf("answered %+v: %v", answered.Peer, err)
	}
	hangUp(t, out, callee)
}

func TestFriendshipEndsInMidCall(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, 2)
	anna, ben := w.Person("anna"), w.Person("ben")
	w.Befriend(anna, ben)
	a, b := anna.Device(0, nil), ben.Device(1, nil)
	caller, callee, out, _ := connect(t, a, b, true)
	if w.Relay.Stats().AllocationsLive == 0 {
		t.Fatal("not relayed")
	}
	start := time.Now()
	if err := w.Nodes[1].Friends.Block(t.Context(), ben.ID, anna.ID); err != nil {
		t.Fatal(err)
	}
	hubtest.Wait(t, out.Done(), "the end")
	if e, _ := out.Ended(); e.Reason != wire.ReasonReach {
		t.Errorf("ended with %s", e.Reason)
	}
	for w.Relay.Stats().AllocationsLive > 0 {
		if time.Since(start) > time.Second {
			t.Fatal("allocations live on after a second")
		}
		<-time.After(time.Millisecond)
	}
	for _, e := range []*end{caller, callee} {
		if err := hubtest.Wait(t, e.served, "the end"); err != nil {
			t.Error(err)
		}
	}
	_, err := a.Ring(t.Context(), ben.ID, wire.MediaAudio, "")
	if !fault.Is(err, fault.Unreachable) {
		t.Errorf("ring after the block: %v", err)
	}
}

// cutter cuts connections off, and keeps the way closed while it is told to.
type cutter struct {
	mu    sync.Mutex
	shut  bool
	conns []net.Conn
}

var errCut = errors.New("no network")

func (c *cutter) options(o *client.Options) {
	o.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.shut {
			return nil, errCut
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err == nil {
			c.conns = append(c.conns, conn)
		}
		return conn, err
	}}}
}

func (c *cutter) set(shut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shut = shut
	if shut {
		for _, conn := range c.conns {
			_ = conn.Close()
		}
		c.conns = nil
	}
}

// next waits for an event with a body of type B and passes over others.
func next[B any](t *testing.T, e *end) B {
	t.Helper()
	for {
		if b, ok := hubtest.Wait(t, e.events, "an event").Body.(B); ok {
			return b
		}
	}
}

func (e *end) wantAway(t *testing.T, want bool) {
	t.Helper()
	if got := next[wire.Away](t, e).Away; got != want {
		t.Fatalf("away %v, want %v", got, want)
	}
}

// wantSendings wants n of them in order and, with back, that the other is back.
// Which of the two comes first is open: frames between devices go a shorter way.
func (e *end) wantSendings(t *testing.T, n int, back bool) {
	t.Helper()
	for i := 0; i < n || back; {
		switch b := hubtest.Wait(t, e.events, "an event").Body.(type) {
		case wire.Sending:
			if b.Audio != (i%2 == 0) {
				t.Errorf("frame %d came out of order", i)
			}
			i++
		case wire.Away:
			if b.Away || !back {
				t.Fatalf("away %v", b.Away)
			}
			back = false
		}
	}
}

func TestCallGoesOnThroughALostWebSocket(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, 2)
	anna, ben := w.Person("anna"), w.Person("ben")
	w.Befriend(anna, ben)
	var net cutter
	a, b := anna.Device(0, net.options), ben.Device(1, nil)
	caller, callee, out, in := connect(t, a, b, false)
	net.set(true)
	callee.wantAway(t, true)
	caller.say(t, callee, "can you hear me?") // media does not mind
	// What both sides send meanwhile arrives once, in order.
	for i := range 3 {
		audio := wire.Sending{Audio: i%2 == 0, Video: true}
		if err := out.Send(t.Context(), wire.KindMedia, audio); err != nil {
			t.Fatal(err)
		}
		if err := in.Send(t.Context(), wire.KindMedia, audio); err != nil {
			t.Fatal(err)
		}
	}
	net.set(false)
	caller.wantSendings(t, 3, false)
	callee.wantSendings(t, 3, true)
	hangUp(t, out, caller, callee)
	if n := w.Nodes[0].Hub.Stats().Resumed; n == 0 {
		t.Error("not resumed")
	}
}

func TestAnsweredElsewhereAndDecline(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, 2)
	anna, ben := w.Person("anna"), w.Person("ben")
	w.Befriend(anna, ben)
	a, b1, b2 := anna.Device(0, nil), ben.Device(1, nil), ben.Device(0, nil)
	out, err := a.Ring(t.Context(), ben.ID, wire.MediaAudio, "")
	if err != nil {
		t.Fatal(err)
	}
	in1, in2 := hubtest.Wait(t, b1.Incoming, "ring"), hubtest.Wait(t, b2.Incoming, "ring")
	if err := in1.Answer(t.Context(), wire.MediaAudio, ""); err != nil {
		t.Fatal(err)
	}
	hubtest.Wait(t, in2.Done(), "the other's end")
	if e, _ := in2.Ended(); e.Reason != wire.ReasonElsewhere {
		t.Errorf("ended with %s", e.Reason)
	}
	if err := in2.Answer(t.Context(), wire.MediaAudio, ""); !fault.Is(err, fault.CallGone) {
		t.Errorf("answered a second time: %v", err)
	}
	if err := out.Hangup(t.Context()); err != nil {
		t.Error(err)
	}

	out, err = a.Ring(t.Context(), ben.ID, wire.MediaAudio, "")
	if err != nil {
		t.Fatal(err)
	}
	in1, in2 = hubtest.Wait(t, b1.Incoming, "ring"), hubtest.Wait(t, b2.Incoming, "ring")
	if err := in2.Decline(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*client.Call{out, in1, in2} {
		hubtest.Wait(t, c.Done(), "the end")
		if e, _ := c.Ended(); e.Reason != wire.ReasonDeclined {
			t.Errorf("ended with %s", e.Reason)
		}
	}
}

func TestMissedCallLeavesANotice(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, 2)
	anna, ben := w.Person("anna"), w.Person("ben")
	w.Befriend(anna, ben)
	changed := make(chan wire.Topic, 16)
	a := anna.Device(0, nil)
	b := ben.Device(1, func(o *client.Options) { o.OnChanged = func(x wire.Topic) { changed <- x } })
	out, err := a.Ring(t.Context(), ben.ID, wire.MediaVideo, "")
	if err != nil {
		t.Fatal(err)
	}
	in := hubtest.Wait(t, b.Incoming, "ring")
	if err := in.Ringing(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := out.Hangup(t.Context()); err != nil {
		t.Fatal(err)
	}
	for hubtest.Wait(t, changed, "news of a notice") != wire.TopicNotices {
	}
	all, err := w.Nodes[0].Friends.Notices(t.Context(), ben.ID)
	if err != nil || len(all) != 1 || all[0].From.Account != anna.ID || !all[0].Video {
		t.Errorf("notices %+v, %v", all, err)
	}
}

func TestPresenceBetweenHubs(t *testing.T) {
	t.Parallel()
	w := hubtest.New(t, 2)
	anna, ben := w.Person("anna"), w.Person("ben")
	w.Befriend(anna, ben)
	a, b := anna.Device(0, nil), ben.Device(1, nil)
	if p := hubtest.Wait(t, a.Presence, "ben"); p != (wire.Presence{Account: ben.ID, Online: true}) {
		t.Errorf("got %+v", p)
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if p := hubtest.Wait(t, a.Presence, "ben gone"); p != (wire.Presence{Account: ben.ID}) {
		t.Errorf("got %+v", p)
	}
}
