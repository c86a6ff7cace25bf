package seal

import (
	"slices"
	"strings"
)

func callVectors(g *gen) {
	bodyVectors(g)
	descriptionVectors(g)
	k1, k2, ring, answer := seedOf("k1"), seedOf("k2"), seedOf("ring"), seedOf("answer")
	in := obj{"k1": hx(k1[:]), "k2": hx(k2[:]), "ring": hx(ring[:]), "answer": hx(answer[:])}
	base := g.add("keys of a call", "call_keys", in, "")
	for _, k := range []string{"k1", "k2", "ring", "answer"} {
		out := g.add("keys of a call with another "+k, "call_keys", in.with(k, hx(make([]byte, 32))), "")
		for _, key := range []string{"to_callee", "to_caller", "media"} {
			if out[key] == base[key] || out["to_callee"] == out["to_caller"] {
				g.t.Errorf("%s does not depend on %s", key, k)
			}
		}
	}
	g.add("key of what ends a ring", "ring_end", obj{"k1": hx(k1[:]), "ring": hx(ring[:])}, "")
	emojiVectors(g, in)
	frameVectors(g, NewCallKeys(Secret(k1), Secret(k2), ring, answer), RingEndKey(Secret(k1), ring))
	rulesVectors(g)
}

func bodyVectors(g *gen) {
	kem := Seed(seedOf("ekp"))
	pub, err := kem.Public()
	x := RingBody{
		CallID: ID{1, 2, 3}, Leg: 2, Media: SoundAndPicture, EKp: must(g.t, pub, err), Commit: Commitment(ID{1, 2, 3}, 2, Dev{4}, [32]byte{5}),
		Fingerprint: testFingerprint(), SDP: []byte(testSDP),
	}
	rc := [32]byte{5}
	call, to := ID{1, 2, 3}, Dev{4}
	g.add("what the caller commits to", "commitment", obj{"call": hx(call[:]), "leg": 2, "to": hx(to[:]), "rc": hx(rc[:])}, "")
	body, err := x.Bytes()
	must(g.t, body, err)
	in := obj{"body": hx(body), "call": hx(call[:])}
	ring := func(name string, want Reason, change func([]byte) []byte) {
		g.t.Helper()
		g.add(name, "ring", in.with("body", hx(change(slices.Clone(body)))), want)
	}
	same := func(b []byte) []byte { return b }
	ring("ring body", "", same)
	g.add("ring body in a frame of another call", "ring", in.with("call", hx(make([]byte, 16))), BadCallID)
	ring("ring body of leg 8", BadLeg, func(b []byte) []byte { b[16] = 8; return b })
	ring("ring body of leg 7", "", func(b []byte) []byte { b[16] = 7; return b })
	ring("ring body, media 0", Malformed, func(b []byte) []byte { b[17] = 0; return b })
	ring("ring body, media 3", Malformed, func(b []byte) []byte { b[17] = 3; return b })
	ring("ring body, a number of 4095 in EKp", KeyInvalid, func(b []byte) []byte { b[18], b[19] = 0xff, 0xff; return b })
	ring("ring body, another fingerprint", BadFingerprint, func(b []byte) []byte { b[18+1216+32] ^= 1; return b })
	ring("ring body, one byte less", Malformed, func(b []byte) []byte { return b[:len(b)-1] })
	ring("ring body, one byte more", Malformed, func(b []byte) []byte { return append(b, 0) })
	ring("ring body, a description too long", Malformed, func(b []byte) []byte {
		return v32(b[:ringFixed-4], []byte(testSDP+strings.Repeat("a=x\r\n", MaxRingSDP/5)))
	})
	ring("ring body, call id zero", Malformed, func(b []byte) []byte { copy(b, make([]byte, 16)); return b })

	a := AnswerBody{Ring: seedOf("ring"), Random: [32]byte{6}, Fingerprint: testFingerprint(), SDP: []byte(testSDP)}
	body, err = a.Bytes()
	must(g.t, body, err)
	in = obj{"body": hx(body), "ring": hx(a.Ring[:])}
	answer := func(name string, want Reason, change func([]byte) []byte) {
		g.t.Helper()
		g.add(name, "answer", in.with("body", hx(change(slices.Clone(body)))), want)
	}
	answer("answer body", "", same)
	g.add("answer body to another ring", "answer", in.with("ring", hx(make([]byte, 32))), RingHash)
	answer("answer body of stage 2", Malformed, func(b []byte) []byte { b[32] = 2; return b })
	answer("answer body of stage 1 with r_r", Malformed, func(b []byte) []byte { b[32] = 1; return b })
	answer("answer body of stage 1", "", func(b []byte) []byte { b[32] = 1; copy(b[33:65], make([]byte, 32)); return b })
	answer("answer body of stage 0 without r_r", Malformed, func(b []byte) []byte { copy(b[33:65], make([]byte, 32)); return b })
	answer("answer body, another fingerprint", BadFingerprint, func(b []byte) []byte { b[65] ^= 1; return b })
	answer("answer body, one byte more", Malformed, func(b []byte) []byte { return append(b, 0) })
}

