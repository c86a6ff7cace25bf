package seal

import (
	"slices"
)

// stage is two friends, one with two devices, and a stranger; Bob's first
// device opens.
type stage struct {
	g         *gen
	a, b, c   *person
	keys      State
	one, last Prekey
	other     Prekey // of Bob's second device
	ringKey   Seed   // EKp of a ring that Bob's first device sent to Anna
	linkKey   Seed
	ringPub   []byte
	linkPub   []byte
}

func newStage(g *gen) *stage {
	s := &stage{g: g, a: newPerson(g.t, "anna"), b: newPerson(g.t, "bob"), c: newPerson(g.t, "carol")}
	s.b.add(g.t, deviceKey("bob second"), true)
	s.a.add(g.t, deviceKey("anna second"), true)
	s.one, s.last = s.b.prekey(g.t, &s.keys, 0, OneTime), s.b.prekey(g.t, &s.keys, 0, LastResort)
	s.other = s.b.prekey(g.t, &s.keys, 1, OneTime)
	s.ringKey, s.linkKey = NewSeed(), NewSeed()
	var err error
	s.ringPub, err = s.ringKey.Public()
	must(g.t, s.ringPub, err)
	s.linkPub, err = s.linkKey.Public()
	must(g.t, s.linkPub, err)
	s.keys.AddKey(PKID(s.ringPub), Key{Sort: SortRing, OneTime: true, Seed: s.ringKey, NotAfter: now + 60_000, RingTo: s.a.dev(0)})
	s.keys.AddKey(PKID(s.linkPub), Key{Sort: SortLink, OneTime: true, Seed: s.linkKey, NotAfter: now + 300_000})
	return s
}

func (s *stage) keyList(change func(*Key)) []obj {
	var all []obj
	for _, pub := range [][]byte{s.one.Pub, s.last.Pub, s.other.Pub, s.ringPub, s.linkPub} {
		id := PKID(pub)
		k, _ := s.keys.Key(id)
		if change != nil {
			change(&k)
		}
		all = append(all, obj{
			"pkid": hx(id[:]), "sort": k.Sort, "one_time": k.OneTime, "seed": hx(k.Seed[:]), "used": k.Used, "not_after": k.NotAfter, "ring_to": hx(k.RingTo[:]),
		})
	}
	return all
}

// in is what Bob's first device opens by; friend is Anna's log.
func (s *stage) in(wire []byte) obj {
	dev := s.b.dev(0)
	return obj{
		"wire": hx(wire), "now": now, "own": s.b.vlog(), "dev": hx(dev[:]), "sender": s.a.vlog(), "keys": s.keyList(nil), "seen": []obj{}, "full": false,
	}
}

// sync is an envelope of the smallest bucket, from Bob's second device to his
// first.
func (s *stage) sync() Message {
	return Message{Kind: OwnSync, CType: SyncSettings, To: s.b.log, ToDev: s.b.dev(0), Pub: s.one.Pub, MS: now, Body: SyncBody(1, []byte("x"))}
}

func (s *stage) ringMessage(pub []byte) Message {
	body, err := RingBody{
		CallID: ID{1}, Media: Sound, EKp: s.ringPub, Commit: Commitment(ID{1}, 0, s.b.dev(0), [32]byte{5}), Fingerprint: testFingerprint(), SDP: []byte(testSDP),
	}.Bytes()
	return Message{Kind: Ring, To: s.b.log, ToDev: s.b.dev(0), Pub: pub, MS: now, Last: LastKnown{Created: 1}, Body: must(s.g.t, body, err)}
}

func (s *stage) seal(p *person, dev int, m Message) Sealed {
	s.g.t.Helper()
	x, err := Seal(p.log, p.keys[dev], m)
	return must(s.g.t, x, err)
}

