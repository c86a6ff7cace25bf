package relay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"syscall"
)

// ListenError says which listener could not be opened.
type ListenError struct {
	Network string // "udp" or "tcp"
	Addr    netip.AddrPort
	Setting string // that named the port
	cause   error
}

// Error names the port, and what to do where that is known.
func (e *ListenError) Error() string {
	if errors.Is(e.cause, syscall.EADDRINUSE) {
		return fmt.Sprintf("relay: %s port %d at %s is taken by another program: stop it, or set another port for %s",
			e.Network, e.Addr.Port(), e.Addr.Addr(), e.Setting)
	}
	return fmt.Sprintf("relay: listen on %s port %d at %s (%s): %v", e.Network, e.Addr.Port(), e.Addr.Addr(), e.Setting, e.cause)
}

// Unwrap returns the system's error.
func (e *ListenError) Unwrap() error { return e.cause }

var errNothingBound = errors.New("relay: none of the machine's addresses could be listened on (turn.listen)")

// Listen opens every listener and starts nothing. The error for a taken port
// is a [*ListenError]. Who doesn't get as far as [Server.Serve] must call
// [Server.Close].
func Listen(ctx context.Context, cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	machine, err := interfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("relay: list addresses: %w", err)
	}
	s := &Server{
		cfg: cfg, doors: cfg.doors(), counters: newCounters(cfg.Secrets...), table: newTable(cfg.Limits, cfg.Secrets...), rates: newRates(cfg.Limits), clock: new(atomic.Int64),
		crowd: newCrowd(cfg.Limits.Connections, cfg.Limits.PerNetwork), lobby: newLobby(),
		reserved: newReservations(), virtuals: newVirtuals(), peerLinks: newPeerLinks(),
	}
	if s.front, err = newFront(s); err != nil {
		return nil, err
	}
	if err := s.openPlane(); err != nil {
		return nil, fmt.Errorf("relay: %w", err)
	}
	if err := s.open(ctx, machine); err != nil {
		_ = s.Close()
		return nil, err
	}
	s.settle(interfaceAddrs)
	return s, nil
}

func (s *Server) open(ctx context.Context, machine []netip.Addr) error {
	var lc net.ListenConfig
	own := expand(s.cfg.TLS, machine)
	for _, b := range expand(s.cfg.packetAddrs(), machine) {
		conns, err := s.listenPackets(b.AddrPort)
		for _, c := range conns {
			s.addPackets(c)
		}
		if err := b.judge("udp", setting(b, own), err); err != nil {
			return err
		}
	}
	conf := s.cfg.tlsConfig()
	for _, b := range expand(s.cfg.streamAddrs(), machine) {
		ln, err := lc.Listen(ctx, family("tcp", b.Addr()), b.String())
		if err == nil {
			l := newStreams(ln, s.counters, s.crowd, conf)
			l.own, l.sealed = setting(b, own) == settingTLS, !s.cfg.speaks(ViaTCP)
			s.streams = append(s.streams, l)
		}
		if err := b.judge("tcp", setting(b, own), err); err != nil {
			return err
		}
	}
	if len(s.cfg.packetAddrs()) > 0 && len(s.packets) == 0 || len(s.cfg.streamAddrs()) > 0 && len(s.streams) == 0 {
		return errNothingBound
	}
	for _, ln := range s.cfg.Shared {
		l := newStreams(ln, s.counters, s.crowd, nil)
		l.always, l.shared = ViaTLS, true
		s.streams = append(s.streams, l)
	}
	return nil
}

// judge returns what is wrong enough to stop. An address that came from a
// wildcard may be gone or not ready; a taken port never passes.
func (b binding) judge(network, setting string, err error) error {
	if err == nil || b.loose && !errors.Is(err, syscall.EADDRINUSE) {
		return nil
	}
	return &ListenError{Network: network, Addr: b.AddrPort, Setting: setting, cause: err}
}

// The settings that name ports.
const (
	settingPlain = "turn.listen"
	settingTLS   = "turn.tls_listen"
)

// setting is where b comes from; own are the ports that are meant for TLS.
func setting(b binding, own []binding) string {
	if slices.ContainsFunc(own, func(o binding) bool { return o.AddrPort == b.AddrPort }) {
		return settingTLS
	}
	return settingPlain
}

func (s *Server) addPackets(conn udpConn) {
	p := newPackets(conn, conn.LocalAddr(), s.counters)
	p.sealed = !s.cfg.speaks(ViaUDP)
	if s.cfg.speaks(ViaDTLS) {
		p.dtls = s.newDTLS(p)
	}
	s.packets = append(s.packets, p)
}

// settle works out, once the listeners are open, what this machine is.
func (s *Server) settle(interfaces func() ([]netip.Addr, error)) {
	var listeners, tcpDoors []netip.AddrPort
	var heard []netip.Addr
	for _, p := range s.packets {
		ap, _ := addrPort(p.LocalAddr())
		if slices.Contains(listeners, ap) {
			continue // another shard of the same
		}
		listeners, heard = append(listeners, ap), append(heard, ap.Addr())
	}
	for _, l := range s.streams {
		ap, _ := addrPort(l.Addr())
		tcpDoors = append(tcpDoors, ap)
		if !l.shared {
			heard = append(heard, ap.Addr())
		}
	}
	relayIPs := slices.Clone(s.cfg.RelayIPs)
	if len(relayIPs) == 0 {
		relayIPs = heard
	}
	for i, ip := range relayIPs {
		relayIPs[i] = ip.Unmap()
	}
	s.byRoute, s.heard = byRoute(relayIPs), byRoute(heard)
	s.self = &self{interfaces: interfaces, public: s.cfg.outside, bound: slices.Concat(relayIPs, heard)}
	s.self.refresh()
	s.guard = &guard{
		policy: s.cfg.Peers, allowOwn: s.cfg.AllowOwnAddresses, closed: s.cfg.Closed, relayIPs: relayIPs, listeners: listeners, tcpDoors: tcpDoors,
		loopback: slices.ContainsFunc(relayIPs, netip.Addr.IsLoopback), self: s.self, table: s.table, log: s.cfg.Log,
	}
}