func descriptionVectors(g *gen) {
	fp := testFingerprint()
	check := func(name, sdp string, early bool, want Reason) {
		g.t.Helper()
		g.add(name, "description", obj{"sdp": hx([]byte(sdp)), "fp": hx(fp[:]), "early": early}, want)
	}
	swap := func(old, with string) string { return strings.Replace(testSDP, old, with, 1) }
	check("description", testSDP, true, "")
	check("description, fingerprint before the media", swap("t=0 0\r\n", "t=0 0\r\n"+testFP), true, "")
	second := "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n"
	check("description with a second section without a fingerprint", testSDP+second, true, BadFingerprint)
	check("description with a second section that inherits one", swap("t=0 0\r\n", "t=0 0\r\n"+testFP)+second, true, "")
	check("description with a first section without a fingerprint", swap("m=audio", second+"m=audio"), true, BadFingerprint)
	check("description with a section refused", testSDP+"m=video 0 UDP/TLS/RTP/SAVPF 96\r\n", true, "")
	check("description with data", testSDP+"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"+testFP, true, "")
	check("description with a second fingerprint", testSDP+strings.Replace(testFP, "00", "01", 1), true, BadFingerprint)
	check("description with a fingerprint in small letters", swap(":0A:", ":0a:"), true, BadFingerprint)
	check("description with SHA-256 in capitals", swap("sha-256", "SHA-256"), true, BadFingerprint)
	check("description with a sha-1 fingerprint", testSDP+"a=fingerprint:sha-1 00\r\n", true, BadFingerprint)
	check("description with a space more", swap("sha-256 ", "sha-256  "), true, BadFingerprint)
	check("description with no fingerprint", swap(testFP, ""), true, BadFingerprint)
	check("description with SDES keys", testSDP+"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n", true, BadFingerprint)
	check("description with plain RTP", swap("UDP/TLS/RTP/SAVPF", "RTP/AVP"), true, BadFingerprint)
	check("description with LF alone", strings.ReplaceAll(testSDP, "\r\n", "\n"), true, Malformed)
	check("description with an LF within a line", swap("s=-", "s=-\na=x"), true, Malformed)
	check("description with a CR within a line", swap("s=-", "s=-\ra=x"), true, Malformed)
	check("description with NUL", swap("s=-", "s=\x00"), true, Malformed)
	check("description that is no UTF-8", swap("s=-", "s=\xff"), true, Malformed)
	check("description without an end", strings.TrimSuffix(testSDP, "\r\n"), true, Malformed)
	check("description without media", "v=0\r\n", true, Malformed)
	check("no description", "", true, Malformed)
	candidate := "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n"
	check("description with a candidate, early", testSDP+candidate, true, CandidateEarly)
	check("description with a candidate, later", testSDP+candidate, false, "")
	check("description with an address in c=", swap("0.0.0.0\r\na=rtcp", "192.0.2.1\r\na=rtcp"), true, CandidateEarly)
	check("description with an address in a=rtcp", swap("a=rtcp:9 IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 192.0.2.1"), true, CandidateEarly)
	check("description with a port", swap("m=audio 9", "m=audio 4000"), true, CandidateEarly)
	check("description with a=rtcp alone", swap("a=rtcp:9 IN IP4 0.0.0.0", "a=rtcp:9"), true, "")
	check("description with IPv6", strings.ReplaceAll(testSDP, "IN IP4 0.0.0.0", "IN IP6 ::"), true, "")
}