func envelopeVectors(g *gen) {
	s := newStage(g)
	try := func(name string, wire []byte, want Reason) {
		g.t.Helper()
		g.add(name, "open", s.in(wire), want)
	}
	ring := s.seal(s.a, 0, s.ringMessage(s.one.Pub))
	out := g.add("ring", "open", s.in(ring.Wire), "")
	if out["secret"] != hx(ring.Secret[:]) || out["body"] != hx(s.ringMessage(nil).Body) {
		g.t.Error("what was opened is not what was sealed")
	}
	body, err := AnswerBody{Ring: WireHash(ring.Wire), Random: [32]byte{6}, Fingerprint: testFingerprint(), SDP: []byte(testSDP)}.Bytes()
	must(g.t, body, err)
	answer := Message{Kind: Answer, To: s.b.log, ToDev: s.b.dev(0), Pub: s.ringPub, MS: now, Body: body}
	try("answer", s.seal(s.a, 0, answer).Wire, "")
	try("answer by another device than was rung", s.seal(s.a, 1, answer).Wire, AnswerDevice)
	sync := s.seal(s.b, 1, s.sync()).Wire
	try("own sync", sync, "")
	link := s.sync()
	link.Kind, link.CType, link.Pub, link.Body = LinkEnvelope, 0, s.linkPub, Content(nil, []byte("{}"))
	try("link", s.seal(s.b, 1, link).Wire, "")
	empty := s.sync()
	empty.Body = nil
	try("body empty", s.seal(s.b, 1, empty).Wire, "")
	empty.Body = make([]byte, 512-ptOver)
	try("body that fills its bucket", s.seal(s.b, 1, empty).Wire, "")
	empty.Body = make([]byte, 512-ptOver+1)
	try("body of one byte more", s.seal(s.b, 1, empty).Wire, "")
	formVectors(try, sync)
	addressVectors(s, sync, ring.Wire)
	keyVectorsOfEnvelopes(s, try, sync)
	cryptVectors(s, try, sync)
	plainVectors(s, try)
	timeVectors(s)
}

func formVectors(try verifyFunc, wire []byte) {
	set := func(at int, v byte) []byte {
		w := slices.Clone(wire)
		w[at] = v
		return w
	}
	try("nothing", nil, Malformed)
	try("1206 bytes", wire[:wireMin-1], Malformed)
	try("version 0", set(0, 0), Version)
	try("version 2", set(0, 2), Version)
	try("kind 0", set(1, 0), BadKind)
	try("kind 5", set(1, 5), BadKind)
	try("flags 1", set(2, 1), BadFlags)
	try("one byte less", wire[:len(wire)-1], Malformed)
	try("one byte more", append(slices.Clone(wire), 0), Malformed)
	try("a length of 4 GB", set(wireMin-4, 0xff), Malformed)
	try("an empty ciphertext", slices.Concat(wire[:wireMin-4], make([]byte, 4)), BadBucket)
	try("a ciphertext that is no bucket", slices.Concat(wire[:wireMin-4], v32(nil, wire[wireMin:len(wire)-1])), BadBucket)
	try("a ring of the smallest bucket", set(1, byte(Ring)), BadBucket)
}

func addressVectors(s *stage, wire, ring []byte) {
	add := func(name string, in obj, want Reason) {
		s.g.t.Helper()
		s.g.add(name, "open", in, want)
	}
	in := s.in(wire)
	second, cdev := s.b.dev(1), s.c.dev(0)
	add("for another own device", in.with("dev", hx(second[:])), NotForMe)
	echo := slices.Clone(wire)
	copy(echo[3:19], echo[19:35])
	add("from this very device", s.in(echo), OwnEcho)
	add("reflected: from the receiver to the sender", s.in(reflected(wire)), NotForMe)
	add("ring of somebody who is no friend", s.in(ring).with("sender", nil), SenderUnknown)
	add("ring of somebody else than the friend", s.in(ring).with("sender", s.c.vlog()), SenderUnknown)
	stranger := slices.Clone(ring)
	copy(stranger[3:], cdev[:])
	add("ring whose sender was exchanged for a stranger", s.in(stranger), SenderUnknown)
	foreign, friend := slices.Clone(wire), s.a.dev(0)
	copy(foreign[3:], friend[:])
	add("own sync from a friend", s.in(foreign), KindRule)
	ownRing := slices.Clone(ring)
	copy(ownRing[3:], second[:])
	add("ring from an own device", s.in(ownRing), KindRule)
	revoked := *s.b
	d, err := s.b.log.DraftRevoke(s.b.keys[0], second, now)
	revoked.extend(s.g.t, must(s.g.t, d, err))
	add("from a revoked device", in.with("own", revoked.vlog()), DeviceRevoked)
	h := WireHash(wire)
	seen := obj{"dev": hx(second[:]), "env": hx(wire[67:83]), "hash": hx(h[:])}
	add("replay", in.with("seen", []obj{seen}), Replay)
	add("another envelope under the same id", in.with("seen", []obj{seen.with("hash", hx(make([]byte, 32)))}), Conflict)
	add("an id that another device has used", in.with("seen", []obj{seen.with("dev", hx(cdev[:]))}), "")
	add("replay cache full", in.with("full", true), ReplayFull)
}

