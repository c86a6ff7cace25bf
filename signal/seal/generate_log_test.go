package seal

import (
	"fmt"
	"slices"
)

// forge makes an entry by hand, signed by whoever, with whatever in it.
type forge struct {
	by      Signer
	byDev   *Dev // what the entry says, where that is something else
	h       header
	body    []byte
	join    DeviceKey
	label   string
	version byte
}

func (f forge) entry(g *gen) []byte {
	g.t.Helper()
	d, err := newDraft(f.by, f.h, f.body)
	must(g.t, d, err)
	if f.byDev != nil {
		copy(d.e[78:94], f.byDev[:])
	}
	if f.version != 0 {
		d.e[0] = f.version
	}
	label := f.label
	if label == "" {
		label = "log"
	}
	d.sig, err = f.by.sign(ds(label, d.e))
	must(g.t, d.sig, err)
	if f.join.signer != nil {
		d.join, err = JoinEntry(d.e, f.join)
		must(g.t, d.join, err)
	}
	return d.Entry()
}

func (p *person) next(typ EntryType) header {
	h := p.log.Head()
	return header{acct: p.log.Acct(), seq: h.Seq + 1, prev: h.Hash, ms: now, typ: typ}
}

func logVectors(g *gen) {
	a := newPerson(g.t, "anna")
	id := hx(a.account[:])
	verify := func(name string, raw []byte, want Reason) {
		g.t.Helper()
		g.add(name, "log", obj{"log": hx(raw), "account": id}, want)
	}
	verify("genesis alone", a.log.Bytes(), "")
	genesisVectors(g, a, verify)
	tablet, phone := deviceKey("anna tablet"), deviceKey("anna phone")
	a.add(g.t, tablet, false)
	a.add(g.t, phone, true)
	verify("three devices", a.log.Bytes(), "")
	base := a.log.Bytes()
	also := func(f forge) []byte { return slices.Concat(base, f.entry(g)) }
	newKey := deviceKey("anna new")
	newBody := deviceBody(nil, newKey.Public(), false)
	addition := forge{by: a.keys[0], h: a.next(Add), body: newBody, join: newKey}
	verify("add", also(addition), "")
	addVectors(also, verify, a, addition)
	revokeVectors(also, verify, a)
	resetVectors(g, verify, a)
	endVectors(g, verify, a)
	followVectors(g, a)
	pinVectors(g, a)
	backupVectors(g, a)
}

type verifyFunc func(string, []byte, Reason)

func genesisVectors(g *gen, a *person, verify verifyFunc) {
	raw := a.log.Bytes()
	verify("nothing", nil, Malformed)
	verify("genesis, one byte less", raw[:len(raw)-1], Malformed)
	verify("genesis, one byte more", append(slices.Clone(raw), 0), Malformed)
	bob := newPerson(g.t, "bob")
	g.add("genesis of another account", "log", obj{"log": hx(raw), "account": hx(bob.account[:])}, LogGenesis)
	x := entryOf(raw)
	body := x.e[headerSize:]
	first := forge{by: a.rec.Root, h: header{acct: a.log.Acct(), ms: now - 1000}, body: body, join: a.keys[0]}
	verify("genesis made by hand", first.entry(g), "")
	f := first
	f.version = 2
	verify("genesis of version 2", f.entry(g), Version)
	f = first
	f.h.acct = bob.log.Acct()
	verify("genesis that says another acct", f.entry(g), LogGenesis)
	f = first
	f.h.prev[0] = 1
	verify("genesis after something", f.entry(g), LogGenesis)
	f = first
	f.h.seq = 1
	verify("genesis that is second", f.entry(g), LogGap)
	f = first
	dev := a.dev(0)
	f.byDev = &dev
	verify("genesis by a device", f.entry(g), LogGenesis)
	f = first
	f.by = bob.rec.Root
	verify("genesis signed by another identity", f.entry(g), LogSigner)
	f = first
	f.join = bob.keys[0]
	verify("genesis joined by another device", f.entry(g), LogJoin)
	f = first
	f.label = "log-join"
	verify("genesis signed as a join", f.entry(g), LogSigner)
	f = first
	f.body = flip(body, len(body)-1)
	f.body[len(body)-1] = 2
	verify("genesis with rights 2", f.entry(g), Malformed)
	f = first
	f.body = slices.Clone(body)
	one := smallOrder[1]
	copy(f.body[80:], one[:])
	verify("genesis with a device key of small order", f.entry(g), KeyInvalid)
	f.body = slices.Clone(body)
	copy(f.body[16:], one[:])
	f.h.acct = AcctOf(a.account, one)
	verify("genesis with a root key of small order", f.entry(g), KeyInvalid)
	f = first
	f.h.typ = 5
	verify("type 5", f.entry(g), Malformed)
	f = forge{by: a.rec.Root, h: header{acct: a.log.Acct(), typ: Add}, body: deviceBody(nil, a.keys[0].Public(), true), join: a.keys[0]}
	verify("an add in genesis' place", f.entry(g), LogGenesis)
}

