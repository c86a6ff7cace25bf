//go:build amd64 || arm64

package relay

import (
	"github.com/ringfence/ringfence/relay/internal/mmsg"
	"github.com/ringfence/ringfence/relay/internal/wire"
)

// fromClients reads what clients sent, and reports whether there is more.
func (sh *shard) fromClients(f *file) (more bool) {
	for range turns {
		n, err := sh.in.Recv(f.fd, 0, clientSlots)
		if err != nil {
			sh.plane.server.counters.of(ViaUDP).errors.Add(1)
			return f.again()
		}
		f.failed = 0
		if n == 0 {
			return false
		}
		for i := range n {
			sh.sort(f.listener, i)
		}
		for _, b := range sh.touched {
			sh.toPeer(b)
		}
		clear(sh.touched)
		sh.touched, sh.packets = sh.touched[:0], sh.packets[:0]
		if sh.outTo != nil { // what clients here get lies in what was just read
			sh.flush()
		}
		for i := range n {
			b, _, _ := sh.in.Read(i)
			clear(b)
		}
		if n < clientSlots {
			return false
		}
	}
	return true
}

// sort chains what channels carry by binding, which keeps the order within
// each, and puts all else where pion reads.
func (sh *shard) sort(l *shardListener, i int) {
	b, size, from := sh.in.Read(i)
	var r *route
	if p := l.clients[from.Key()]; p != nil {
		r = p.route.Load()
	}
	packets, bytes := 0, 0
	for {
		one := b[:min(size, len(b))]
		b = b[len(one):]
		if r == nil || !sh.chain(r, one) {
			l.up(from, one)
		} else {
			packets++
			bytes += len(one)
		}
		if len(b) == 0 {
			break
		}
	}
	if packets > 0 {
		sh.plane.server.counters.of(ViaUDP).inAll(packets, bytes)
	}
}

// chain reports whether a packet is ChannelData for a binding, and remembers it.
func (sh *shard) chain(r *route, frame []byte) bool {
	if len(frame) > inboundMTU {
		return false
	}
	number, data, ok := wire.Channel(frame)
	if !ok {
		return false
	}
	b := r.of(number)
	if b == nil {
		return false
	}
	at := len(sh.packets)
	sh.packets = append(sh.packets, packet{frame[:channelHeader+len(data)], -1})
	if b.chained == 0 {
		b.first = at
		sh.touched = append(sh.touched, b)
	} else {
		sh.packets[b.tail].next = at
	}
	b.tail = at
	b.chained++
	return true
}

// toPeer passes on what a client sent over one channel.
func (sh *shard) toPeer(b *channel) {
	defer func() { b.chained = 0 }()
	s, v := b.owner.sock, b.judge()
	if v.refusal != "" {
		s.counters.refuseAll(v.refusal, b.chained)
		return
	}
	if v.hop.back != nil && (v.in == nil || v.hop.peer.inbox.empty()) { // what waits for pion goes first
		sh.hop(b)
		return
	}
	if v.in != nil {
		sh.give(b)
		return
	}
	if b.sent += b.chained; b.sent >= twinAfter && !b.tried {
		b.owner.twin(b)
	}
	sh.run1.Reset()
	packets, bytes := 0, 0
	for at := b.first; at >= 0; at = sh.packets[at].next {
		data := sh.packets[at].frame[channelHeader:]
		if r := s.gate.toPeer(len(data)); r != "" {
			sh.refuse(s, r)
			continue
		}
		packets++
		bytes += len(data)
		if !sh.run1.Add(data) {
			sh.send(b)
			sh.run1.Add(data)
		}
	}
	if sh.run1.Len() > 0 {
		sh.send(b)
	}
	if packets > 0 {
		s.counters.peers.outAll(packets, bytes)
		s.counters.fast.Add(uint64(packets))
		s.used.Store(s.clock.Load())
	}
}

// send sends the run over a binding.
func (sh *shard) send(b *channel) {
	f, to := b.owner.file, &b.verdict.to
	if b.twin != nil {
		f, to = b.twin, nil
	}
	still, _ := sh.run1.Send(f.fd, to, !f.uncut) // what can't go now is lost, as UDP has it
	f.uncut = !still
	sh.run1.Reset()
}

