package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/client"
	"github.com/ringfence/ringfence/signal/wire"
)

// talk lets one person call another, say something through the relay, and hang
// up.
func talk(t *testing.T, caller, callee client.Options, to id.Account) {
	t.Helper()
	talkUntil(t, caller, callee, to, func(func(string)) {})
}

// talkUntil does so, and does more while the call runs; say says something
// else and waits until it is heard.
func talkUntil(t *testing.T, caller, callee client.Options, to id.Account, more func(say func(string))) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	c := converse(ctx, t, caller, callee, to, client.PeerOptions{RelayOnly: true})
	defer c.close()
	c.say("hello through the relay")
	for _, p := range c.peers {
		if err := p.Measure(ctx, 1501*time.Millisecond); err != nil {
			t.Errorf("measured: %v", err)
		}
	}
	more(c.say)
	c.hangUp(ctx)
}

// conversation is a call between two people that runs.
type conversation struct {
	t         *testing.T
	late      <-chan struct{} // closed when a test has waited long enough
	anna, ben *client.Session
	out, in   *client.Call
	peers     []*client.Peer
	speak     chan string
	heard     chan string
	answered  chan struct{} // gets something each time either is told that the call runs
	ends      chan error
	leave     context.CancelFunc // of the media
}

// converse makes a call and returns once its two ends can talk.
func converse(ctx context.Context, t *testing.T, caller, callee client.Options, to id.Account, o client.PeerOptions) *conversation {
	t.Helper()
	incoming := make(chan *client.Call, 1)
	callee.OnIncoming = func(c *client.Call) { incoming <- c }
	media, leave := context.WithCancel(ctx)
	c := &conversation{
		t: t, late: ctx.Done(), ben: dial(ctx, t, callee), anna: dial(ctx, t, caller), leave: leave,
		speak: make(chan string, 1), heard: make(chan string, 1), answered: make(chan struct{}, 16), ends: make(chan error, 2),
	}
	var err error
	if c.out, err = c.anna.Ring(ctx, to, wire.MediaAudio, ""); err != nil {
		t.Fatalf("ring: %v", err)
	}
	serve := func(call *client.Call, setup func(*webrtc.PeerConnection) error) *client.Peer {
		o.Setup = setup
		peer, err := client.NewPeer(call, o)
		if err != nil {
			t.Fatalf("peer: %v", err)
		}
		go func() {
			c.ends <- peer.Serve(media, func(e client.Event) {
				if e.Kind == wire.KindAnswered {
					c.answered <- struct{}{}
				}
			})
		}()
		c.peers = append(c.peers, peer)
		return peer
	}
	serve(c.out, c.speaks)
	select {
	case c.in = <-incoming:
	case <-ctx.Done():
		t.Fatal("nobody was called")
	}
	peer := serve(c.in, c.hears)
	if err := errors.Join(c.in.Ringing(ctx), peer.Answer(ctx, wire.MediaAudio)); err != nil {
		t.Fatalf("answer: %v", err)
	}
	c.awaitAnswered()
	return c
}

func (c *conversation) speaks(pc *webrtc.PeerConnection) error {
	dc, err := pc.CreateDataChannel("talk", nil)
	if err == nil {
		dc.OnOpen(func() {
			for {
				select {
				case words := <-c.speak:
					_ = dc.SendText(words)
				case <-c.late:
					return
				}
			}
		})
	}
	return err
}

func (c *conversation) hears(pc *webrtc.PeerConnection) error {
	pc.OnDataChannel(func(dc *webrtc.DataChannel) {
		dc.OnMessage(func(m webrtc.DataChannelMessage) { c.heard <- string(m.Data) })
	})
	return nil
}

// awaitAnswered waits until both are told that the call runs.
func (c *conversation) awaitAnswered() {
	c.t.Helper()
	for range 2 {
		select {
		case <-c.answered:
		case <-c.out.Done():
			e, _ := c.out.Ended()
			c.t.Fatalf("the call is over: %+v", e)
		case <-c.late:
			c.t.Fatal("the call does not run")
		}
	}
}

// say says something and waits until the other one has heard it.
func (c *conversation) say(words string) {
	c.t.Helper()
	c.speak <- words
	select {
	case got := <-c.heard:
		if got != words {
			c.t.Errorf("heard %q, want %q", got, words)
		}
	case <-c.late:
		c.t.Fatal("nothing was heard")
	}
}

// hangUp ends the call; both sides hear of it.
func (c *conversation) hangUp(ctx context.Context) {
	c.t.Helper()
	if err := c.out.Hangup(ctx); err != nil {
		c.t.Errorf("hang up: %v", err)
	}
	c.awaitEnds()
}

func (c *conversation) awaitEnds() {
	c.t.Helper()
	for range 2 {
		if err := <-c.ends; err != nil {
			c.t.Errorf("peer: %v", err)
		}
	}
}

func (c *conversation) close() {
	c.leave()
	_ = c.anna.Close()
	_ = c.ben.Close()
}

func dial(ctx context.Context, t *testing.T, o client.Options) *client.Session {
	t.Helper()
	s, err := client.Dial(ctx, o)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	return s
}

