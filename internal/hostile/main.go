// Command hostile calls somebody whose client connects while it rings, and
// tries to learn more than it should before they answer: it counts every
// packet that reaches it, offers addresses of its own as bait, and sends frames
// out of turn. For tests alone; it says what it got as JSON lines.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/client"
	"github.com/ringfence/ringfence/signal/wire"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server := flag.String("server", "", "the server's URL")
	token := flag.String("token", "", "of the caller's sign-in")
	to := flag.String("to", "", "the callee's account")
	flag.Parse()
	if err := run(ctx, client.Options{URL: *server, Token: *token}, *to, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		os.Exit(1)
	}
}

// Report is what the callee's client gave away.
type Report struct {
	State  string         `json:"state"`
	Before Counts         `json:"before"` // while it rang; at "answered", until the word of the answer came
	After  Counts         `json:"after"`
	Bait   int64          `json:"bait"`   // packets at addresses that are no relay's
	Passed map[string]int `json:"passed"` // frames of the callee before the answer, by kind
	Leaks  []string       `json:"leaks"`  // candidates and lines that are not as they should be
}

// attack is one call.
type attack struct {
	call     *client.Call
	pc       *webrtc.PeerConnection
	tap      *tap
	trap     *net.UDPConn
	bait     atomic.Int64
	out      *json.Encoder
	report   Report
	answered bool
	linked   chan struct{} // closed once the connection stands
	found    chan *webrtc.ICECandidate
}

// listenFor is how long it listens while it rings, and after the answer.
const listenFor = 3 * time.Second

var errOver = errors.New("the call ended before it was answered")

func run(ctx context.Context, o client.Options, to string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	callee, err := id.ParseAccount(to)
	if err != nil {
		return fmt.Errorf("callee: %w", err)
	}
	session, err := client.Dial(ctx, o)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = session.Close() }()
	trap, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return fmt.Errorf("bait: %w", err)
	}
	a := &attack{
		trap: trap, out: json.NewEncoder(out), linked: make(chan struct{}), found: make(chan *webrtc.ICECandidate, 64),
		report: Report{Passed: map[string]int{}, Leaks: []string{}},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.watchBait()
	}()
	defer func() { _ = trap.Close(); <-done }()
	offer := wire.Description{Type: wire.SDPOffer, SDP: "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"}
	a.call, err = session.RingWith(ctx, callee, wire.Ring{Media: wire.MediaVideo, Sealed: client.Seal(offer), Early: true})
	if err != nil {
		return fmt.Errorf("ring: %w", err)
	}
	return a.serve(ctx)
}

func (a *attack) watchBait() {
	b := make([]byte, 2048)
	for {
		if _, _, err := a.trap.ReadFromUDP(b); err != nil {
			return
		}
		a.bait.Add(1)
	}
}

// serve takes the call's events until it has been answered and listened to.
func (a *attack) serve(ctx context.Context) error {
	defer a.close()
	linked := a.linked
	var quiet, heard <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-a.call.Done():
			return errOver
		case <-linked:
			linked = nil
			if err := a.say("connected"); err != nil {
				return err
			}
			a.outOfTurn(ctx)
			quiet = time.After(listenFor) // what is sent shows by then
		case <-quiet:
			// Whoever wants to know what came before a person pressed anything asks
			// for no more than this: what follows may overtake the word of the answer.
			a.report.Before = a.counts()
			if err := a.say("listened"); err != nil {
				return err
			}
		case c := <-a.found:
			a.tell(ctx, c)
		case e := <-a.call.Events():
			if err := a.take(ctx, e); err != nil {
				return err
			}
			if _, ok := e.Body.(wire.Answered); ok {
				a.report.Before = a.counts()
				heard = time.After(listenFor)
			}
		case <-heard:
			all := a.counts()
			was := a.report.Before
			a.report.After = Counts{all.Media - was.Media, all.Reports - was.Reports, all.Other - was.Other}
			if err := a.say("answered"); err != nil {
				return err
			}
			return a.call.Hangup(ctx)
		}
	}
}