func reflected(wire []byte) []byte {
	w := slices.Clone(wire)
	copy(w[3:], wire[19:35])
	copy(w[19:], wire[3:19])
	return w
}

func keyVectorsOfEnvelopes(s *stage, try verifyFunc, wire []byte) {
	in := s.in(wire)
	keys := func(name string, want Reason, change func(*Key)) {
		s.g.t.Helper()
		s.g.add(name, "open", in.with("keys", s.keyList(change)), want)
	}
	try("a key nobody has", flip(wire, 40), PrekeyUnknown)
	unknown := s.sync()
	unknown.Pub = s.linkPub
	try("own sync to the key of linking", s.seal(s.b, 1, unknown).Wire, PrekeyUnknown)
	unknown.Pub = s.ringPub
	try("own sync to the key of a ring", s.seal(s.b, 1, unknown).Wire, PrekeyUnknown)
	keys("a one-time key that was used", PrekeyUsed, func(k *Key) { k.Used = true })
	keys("a key 31 days past its time", "", func(k *Key) { k.NotAfter = now - graceAfter })
	keys("a key more than 31 days past its time", PrekeyExpired, func(k *Key) { k.NotAfter = now - graceAfter - 1 })
	body, err := AnswerBody{Random: [32]byte{6}, Fingerprint: testFingerprint(), SDP: []byte(testSDP)}.Bytes()
	answer := Message{Kind: Answer, To: s.b.log, ToDev: s.b.dev(0), Pub: s.ringPub, MS: now, Body: must(s.g.t, body, err)}
	in = s.in(s.seal(s.a, 0, answer).Wire)
	keys("a second answer to a ring", AnswerTwice, func(k *Key) { k.Used = true })
	keys("an answer 60 s after the ring", PrekeyExpired, func(k *Key) { k.NotAfter = now - 1 })
	answer.Pub = s.one.Pub
	try("answer to a prekey", s.seal(s.a, 0, answer).Wire, PrekeyUnknown)
}

func cryptVectors(s *stage, try verifyFunc, wire []byte) {
	for _, c := range []struct {
		name string
		at   int
	}{
		{"a bit of the envelope's id", 70},
		{"a bit of ML-KEM's part", oSize + 5},
		{"the last bit of ML-KEM's part", oSize + 1087},
		{"a bit of X25519's part", oSize + 1100},
		{"the first byte of the ciphertext", wireMin},
		{"the tag", len(wire) - 1},
	} {
		try(c.name+" changed", flip(wire, c.at), OpenFailed)
	}
	for i, name := range []string{"X25519's part zero", "X25519's part one"} {
		w := slices.Clone(wire)
		copy(w[oSize+1088:oSize+encSize], make([]byte, 32))
		w[oSize+1088] = byte(i)
		try(name, w, OpenFailed)
	}
	info := func(a Acct, d Dev, pkid Hash, label string) []byte { return ds(label, suite[:], a[:], d[:], pkid[:]) }
	a, d, id := s.b.log.Acct(), s.b.dev(0), s.one.PKID
	for _, c := range []struct {
		name string
		info []byte
		want Reason
	}{
		{"info by hand", info(a, d, id, "envelope"), ""},
		{"info with another label", info(a, d, id, "backup"), OpenFailed},
		{"info with another identity", info(s.a.log.Acct(), d, id, "envelope"), OpenFailed},
		{"info with another device", info(a, s.b.dev(1), id, "envelope"), OpenFailed},
		{"info with another key", info(a, d, s.last.PKID, "envelope"), OpenFailed},
		{"no info", nil, OpenFailed},
	} {
		o, p := s.parts()
		x, err := seal(o, p.bytes(), s.one.Pub, c.info, []byte("x"), s.b.keys[1])
		try(c.name, must(s.g.t, x, err).Wire, c.want)
	}
}

// parts are O and P of an own sync from Bob's second device to his first.
func (s *stage) parts() (outer, inner) {
	a := s.b.log.Acct()
	o := outer{kind: OwnSync, fromDev: s.b.dev(1), toDev: s.b.dev(0), pkid: s.one.PKID, env: RandomID()}
	p := inner{
		from: a, to: a, conv: OwnSync.conv(a, a), msg: RandomID(), sentMS: now, ttl: OwnSync.ttl(),
		headFrom: s.b.log.Head(), headTo: s.b.log.Head(), ctype: SyncSettings,
	}
	return o, p
}