func emojiVectors(g *gen, in obj) {
	side := func(name string) obj {
		a, d, f, r := seedOf(name+" acct"), seedOf(name+" dev"), seedOf(name+" fp"), seedOf(name+" random")
		return obj{"acct": hx(a[:]), "dev": hx(d[:16]), "fp": hx(f[:]), "random": hx(r[:])}
	}
	c, r := side("caller"), side("callee")
	in = in.with("caller", c).with("callee", r)
	seen := []any{g.add("emoji", "emoji", in, "")["places"]}
	for _, k := range []string{"acct", "dev", "fp", "random"} {
		zeros := hx(make([]byte, len(vector{c}.b(k))))
		seen = append(seen, g.add("emoji, caller with another "+k, "emoji", in.with("caller", c.with(k, zeros)), "")["places"])
		seen = append(seen, g.add("emoji, callee with another "+k, "emoji", in.with("callee", r.with(k, zeros)), "")["places"])
	}
	seen = append(seen, g.add("emoji with the sides exchanged", "emoji", in.with("caller", r).with("callee", c), "")["places"])
	seen = append(seen, g.add("emoji of another answer", "emoji", in.with("answer", hx(make([]byte, 32))), "")["places"])
	for i := range seen {
		if slices.Contains(seen[:i], seen[i]) {
			g.t.Errorf("emoji %d are as some before: %v", i, seen[i])
		}
	}
}

// raw seals a frame's plaintext made by hand.
func (k FrameKey) raw(g *gen, l Leg, d Direction, seq uint32, pt []byte) []byte {
	b, err := k.sealFrame(l.header(d, seq), seq, pt)
	return must(g.t, b, err)
}