func (a *attack) say(state string) error {
	a.report.State, a.report.Bait = state, a.bait.Load()
	if err := a.out.Encode(a.report); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

func (a *attack) counts() Counts {
	if a.tap == nil {
		return Counts{}
	}
	return a.tap.Counts()
}

func (a *attack) close() {
	if a.pc != nil {
		_ = a.pc.GracefulClose()
	}
	if a.tap != nil {
		a.tap.Close()
	}
}

func (a *attack) take(ctx context.Context, e client.Event) error {
	a.answered = a.answered || e.Kind == wire.KindAnswered
	if !a.answered {
		a.report.Passed[string(e.Kind)]++
	}
	switch b := e.Body.(type) {
	case wire.Early:
		return a.connect(ctx)
	case wire.Warm:
		return a.warm(b)
	}
	return nil
}

var relayURL = regexp.MustCompile(`^turn:([^?]+)\?transport=udp$`)

// connect offers a connection that wants sound and picture, through a tap.
func (a *attack) connect(ctx context.Context) error {
	var cfg webrtc.Configuration
	cfg.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	for _, s := range a.call.Servers() {
		for _, u := range s.URLs {
			m := relayURL.FindStringSubmatch(u)
			if m == nil || a.tap != nil {
				continue
			}
			t, err := newTap(m[1])
			if err != nil {
				return err
			}
			a.tap = t
			go t.Serve() // ends with Close
			cfg.ICEServers = []webrtc.ICEServer{{
				URLs: []string{"turn:" + t.near.LocalAddr().String() + "?transport=udp"}, Username: s.Username, Credential: s.Credential,
			}}
		}
	}
	pc, err := webrtc.NewPeerConnection(cfg)
	if err != nil {
		return fmt.Errorf("connection: %w", err)
	}
	a.pc = pc
	pc.OnICECandidate(func(c *webrtc.ICECandidate) { a.found <- c })
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			close(a.linked)
		}
	})
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		if _, err := pc.AddTransceiverFromKind(kind); err != nil {
			return fmt.Errorf("transceiver: %w", err)
		}
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	// Whoever reads candidates out of an offer sends to the bait.
	sdp := strings.TrimSuffix(offer.SDP, "\r\n") + "\r\na=" + a.baited() + "\r\n"
	if err := a.call.Send(ctx, wire.KindWarm, wire.Warm{Type: wire.SDPOffer, SDP: sdp}); err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	if err := pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	return nil
}

// baited is a candidate at which this side listens, on each of its addresses.
func (a *attack) baited() string {
	_, port, _ := net.SplitHostPort(a.trap.LocalAddr().String())
	return "candidate:9 1 udp 2130706431 " + ownAddress() + " " + port + " typ host"
}

func ownAddress() string {
	addrs, _ := net.InterfaceAddrs()
	for _, x := range addrs {
		if n, ok := x.(*net.IPNet); ok && !n.IP.IsLoopback() && n.IP.To4() != nil {
			return n.IP.String()
		}
	}
	return "127.0.0.1"
}

// tell passes a candidate on, and the bait beside it.
func (a *attack) tell(ctx context.Context, c *webrtc.ICECandidate) {
	b := wire.Warm{Candidates: []wire.Candidate{{Candidate: a.baited(), Mid: "0"}}, End: c == nil}
	if c != nil {
		b.Candidates = append(b.Candidates, wire.Candidate{Candidate: c.ToJSON().Candidate, Mid: "0"})
	}
	_ = a.call.Send(ctx, wire.KindWarm, b) // one that does not arrive shows: nothing connects
}

// allowed is all that a candidate may say before the answer.
var allowed = regexp.MustCompile(`^candidate:1 1 udp \d+ \S+ \d+ typ relay raddr 0\.0\.0\.0 rport 0( ufrag \S+)?$`)

func (a *attack) warm(b wire.Warm) error {
	for _, c := range b.Candidates {
		if !allowed.MatchString(c.Candidate) {
			a.report.Leaks = append(a.report.Leaks, c.Candidate)
		}
		if err := a.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: c.Candidate, SDPMid: &c.Mid}); err != nil {
			return fmt.Errorf("candidate: %w", err)
		}
	}
	if b.SDP == "" {
		return nil
	}
	for line := range strings.SplitSeq(b.SDP, "\n") {
		if strings.Contains(line, "candidate:") {
			a.report.Leaks = append(a.report.Leaks, line)
		}
	}
	if err := a.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: b.SDP}); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// outOfTurn sends what nobody may send before the answer.
func (a *attack) outOfTurn(ctx context.Context) {
	_ = a.call.Send(ctx, wire.KindCandidate, wire.Candidates{Candidates: []wire.Candidate{{Candidate: a.baited(), Mid: "0"}}})
	_ = a.call.Send(ctx, wire.KindDescription, wire.Description{Type: wire.SDPOffer, SDP: a.pc.LocalDescription().SDP})
	_ = a.call.Send(ctx, wire.KindMedia, wire.Sending{Audio: true, Video: true})
}
