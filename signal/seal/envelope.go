package seal

import (
	"bytes"
	"encoding/binary"
)

// Lengths of an envelope and its parts, in bytes.
const (
	MaxWire      = wireOver + bucket0<<(buckets-1)
	MaxBody      = bucket0<<(buckets-1) - ptOver // of own-sync and link
	MaxCallBody  = callBucket - ptOver           // of ring and answer
	RingWireSize = wireOver + callBucket         // of ring and answer, always

	bucket0    = 512
	buckets    = 8
	callBucket = 16384
	oSize      = 83
	pSize      = 270
	wireMin    = oSize + encSize + 4
	wireOver   = wireMin + tagSize
	ptOver     = 372
	saltSize   = 32
)

// Kind says what an envelope is.
type Kind uint8

// The kinds of envelopes.
const (
	Ring         Kind = 1
	Answer       Kind = 2
	OwnSync      Kind = 3
	LinkEnvelope Kind = 4
)

// What an OwnSync holds.
const (
	SyncPins     uint16 = 1
	SyncSettings uint16 = 2
)

func (k Kind) listed() bool { return k >= Ring && k <= LinkEnvelope }

// own reports whether the kind goes between devices of one identity.
func (k Kind) own() bool { return k == OwnSync || k == LinkEnvelope }

func (k Kind) call() bool { return k == Ring || k == Answer }

// ttl is the kind's ttl_s.
func (k Kind) ttl() uint32 {
	switch k {
	case Ring, Answer:
		return 60
	case OwnSync:
		return 2_592_000
	case LinkEnvelope:
		return 300
	}
	return 0
}

func (k Kind) ctype(c uint16) bool {
	if k == OwnSync {
		return c == SyncPins || c == SyncSettings
	}
	return c == 0
}

// bucketFor returns the bucket that n bytes of pt go into, 0 where none does.
func (k Kind) bucketFor(n int) int {
	if k.call() {
		if n <= callBucket {
			return callBucket
		}
		return 0
	}
	for b := bucket0; b <= bucket0<<(buckets-1); b <<= 1 {
		if n <= b {
			return b
		}
	}
	return 0
}

func (k Kind) conv(from, to Acct) Hash {
	if k.own() {
		return hash("conv/own", from[:])
	}
	if bytes.Compare(to[:], from[:]) < 0 {
		from, to = to, from
	}
	return hash("conv/1:1", from[:], to[:])
}

// outer is O, what the hub sees.
type outer struct {
	kind    Kind
	fromDev Dev
	toDev   Dev
	pkid    Hash
	env     ID
}

func (o outer) bytes() []byte {
	b := append([]byte{1, byte(o.kind), 0}, o.fromDev[:]...)
	b = append(append(b, o.toDev[:]...), o.pkid[:]...)
	return append(b, o.env[:]...)
}

// inner is P, what the receiver learns about it.
type inner struct {
	from     Acct
	to       Acct
	conv     Hash
	gs       Hash
	msg      ID
	sentMS   uint64
	ttl      uint32
	headFrom Head
	headTo   Head
	last     LastKnown
	ctype    uint16
}

func (p inner) bytes() []byte {
	b := append(append(make([]byte, 0, pSize), p.from[:]...), p.to[:]...)
	b = append(append(append(b, p.conv[:]...), p.gs[:]...), p.msg[:]...)
	b = u32(u64(b, p.sentMS), p.ttl)
	b = p.headTo.append(p.headFrom.append(b))
	b = u64(append(b, p.last.PKID[:]...), p.last.Created)
	return binary.BigEndian.AppendUint16(b, p.ctype)
}

func readInner(b []byte) (p inner, err error) {
	if len(b) != pSize {
		return p, refuse(Malformed)
	}
	r := reader{b: b}
	r.into(p.from[:])
	r.into(p.to[:])
	r.into(p.conv[:])
	r.into(p.gs[:])
	r.into(p.msg[:])
	p.sentMS, p.ttl = r.u64(), r.u32()
	p.headFrom, p.headTo = r.head(), r.head()
	r.into(p.last.PKID[:])
	p.last.Created, p.ctype = r.u64(), r.u16()
	if !r.done() {
		return p, refuse(Malformed)
	}
	return p, nil
}

