package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/pion/webrtc/v4"

	"github.com/ringfence/ringfence/signal/wire"
)

var errNotPassed = errors.New("not a kind that goes from device to device")

// ErrMoved says that the other side goes on on another device, with which a new
// Peer of the same call connects; Refresh the call's servers first.
var ErrMoved = errors.New("the other side is another device")

// PeerOptions says how a call's media side is made. The zero value is good.
type PeerOptions struct {
	API       *webrtc.API // webrtc.NewAPI() where nil
	RelayOnly bool        // send nothing but through the relay: hides the address
	// Setup adds tracks, channels and handlers, before anything is offered.
	Setup func(*webrtc.PeerConnection) error
}

// Peer is the media side of a call.
type Peer struct {
	PC *webrtc.PeerConnection

	call  *Call
	found chan *webrtc.ICECandidate // nil: no more
	early []webrtc.ICECandidateInit // before the description that they belong to
	held  []wire.Candidate          // ours, before the answer
	open  bool                      // answered: frames may pass
	with  wire.Address              // then: the other side
}

// candidateRoom is far above what a machine finds.
const candidateRoom = 256

// NewPeer makes the media side of a call that rings. Serve runs it.
func NewPeer(call *Call, o PeerOptions) (*Peer, error) {
	if o.API == nil {
		o.API = defaultAPI(o.RelayOnly)
	}
	cfg := webrtc.Configuration{}
	for _, s := range call.Servers() {
		cfg.ICEServers = append(cfg.ICEServers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	if o.RelayOnly {
		cfg.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	pc, err := o.API.NewPeerConnection(cfg)
	if err != nil {
		return nil, fmt.Errorf("peer connection: %w", err)
	}
	p := &Peer{PC: pc, call: call, found: make(chan *webrtc.ICECandidate, candidateRoom)}
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		select {
		case p.found <- c:
		case <-call.Done():
		}
	})
	if o.Setup != nil {
		if err := o.Setup(pc); err != nil {
			_ = pc.Close() // the error that counts is the other one
			return nil, fmt.Errorf("set up: %w", err)
		}
	}
	return p, nil
}

// defaultAPI is pion as it comes, but for its wait of two seconds for something
// better than a relay, where nothing better is wanted.
func defaultAPI(relayOnly bool) *webrtc.API {
	var s webrtc.SettingEngine
	if relayOnly {
		s.SetRelayAcceptanceMinWait(0)
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(s))
}

// Serve describes, answers and passes candidates until the call is over or ctx
// ends, then closes the connection. It takes the call's events; handle, which
// may be nil, sees each of them. The caller's side always makes the offer. Where
// the other side moves to another device it ends with ErrMoved.
func (p *Peer) Serve(ctx context.Context, handle func(Event)) error {
	defer func() { _ = p.PC.GracefulClose() }() // nothing is left to be done about it
	if p.call.Outgoing {
		if err := p.offer(); err != nil {
			return err
		}
	}
	if b := p.call.takeMoved(); b != nil {
		if err := p.answered(ctx, *b); err != nil {
			return err
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.call.Done():
			return nil
		case c := <-p.found:
			if err := p.candidate(ctx, c); err != nil {
				return err
			}
		case e := <-p.call.Events():
			if err := p.event(ctx, e); err != nil {
				return err
			}
			if handle != nil {
				handle(e)
			}
		}
	}
}

// Answer takes an incoming call, with the answer to the caller's offer where
// that came with the ring. Call it once, before or while Serve runs.
func (p *Peer) Answer(ctx context.Context, media wire.Media) error {
	if p.call.Offer == "" {
		return p.call.Answer(ctx, media, "")
	}
	offer, err := Unseal(p.call.Offer)
	if err != nil {
		return err
	}
	answer, err := p.accept(offer)
	if err != nil {
		return err
	}
	return p.call.Answer(ctx, media, Seal(answer))
}

// offer starts gathering while the other side still rings; nothing of it leaves
// before the answer.
func (p *Peer) offer() error {
	d, err := p.PC.CreateOffer(nil)
	if err == nil {
		err = p.PC.SetLocalDescription(d)
	}
	if err != nil {
		return fmt.Errorf("offer: %w", err)
	}
	return nil
}

// accept takes an offer and returns the answer to it.
func (p *Peer) accept(offer wire.Description) (wire.Description, error) {
	if err := p.remote(offer); err != nil {
		return wire.Description{}, err
	}
	d, err := p.PC.CreateAnswer(nil)
	if err == nil {
		err = p.PC.SetLocalDescription(d)
	}
	if err != nil {
		return wire.Description{}, fmt.Errorf("answer: %w", err)
	}
	return wire.Description{Type: wire.SDPAnswer, SDP: d.SDP}, nil
}

// remote sets the other side's description and the candidates that came early.
func (p *Peer) remote(d wire.Description) error {
	err := p.PC.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.NewSDPType(string(d.Type)), SDP: d.SDP})
	if err != nil {
		return fmt.Errorf("description: %w", err)
	}
	for _, c := range p.early {
		_ = p.PC.AddICECandidate(c) // one that is no good leaves the others
	}
	p.early = nil
	return nil
}