func frameVectors(g *gen, keys CallKeys, end FrameKey) {
	l := Leg{Call: ID{1, 2, 3}, Leg: 2}
	key := keys.Frames(ToCallee)
	in := obj{"key": key44(key), "call": hx(l.Call[:]), "leg": l.Leg, "dir": ToCallee, "next": 0}
	s := FrameSealer{Leg: l, Dir: ToCallee, Key: key}
	var first []byte
	for i, f := range []Frame{
		{Type: FrameReveal, Random: seedOf("rc")},
		{Type: FrameSDP, Conn: 1, Gen: 513, Offer: true, Text: []byte(testSDP)},
		{Type: FrameCandidate, Gen: 1, Text: []byte("candidate:1 1 udp 1 192.0.2.1 9 typ relay")},
		{Type: FrameMedia, Sends: 3},
		{Type: FrameAccept, Media: Sound, Random: seedOf("rr")},
		{Type: FrameEnd, Reason: 1},
		{Type: FrameMoved, Leg: 3, Dev: Dev{9}},
		{Type: FrameSDP, Text: make([]byte, MaxFrameSDP)},
		{Type: FrameCandidate, Text: make([]byte, MaxCandidate)},
	} {
		raw, err := s.Seal(f)
		must(g.t, raw, err)
		g.add("frame "+string(rune('a'+i)), "frame", in.with("frame", hx(raw)).with("next", i), "")
		if i == 0 {
			first = raw
		}
	}
	frame := func(name string, raw []byte, want Reason) {
		g.t.Helper()
		g.add(name, "frame", in.with("frame", hx(raw)), want)
	}
	frame("frame, one byte less", first[1:], Malformed)
	frame("no frame", nil, Malformed)
	frame("frame of version 0", append([]byte{0}, first[1:]...), Version)
	frame("frame of another call", flip(first, 3), FrameOther)
	frame("frame of another leg", flip(first, 17), FrameOther)
	back, err := (&FrameSealer{Leg: l, Dir: ToCaller, Key: keys.Frames(ToCaller)}).Seal(Frame{Type: FrameMedia})
	frame("frame reflected", must(g.t, back, err), FrameDirection)
	turned := slices.Clone(back)
	turned[18] = byte(ToCallee)
	frame("frame reflected with its direction turned", turned, FrameOpen)
	g.add("frame again", "frame", in.with("frame", hx(first)).with("next", 1), FrameOld)
	frame("frame after a gap", key.raw(g, l, ToCallee, 1, make([]byte, smallFrame)), FrameGap)
	g.add("frame 2^20", "frame", in.with("frame", hx(key.raw(g, l, ToCallee, MaxFrames, make([]byte, smallFrame)))).with("next", MaxFrames), FrameGap)
	frame("frame, a bit of the ciphertext changed", flip(first, 100), FrameOpen)
	frame("frame, a bit of the tag changed", flip(first, len(first)-1), FrameOpen)
	frame("frame under the key of the other direction", keys.Frames(ToCaller).raw(g, l, ToCallee, 0, make([]byte, smallFrame)), FrameOpen)
	plain := func(name string, want Reason, size int, b ...byte) {
		g.t.Helper()
		frame(name, key.raw(g, l, ToCallee, 0, append(b, make([]byte, size-len(b))...)), want)
	}
	plain("frame of type 7", Malformed, smallFrame, 7)
	plain("frame with a length too long", Malformed, smallFrame, 3, 0, 0, 2, 0)
	plain("sdp in a small frame", BadBucket, smallFrame, 1, 0, 0, 0, 4)
	plain("media in a large frame", BadBucket, largeFrame, 3, 0, 0, 0, 1)
	plain("frame with padding", Padding, smallFrame, 3, 0, 0, 0, 1, 0, 1)
	plain("media 4", Malformed, smallFrame, 3, 0, 0, 0, 1, 4)
	plain("media of two bytes", Malformed, smallFrame, 3, 0, 0, 0, 2)
	plain("end for reason 0", Malformed, smallFrame, 5, 0, 0, 0, 1)
	plain("end for reason 4", Malformed, smallFrame, 5, 0, 0, 0, 1, 4)
	plain("moved to this leg", Malformed, smallFrame, 6, 0, 0, 0, 17, 2)
	plain("moved to leg 8", Malformed, smallFrame, 6, 0, 0, 0, 17, 8)
	plain("reveal of 31 bytes", Malformed, smallFrame, 0, 0, 0, 0, 31)
	plain("accept with media 0", Malformed, smallFrame, 4, 0, 0, 0, 33)
	plain("candidate on connection 2", Malformed, smallFrame, 2, 0, 0, 0, 3, 2)
	plain("sdp with offer 2", Malformed, largeFrame, 1, 0, 0, 0, 4, 0, 0, 0, 2)
	e := in.with("key", key44(end)).with("dir", RingEnd)
	raw, err := (&FrameSealer{Leg: l, Dir: RingEnd, Key: end}).Seal(Frame{Type: FrameEnd, Reason: 2})
	g.add("answered elsewhere", "frame", e.with("frame", hx(must(g.t, raw, err))), "")
	g.add("answered elsewhere, again", "frame", e.with("frame", hx(raw)).with("next", 1), FrameOld)
	g.add("media where only an end may be", "frame", e.with("frame", hx(end.raw(g, l, RingEnd, 0, append([]byte{3, 0, 0, 0, 1}, make([]byte, 507)...)))), FrameRule)
}

func rulesVectors(g *gen) {
	rc := seedOf("rc")
	call, dev := ID{1, 2, 3}, Dev{4}
	cm := Commitment(call, 2, dev, rc)
	callee := obj{"caller": false, "commit": hx(cm[:]), "dev": hx(dev[:]), "call": hx(call[:]), "leg": 2, "stage": Ready}
	caller := callee.with("caller", true)
	press := obj{"press": true}
	wrong := seedOf("wrong")
	reveal, bad := obj{"type": FrameReveal, "data": hx(rc[:])}, obj{"type": FrameReveal, "data": hx(wrong[:])}
	accept, media := obj{"type": FrameAccept, "data": "01" + hx(rc[:])}, obj{"type": FrameMedia, "data": "01"}
	for _, c := range []struct {
		name  string
		who   obj
		steps []obj
		want  Reason
	}{
		{"reveal after the press", callee, []obj{press, reveal}, ""},
		{"reveal, others before it", callee, []obj{press, media, reveal, media}, ""},
		{"reveal before the press", callee, []obj{reveal}, BadCommit},
		{"reveal to an answer of stage 0", callee.with("stage", Accepted), []obj{reveal}, ""},
		{"reveal that does not fit", callee, []obj{press, bad}, BadCommit},
		{"reveal twice", callee, []obj{press, reveal, reveal}, BadCommit},
		{"reveal of another leg", callee.with("leg", 1), []obj{press, reveal}, BadCommit},
		{"reveal of another branch", callee.with("dev", hx(make([]byte, 16))), []obj{press, reveal}, BadCommit},
		{"reveal from the callee", caller, []obj{reveal}, FrameRule},
		{"accept", caller, []obj{accept}, ""},
		{"accept twice", caller, []obj{accept, accept}, FrameRule},
		{"accept after an answer of stage 0", caller.with("stage", Accepted), []obj{accept}, FrameRule},
		{"accept after the reveal went to another branch", caller, []obj{{"elsewhere": true}, accept}, AnswerTwice},
		{"accept from the caller", callee, []obj{accept}, FrameRule},
		{"media before any press", callee, []obj{media}, ""},
	} {
		g.add(c.name, "rules", c.who.with("steps", c.steps), c.want)
	}
}