func envelopeInfo(to Acct, dev Dev, pkid Hash) []byte {
	return ds("envelope", suite[:], to[:], dev[:], pkid[:])
}

// transcript is T, what the sending device signs.
func transcript(o, enc, p, salt, body []byte) []byte {
	c := mac(salt, "commit", body)
	h := plainHash(enc)
	return append(v16(append(v16(ds("sig/envelope"), o), h[:]...), p), c[:]...)
}

// WireHash names an envelope as it came.
func WireHash(wire []byte) Hash { return hash("wire", wire) }

// Message is what is to be sealed.
type Message struct {
	Kind  Kind
	CType uint16
	To    *Log   // the receiver's log as it is pinned; the own one of own kinds
	ToDev Dev    // one that is active in it
	Pub   []byte // a prekey's, the ring's EKp, or the KEM key of linking
	MS    uint64
	Last  LastKnown // the own newest last-resort key
	Body  []byte
}

// Sealed is an envelope that may go to the hub.
type Sealed struct {
	Wire []byte
	// Secret is the exporter's: K1 of a ring, K2 of an answer, else zero.
	Secret Secret
	EnvID  ID
	MsgID  ID
}

// Seal seals m by the device key of the own log.
func Seal(own *Log, key DeviceKey, m Message) (Sealed, error) {
	to, _ := m.To.Device(m.ToDev)
	from := key.author(own.Acct())
	switch {
	case !m.Kind.listed():
		return Sealed{}, refuse(BadKind)
	case !m.Kind.ctype(m.CType), m.Kind.own() != (own.Acct() == m.To.Acct()):
		return Sealed{}, refuse(KindRule)
	case m.MS >= maxNumber, m.Last.Created >= maxNumber:
		return Sealed{}, refuse(Malformed)
	case !to.Active:
		return Sealed{}, refuse(DeviceRevoked)
	case from == m.ToDev:
		return Sealed{}, refuse(OwnEcho)
	case m.Kind.bucketFor(ptOver+len(m.Body)) == 0:
		return Sealed{}, refuse(BadBucket)
	}
	o := outer{kind: m.Kind, fromDev: from, toDev: m.ToDev, pkid: PKID(m.Pub), env: RandomID()}
	p := inner{
		from: own.Acct(), to: m.To.Acct(), conv: m.Kind.conv(own.Acct(), m.To.Acct()), msg: RandomID(), sentMS: m.MS,
		ttl: m.Kind.ttl(), headFrom: own.Head(), headTo: m.To.Head(), last: m.Last, ctype: m.CType,
	}
	s, err := seal(o, p.bytes(), m.Pub, envelopeInfo(p.to, o.toDev, o.pkid), m.Body, key)
	s.EnvID, s.MsgID = o.env, p.msg
	return s, err
}

func seal(o outer, p, pub, info, body []byte, key DeviceKey) (Sealed, error) {
	enc, ctx, err := sealTo(pub, info)
	if err != nil {
		return Sealed{}, err
	}
	ob, salt := o.bytes(), Random32()
	sig, err := key.sign(transcript(ob, enc, p, salt[:], body))
	if err != nil {
		return Sealed{}, err
	}
	bucket := o.kind.bucketFor(ptOver + len(body))
	pt := append(v32(v16(make([]byte, 0, bucket), p), body), salt[:]...)
	pt = append(pt, sig...)
	ct, err := ctx.Seal(ob, pt[:bucket])
	if err != nil {
		return Sealed{}, refuse(OpenFailed)
	}
	s := Sealed{Wire: v32(append(ob, enc...), ct)}
	if label := o.kind.exporter(); label != "" {
		k, err := ctx.Export(string(ds(label)), secretSize)
		if err != nil {
			return Sealed{}, refuse(OpenFailed)
		}
		s.Secret = Secret(k)
	}
	return s, nil
}

func (k Kind) exporter() string {
	switch k {
	case Ring:
		return "call/ring"
	case Answer:
		return "call/answer"
	case OwnSync, LinkEnvelope:
	}
	return ""
}