func (p *Peer) event(ctx context.Context, e Event) error {
	switch b := e.Body.(type) {
	case wire.Answered:
		return p.answered(ctx, b)
	case wire.Description:
		return p.description(ctx, b)
	case wire.Candidates:
		for _, c := range b.Candidates {
			p.add(c)
		}
	}
	return nil
}

// answered opens the way to the other device.
func (p *Peer) answered(ctx context.Context, b wire.Answered) error {
	if p.open && (b.Moved || b.Peer != p.with) {
		p.call.noteMoved(b)
		return ErrMoved
	}
	if p.open {
		return nil // the hub repeats it to a session that took the call over
	}
	p.open, p.with = true, b.Peer
	if p.call.Outgoing {
		if b.Sealed != "" {
			d, err := Unseal(b.Sealed)
			if err != nil {
				return err
			}
			if err := p.remote(d); err != nil {
				return err
			}
		} else if err := p.sendDescription(ctx, wire.SDPOffer); err != nil {
			return err
		}
	}
	if len(p.held) == 0 {
		return nil
	}
	held := p.held
	p.held = nil
	return p.call.Send(ctx, wire.KindCandidate, wire.Candidates{Candidates: held})
}

func (call *Call) noteMoved(b wire.Answered) {
	call.mu.Lock()
	defer call.mu.Unlock()
	call.moved = &b
}

func (call *Call) takeMoved() *wire.Answered {
	call.mu.Lock()
	defer call.mu.Unlock()
	b := call.moved
	call.moved = nil
	return b
}

func (p *Peer) sendDescription(ctx context.Context, t wire.SDPType) error {
	return p.call.Send(ctx, wire.KindDescription, wire.Description{Type: t, SDP: p.PC.LocalDescription().SDP})
}

func (p *Peer) description(ctx context.Context, d wire.Description) error {
	if d.Type != wire.SDPOffer {
		return p.remote(d)
	}
	answer, err := p.accept(d)
	if err != nil {
		return err
	}
	return p.call.Send(ctx, wire.KindDescription, answer)
}

func (p *Peer) add(c wire.Candidate) {
	line := uint16(max(0, min(c.Line, math.MaxUint16)))
	init := webrtc.ICECandidateInit{Candidate: c.Candidate, SDPMLineIndex: &line}
	if c.Mid != "" {
		init.SDPMid = &c.Mid
	}
	if c.Fragment != "" {
		init.UsernameFragment = &c.Fragment
	}
	if p.PC.RemoteDescription() == nil {
		if len(p.early) < candidateRoom {
			p.early = append(p.early, init)
		}
		return
	}
	_ = p.PC.AddICECandidate(init) // one that is no good leaves the others
}

// candidate passes on one of ours, or keeps it while nothing may leave.
func (p *Peer) candidate(ctx context.Context, found *webrtc.ICECandidate) error {
	var b wire.Candidates
	if found == nil {
		b.End = true
	} else {
		init := found.ToJSON()
		c := wire.Candidate{Candidate: init.Candidate}
		if init.SDPMid != nil {
			c.Mid = *init.SDPMid
		}
		if init.SDPMLineIndex != nil {
			c.Line = int(*init.SDPMLineIndex)
		}
		if init.UsernameFragment != nil {
			c.Fragment = *init.UsernameFragment
		}
		b.Candidates = []wire.Candidate{c}
	}
	if !p.open {
		p.held = append(p.held, b.Candidates...)
		return nil
	}
	return p.call.Send(ctx, wire.KindCandidate, b)
}

// Seal writes a description as ring and answer carry it.
func Seal(d wire.Description) string { return string(wire.EncodeBody(d)) }

// Unseal reads what Seal wrote.
func Unseal(sealed string) (wire.Description, error) {
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return wire.Description{}, fmt.Errorf("sealed: %w", err)
	}
	var d wire.Description
	if err := json.Unmarshal(b, &d); err != nil {
		return wire.Description{}, fmt.Errorf("sealed: %w", err)
	}
	return d, nil
}
