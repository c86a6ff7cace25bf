package relay

import (
	"encoding/binary"
	"slices"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// protocol is what REQUESTED-TRANSPORT says.
func protocol(tcp bool) uint32 {
	if tcp {
		return protocolTCP
	}
	return protocolUDP
}

// wantedTCP is RFC 6062 section 5.1: the client must have come by a stream,
// and what is about packets has no place.
func (d *desk) wantedTCP(r *request, i *intent) (code int) {
	_, even := r.get(wire.EvenPort)
	_, token := r.get(wire.ReservationToken)
	_, whole := r.get(wire.DontFragment)
	if d.stream == nil || even || token || whole {
		return codeBadRequest
	}
	i.control = d.stream
	return 0
}

// connect is RFC 6062 section 5.2. The answer comes when the peer has answered.
func (d *desk) connect(r *request, sock *socket) (next, []byte) {
	if sock.tcp == nil {
		return d.refuse(r, RefusedTransport, codeBadRequest)
	}
	if len(r.peers) != 1 {
		return d.refuse(r, RefusedRequest, codeBadRequest)
	}
	peer, refusal, code := d.peer(r, sock, r.peers[0])
	switch {
	case code != 0:
		return d.refuse(r, refusal, code)
	case peer.Port() == 0:
		return d.refuse(r, RefusedRequest, codeBadRequest)
	}
	dst, shown, refusal := d.front.guard.tcpPeer(&sock.who, peer)
	if refusal != "" {
		return d.refuse(r, refusal, codeForbidden)
	}
	id, key, fingerprint := r.m.ID(), slices.Clone(d.key), d.fingerprint
	refusal, code = sock.tcp.connect(shown, dst, func(connection uint32, code int) {
		m := wire.New(nil, wire.Connect, wire.Success, id).AppendUint32(wire.ConnectionID, connection)
		if code != 0 {
			m = wire.New(nil, wire.Connect, wire.Failure, id).AppendError(code)
		}
		if m = m.Sign(key); fingerprint {
			m = m.AppendFingerprint()
		}
		_ = sock.tcp.control.send(m) // what has ended needs no answer
	})
	if code != 0 {
		return d.refuse(r, refusal, code)
	}
	return dropped, nil // for now
}

// bindConnection is RFC 6062 section 5.4. What is somebody else's connection
// is none: whether it exists is nobody's business. own is the allocation of
// this 5-tuple: a stream that carries data is nothing besides.
func (d *desk) bindConnection(r *request, who *Principal, own *socket) (next, []byte) {
	id, ok := r.get(wire.ConnectionID)
	if !d.front.cfg.TCPPeers || d.stream == nil || own != nil {
		return d.refuse(r, RefusedTransport, codeBadRequest)
	}
	if !ok || len(id) != 4 {
		return d.refuse(r, RefusedRequest, codeBadRequest)
	}
	c := d.front.peerLinks.get(binary.BigEndian.Uint32(id))
	if c == nil || c.owner.socket.who.ID != who.ID || !c.bind() {
		return d.refuse(r, RefusedMismatch, codeBadRequest)
	}
	d.bound = c
	m := wire.New(d.scratch, r.m.Method(), wire.Success, r.m.ID()).Append(wire.ConnectionID, id)
	return d.signed(m)
}
