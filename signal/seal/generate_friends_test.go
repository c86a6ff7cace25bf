package seal

import (
	"slices"
)

func friendVectors(g *gen) {
	a, b := newPerson(g.t, "anna"), newPerson(g.t, "bob")
	secret := [16]byte(Hash(seedOf("link secret")).bytes16())
	ft := FriendLink{Acct: a.log.Acct(), Head: a.log.Head(), Secret: secret}.Text()
	link := func(name, text string, want Reason) {
		g.t.Helper()
		g.add(name, "link", obj{"text": text}, want)
	}
	link("link", ft, "")
	link("link with padding", ft+"==", Malformed)
	link("link with bits left over", ft[:len(ft)-1]+next64(ft[len(ft)-1]), Malformed)
	link("link, one character less", ft[:len(ft)-1], Malformed)
	link("link with a plus", "+"+ft[1:], Malformed)
	link("link with a line end", "\n"+ft[1:], Malformed)
	link("link of version 0", "AA"+ft[2:], Version)
	link("no link", "", Malformed)
	requestVectors(g, a, b, secret)
	scanVectors(g, a, b)
	ar, br := a.rec.Root.Public(), b.rec.Root.Public()
	n := obj{"a": hx(a.account[:]), "a_root": hx(ar[:]), "b": hx(b.account[:]), "b_root": hx(br[:])}
	x := g.add("safety number", "safety", n, "")
	y := g.add("safety number from the other side", "safety", obj{"b": hx(a.account[:]), "b_root": hx(ar[:]), "a": hx(b.account[:]), "a_root": hx(br[:])}, "")
	z := g.add("safety number with another key", "safety", n.with("b_root", hx(ar[:])), "")
	if x["digits"] != y["digits"] || x["digits"] == z["digits"] {
		g.t.Errorf("safety numbers %v, %v, %v", x, y, z)
	}
}

// bytes16 is the first half of 32 bytes.
func (h Hash) bytes16() []byte { return h[:16] }

func next64(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range alphabet {
		if alphabet[i] == c {
			return alphabet[i+1 : i+2]
		}
	}
	return "B"
}

func requestVectors(g *gen, a, b *person, secret [16]byte) {
	const expiry = now + 1_000_000
	raw, err := NewRequest(b.log, b.keys[0], a.log.Acct(), &secret, expiry)
	must(g.t, raw, err)
	me := a.log.Acct()
	in := obj{"request": hx(raw), "me": hx(me[:]), "theirs": b.vlog(), "secrets": []string{hx(secret[:])}, "now": now}
	try := func(name string, q []byte, want Reason) {
		g.t.Helper()
		g.add(name, "request", in.with("request", hx(q)), want)
	}
	try("request through a link", raw, "")
	byName := slices.Concat(raw[:fSize+sigSize], make([]byte, macSize))
	try("request by name, or with its MAC taken out", byName, "")
	g.add("request through a link that is closed", "request", in.with("secrets", []string{}), BadRequest)
	g.add("request at somebody else", "request", in.with("me", hx(make([]byte, 32))), BadRequest)
	g.add("request, another's log", "request", in.with("theirs", newPerson(g.t, "carol").vlog()), BadRequest)
	try("request, a bit of the MAC changed", flip(raw, len(raw)-1), BadRequest)
	try("request, a bit of the signature changed", flip(raw, fSize+1), BadRequest)
	try("request, a bit of the head changed", flip(raw, 90), BadRequest)
	try("request, one byte less", raw[1:], Malformed)
	try("request of version 2", append([]byte{2}, raw[1:]...), Version)
	newer := newPerson(g.t, "bob")
	newer.add(g.t, deviceKey("bob third"), true)
	ahead, err := NewRequest(newer.log, b.keys[0], a.log.Acct(), &secret, expiry)
	try("request of a head that is not in the log", must(g.t, ahead, err), BadRequest)
	carol := newPerson(g.t, "carol").log.Acct()
	lied := slices.Clone(raw[:fSize])
	copy(lied[1:], carol[:])
	sig, err := b.keys[0].sign(ds("friend-request", lied))
	must(g.t, sig, err)
	try("request in another's name, signed", slices.Concat(lied, sig, make([]byte, macSize)), BadRequest)
	self, err := NewRequest(a.log, a.keys[0], a.log.Acct(), &secret, expiry)
	g.add("request to oneself", "request", in.with("request", hx(must(g.t, self, err))).with("theirs", a.vlog()), BadRequest)
	revoked := *b
	revoked.add(g.t, deviceKey("bob second"), true)
	d, err := revoked.log.DraftRevoke(b.keys[0], revoked.dev(1), now)
	revoked.extend(g.t, must(g.t, d, err))
	gone, err := NewRequest(revoked.log, revoked.keys[1], a.log.Acct(), &secret, expiry)
	g.add("request by a revoked device", "request", in.with("request", hx(must(g.t, gone, err))).with("theirs", revoked.vlog()), BadRequest)
	for name, e := range []uint64{now - 1, now + maxRequestAge + 1} {
		late, err := NewRequest(b.log, b.keys[0], a.log.Acct(), &secret, e)
		try([]string{"request that is past", "request that lives too long"}[name], must(g.t, late, err), RequestExpired)
	}
	at := []uint64{now, now + maxRequestAge}
	for i, name := range []string{"request in its last millisecond", "request of 30 days"} {
		q, err := NewRequest(b.log, b.keys[0], a.log.Acct(), &secret, at[i])
		try(name, must(g.t, q, err), "")
	}
	acceptVectors(g, a, b, raw, byName)
}

