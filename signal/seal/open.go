package seal

// KeySort says what a KEM key of this device is for.
type KeySort uint8

// The sorts of keys: a prekey opens rings and own-sync, the key of a ring its
// answer, the key of linking what follows the linking.
const (
	SortPrekey KeySort = 1
	SortRing   KeySort = 2
	SortLink   KeySort = 3
)

func (k Kind) sort() KeySort {
	switch k {
	case Ring, OwnSync:
		return SortPrekey
	case Answer:
		return SortRing
	case LinkEnvelope:
		return SortLink
	}
	return 0
}

// Key is a KEM key of this device, as it is kept.
type Key struct {
	Sort     KeySort
	OneTime  bool // gone with what it opens
	Seed     Seed
	Used     bool   // it opened something, and the seed is gone
	NotAfter uint64 // of a ring's key 60 s after the ring
	RingTo   Dev    // of a ring's key the device that was rung
}

// Own is what a device opens by. Sender and Key are asked with what a hub
// chose; they must be bounded and must not block.
type Own struct {
	Log *Log
	Dev Dev
	// Sender returns the log of the pin with state Friend that knows the device,
	// and nil where no such pin does. Own devices are looked for in Log.
	Sender func(Dev) *Log
	// Key returns the own KEM key of that name.
	Key func(Hash) (Key, bool)
	// Seen looks into the replay cache: whose hash is there, and whether one more
	// of this device would fit.
	Seen func(Dev, ID) (h Hash, seen, room bool)
}

// Opened is an envelope that passed all checks up to the heads. The caller now
// does the page's one transaction, and only then looks at Late and Body.
type Opened struct {
	Kind    Kind
	CType   uint16
	Account Acct
	FromDev Dev
	PKID    Hash
	EnvID   ID
	MsgID   ID
	SentMS  uint64
	Hash    Hash      // WireHash
	Last    LastKnown // what the sending device told of its newest last-resort key
	Body    []byte
	// Secret is K1 of a ring, K2 of an answer.
	Secret Secret
	// Late is Expired or RingOld where it came too late (a ring also where it is
	// from more than five minutes ahead), else "".
	Late Reason
	// RingTo is the device that the ring of an answer went to.
	RingTo Dev
}

// Open does the page's checks on an envelope, in their order, without changing
// anything.
func Open(own Own, wire []byte, now uint64) (*Opened, error) {
	o, enc, ct, err := readWire(wire)
	if err != nil {
		return nil, err
	}
	sender, dev, err := own.from(o)
	if err != nil {
		return nil, err
	}
	h := WireHash(wire)
	if err := own.replayed(o, h); err != nil {
		return nil, err
	}
	key, err := own.keyFor(o, now)
	if err != nil {
		return nil, err
	}
	pt, secret, err := decrypt(own, o, key, enc, wire[:oSize], ct)
	if err != nil {
		return nil, err
	}
	in, err := readPlain(o.kind, pt)
	if err != nil {
		return nil, err
	}
	if err := in.check(own, o, sender); err != nil {
		return nil, err
	}
	if !dev.Key.verify(transcript(wire[:oSize], enc, in.raw, in.salt, in.body), in.sig) {
		return nil, refuse(BadSignature)
	}
	if !own.Log.Contains(in.headTo) {
		return nil, refuse(BadHeadTo)
	}
	if !sender.Contains(in.headFrom) {
		return nil, refuse(BadHeadFrom)
	}
	return &Opened{
		Kind: o.kind, CType: in.ctype, Account: in.from, FromDev: o.fromDev, PKID: o.pkid, EnvID: o.env, MsgID: in.msg,
		SentMS: in.sentMS, Hash: h, Last: in.last, Body: in.body, Secret: secret, Late: late(o.kind, in.sentMS, in.ttl, now), RingTo: key.RingTo,
	}, nil
}

// readWire is row 1.
func readWire(wire []byte) (o outer, enc, ct []byte, err error) {
	if len(wire) < wireMin {
		return o, nil, nil, refuse(Malformed)
	}
	r := reader{b: wire}
	version, kind, flags := r.u8(), Kind(r.u8()), r.u8()
	switch {
	case version != 1:
		return o, nil, nil, refuse(Version)
	case !kind.listed():
		return o, nil, nil, refuse(BadKind)
	case flags != 0:
		return o, nil, nil, refuse(BadFlags)
	}
	o.kind = kind
	r.into(o.fromDev[:])
	r.into(o.toDev[:])
	r.into(o.pkid[:])
	r.into(o.env[:])
	enc = r.take(encSize)
	ct = r.v32(len(r.b))
	if !r.done() {
		return o, nil, nil, refuse(Malformed)
	}
	if n := len(ct) - tagSize; n <= 0 || kind.bucketFor(n) != n {
		return o, nil, nil, refuse(BadBucket)
	}
	return o, enc, ct, nil
}