// forged is an envelope whose plaintext is made by hand.
type forged struct {
	signer DeviceKey
	p      []byte
	body   []byte
	// pt and t change what is sealed and what is signed.
	pt func([]byte) []byte
	t  func(o, enc, p, salt, body []byte) []byte
}

func (s *stage) forge(o outer, f forged) []byte {
	s.g.t.Helper()
	pub := s.one.Pub
	if o.kind == Answer {
		pub = s.ringPub
	}
	enc, ctx, err := sealTo(pub, envelopeInfo(s.b.log.Acct(), o.toDev, o.pkid))
	must(s.g.t, enc, err)
	ob, salt := o.bytes(), Random32()
	if f.t == nil {
		f.t = transcript
	}
	sig, err := f.signer.sign(f.t(ob, enc, f.p, salt[:], f.body))
	must(s.g.t, sig, err)
	pt := append(v32(v16(nil, f.p), f.body), salt[:]...)
	pt = append(pt, sig...)
	pt = append(pt, make([]byte, max(0, o.kind.bucketFor(len(pt))-len(pt)))...)
	if f.pt != nil {
		pt = f.pt(pt)
	}
	ct, err := ctx.Seal(ob, pt)
	return v32(append(ob, enc...), must(s.g.t, ct, err))
}

func plainVectors(s *stage, try verifyFunc) {
	key := s.b.keys[1]
	p := func(name string, want Reason, change func(*inner)) {
		s.g.t.Helper()
		o, in := s.parts()
		change(&in)
		try(name, s.forge(o, forged{signer: key, p: in.bytes(), body: []byte("x")}), want)
	}
	a := s.a.log.Acct()
	p("made by hand", "", func(*inner) {})
	p("another sender inside", BadSender, func(x *inner) { x.from = a })
	p("another recipient inside", BadRecipient, func(x *inner) { x.to = a })
	p("another conversation", BadConversation, func(x *inner) { x.conv = Ring.conv(x.from, a) })
	p("a group", KindRule, func(x *inner) { x.gs[31] = 1 })
	p("ctype 0 in own sync", KindRule, func(x *inner) { x.ctype = 0 })
	p("ctype 3 in own sync", KindRule, func(x *inner) { x.ctype = 3 })
	p("another ttl", KindRule, func(x *inner) { x.ttl = 60 })
	p("a head of the receiver that is not in the log", BadHeadTo, func(x *inner) { x.headTo.Hash[0] ^= 1 })
	p("a head of the receiver beyond the log", BadHeadTo, func(x *inner) { x.headTo.Seq = 9 })
	p("a head of the sender that is not in the log", BadHeadFrom, func(x *inner) { x.headFrom.Hash[0] ^= 1 })
	p("an older head of both", "", func(x *inner) { x.headTo = Head{0, s.b.log.hashes()[0]}; x.headFrom = x.headTo })
	p("sent at 2^53", Malformed, func(x *inner) { x.sentMS = maxNumber })
	pt := func(name string, want Reason, change func([]byte) []byte) {
		s.g.t.Helper()
		o, in := s.parts()
		try(name, s.forge(o, forged{signer: key, p: in.bytes(), body: []byte("x"), pt: change}), want)
	}
	pt("padding that is not zero", Padding, func(b []byte) []byte { b[511] = 1; return b })
	pt("first byte of the padding not zero", Padding, func(b []byte) []byte { b[ptOver+1] = 1; return b })
	pt("a bucket too large", BadBucket, func(b []byte) []byte { return append(b, make([]byte, 512)...) })
	pt("a body longer than all", Malformed, func(b []byte) []byte { b[272] = 1; return b })
	pt("P longer than all", Malformed, func(b []byte) []byte { b[0] = 0xff; return b })
	pt("P of 271 bytes", Malformed, func(b []byte) []byte { b[1]++; b[275] = 0; b[276] = 1; return b })
	pt("a bit of the body changed after it was signed", BadSignature, func(b []byte) []byte { b[276] ^= 1; return b })
	pt("a bit of the salt changed", BadSignature, func(b []byte) []byte { b[277] ^= 1; return b })
	pt("a bit of the signature changed", BadSignature, func(b []byte) []byte { b[277+32] ^= 1; return b })
	signatureVectors(s, try)
}