func entryOf(raw []byte) entry {
	x, err := readEntry(&reader{b: raw})
	if err != nil {
		panic(err)
	}
	return x
}

func addVectors(also func(forge) []byte, verify verifyFunc, a *person, addition forge) {
	change := func(name string, want Reason, with func(*forge)) {
		f := addition
		with(&f)
		verify(name, also(f), want)
	}
	change("add by the root", "", func(f *forge) { f.by = a.rec.Root })
	change("add by a device that may link", "", func(f *forge) { f.by = a.keys[2] })
	change("add by a device that may not link", LogSigner, func(f *forge) { f.by = a.keys[1] })
	change("add by a stranger", LogSigner, func(f *forge) { f.by = deviceKey("stranger") })
	change("add by the new device itself", LogSigner, func(f *forge) { f.by = f.join })
	change("add that says another signer", LogSigner, func(f *forge) { d := a.dev(2); f.byDev = &d })
	change("add by a device that says it is the root", LogSigner, func(f *forge) { f.byDev = &Dev{} })
	change("add without the new device's join", LogJoin, func(f *forge) { f.join = a.keys[0] })
	change("add of a device that is there", LogRepeated, func(f *forge) { f.join = a.keys[1]; f.body = deviceBody(nil, a.keys[1].Public(), true) })
	change("add two places on", LogGap, func(f *forge) { f.h.seq++ })
	change("add at a place that is taken", LogGap, func(f *forge) { f.h.seq-- })
	change("add after another entry", LogFork, func(f *forge) { f.h.prev[0] ^= 1 })
	change("add in another identity", LogGenesis, func(f *forge) { f.h.acct[0] ^= 1 })
	change("add of a small-order key", KeyInvalid, func(f *forge) { f.body = deviceBody(nil, smallOrder[3], false) })
	change("add with a long body", Malformed, func(f *forge) { f.body = append(slices.Clone(f.body), 0) })
	change("add with a short body", Malformed, func(f *forge) { f.body = f.body[1:] })
	change("a second genesis", LogGenesis, func(f *forge) { f.h.typ = Genesis; f.body = entryOf(a.log.Bytes()).e[headerSize:]; f.by = a.rec.Root })
	change("add with the signature of a prekey", LogSigner, func(f *forge) { f.label = "prekey" })
	good := also(addition)
	verify("add, a bit of the signature changed", flip(good, len(good)-100), LogSigner)
	verify("add, a bit of the join changed", flip(good, len(good)-1), LogJoin)
	verify("add, a bit of an older entry changed", flip(good, 60), LogGenesis)
	verify("add, a bit of an older entry's join changed", flip(good, len(a.log.Until(0))-1), LogJoin)
}