// wantCounted looks at what a program tells of its hub after one call.
func wantCounted(t *testing.T, counters string) {
	t.Helper()
	for _, fault := range strangeLabels(counters) {
		t.Error(fault)
	}
	if n, _ := value(counters, "ringfence_hub_connect_seconds_count"); n != 1 {
		t.Errorf("%v calls were measured, by both sides, want one", n)
	}
	udp, _ := value(counters, `ringfence_hub_connected_calls_total{way="udp"}`)
	tcp, _ := value(counters, `ringfence_hub_connected_calls_total{way="tcp"}`)
	if udp+tcp != 1 { // whichever was there first
		t.Errorf("%v calls over UDP and %v over TCP, want one", udp, tcp)
	}
	for series, least := range map[string]float64{
		`ringfence_hub_received_frames_total{class="acted",kind="hello"}`:  2,
		`ringfence_hub_received_frames_total{class="acted",kind="ring"}`:   1,
		`ringfence_hub_received_frames_total{class="acted",kind="answer"}`: 1,
		`ringfence_hub_sent_frames_total{class="acted",kind="incoming"}`:   1,
		`ringfence_hub_sent_frames_total{class="passed",kind="candidate"}`: 1,
		`ringfence_hub_ring_seconds_count{outcome="answered"}`:             1,
		`ringfence_hub_ring_seconds_bucket{outcome="answered",le="46"}`:    1,
		`ringfence_hub_ring_seconds_count{outcome="declined"}`:             0,
		`ringfence_hub_connect_seconds_sum`:                                1.6,
		`ringfence_hub_connected_calls_total{way="direct"}`:                0,
		`ringfence_hub_connected_calls_total{way="relay"}`:                 0,
		`ringfence_hub_reconnects_total{result="resumed"}`:                 0,
		`ringfence_hub_reconnects_total{result="fresh"}`:                   0,
		`ringfence_hub_reconnects_total{result="other_hub"}`:               0,
		`ringfence_hub_dropped_total{reason="bus"}`:                        0,
		`ringfence_hub_sessions_ended_total{reason="left"}`:                2,
	} {
		got, there := value(counters, series)
		if !there || got < least || least == 0 && got != 0 {
			t.Errorf("%s is %v, %v; want %v", series, got, there, least)
		}
	}
}

// TestProgram starts the program, lets two people call each other through it,
// stops it and starts it again.
func TestProgram(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start()
	a := api{"http://" + p.plain, testClient(), ""}
	anna, err := a.signUp(t.Context(), p.invite(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	token, err := a.newInvite(t.Context(), anna.Token)
	if err != nil {
		t.Fatal(err)
	}
	ben, err := a.signUp(t.Context(), token, "ben")
	if err != nil {
		t.Fatal(err)
	}
	talk(t, client.Options{URL: a.base, Token: anna.Token}, client.Options{URL: a.base, Token: ben.Token}, ben.ID)
	_, counters := p.get("http://" + p.admin + "/metrics")
	for _, want := range []string{
		"ringfence_relay_allocations 0\n", "ringfence_hub_calls_answered_total 1\n", `ringfence_hub_calls{state="running"} 0`,
	} {
		if !strings.Contains(counters, want) {
			t.Errorf("no %q after the call", want)
		}
	}
	if strings.Contains(counters, "ringfence_relay_allocations_total 0\n") {
		t.Error("the call did not go through the relay")
	}
	wantCounted(t, counters)
	if strings.Contains(counters, anna.Handle) || strings.Contains(counters, "127.0.0.1") {
		t.Error("a person or an address is in the metrics")
	}
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		if status, _ := p.get("http://" + p.plain + path); status != http.StatusNotFound {
			t.Errorf("%s on the public listener: %d, want 404", path, status)
		}
	}

	// A stop tells the sessions to come back; what was there is there again.
	states := make(chan bool, 16)
	s := dial(t.Context(), t, client.Options{URL: a.base, Token: ben.Token, OnState: func(on bool) { states <- on }})
	if err := p.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	awaitState(t, states, false)
	_ = s.Close()
	if log := p.stderr.String(); !inThisOrder(log, "part=readiness\n", "part=hub\n", "part=http\n", "part=relay\n", "msg=stopped\n") {
		t.Errorf("stopped in another order:\n%s", log)
	}
	for _, secret := range []string{anna.Handle, "127.0.0.1", anna.Token, anna.ID.String()} {
		if strings.Contains(p.stderr.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	p.start()
	if strings.Contains(p.stdout.String(), "Nobody owns") {
		t.Error("the second start offers the server to an owner again")
	}
	if err := (api{"http://" + p.plain, testClient(), ""}).call(t.Context(), anna.Token, http.MethodGet, "/me", nil, nil); err != nil {
		t.Errorf("signed out by a restart: %v", err)
	}
	if err := p.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func awaitState(t *testing.T, states <-chan bool, want bool) {
	t.Helper()
	end := time.After(20 * time.Second)
	for {
		select {
		case got := <-states:
			if got == want {
				return
			}
		case <-end:
			t.Fatalf("the session did not hear of the stop")
		}
	}
}

// inThisOrder reports whether text holds the parts one after the other.
func inThisOrder(text string, parts ...string) bool {
	return slices.IndexFunc(parts, func(part string) bool {
		_, rest, found := strings.Cut(text, part)
		text = rest
		return !found
	}) < 0
}