// hop passes on what a client sent to another of this relay: no socket is in
// between. Both ends have their say.
func (sh *shard) hop(b *channel) {
	s, h := b.owner.sock, &b.verdict.hop
	other := h.peer.sock
	packets, bytes := 0, 0
	for at := b.first; at >= 0; at = sh.packets[at].next {
		frame := sh.packets[at].frame
		n := len(frame) - channelHeader
		if r := s.gate.toPeer(n); r != "" {
			sh.refuse(s, r)
			continue
		}
		s.counters.peers.outAll(1, n)
		if r := other.gate.fromPeer(n); r != "" {
			sh.refuse(other, r)
			continue
		}
		packets++
		bytes += n
		putHeader(frame, h.back.number, n)
		sh.queue(h.route.listener, &h.route.client, nil, frame)
	}
	s.used.Store(s.clock.Load())
	if packets > 0 {
		s.counters.peers.inAll(packets, bytes)
		s.counters.memory.Add(uint64(packets))
		other.used.Store(other.clock.Load())
	}
}

// give puts what a client sent where the reader of another allocation here
// finds it: its client has no channel back, or does not come by packets.
func (sh *shard) give(b *channel) {
	s := b.owner.sock
	packets, bytes := 0, 0
	for at := b.first; at >= 0; at = sh.packets[at].next {
		data := sh.packets[at].frame[channelHeader:]
		r := s.gate.toPeer(len(data))
		if r == "" && !b.verdict.in.take(s.local, data) {
			r = RefusedBusy
		}
		if r != "" {
			sh.refuse(s, r)
			continue
		}
		packets++
		bytes += len(data)
	}
	if packets > 0 {
		s.counters.peers.outAll(packets, bytes)
		s.counters.memory.Add(uint64(packets))
		s.used.Store(s.clock.Load())
	}
}

// fromPeers reads what peers sent to one socket, and reports whether there is
// more.
func (sh *shard) fromPeers(f *file) (more bool) {
	if sh.used+perPeer > peerSlotsIn {
		sh.drain()
	}
	n, err := sh.back.Recv(f.fd, sh.used, perPeer)
	if err != nil {
		return f.again()
	}
	f.failed = 0
	for i := sh.used; i < sh.used+n; i++ {
		sh.toClient(f.peer, i)
	}
	sh.used += n
	return n == perPeer
}

// toClient passes on what a peer sent, or puts it where pion reads.
func (sh *shard) toClient(p *shardPeer, i int) {
	all, size, from := sh.back.Read(i)
	sh.lens[i] = len(all)
	r := p.route.Load()
	var b *channel
	if r != nil && p.inbox.empty() { // what waits for pion goes first
		b = r.with(from.Key())
	}
	if b == nil {
		sh.upFrom(p, all, size, from)
		return
	}
	s, v := p.sock, b.judge()
	if v.refusal != "" {
		s.counters.refuseAll(v.refusal, max((len(all)+size-1)/max(size, 1), 1))
		return
	}
	packets, bytes := 0, 0
	for rest, whole := all, len(all) <= size; ; {
		one := rest[:min(size, len(rest))]
		rest = rest[len(one):]
		refusal := RefusedOversize
		if len(one) < pionBuffer {
			refusal = s.gate.fromPeer(len(one))
		}
		switch {
		case refusal != "":
			sh.refuse(s, refusal)
		case whole: // the header fits in front
			frame := sh.back.Before(i, channelHeader)[:channelHeader+len(one)]
			putHeader(frame, b.number, len(one))
			sh.queue(r.listener, &r.client, nil, frame)
		default:
			sh.queue(r.listener, &r.client, sh.header(b.number, len(one)), one)
		}
		if refusal == "" {
			packets++
			bytes += len(one)
		}
		if len(rest) == 0 {
			break
		}
	}
	if packets > 0 {
		s.counters.peers.inAll(packets, bytes)
		s.counters.fast.Add(uint64(packets))
		s.used.Store(s.clock.Load())
	}
}

// upFrom puts what a peer sent where pion reads, but for what is too long for
// it: that would only wait there, and take much memory.
func (sh *shard) upFrom(p *shardPeer, all []byte, size int, from *mmsg.Name) {
	at := from.AddrPort()
	for {
		one := all[:min(size, len(all))]
		all = all[len(one):]
		if len(one) >= pionBuffer {
			p.sock.counters.refuse(RefusedOversize)
		} else if !p.inbox.push(at, one) {
			p.sock.counters.refuse(RefusedBusy)
		}
		if len(all) == 0 {
			return
		}
	}
}