func revokeVectors(also func(forge) []byte, verify verifyFunc, a *person) {
	tablet := a.dev(1)
	by := func(s Signer, dev Dev) forge { return forge{by: s, h: a.next(Revoke), body: dev[:]} }
	verify("revoke", also(by(a.keys[0], tablet)), "")
	verify("revoke by the root", also(by(a.rec.Root, tablet)), "")
	verify("a device without the right revokes itself", also(by(a.keys[1], tablet)), "")
	verify("a device without the right revokes another", also(by(a.keys[1], a.dev(0))), LogSigner)
	verify("revoke of nobody", also(by(a.keys[0], Dev{9})), LogRepeated)
}

func resetVectors(g *gen, verify verifyFunc, a *person) {
	head := a.log.Head()
	reset := func(no uint32, keep uint32, by Signer, stay ...Dev) forge {
		body := append(u32(u32(nil, keep), no), byte(len(stay)))
		for _, d := range stay {
			body = append(body, d[:]...)
		}
		return forge{by: by, h: header{acct: a.log.Acct(), seq: keep + 1, prev: a.log.hashes()[keep], ms: now, typ: Reset}, body: body}
	}
	stay := a.log.Active()
	at := func(keep uint32, f forge) []byte { return slices.Concat(a.log.Until(keep), f.entry(g)) }
	verify("reset, nobody stays", at(head.Seq, reset(5, head.Seq, a.rec.Root)), "")
	verify("reset, two stay", at(head.Seq, reset(5, head.Seq, a.rec.Root, stay[0].Dev, stay[2].Dev)), "")
	verify("reset to genesis, the first stays", at(0, reset(5, 0, a.rec.Root, a.dev(0))), "")
	verify("reset by a device", at(head.Seq, reset(5, head.Seq, a.keys[0], stay[0].Dev)), LogSigner)
	verify("reset, not in order", at(head.Seq, reset(5, head.Seq, a.rec.Root, stay[1].Dev, stay[0].Dev)), LogReset)
	verify("reset, one named twice", at(head.Seq, reset(5, head.Seq, a.rec.Root, stay[0].Dev, stay[0].Dev)), LogReset)
	verify("reset, one who is not there stays", at(0, reset(5, 0, a.rec.Root, a.dev(2))), LogReset)
	verify("reset number 0", at(head.Seq, reset(0, head.Seq, a.rec.Root)), LogReset)
	f := reset(5, head.Seq, a.rec.Root)
	f.body = append(u32(u32(nil, head.Seq-1), 5), 0)
	verify("reset that says another place", at(head.Seq, f), LogReset)
	f = reset(5, head.Seq, a.rec.Root)
	f.body[8] = 1
	verify("reset with fewer devices than it says", at(head.Seq, f), Malformed)
	f.body = append(u32(u32(nil, head.Seq), 5), 33)
	f.body = append(f.body, make([]byte, 33*16)...)
	verify("reset with 33 devices", at(head.Seq, f), Malformed)

	after := *a
	l, err := VerifyLog(at(head.Seq, reset(5, head.Seq, a.rec.Root, a.dev(0))), a.account)
	after.log = must(g.t, l, err)
	more := func(f forge) []byte { return slices.Concat(after.log.Bytes(), f.entry(g)) }
	tablet := deviceBody(nil, a.keys[1].Public(), true)
	verify("add, after a reset, of one it took out", more(forge{by: a.keys[0], h: after.next(Add), body: tablet, join: a.keys[1]}), LogRepeated)
	gone := a.dev(0)
	verify("revoke by one that a reset took out", more(forge{by: a.keys[2], h: after.next(Revoke), body: gone[:]}), LogSigner)
	no := after.log.Head()
	second := forge{by: a.rec.Root, h: after.next(Reset), body: append(u32(u32(nil, no.Seq), 5), 0)}
	verify("second reset with the number of the first", more(second), LogReset)
	second.body = append(u32(u32(nil, no.Seq), 6), 0)
	verify("second reset", more(second), "")
}

