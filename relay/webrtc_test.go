package relay

import (
	"io"
	"sync"
	"testing"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
)

// leg is one side of a call as a browser would make it, through the relay only.
func (r *rig) leg(t *testing.T, network, call, name string) *webrtc.PeerConnection {
	t.Helper()
	c := r.mint(t, call, name)
	var urls []string
	for _, e := range r.Endpoints() {
		if e.Transport == network {
			urls = append(urls, e.TURN())
		}
	}
	var se webrtc.SettingEngine
	se.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	se.SetICETimeouts(time.Second, 2*time.Second, 200*time.Millisecond)
	log := logging.NewDefaultLoggerFactory()
	log.Writer = io.Discard
	se.LoggerFactory = log
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se)).NewPeerConnection(webrtc.Configuration{
		ICETransportPolicy: webrtc.ICETransportPolicyRelay,
		ICEServers:         []webrtc.ICEServer{{URLs: urls, Username: c.Username, Credential: c.Password}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.Close() })
	return pc
}

// describe returns pc's description once all its candidates are in it.
func describe(t *testing.T, pc *webrtc.PeerConnection, create func() (webrtc.SessionDescription, error)) webrtc.SessionDescription {
	t.Helper()
	sd, err := create()
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(sd); err != nil {
		t.Fatal(err)
	}
	receive(t, gathered, "candidates")
	return *pc.LocalDescription()
}

func receive[T any](t *testing.T, from <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(2 * patience):
		t.Fatalf("no %s", what)
	}
	return v
}

// connect joins a and b.
func connect(t *testing.T, a, b *webrtc.PeerConnection) {
	t.Helper()
	offer := describe(t, a, func() (webrtc.SessionDescription, error) { return a.CreateOffer(nil) })
	if err := b.SetRemoteDescription(offer); err != nil {
		t.Fatal(err)
	}
	answer := describe(t, b, func() (webrtc.SessionDescription, error) { return b.CreateAnswer(nil) })
	if err := a.SetRemoteDescription(answer); err != nil {
		t.Fatal(err)
	}
}

// talk sends from a and back from b, and returns what arrives on either side.
func talk(t *testing.T, a, b *webrtc.PeerConnection) <-chan string {
	t.Helper()
	got := make(chan string, 4)
	b.OnDataChannel(func(d *webrtc.DataChannel) {
		d.OnMessage(func(m webrtc.DataChannelMessage) {
			got <- string(m.Data)
			_ = d.SendText("and back")
		})
	})
	d, err := a.CreateDataChannel("x", nil)
	if err != nil {
		t.Fatal(err)
	}
	d.OnOpen(func() { _ = d.SendText("there") })
	d.OnMessage(func(m webrtc.DataChannelMessage) { got <- string(m.Data) })
	return got
}

// lost says once that pc has no connection any more.
func lost(pc *webrtc.PeerConnection) <-chan struct{} {
	c := make(chan struct{})
	var once sync.Once
	pc.OnICEConnectionStateChange(func(s webrtc.ICEConnectionState) {
		if s == webrtc.ICEConnectionStateDisconnected || s == webrtc.ICEConnectionStateFailed {
			once.Do(func() { close(c) })
		}
	})
	return c
}

func TestWebRTCThroughTheRelay(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			a, b := r.leg(t, network, "call1", "a"), r.leg(t, network, "call1", "b")
			got := talk(t, a, b)
			connect(t, a, b)
			for _, want := range []string{"there", "and back"} {
				if s := receive(t, got, "message"); s != want {
					t.Errorf("got %q, want %q", s, want)
				}
			}
			used, unused := r.Stats().UDP, r.Stats().TCP
			if network == "tcp" {
				used, unused = unused, used
			}
			if used.Allocations != 2 || used.BytesIn < 1000 || unused != (Transport{}) {
				t.Errorf("over %s: got %+v, and %+v over the other", network, used, unused)
			}
			gone := lost(a)
			r.Revoke("call1")
			eventually(t, time.Second, "allocations gone", func() bool { return r.Stats().AllocationsLive == 0 })
			receive(t, gone, "end of the connection")
		})
	}
}