func acceptVectors(g *gen, a, b *person, request, byName []byte) {
	raw, err := NewAccept(a.log, a.keys[0], request, now)
	must(g.t, raw, err)
	in := obj{"accept": hx(raw), "request": hx(request), "theirs": a.vlog()}
	g.add("accept", "accept", in, "")
	g.add("accept of a request whose MAC was taken out", "accept", in.with("request", hx(byName)), BadAccept)
	g.add("accept, a bit of the signature changed", "accept", in.with("accept", hx(flip(raw, len(raw)-1))), BadAccept)
	g.add("accept, a bit of the head changed", "accept", in.with("accept", hx(flip(raw, 100))), BadAccept)
	g.add("accept, one byte more", "accept", in.with("accept", hx(append(slices.Clone(raw), 0))), Malformed)
	g.add("accept of version 0", "accept", in.with("accept", hx(append([]byte{0}, raw[1:]...))), Version)
	g.add("accept, another's log", "accept", in.with("theirs", b.vlog()), BadAccept)
	wrong, err := NewAccept(b.log, b.keys[0], request, now)
	g.add("accept by who asked", "accept", in.with("accept", hx(must(g.t, wrong, err))).with("theirs", b.vlog()), BadAccept)
}

func scanVectors(g *gen, a, b *person) {
	me := a.log.Acct()
	in := obj{"scan": hx(ScanCode(b.log, me)), "me": hx(me[:]), "theirs": b.vlog()}
	g.add("scan", "scan", in, "")
	carol := newPerson(g.t, "carol")
	g.add("scan of somebody else's code", "scan", in.with("scan", hx(ScanCode(carol.log, me))), BadSender)
	g.add("scan of a code for somebody else", "scan", in.with("scan", hx(ScanCode(b.log, carol.log.Acct()))), BadRecipient)
	g.add("scan of the own code", "scan", in.with("scan", hx(ScanCode(a.log, b.log.Acct()))), BadSender)
	newer := newPerson(g.t, "bob")
	newer.add(g.t, deviceKey("bob second"), true)
	g.add("scan of a head that is not in the log yet", "scan", in.with("scan", hx(ScanCode(newer.log, me))), BadHeadFrom)
	g.add("scan, one byte less", "scan", in.with("scan", hx(ScanCode(b.log, me)[1:])), Malformed)
}

