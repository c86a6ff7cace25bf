package relay

import (
	"errors"
	"net/netip"
	"time"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// The error codes of RFC 8489 section 14.8, RFC 8656 section 19 and RFC 6062
// section 6.3.
const (
	codeBadRequest       = 400
	codeUnauthorized     = 401
	codeForbidden        = 403
	codeUnknownAttr      = 420
	codeMismatch         = 437
	codeStaleNonce       = 438
	codeFamily           = 440
	codeWrongUser        = 441
	codeTransport        = 442
	codePeerFamily       = 443
	codeConnectionExists = 446
	codeConnectFailed    = 447
	codeQuota            = 486
	codeNoCapacity       = 508
	protocolTCP          = 6
	protocolUDP          = 17
	firstChannel         = 0x4000
	lastChannel          = 0x4fff // RFC 8656 section 12
	defaultLifetime      = 600    // seconds, RFC 8656 section 3.2
	longestLifetime      = 3599   // pion takes an hour and more for nothing said
	evenPortReservesIt   = 0x80   // the R bit of EVEN-PORT
)

// credential is RFC 8489 section 9.2.4, in its order: the nonce comes last,
// other than in RFC 5389. Where it returns passed, who asks is known, and his
// key; all else is for him who could not show it.
func (d *desk) credential(r *request, allocate bool) (who Principal, what next, answer []byte) {
	f := d.front
	user, hasUser := r.get(wire.Username)
	realm, hasRealm := r.get(wire.Realm)
	nonce, hasNonce := r.get(wire.Nonce)
	switch {
	case !r.signed:
		what, answer = d.challenge(r, codeUnauthorized)
		return who, what, answer
	case !hasUser, !hasRealm, !hasNonce:
		f.counters.refuse(RefusedRequest)
		what, answer = d.unsigned(r, d.failure(r, codeBadRequest))
		return who, what, answer
	}
	refusal := RefusedCredential
	var key []byte
	if string(realm) == f.cfg.Realm {
		who, key, refusal = f.admit(string(user), allocate, r.m.CheckIntegrity)
	}
	switch {
	case refusal != "":
		f.counters.refuse(refusal)
		what, answer = d.challenge(r, codeUnauthorized)
	case !f.nonces.valid(nonce, d.client):
		what, answer = d.challenge(r, codeStaleNonce)
	default:
		d.key, what = key, passed
	}
	return who, what, answer
}

// authenticate goes on to the method's own rules once it is known who asks.
func (d *desk) authenticate(r *request) (next, []byte) {
	f := d.front
	method := r.m.Method()
	who, what, answer := d.credential(r, method == wire.Allocate)
	if what != passed {
		return what, answer
	}
	if len(r.unknown) > 0 {
		f.counters.refuse(RefusedRequest)
		return d.signed(d.failure(r, codeUnknownAttr).AppendUnknown(r.unknown))
	}
	if method == wire.Allocate {
		return d.allocate(r, &who)
	}
	sock := f.table.of(d.client)
	switch {
	case method == wire.ConnectionBind:
		return d.bindConnection(r, &who, sock)
	case sock == nil:
		return d.refuse(r, RefusedMismatch, codeMismatch)
	case sock.who.ID != who.ID:
		return d.refuse(r, RefusedMismatch, codeWrongUser)
	}
	switch method { //nolint:exhaustive // the others have been told apart before
	case wire.Refresh:
		return d.refresh(r, sock)
	case wire.CreatePermission:
		return d.permit(r, sock)
	case wire.ChannelBind:
		return d.bind(r, sock)
	}
	return d.connect(r, sock)
}

// allocate is RFC 8656 section 7.2, in its order.
func (d *desk) allocate(r *request, who *Principal) (next, []byte) {
	f := d.front
	if sock := f.table.of(d.client); sock != nil {
		if sock.txid == r.m.ID() && sock.who.ID == who.ID {
			// Sent again because the answer got lost: pion has kept it.
			d.second, d.issued = sock.second, sock.issued
			return d.pass(d.canonical(r, sock.id).AppendUint32(wire.RequestedTransport, protocol(sock.tcp != nil)<<24))
		}
		return d.refuse(r, RefusedMismatch, codeMismatch)
	}
	i := &intent{client: d.client, txid: r.m.ID(), who: *who}
	switch code := d.wanted(r, i); code {
	case 0:
	case codeTransport:
		return d.refuse(r, RefusedTransport, code)
	default:
		return d.refuse(r, RefusedRequest, code)
	}
	_, i.df = r.get(wire.DontFragment)
	if i.df && !canForbidFragments {
		f.counters.refuse(RefusedRequest)
		return d.signed(d.failure(r, codeUnknownAttr).AppendUnknown([]wire.Attr{wire.DontFragment}))
	}
	six, code := d.family(r, i)
	if code != 0 {
		return d.refuse(r, RefusedRequest, code)
	}
	lifetime, ok := d.lifetime(r)
	if !ok {
		return d.refuse(r, RefusedRequest, codeBadRequest)
	}
	if err := f.table.room(who, d.client.src.Addr(), f.clock.Load()); err != nil {
		code := codeQuota
		if errors.Is(err, errCapacity) {
			code = codeNoCapacity
		}
		return d.refuse(r, reasonOf(err), code)
	}
	f.register(i)
	d.intent = i
	if lifetime == 0 {
		lifetime = defaultLifetime // only a Refresh deletes
	}
	m := d.canonical(r, i.id).AppendUint32(wire.RequestedTransport, protocol(i.control != nil)<<24).AppendUint32(wire.Lifetime, lifetime)
	return d.pass(m.AppendUint32(wire.RequestedFamily, uint32(six)<<24))
}

// wanted reads which kind of port is asked for, and returns the code of what
// is wrong with that.
func (d *desk) wanted(r *request, i *intent) int {
	transport, ok, _ := r.word(wire.RequestedTransport)
	switch {
	case !ok:
		return codeBadRequest
	case transport>>24 == protocolTCP && d.front.cfg.TCPPeers:
		return d.wantedTCP(r, i)
	case transport>>24 != protocolUDP:
		return codeTransport
	}
	token, hasToken := r.get(wire.ReservationToken)
	even, hasEven := r.get(wire.EvenPort)
	_, hasFamily := r.get(wire.RequestedFamily)
	second, hasSecond := r.get(0)
	switch {
	case hasToken && (hasEven || hasFamily || hasSecond || len(token) != tokenLen):
		return codeBadRequest
	case hasEven && len(even) != 1:
		return codeBadRequest
	case hasSecond && (hasFamily || len(second) != 4 || second[0] != wire.IPv6):
		return codeBadRequest // one or the other, and only IPv6 is a second one
	}
	if hasToken {
		i.hasTok = true
		i.token = [tokenLen]byte(token)
		if !d.front.reserved.has(i.token, i.who.ID) {
			return codeNoCapacity
		}
	}
	if hasEven {
		i.even, i.next = true, even[0]&evenPortReservesIt != 0
		switch {
		case i.next && hasSecond:
			return codeBadRequest
		case i.next && !d.front.reserved.room(i.who.ID):
			return codeNoCapacity
		}
	}
	i.second = hasSecond
	return 0
}

// family returns which address family the allocation shall have.
func (d *desk) family(r *request, i *intent) (family byte, code int) {
	family = d.usual()
	want, ok, bad := r.word(wire.RequestedFamily)
	switch {
	case bad:
		return 0, codeBadRequest
	case ok:
		family = byte(want >> 24)
	case i.hasTok:
		family = d.front.reserved.family(i.token)
	}
	if family != wire.IPv4 && family != wire.IPv6 {
		return 0, codeFamily
	}
	network := "udp4"
	if family == wire.IPv6 {
		network = "udp6"
	}
	if _, _, err := d.front.place(network, d.client.dst.Addr()); err != nil {
		return 0, codeFamily
	}
	return family, 0
}

// Family says which address family an allocation gets whose client asks for
// none.
type Family uint8

// The families. The zero value is that of RFC 8656 section 7.2.
const (
	FamilyIPv4 Family = iota
	FamilyIPv6
	FamilyKeep // that by which the client came
)

// usual is the family where nothing is said.
func (d *desk) usual() byte {
	switch f := d.front.cfg.Family; {
	case f == FamilyIPv6, f == FamilyKeep && d.client.src.Addr().Is6():
		return wire.IPv6
	}
	return wire.IPv4
}

// lifetime is RFC 8656 section 7.2: never less than the default, never more
// than the longest. Zero stays zero, for Refresh.
func (d *desk) lifetime(r *request) (seconds uint32, ok bool) {
	want, ok, bad := r.word(wire.Lifetime)
	switch {
	case bad:
		return 0, false
	case !ok:
		return defaultLifetime, true
	case want == 0:
		return 0, true
	}
	if most := d.front.cfg.Limits.Lifetime; time.Duration(want)*time.Second > most {
		want = uint32(most.Seconds())
	}
	return min(max(want, defaultLifetime), longestLifetime), true
}

// refresh is RFC 8656 section 8.2.
func (d *desk) refresh(r *request, sock *socket) (next, []byte) {
	lifetime, ok := d.lifetime(r)
	family, hasFamily, bad := r.word(wire.RequestedFamily)
	switch {
	case !ok, bad:
		return d.refuse(r, RefusedRequest, codeBadRequest)
	case hasFamily && byte(family>>24) != sock.family():
		return d.refuse(r, RefusedRequest, codePeerFamily)
	}
	return d.pass(d.canonical(r, sock.id).AppendUint32(wire.Lifetime, lifetime))
}

// permit is RFC 8656 section 10.2: all of the peers or none.
func (d *desk) permit(r *request, sock *socket) (next, []byte) {
	if len(r.peers) == 0 {
		return d.refuse(r, RefusedRequest, codeBadRequest)
	}
	peers := make([]netip.Addr, 0, len(r.peers))
	for _, value := range r.peers {
		peer, refusal, code := d.peer(r, sock, value)
		if code != 0 {
			return d.refuse(r, refusal, code)
		}
		peers = append(peers, peer.Addr())
	}
	if !sock.mayPermit(d.front.cfg.Limits.Permissions, peers...) {
		return d.refuse(r, RefusedPermissions, codeNoCapacity)
	}
	m := d.canonical(r, sock.id)
	for _, value := range r.peers {
		m = m.Append(wire.XORPeerAddress, value)
	}
	return d.pass(m)
}

// bind is RFC 8656 section 12.2.
func (d *desk) bind(r *request, sock *socket) (next, []byte) {
	number, ok, _ := r.word(wire.ChannelNumber)
	number >>= 16
	if sock.tcp != nil {
		return d.refuse(r, RefusedTransport, codeForbidden)
	}
	if !ok || len(r.peers) != 1 || number < firstChannel || number > lastChannel {
		return d.refuse(r, RefusedRequest, codeBadRequest)
	}
	peer, refusal, code := d.peer(r, sock, r.peers[0])
	if code != 0 {
		return d.refuse(r, refusal, code)
	}
	limits := d.front.cfg.Limits
	switch fits, room := sock.mayBind(uint16(number), peer, limits.Channels); {
	case !fits:
		return d.refuse(r, RefusedRequest, codeBadRequest)
	case !room, !sock.mayPermit(limits.Permissions, peer.Addr()):
		return d.refuse(r, RefusedPermissions, codeNoCapacity)
	}
	return d.pass(d.canonical(r, sock.id).AppendUint32(wire.ChannelNumber, number<<16).Append(wire.XORPeerAddress, r.peers[0]))
}

// peer reads and judges a peer's address.
func (d *desk) peer(r *request, sock *socket, value []byte) (peer netip.AddrPort, refusal Refusal, code int) {
	peer, err := r.m.XORAddr(value)
	switch {
	case err != nil:
		return peer, RefusedRequest, codeBadRequest
	case familyOf(peer.Addr()) != sock.family():
		return peer, RefusedRequest, codePeerFamily
	case peer.Addr().Is4In6():
		return peer, RefusedPeer, codeForbidden
	}
	if refusal := d.front.guard.grants(peer.Addr()); refusal != "" {
		return peer, refusal, codeForbidden
	}
	return peer, "", 0
}

func familyOf(a netip.Addr) byte {
	if a.Is4() {
		return wire.IPv4
	}
	return wire.IPv6
}