func signatureVectors(s *stage, try verifyFunc) {
	o, in := s.parts()
	sign := func(name string, want Reason, f forged) {
		s.g.t.Helper()
		f.p, f.body = in.bytes(), []byte("x")
		if f.signer.signer == nil {
			f.signer = s.b.keys[1]
		}
		try(name, s.forge(o, f), want)
		o.env = RandomID()
	}
	sign("signed by the receiver's own key", BadSignature, forged{signer: s.b.keys[0]})
	sign("signed by a stranger", BadSignature, forged{signer: s.c.keys[0]})
	type tr = func(o, enc, p, salt, body []byte) []byte
	for _, c := range []struct {
		name string
		t    tr
	}{
		{"signed under the label of the log", func(o, enc, p, salt, body []byte) []byte {
			return append(ds("log"), transcript(o, enc, p, salt, body)[len(ds("sig/envelope")):]...)
		}},
		{"signed without a label", func(o, enc, p, salt, body []byte) []byte {
			return transcript(o, enc, p, salt, body)[len(ds("sig/envelope")):]
		}},
		{"signed for another kind", func(o, enc, p, salt, body []byte) []byte {
			return transcript(append([]byte{1, byte(LinkEnvelope)}, o[2:]...), enc, p, salt, body)
		}},
		{"signed for another device", func(o, enc, p, salt, body []byte) []byte { return transcript(flip(o, 20), enc, p, salt, body) }},
		{"signed for another key of the same device", func(o, enc, p, salt, body []byte) []byte {
			return transcript(slices.Concat(o[:35], s.last.PKID[:], o[67:]), enc, p, salt, body)
		}},
		{"signed for another envelope id", func(o, enc, p, salt, body []byte) []byte { return transcript(flip(o, 70), enc, p, salt, body) }},
		{"signed for another encapsulation", func(o, enc, p, salt, body []byte) []byte { return transcript(o, flip(enc, 0), p, salt, body) }},
		{"signed for another conversation", func(o, enc, p, salt, body []byte) []byte { return transcript(o, enc, flip(p, 70), salt, body) }},
		{"signed for another time", func(o, enc, p, salt, body []byte) []byte { return transcript(o, enc, flip(p, 150), salt, body) }},
		{"signed for another body", func(o, enc, p, salt, body []byte) []byte { return transcript(o, enc, p, salt, flip(body, 0)) }},
		{"signed for another salt", func(o, enc, p, salt, body []byte) []byte { return transcript(o, enc, p, flip(salt, 0), body) }},
	} {
		sign(c.name, BadSignature, forged{t: c.t})
	}
	resealed(s, try)
}

// resealed is what a friend does with an envelope: Anna's ring for Bob's second
// device, opened there by whoever holds it, sealed anew for the first one.
func resealed(s *stage, try verifyFunc) {
	m := s.ringMessage(s.other.Pub)
	m.ToDev = s.b.dev(1)
	wire := s.seal(s.a, 0, m).Wire
	own := s.b.own(&s.keys, 1, s.a)
	o, enc, ct, err := readWire(wire)
	must(s.g.t, enc, err)
	k, err := own.keyFor(o, now)
	must(s.g.t, k, err)
	pt, _, err := decrypt(own, o, k, enc, wire[:oSize], ct)
	must(s.g.t, pt, err)
	o.toDev, o.pkid = s.b.dev(0), s.one.PKID
	enc, ctx, err := sealTo(s.one.Pub, envelopeInfo(s.b.log.Acct(), o.toDev, o.pkid))
	must(s.g.t, enc, err)
	ct, err = ctx.Seal(o.bytes(), pt)
	try("a ring for another device of mine, sealed again for this one", v32(append(o.bytes(), enc...), must(s.g.t, ct, err)), BadSignature)
}

func timeVectors(s *stage) {
	m := s.sync()
	m.MS = now - 2_592_000_000
	g := s.g
	late := func(name string, p *person, dev int, m Message, want Reason) {
		g.t.Helper()
		out := g.add(name, "open", s.in(s.seal(p, dev, m).Wire), "")
		if out["late"] != want {
			g.t.Errorf("%s: late is %v, want %q", name, out["late"], want)
		}
	}
	late("own sync of 30 days", s.b, 1, m, "")
	m.MS--
	late("own sync of more than 30 days", s.b, 1, m, Expired)
	ring := s.ringMessage(s.one.Pub)
	ring.MS = now - 60_000
	late("ring of 60 s", s.a, 0, ring, "")
	ring.MS--
	late("ring of more than 60 s", s.a, 0, ring, RingOld)
	ring.MS = now + maxAhead + 1
	late("ring from more than 5 minutes ahead", s.a, 0, ring, RingOld)
}
