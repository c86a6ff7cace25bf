package relay

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	listenerSlots  = 1024    // clients' addresses kept ready per listener
	listenerBuffer = 4 << 20 // bytes of kernel buffer, where the kernel allows
	firstPause     = 5 * time.Millisecond
	longestPause   = time.Second
)

// packets is a UDP listener as pion sees it. Whatever goes wrong with a read,
// the listener goes on until it is closed: pion ends one for good, and all its
// allocations, at the first error.
type packets struct {
	conn     udpConn
	local    net.Addr
	dtls     *dtlsPackets // nil: no DTLS here
	sealed   bool         // nothing but DTLS here
	counters *counters
	clients  addrCache // of the one reader
	read     wiped     // of the one reader, like desk
	desk     *desk     // set before there is a reader

	closeOnce sync.Once
	closing   chan struct{} // closed by Close
	readOnce  sync.Once
	done      chan struct{} // closed when the reader has been told of the end
}

func newPackets(conn udpConn, local net.Addr, c *counters) *packets {
	return &packets{
		conn: conn, local: local, counters: c, clients: newAddrCache(listenerSlots),
		closing: make(chan struct{}), done: make(chan struct{}),
	}
}

// ReadFrom returns the next packet that could be for us. It fails only after
// Close.
func (p *packets) ReadFrom(b []byte) (int, net.Addr, error) {
	for pause := firstPause; ; {
		p.read.wipe()
		n, from, err := p.conn.ReadFromUDPAddrPort(b[:min(len(b), inboundMTU)])
		p.read.note(b, n)
		if err != nil {
			if !p.survive(err, &pause) {
				p.readOnce.Do(func() { close(p.done) })
				return 0, nil, net.ErrClosed
			}
			continue
		}
		pause = firstPause
		if p.dtls != nil && n > 0 && isDTLS(b[0]) {
			p.dtls.receive(b[:n], plain(from))
			continue
		}
		if p.sealed {
			p.counters.refuse(RefusedTransport)
			continue
		}
		p.counters.of(ViaUDP).in(n)
		if !plausible(b[:n]) {
			p.counters.refuse(RefusedMalformed)
			continue
		}
		src := plain(from)
		if isSTUN(b[0]) {
			if n = p.attend(src, b, n); n == 0 {
				continue
			}
		}
		return n, p.clients.get(src), nil
	}
}

// attend shows the STUN message in b to [front], and returns how long what
// pion shall see in its place is: 0 where it shall see nothing.
func (p *packets) attend(src netip.AddrPort, b []byte, n int) int {
	dst, _ := addrPort(p.local)
	what, msg := p.desk.receive(client{ViaUDP, src, dst}, b[:n])
	switch what {
	case answered:
		_, _ = p.send(msg, src) // a lost answer is asked for again
	case passed:
		n = copy(b, msg)
		p.read.note(b, n)
		return n
	case dropped:
	}
	return 0
}

func (p *packets) send(b []byte, dst netip.AddrPort) (int, error) {
	n, err := p.conn.WriteToUDPAddrPort(b, dst)
	clear(b)
	if err == nil {
		p.counters.of(ViaUDP).out(n)
	}
	return n, err
}

// survive waits a little after a failed read, and reports whether to go on.
func (p *packets) survive(err error, pause *time.Duration) bool {
	select {
	case <-p.closing:
		return false
	default:
	}
	p.counters.of(ViaUDP).errors.Add(1)
	return !errors.Is(err, net.ErrClosed) && wait(pause, p.closing)
}

// WriteTo sends b to a client, and clears it: pion makes a new one for each
// packet, and looks at none again.
func (p *packets) WriteTo(b []byte, to net.Addr) (int, error) {
	dst, ok := addrPort(to)
	if !ok {
		return 0, net.InvalidAddrError("not a UDP address")
	}
	if isAnswer(b) {
		mine, ok := p.desk.answer(b)
		if !ok {
			return len(b), nil
		}
		_, err := p.send(mine, dst)
		return len(b), err
	}
	return p.send(b, dst)
}

// Close ends the reader. It may be called more than once.
func (p *packets) Close() error {
	p.closeOnce.Do(func() {
		close(p.closing)
		if p.dtls != nil {
			_ = p.dtls.Close() // always nil
		}
		_ = p.conn.Close()
	})
	return nil
}

// LocalAddr is a concrete address: pion tells allocations apart by it.
func (p *packets) LocalAddr() net.Addr { return p.local }

// SetDeadline passes on.
func (p *packets) SetDeadline(t time.Time) error { return p.conn.SetDeadline(t) }

// SetReadDeadline passes on.
func (p *packets) SetReadDeadline(t time.Time) error { return p.conn.SetReadDeadline(t) }

// SetWriteDeadline passes on.
func (p *packets) SetWriteDeadline(t time.Time) error { return p.conn.SetWriteDeadline(t) }

// wait pauses, longer each time, and reports whether the pause ran out
// before end.
func wait(pause *time.Duration, end <-chan struct{}) bool {
	timer := time.NewTimer(*pause)
	defer timer.Stop()
	*pause = min(2**pause, longestPause)
	select {
	case <-timer.C:
		return true
	case <-end:
		return false
	}
}