func prekeyVectors(g *gen) {
	b := newPerson(g.t, "bob")
	b.add(g.t, deviceKey("bob second"), true)
	zeros := hx(make([]byte, 32))
	dev := b.dev(0)
	const end = now + 1_000_000
	one, _, err := NewPrekey(b.log, b.keys[0], OneTime, now-1000, end)
	must(g.t, one, err)
	last, _, err := NewPrekey(b.log, b.keys[0], LastResort, now-1000, end)
	must(g.t, last, err)
	in := obj{"prekey": hx(one), "pinned": b.vlog(), "dev": hx(dev[:]), "known_pkid": zeros, "known_created": 0, "now": now}
	try := func(name string, p []byte, want Reason) {
		g.t.Helper()
		g.add(name, "prekey", in.with("prekey", hx(p)), want)
	}
	resign := func(p []byte, key DeviceKey) []byte {
		sig, err := key.sign(ds("prekey", p[:prekeyBody]))
		return append(slices.Clone(p[:prekeyBody]), must(g.t, sig, err)...)
	}
	try("one-time prekey", one, "")
	try("last-resort prekey", last, "")
	try("prekey, type turned", append([]byte{2}, one[1:]...), PrekeySignature)
	try("prekey of type 3", append([]byte{3}, one[1:]...), Malformed)
	try("prekey, one byte less", one[1:], Malformed)
	try("prekey, one byte more", append(slices.Clone(one), 0), Malformed)
	try("prekey, a bit of the key changed", flip(one, 600), PrekeySignature)
	try("prekey, a bit of the signature changed", flip(one, len(one)-1), PrekeySignature)
	try("prekey signed by another own device", resign(one, b.keys[1]), PrekeySignature)
	try("prekey of another suite, signed", resign(flip(one, 70), b.keys[0]), BadSuite)
	try("prekey of another identity, signed", resign(flip(one, 17), b.keys[0]), PrekeyDevice)
	bad := slices.Clone(one)
	bad[71], bad[72] = 0xff, 0xff
	try("prekey with a number of 4095, signed", resign(bad, b.keys[0]), KeyInvalid)
	second := b.dev(1)
	g.add("prekey of another device than was asked", "prekey", in.with("dev", hx(second[:])), PrekeyDevice)
	stranger := newPerson(g.t, "carol")
	g.add("prekey of another account", "prekey", in.with("pinned", stranger.vlog()), PrekeyDevice)
	revoked := *b
	d, err := b.log.DraftRevoke(b.keys[0], second, now)
	revoked.extend(g.t, must(g.t, d, err))
	theirs, _, err := NewPrekey(b.log, b.keys[1], OneTime, now-1000, end)
	must(g.t, theirs, err)
	g.add("prekey of a second device", "prekey", in.with("prekey", hx(theirs)).with("dev", hx(second[:])), "")
	g.add("prekey of a revoked device", "prekey", in.with("prekey", hx(theirs)).with("dev", hx(second[:])).with("pinned", revoked.vlog()), PrekeyDevice)
	for _, c := range []struct {
		name              string
		created, notAfter uint64
		want              Reason
	}{
		{"prekey in its last millisecond", now - 1000, now, ""},
		{"prekey that is past", now - 1000, now - 1, PrekeyDates},
		{"prekey made 5 minutes from now", now + maxAhead, end + maxAhead, ""},
		{"prekey made later than that", now + maxAhead + 1, end + maxAhead, PrekeyDates},
		{"prekey of 30 days", now, now + maxLifetime, ""},
		{"prekey of more than 30 days", now, now + maxLifetime + 1, PrekeyDates},
		{"prekey that ends when it begins", now, now, PrekeyDates},
		{"prekey that ends before it begins", now + 10, now + 5, PrekeyDates},
	} {
		p, _, err := NewPrekey(b.log, b.keys[0], OneTime, c.created, c.notAfter)
		try(c.name, must(g.t, p, err), c.want)
	}
	big := slices.Clone(one)
	big[50] = 0x20
	try("prekey made at 2^53", resign(big, b.keys[0]), Malformed)
	p, err := CheckPrekey(last, b.log, dev, LastKnown{}, now)
	must(g.t, p, err)
	in = in.with("prekey", hx(last))
	g.add("last-resort key that is known", "prekey", in.with("known_pkid", hx(p.PKID[:])).with("known_created", p.Created), "")
	g.add("last-resort key, newer than known", "prekey", in.with("known_created", p.Created-1), "")
	g.add("last-resort key, older than known", "prekey", in.with("known_created", p.Created+1), PrekeyOlder)
	g.add("last-resort key, another of the same time", "prekey", in.with("known_created", p.Created), PrekeyOlder)
	g.add("one-time key, older than the known last-resort key", "prekey", in.with("prekey", hx(one)).with("known_created", p.Created+1), "")
}
