package seal

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

// Every decoder takes whatever there is without a panic, and what it takes it
// writes again byte for byte: one spelling of each value.

// fromVectors is what a vector says goes in. What is random comes from there: a
// fuzzer's processes must have the same.
func fromVectors(f *testing.F, file, name string) vector {
	f.Helper()
	raw, err := os.ReadFile("testdata/vectors/" + file + ".json")
	var all vectorFile
	if err := json.Unmarshal(must(f, raw, err), &all); err != nil {
		f.Fatal(err)
	}
	for _, c := range all.Cases {
		if c.Name == name {
			return vector{c.In}
		}
	}
	f.Fatalf("%s has no vector %q", file, name)
	return vector{}
}

func FuzzVerifyLog(f *testing.F) {
	a := newPerson(f, "anna")
	a.add(f, deviceKey("anna phone"), true)
	f.Add(a.log.Bytes())
	d, err := a.log.DraftReset(a.rec.Root, 1, []Dev{a.dev(0)}, now)
	f.Add(append(a.log.Until(1), must(f, d, err).Entry()...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		l, err := VerifyLog(raw, a.account)
		if err != nil && (ReasonOf(err) == "" || l != nil) {
			t.Fatalf("got %v, %v", l, err)
		}
		if err == nil && (len(l.Active()) > MaxDevices || !l.Contains(l.Head()) || !bytes.Equal(l.Until(l.Head().Seq), raw)) {
			t.Fatalf("a log that does not hold together: %v", l.Head())
		}
	})
}

func FuzzPins(f *testing.F) {
	a, b := newPerson(f, "anna"), newPerson(f, "bob")
	f.Add(AppendPins(nil, []Pin{a.pin(), b.pin()}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		pins, err := ReadPins(raw)
		if err == nil && !bytes.Equal(AppendPins(nil, pins), raw) {
			t.Fatal("pins are written in another way than they were read")
		}
	})
}

func FuzzContent(f *testing.F) {
	a := newPerson(f, "anna")
	f.Add(Content([]Pin{a.pin()}, []byte("{}")))
	f.Add(SyncBody(1, []byte("x")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if pins, settings, err := ReadContent(raw); err == nil && !bytes.Equal(Content(pins, settings), raw) {
			t.Fatal("content is written in another way than it was read")
		}
		if n, what, err := ReadSync(raw); err == nil && !bytes.Equal(SyncBody(n, what), raw) {
			t.Fatal("own sync is written in another way than it was read")
		}
	})
}

func FuzzLink(f *testing.F) {
	a := newPerson(f, "anna")
	f.Add(FriendLink{Acct: a.log.Acct(), Head: a.log.Head()}.Text())
	f.Fuzz(func(t *testing.T, text string) {
		if l, err := ReadLink(text); err == nil && l.Text() != text {
			t.Fatalf("read %q, wrote %q", text, l.Text())
		}
	})
}

func FuzzCode(f *testing.F) {
	f.Add(RecoveryCode.Text([16]byte{1}))
	f.Add("0oO1iIlL-- uU")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := RecoveryCode.Read(text)
		if err != nil {
			return
		}
		if again, err := RecoveryCode.Read(RecoveryCode.Text(b)); err != nil || again != b {
			t.Fatalf("%q reads as %x, which does not come back: %v", text, b, err)
		}
	})
}

func FuzzFriends(f *testing.F) {
	a, b := newPerson(f, "anna"), newPerson(f, "bob")
	in := fromVectors(f, "friends", "accept")
	req, acc := in.b("request"), in.b("accept")
	f.Add(req)
	f.Add(acc)
	f.Add(ScanCode(b.log, a.log.Acct()))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, _, err := CheckRequest(raw, a.log.Acct(), b.log, [][16]byte{{1}}, now); err == nil && len(raw) != RequestSize {
			t.Fatal("a request of another length")
		}
		if _, err := CheckAccept(raw, req, a.log); err == nil && !bytes.Equal(raw, acc) {
			t.Fatal("an accept that nobody signed")
		}
		_ = CheckScan(raw, a.log.Acct(), b.log)
	})
}

func FuzzPrekey(f *testing.F) {
	in := fromVectors(f, "prekeys", "last-resort prekey")
	raw, pinned, dev := in.b("prekey"), in.log("pinned"), Dev(in.b("dev"))
	f.Add(raw)
	f.Fuzz(func(t *testing.T, x []byte) {
		if _, err := CheckPrekey(x, pinned, dev, LastKnown{}, now); err == nil && !bytes.Equal(x[:prekeyBody], raw[:prekeyBody]) {
			t.Fatal("a prekey that nobody signed")
		}
	})
}

func FuzzOpen(f *testing.F) {
	in := fromVectors(f, "envelopes", "own sync")
	raw := in.b("wire")
	f.Add(raw)
	f.Fuzz(func(t *testing.T, wire []byte) {
		if _, err := openOp(vector{in.with("wire", hx(wire))}); err == nil && !bytes.Equal(wire, raw) {
			t.Fatal("an envelope that nobody sealed")
		}
	})
}

