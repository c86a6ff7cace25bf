package relay

import (
	"github.com/ringfence/ringfence/relay/internal/wire"
)

// STUN is who may ask where they are seen from.
type STUN uint8

// The answers. The zero value is what browsers need.
const (
	STUNOpen          STUN = iota // everybody
	STUNAuthenticated             // who shows a credential
	STUNOff                       // nobody
)

// binding answers a Binding request: RFC 8489 section 2.
func (d *desk) binding(r *request) (next, []byte) {
	f := d.front
	switch {
	case f.cfg.STUN == STUNOff:
		f.counters.refuse(RefusedRequest)
		return dropped, nil
	case f.cfg.STUN == STUNAuthenticated:
		if _, what, answer := d.credential(r, true); what != passed {
			return what, answer
		}
		if len(r.unknown) > 0 {
			f.counters.refuse(RefusedRequest)
			return d.signed(d.failure(r, codeUnknownAttr).AppendUnknown(r.unknown))
		}
	case len(r.unknown) > 0:
		f.counters.refuse(RefusedRequest)
		return d.unsigned(r, d.failure(r, codeUnknownAttr).AppendUnknown(r.unknown))
	}
	m := wire.New(d.scratch, wire.Binding, wire.Success, r.m.ID()).AppendXORAddr(wire.XORMappedAddress, d.client.src)
	if f.cfg.STUN != STUNAuthenticated {
		return d.unsigned(r, m)
	}
	return d.signed(m)
}

// failure begins an error response. It has no reason phrase: those are for
// people, and make an answer longer than the question.
func (d *desk) failure(r *request, code int) wire.Message {
	return wire.New(d.scratch, r.m.Method(), wire.Failure, r.m.ID()).AppendError(code)
}

// challenge asks for a credential: RFC 8489 section 9.2.4.
func (d *desk) challenge(r *request, code int) (next, []byte) {
	f := d.front
	return d.unsigned(r, d.failure(r, code).AppendText(wire.Realm, f.cfg.Realm).AppendText(wire.Nonce, f.nonces.make(d.client)))
}

// refuse answers who has shown a credential.
func (d *desk) refuse(r *request, why Refusal, code int) (next, []byte) {
	d.front.counters.refuse(why)
	return d.signed(d.failure(r, code))
}

// signed ends an answer for somebody whose key is known.
func (d *desk) signed(m wire.Message) (next, []byte) {
	return answered, d.closed(m.Sign(d.key))
}

// unsigned ends an answer to a stranger, who gets few that are longer than the
// question.
func (d *desk) unsigned(r *request, m wire.Message) (next, []byte) {
	m = d.closed(m)
	f := d.front
	f.counters.unauthenticated.Add(1)
	if d.client.via == ViaUDP && !fair(d.client, len(r.m), len(m)) && f.table.of(d.client) == nil &&
		!f.strangers.allow(d.client.src.Addr(), f.cfg.Now().Unix()) {
		f.counters.refuse(RefusedAmplification)
		return dropped, nil
	}
	return answered, m
}

// closed adds a FINGERPRINT where the request had one.
func (d *desk) closed(m wire.Message) wire.Message {
	if d.fingerprint {
		return m.AppendFingerprint()
	}
	return m
}

// canonical begins what pion gets: the same transaction, from a user that only
// it and we know.
func (d *desk) canonical(r *request, user string) wire.Message {
	d.nonce = d.front.inner.current()
	return wire.New(d.scratch, r.m.Method(), wire.Request, r.m.ID()).
		AppendText(wire.Username, user).AppendText(wire.Realm, d.front.cfg.Realm).AppendText(wire.Nonce, d.nonce.text)
}

// pass signs what pion gets.
func (d *desk) pass(m wire.Message) (next, []byte) {
	d.waiting, d.id = true, m.ID()
	return passed, m.Sign(d.front.inner.key)
}

// answer turns pion's answer into ours: signed with the client's key, without
// reason phrase, and with what pion knows nothing of. ok is false where nobody
// waits for it.
func (d *desk) answer(b []byte) (_ []byte, ok bool) {
	m, err := wire.Parse(b)
	if err != nil || !d.waiting || m.ID() != d.id {
		return nil, false
	}
	d.waiting = false
	out := wire.New(d.scratch, m.Method(), m.Class(), m.ID())
	if codeOf(m) == codeStaleNonce { // pion's, of which the client knows nothing: it shall ask once more
		d.front.inner.stale(d.nonce)
		out = out.AppendError(codeStaleNonce).AppendText(wire.Realm, d.front.cfg.Realm).AppendText(wire.Nonce, d.front.nonces.make(d.client))
	} else {
		out = d.restate(out, m)
	}
	if d.intent != nil {
		d.front.settle(d.intent)
		d.intent = nil
	}
	return d.closed(out.Sign(d.key)), true
}

// restate appends to out what pion says in m.
func (d *desk) restate(out, m wire.Message) wire.Message {
	for at, a := range m.Attrs() {
		switch {
		case a == wire.ErrorCode:
			out = out.AppendError(codeOf(m)) // without its reason
		case a != wire.MessageIntegrity:
			out = out.Append(a, m.ValueAt(at))
		}
	}
	if m.Class() != wire.Success {
		return out
	}
	if d.intent != nil {
		d.second, d.issued = d.intent.second, d.intent.issued
	}
	if d.issued != nil {
		out = out.Append(wire.ReservationToken, d.issued)
	}
	if d.second { // RFC 8656 section 7.2: one address is what there is
		out = out.Append(wire.AddressErrorCode, []byte{wire.IPv6, 0, codeFamily / 100, codeFamily % 100})
	}
	return out
}

// codeOf returns the error code of an answer, 0 where it is none.
func codeOf(m wire.Message) int {
	v, ok := m.Get(wire.ErrorCode)
	if !ok || len(v) < 4 {
		return 0
	}
	return 100*int(v[2]) + int(v[3])
}