// from is rows 2 and 3: whose device sent it, by the pins of this device.
func (own Own) from(o outer) (*Log, Device, error) {
	if o.toDev != own.Dev {
		return nil, Device{}, refuse(NotForMe)
	}
	if o.fromDev == own.Dev {
		return nil, Device{}, refuse(OwnEcho)
	}
	log := own.Log
	d, mine := log.Device(o.fromDev)
	if !mine {
		log = nil
		if own.Sender != nil {
			log = own.Sender(o.fromDev)
		}
		var known bool
		if d, known = log.Device(o.fromDev); !known {
			return nil, Device{}, refuse(SenderUnknown)
		}
	}
	if o.kind.own() != mine {
		return nil, Device{}, refuse(KindRule)
	}
	if !d.Active {
		return nil, Device{}, refuse(DeviceRevoked)
	}
	return log, d, nil
}

// replayed is row 4. Without a cache nothing is opened.
func (own Own) replayed(o outer, h Hash) error {
	if own.Seen == nil {
		return refuse(ReplayFull)
	}
	before, seen, room := own.Seen(o.fromDev, o.env)
	switch {
	case seen && before == h:
		return refuse(Replay)
	case seen:
		return refuse(Conflict)
	case !room:
		return refuse(ReplayFull)
	}
	return nil
}

// keyFor is row 5.
func (own Own) keyFor(o outer, now uint64) (Key, error) {
	if own.Key == nil {
		return Key{}, refuse(PrekeyUnknown)
	}
	k, ok := own.Key(o.pkid)
	if !ok || k.Sort != o.kind.sort() {
		return Key{}, refuse(PrekeyUnknown)
	}
	if k.Used {
		if k.Sort == SortRing {
			return Key{}, refuse(AnswerTwice)
		}
		return Key{}, refuse(PrekeyUsed)
	}
	end := k.NotAfter
	if k.Sort == SortPrekey && end < maxNumber {
		end += graceAfter
	}
	if now > end {
		return Key{}, refuse(PrekeyExpired)
	}
	if k.Sort == SortRing && k.RingTo != o.fromDev {
		return Key{}, refuse(AnswerDevice)
	}
	return k, nil
}

// decrypt is row 6. What fails fails as one thing.
func decrypt(own Own, o outer, key Key, enc, aad, ct []byte) ([]byte, Secret, error) {
	ctx, err := key.Seed.openWith(enc, envelopeInfo(own.Log.Acct(), own.Dev, o.pkid))
	if err != nil {
		return nil, Secret{}, refuse(OpenFailed)
	}
	pt, err := ctx.Open(aad, ct)
	if err != nil {
		return nil, Secret{}, refuse(OpenFailed)
	}
	var s Secret
	if label := o.kind.exporter(); label != "" {
		k, err := ctx.Export(string(ds(label)), secretSize)
		if err != nil {
			return nil, Secret{}, refuse(OpenFailed)
		}
		s = Secret(k)
	}
	return pt, s, nil
}

type plain struct {
	inner
	raw  []byte // P
	body []byte
	salt []byte
	sig  []byte
}

// readPlain is row 7.
func readPlain(kind Kind, pt []byte) (x plain, err error) {
	r := reader{b: pt}
	x.raw = r.v16()
	x.body = r.v32(MaxBody)
	x.salt, x.sig = r.take(saltSize), r.take(sigSize)
	if r.bad {
		return x, refuse(Malformed)
	}
	if x.inner, err = readInner(x.raw); err != nil {
		return x, err
	}
	if kind.bucketFor(len(pt)-len(r.b)) != len(pt) {
		return x, refuse(BadBucket)
	}
	if !zero(r.b) {
		return x, refuse(Padding)
	}
	return x, nil
}

// check is row 8.
func (p inner) check(own Own, o outer, sender *Log) error {
	switch {
	case p.from != sender.Acct():
		return refuse(BadSender)
	case p.to != own.Log.Acct():
		return refuse(BadRecipient)
	case p.conv != o.kind.conv(p.from, p.to):
		return refuse(BadConversation)
	case !zero(p.gs[:]), !o.kind.ctype(p.ctype), p.ttl != o.kind.ttl():
		return refuse(KindRule)
	}
	return nil
}

// late is row 12.
func late(k Kind, sent uint64, ttl uint32, now uint64) Reason {
	past := sent+uint64(ttl)*1000 < now
	switch {
	case k == Ring && (past || sent > now+maxAhead):
		return RingOld
	case past:
		return Expired
	}
	return ""
}