func endVectors(g *gen, verify verifyFunc, a *person) {
	next := Acct(seedOf("next identity"))
	ended := *a
	d, err := a.log.DraftSuccessor(a.keys[0], next, now)
	must(g.t, d, err)
	l, err := a.log.Extend(d.Entry())
	ended.log = must(g.t, l, err)
	verify("successor", ended.log.Bytes(), "")
	more := func(f forge) []byte { return slices.Concat(ended.log.Bytes(), f.entry(g)) }
	key := deviceKey("anna late")
	verify("add after a successor", more(forge{by: a.keys[0], h: ended.next(Add), body: deviceBody(nil, key.Public(), false), join: key}), LogEnded)
	seq := ended.log.Head().Seq
	verify("reset after a successor", more(forge{by: a.rec.Root, h: ended.next(Reset), body: append(u32(u32(nil, seq), 5), 0)}), "")
	verify("successor by a device without the right",
		slices.Concat(a.log.Bytes(), forge{by: a.keys[1], h: a.next(Successor), body: next[:]}.entry(g)), LogSigner)

	revoked := *a
	d, err = a.log.DraftRevoke(a.keys[0], a.dev(2), now)
	must(g.t, d, err)
	l, err = a.log.Extend(d.Entry())
	revoked.log = must(g.t, l, err)
	more = func(f forge) []byte { return slices.Concat(revoked.log.Bytes(), f.entry(g)) }
	verify("add by a revoked device", more(forge{by: a.keys[2], h: revoked.next(Add), body: deviceBody(nil, key.Public(), false), join: key}), LogSigner)
	verify("add of a revoked device", more(forge{by: a.keys[0], h: revoked.next(Add), body: deviceBody(nil, a.keys[2].Public(), false), join: a.keys[2]}), LogRepeated)
	dev := a.dev(2)
	verify("revoke of a revoked device", more(forge{by: a.keys[0], h: revoked.next(Revoke), body: dev[:]}), LogRepeated)

	full := newPerson(g.t, "full")
	for i := 1; i < MaxDevices; i++ {
		full.add(g.t, deviceKey(fmt.Sprint("full ", i)), false)
	}
	in := obj{"log": hx(full.log.Bytes()), "account": hx(full.account[:])}
	g.add("32 devices", "log", in, "")
	one := forge{by: full.keys[0], h: full.next(Add), body: deviceBody(nil, key.Public(), false), join: key}.entry(g)
	g.add("33 devices", "log", in.with("log", hx(slices.Concat(full.log.Bytes(), one))), LogFull)
}

func followVectors(g *gen, a *person) {
	pin := a.pin()
	follow := func(name string, raw []byte, want Reason) {
		g.t.Helper()
		g.add(name, "follow", obj{"pin": hx(pin.Append(nil)), "log": hx(raw)}, want)
	}
	follow("pin, same log", a.log.Bytes(), "")
	pin.ResetNo = 1
	follow("pin, reset number lower and nothing else", a.log.Bytes(), LogRollback)
	pin.ResetNo = 0
	follow("pin, rollback", a.log.Until(1), LogRollback)
	f := newPerson(g.t, "anna")
	f.add(g.t, deviceKey("anna phone"), true)
	f.add(g.t, deviceKey("anna tablet"), false)
	follow("pin, fork of the same length", f.log.Bytes(), LogFork)
	follow("pin, another identity of the account", otherIdentity(g, a), LogGenesis)
	d, err := a.log.DraftReset(a.rec.Root, 0, nil, now)
	must(g.t, d, err)
	reset := slices.Concat(a.log.Until(0), d.Entry())
	follow("pin, reset that goes behind it", reset, "")
	pin.ResetNo = uint32(now/1000) + 1
	follow("pin, reset number lower", reset, LogRollback)
}

func otherIdentity(g *gen, a *person) []byte {
	seed := seedOf("another root")
	raw, err := NewLog(a.account, rootFrom(seed[:]), a.rec.Backup, a.keys[0], now)
	return must(g.t, raw, err)
}