// FuzzPlain goes where no fuzzer gets through HPKE.
func FuzzPlain(f *testing.F) {
	f.Add(uint8(3), make([]byte, 512))
	f.Fuzz(func(t *testing.T, kind uint8, pt []byte) {
		x, err := readPlain(Kind(kind), pt)
		if err != nil {
			return
		}
		again := append(append(v32(v16(nil, x.bytes()), x.body), x.salt...), x.sig...)
		if !bytes.HasPrefix(pt, again) || !zero(pt[len(again):]) {
			t.Fatal("an envelope's inside is written in another way than it was read")
		}
	})
}

func FuzzCallBodies(f *testing.F) {
	seed := Seed(seedOf("kem"))
	pub, err := seed.Public()
	ring, err2 := RingBody{CallID: ID{1}, Media: Sound, EKp: must(f, pub, err), Fingerprint: testFingerprint(), SDP: []byte(testSDP)}.Bytes()
	f.Add(must(f, ring, err2))
	answer, err := AnswerBody{Stage: Ready, Fingerprint: testFingerprint(), SDP: []byte(testSDP)}.Bytes()
	f.Add(must(f, answer, err))
	f.Fuzz(func(t *testing.T, b []byte) {
		if x, err := ReadRing(b, ID{1}); err == nil {
			if again, err := x.Bytes(); err != nil || !bytes.Equal(again, b) {
				t.Fatal("a ring is written in another way than it was read")
			}
		}
		if x, err := ReadAnswer(b, Hash{}); err == nil {
			if again, err := x.Bytes(); err != nil || !bytes.Equal(again, b) {
				t.Fatal("an answer is written in another way than it was read")
			}
		}
	})
}

func FuzzDescription(f *testing.F) {
	f.Add([]byte(testSDP), true)
	f.Add([]byte(testFP+"m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"), false)
	f.Fuzz(func(t *testing.T, sdp []byte, early bool) {
		if CheckDescription(sdp, testFingerprint(), early) != nil {
			return
		}
		for line := range bytes.SplitSeq(sdp, []byte("\n")) {
			if bytes.HasPrefix(line, []byte("a=fingerprint")) && string(line)+"\n" != testFP {
				t.Fatalf("a fingerprint that was not agreed on: %q", line)
			}
			if early && bytes.HasPrefix(line, []byte("a=candidate")) {
				t.Fatal("a candidate where none may be")
			}
		}
	})
}

func FuzzFrame(f *testing.F) {
	var key FrameKey
	key.key[0] = 1
	f.Add(uint8(0), make([]byte, 32), []byte{})
	f.Add(uint8(1), []byte{0, 0, 1, 1, 'v'}, []byte{1})
	f.Fuzz(func(t *testing.T, typ uint8, data, raw []byte) {
		if x, ok := readFrame(FrameType(typ), data, 0); ok && !bytes.Equal(x.data(), data) {
			t.Fatal("a frame's data is written in another way than it was read")
		}
		o := FrameOpener{Leg: Leg{Call: ID{1}}, Dir: ToCallee, Key: key}
		if _, err := o.Open(raw); err == nil {
			t.Fatal("a frame that nobody sealed")
		}
		pt := v32([]byte{typ}, data)
		if len(pt) > largeFrame {
			return
		}
		pt = append(pt, make([]byte, FrameType(typ).size())...)[:FrameType(typ).size()]
		sealed, err := key.sealFrame(o.Leg.header(ToCallee, 0), 0, pt)
		if x, err := o.Open(must(t, sealed, err)); err == nil && !bytes.Equal(x.data(), data) {
			t.Fatal("a frame is opened as another than was sealed")
		}
	})
}

func FuzzLinking(f *testing.F) {
	a := newPerson(f, "anna")
	s, seed := LinkSecret{1}, Seed(seedOf("kem"))
	pub, err := seed.Public()
	m1, err2 := FirstLink(s, a.keys[0].Public(), must(f, pub, err), [32]byte{2})
	f.Add(must(f, m1, err2))
	m2, err := SecondLink(s, m1, a.log, [32]byte{3})
	f.Add(must(f, m2, err))
	m3, err := ThirdLink(s, m1, m2, [32]byte{2})
	f.Add(must(f, m3, err))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, err := OpenLinkNew(s, raw); err == nil && !bytes.Equal(raw, m1) {
			t.Fatal("a first message that nobody made")
		}
		if _, err := OpenLinkOld(s, m1, raw); err == nil && !bytes.Equal(raw, m2) {
			t.Fatal("a second message that nobody made")
		}
		if _, err := OpenLinkReveal(s, m1, m2, raw); err == nil && !bytes.Equal(raw, m3) {
			t.Fatal("a third message that nobody made")
		}
		_, _ = OpenLinkReveal(s, raw, raw, raw)
		_ = CheckJoin(raw, a.log.Acct(), a.log.Head(), a.keys[0].Public())
	})
}

func FuzzBackup(f *testing.F) {
	in := fromVectors(f, "log", "backup")
	raw, own, rec := in.b("backup"), in.log("own"), Recovery{Root: rootFrom(in.b("root_seed")), Backup: Seed(in.b("seed"))}
	f.Add(raw)
	f.Fuzz(func(t *testing.T, x []byte) {
		if _, err := OpenBackup(own, rec, x); err == nil && !bytes.Equal(x, raw) {
			t.Fatal("a backup that nobody made")
		}
		var b Backup
		_ = b.fill(x)
	})
}