func linkVectors(g *gen) {
	a := newPerson(g.t, "anna")
	s, wrong := LinkSecret(Hash(seedOf("S")).bytes16()), LinkSecret(Hash(seedOf("wrong S")).bytes16())
	kem := Seed(seedOf("link kem"))
	pub, err := kem.Public()
	must(g.t, pub, err)
	rn, ro := seedOf("rn"), seedOf("ro")
	key := deviceKey("anna new").Public()
	m1, err := FirstLink(s, key, pub, rn)
	must(g.t, m1, err)
	m2, err := SecondLink(s, m1, a.log, ro)
	must(g.t, m2, err)
	m3, err := ThirdLink(s, m1, m2, rn)
	must(g.t, m3, err)
	in := obj{"s": hx(s[:]), "m1": hx(m1), "m2": hx(m2), "m3": hx(m3), "ro": hx(ro[:])}
	remac := func(label string, b []byte, before ...[]byte) []byte {
		b = slices.Clone(b[:len(b)-macSize])
		m := mac(s[:], label, append(before, b)...)
		return append(b, m[:]...)
	}
	g.add("first message of linking", "link_new", in, "")
	g.add("first message, another code", "link_new", in.with("s", hx(wrong[:])), LinkMAC)
	g.add("first message, a bit changed", "link_new", in.with("m1", hx(flip(m1, 40))), LinkMAC)
	g.add("first message, one byte less", "link_new", in.with("m1", hx(m1[1:])), Malformed)
	g.add("first message of version 0", "link_new", in.with("m1", hx(append([]byte{0}, m1[1:]...))), Version)
	small := slices.Clone(m1)
	copy(small[1:], make([]byte, 32))
	g.add("first message with a small-order key", "link_new", in.with("m1", hx(remac("link/new", small))), KeyInvalid)
	high := slices.Clone(m1)
	high[33], high[34] = 0xff, 0xff
	g.add("first message with a number of 4095", "link_new", in.with("m1", hx(remac("link/new", high))), KeyInvalid)
	g.add("second message of linking", "link_old", in, "")
	g.add("second message, another code", "link_old", in.with("s", hx(wrong[:])), LinkMAC)
	g.add("second message to another first", "link_old", in.with("m1", hx(flip(m1, 40))), LinkMAC)
	g.add("second message, a bit changed", "link_old", in.with("m2", hx(flip(m2, 5))), LinkMAC)
	g.add("second message, one byte more", "link_old", in.with("m2", hx(append(slices.Clone(m2), 0))), Malformed)
	g.add("third message of linking", "link_reveal", in, "")
	h1, h2 := plainHash(m1[:m1Size]), plainHash(m2[:m2Size])
	g.add("third message that does not fit", "link_reveal", in.with("m3", hx(remac("link/reveal", flip(m3, 9), h1[:], h2[:]))), BadCommit)
	g.add("third message, a bit changed", "link_reveal", in.with("m3", hx(flip(m3, 9))), LinkMAC)
	g.add("third message to another second", "link_reveal", in.with("m2", hx(flip(m2, 5))), LinkMAC)
	g.add("third message of version 2", "link_reveal", in.with("m3", hx(append([]byte{2}, m3[1:]...))), Version)
}