func pinVectors(g *gen, a *person) {
	bob := newPerson(g.t, "bob")
	list := AppendPins(nil, []Pin{a.pin(), bob.pin()})
	pins := func(name string, b []byte, want Reason) {
		g.t.Helper()
		g.add(name, "pins", obj{"pins": hx(b)}, want)
	}
	pins("two pins", list, "")
	pins("no pins", nil, "")
	pins("pins in the other order", slices.Concat(list[PinSize:], list[:PinSize]), Malformed)
	pins("a pin twice", slices.Concat(list[:PinSize], list[:PinSize]), Malformed)
	pins("a pin, one byte less", list[:PinSize-1], Malformed)
	set := func(at int, v byte) []byte {
		b := slices.Clone(list[:PinSize])
		b[at] = v
		return b
	}
	pins("a pin with how 0", set(88, 0), Malformed)
	pins("a pin with how 5", set(88, 5), Malformed)
	pins("a pin with verified 3", set(89, 3), Malformed)
	pins("a pin with state 3", set(90, 3), Malformed)
	pins("a pin with a time of 2^53", set(108, 0x20), Malformed)
	small := slices.Clone(list[:PinSize])
	copy(small[16:48], make([]byte, 32))
	pins("a pin of a small-order key", small, KeyInvalid)
	g.add("own sync", "sync", obj{"body": hx(SyncBody(7, list))}, "")
	g.add("own sync, one byte more", "sync", obj{"body": hx(append(SyncBody(7, list), 0))}, Malformed)
	g.add("content", "content", obj{"body": hx(Content([]Pin{a.pin()}, []byte("{}")))}, "")
	g.add("content, one byte more", "content", obj{"body": hx(append(Content(nil, nil), 0))}, Malformed)
	g.add("content, a length too long", "content", obj{"body": "00000073"}, Malformed)
}

func backupVectors(g *gen, a *person) {
	pub, err := a.rec.Backup.Public()
	must(g.t, pub, err)
	bob := newPerson(g.t, "bob")
	raw, err := NewBackup(a.log, a.keys[0], pub, Backup{Counter: 3, MS: now, Pins: []Pin{bob.pin()}, Settings: []byte("settings")})
	must(g.t, raw, err)
	root := seedOf("anna root")
	in := obj{"backup": hx(raw), "own": a.vlog(), "root_seed": hx(root[:]), "seed": hx(a.rec.Backup[:])}
	try := func(name string, b []byte, want Reason) {
		g.t.Helper()
		g.add(name, "backup", in.with("backup", hx(b)), want)
	}
	try("backup", raw, "")
	resign := func(b []byte, key DeviceKey) []byte {
		b = slices.Clone(b[:len(b)-sigSize])
		h := plainHash(b)
		sig, err := key.sign(ds("backup-sig", h[:]))
		return append(b, must(g.t, sig, err)...)
	}
	try("backup, a bit of the counter changed", flip(raw, 40), BackupSignature)
	try("backup, a bit of the signature changed", flip(raw, len(raw)-1), BackupSignature)
	try("backup, a bit of the content changed", flip(raw, 2000), BackupSignature)
	try("backup, content changed and signed", resign(flip(raw, 2000), a.keys[0]), OpenFailed)
	try("backup, signed by another of the own devices than it says", resign(raw, a.keys[2]), BackupSignature)
	try("backup, of a head that is not in the log", resign(flip(raw, 70), a.keys[0]), BadHeadFrom)
	try("backup, of another identity", resign(flip(raw, 1), a.keys[0]), BadRecipient)
	try("backup, version 2", append([]byte{2}, raw[1:]...), Version)
	try("backup, one byte more", append(slices.Clone(raw), 0), Malformed)
	wrong := seedOf("anna wrong")
	g.add("backup, another code's root", "backup", in.with("root_seed", hx(wrong[:])), BadCode)
	g.add("backup, another code's key", "backup", in.with("seed", hx(wrong[:])), BadCode)
}
