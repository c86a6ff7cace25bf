package client

import (
	"context"
	"errors"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/ringfence/ringfence/signal/wire"
)

// ErrNoWay says that media have not found one yet.
var ErrNoWay = errors.New("not connected")

// Way returns how media go at the moment, or ErrNoWay.
func (p *Peer) Way() (wire.Way, error) {
	var transport *webrtc.DTLSTransport
	if sctp := p.PC.SCTP(); sctp != nil {
		transport = sctp.Transport()
	}
	for _, t := range p.PC.GetTransceivers() { // all share one transport
		if transport == nil && t.Sender() != nil {
			transport = t.Sender().Transport()
		}
	}
	if transport == nil {
		return "", ErrNoWay
	}
	pair, err := transport.ICETransport().GetSelectedCandidatePair()
	switch {
	case err != nil || pair == nil:
		return "", ErrNoWay
	case pair.Local.Typ == webrtc.ICECandidateTypeRelay:
		return p.over(pair.Local.Address, pair.Local.Port), nil
	case pair.Remote.Typ == webrtc.ICECandidateTypeRelay:
		return wire.WayRelay, nil
	}
	return wire.WayDirect, nil
}

// over is how this side reaches the relay that gave it an address.
func (p *Peer) over(address string, port uint16) wire.Way {
	for _, s := range p.PC.GetStats() {
		c, ok := s.(webrtc.ICECandidateStats)
		if !ok || c.Type != webrtc.StatsTypeLocalCandidate || c.IP != address || c.Port != int32(port) {
			continue
		}
		switch w := wire.Way(c.RelayProtocol); w {
		case wire.WayUDP, wire.WayTCP, wire.WayTLS:
			return w
		case wire.WayDirect, wire.WayRelay:
		}
	}
	return wire.WayRelay
}

// Measure tells the hub once how the call went: took is from the ring, or from
// when it came in, until it was connected, and is told in tenths of a second.
// Only for a person who has agreed; some seconds into the call, when media have
// settled on their way.
func (p *Peer) Measure(ctx context.Context, took time.Duration) error {
	way, err := p.Way()
	if err != nil {
		return err
	}
	const tenth = time.Second / 10
	tenths := min(wire.MaxConnectTenths, max(0, (took+tenth-1)/tenth))
	return p.call.Measured(ctx, wire.Measured{Tenths: int(tenths), Way: way})
}
