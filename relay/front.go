package relay

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/pion/turn/v5"

	"github.com/ringfence/ringfence/relay/internal/wire"
)

// front is what a STUN message of a client meets before pion does. It judges
// and authenticates every request as RFC 8489 and RFC 8656 have it, answers
// itself what is wrong, and hands pion the rest in a form that pion can only
// say yes to. Why so: docs/adr/0017.
//
// pion answers a request on the goroutine that brought it, before that comes
// for the next one. So each reader has a [desk] for the one request that is
// with pion, and finds its answer there.
type front struct {
	*Server
	nonces    nonces
	strangers *strangers
	inner     *inner
	kept      chan struct{} // closed when nobody renews pion's nonce any more

	ids     atomic.Uint64
	mu      sync.Mutex         // guards following
	intents map[string]*intent // by id; one for each reader at most
}

// intent is an allocation on its way: what pion can't carry to [generator].
type intent struct {
	id     string // what pion takes for the user
	client client
	txid   [wire.IDLen]byte
	who    Principal
	even   bool // the port has to be even
	next   bool // and the one above reserved
	df     bool // packets may have to go unfragmented
	token  [tokenLen]byte
	hasTok bool
	issued []byte // the token of what was reserved, for the answer
	second bool   // a second address was asked for

	control *stream // towards peers by TCP: where the client hears of them; else nil
}

// tokenLen is the length of a RESERVATION-TOKEN: RFC 8656 section 18.8.
const tokenLen = 8

// desk holds the one request of a reader that is with pion.
type desk struct {
	front   *front
	client  client
	scratch []byte    // for what is written; of the one reader
	stream  *stream   // whose messages these are; nil: packets
	bound   *peerLink // what stream carries from the last answer on; else nil

	waiting     bool
	id          [wire.IDLen]byte
	key         []byte     // the client's
	nonce       *pionNonce // that the request went to pion with
	intent      *intent
	fingerprint bool
	second      bool   // as in the intent, or in that of the allocation
	issued      []byte // likewise
}

// newFront makes what clients meet first. The key of the nonces follows from
// that of the credentials, where there is one: then they outlive a restart.
func newFront(s *Server) (*front, error) {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	if s.cfg.Keys != nil {
		current, err := s.cfg.Keys.current()
		if err != nil {
			return nil, err
		}
		if key, err = hkdf.Key(sha256.New, current.Secret.bytes(), nil, "ringfence turn nonce v1", sha256.Size); err != nil {
			return nil, fmt.Errorf("relay: key of nonces: %w", err)
		}
	}
	return &front{
		Server: s, nonces: nonces{key, s.cfg.NonceLife, s.cfg.Now}, strangers: newStrangers(s.cfg.Limits.Strangers),
		inner: newInner(), kept: make(chan struct{}), intents: make(map[string]*intent),
	}, nil
}

func (f *front) newDesk() *desk {
	return &desk{front: f, scratch: make([]byte, 0, pionMTU)}
}

// authenticated are the requests that need a credential.
var authenticated = [...]wire.Method{ //nolint:gochecknoglobals // a constant
	wire.Allocate, wire.Refresh, wire.CreatePermission, wire.ChannelBind, wire.Connect, wire.ConnectionBind,
}

// next says what becomes of a message.
type next uint8

// The zero value lets nothing through.
const (
	dropped  next = iota
	answered      // by the bytes returned
	passed        // to pion, as the bytes returned
)

// receive judges msg, which a client at c has sent and which is no
// ChannelData. What it returns lives until the next call.
func (d *desk) receive(c client, msg []byte) (next, []byte) {
	d.forget()
	m, err := wire.Parse(msg)
	if err != nil || !m.CheckFingerprint() {
		d.front.counters.refuse(RefusedMalformed)
		return dropped, nil
	}
	switch {
	case m.Class() == wire.Indication && m.Method() == wire.Send:
		return d.send(c, m)
	case m.Class() != wire.Request:
		return dropped, nil // keepalives of ICE, and what only servers send
	}
	d.client = c
	_, d.fingerprint = m.Get(wire.Fingerprint)
	r := read(m)
	switch method := m.Method(); {
	case method == wire.Binding:
		return d.binding(&r)
	case slices.Contains(authenticated[:], method):
		return d.authenticate(&r)
	}
	d.front.counters.refuse(RefusedMalformed) // RFC 8489 section 6.3: discarded
	return dropped, nil
}

// send lets a Send indication pass that says nothing that has to be understood
// and is not. pion knows nothing of DONT-FRAGMENT: such a one goes past it.
func (d *desk) send(c client, m wire.Message) (next, []byte) {
	for at, a := range m.Attrs() {
		switch {
		case a == wire.DontFragment:
			d.front.forwardSend(c, m)
			return dropped, nil
		case a.Required() && !understood(a):
			d.front.counters.refuse(RefusedMalformed)
			return dropped, nil
		case a == wire.XORPeerAddress && d.front.cfg.Closed:
			// pion would drop it without a word: nobody gets a permission for it.
			peer, err := m.XORAddr(m.ValueAt(at))
			if err == nil && d.front.guard.grants(peer.Addr()) == RefusedClosed {
				d.front.counters.refuse(RefusedClosed)
				return dropped, nil
			}
		}
	}
	return passed, m
}

// forget drops what pion gave no answer to.
func (d *desk) forget() {
	if d.intent != nil {
		d.front.settle(d.intent)
	}
	d.waiting, d.intent, d.key, d.second, d.issued = false, nil, nil, false, nil
}

// register makes an intent known to the generator.
func (f *front) register(i *intent) {
	i.id = strconv.FormatUint(f.ids.Add(1), 36)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.intents[i.id] = i
}

func (f *front) settle(i *intent) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.intents, i.id)
}

// intentOf returns what the user of pion's stands for.
func (f *front) intentOf(id string) *intent {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.intents[id]
}

// known is pion's AuthHandler. All that reaches pion is signed with the inner
// key; who signed it is known here.
func (f *front) known(r *turn.RequestAttributes) (user string, key []byte, ok bool) {
	return r.Username, f.inner.key, r.Username != ""
}
