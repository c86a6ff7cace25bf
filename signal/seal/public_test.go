package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
)

// public reads a file of testdata/public.
func public(t *testing.T, name string) (all []vector) {
	t.Helper()
	raw, err := os.ReadFile("testdata/public/" + name + ".json")
	var list []obj
	if err := json.Unmarshal(must(t, raw, err), &list); err != nil || len(list) == 0 {
		t.Fatalf("%s: %d vectors, %v", name, len(list), err)
	}
	for _, o := range list {
		all = append(all, vector{o})
	}
	return all
}

func TestWycheproofEd25519(t *testing.T) {
	t.Parallel()
	for _, v := range public(t, "wycheproof-ed25519") {
		key := SigningKey(v.b("key"))
		if got, want := key.verify(v.b("msg"), v.b("sig")), v.s("result") == "valid"; got != want {
			t.Errorf("%v %v: got %v, want %v", v.obj["id"], v.obj["flags"], got, want)
		}
	}
}

// TestSpeccheckEd25519 holds what this package says to the twelve cases on which
// verifiers disagree: keys of small order are refused before any signature is
// looked at, and what is left is told as every native verifier tells it.
func TestSpeccheckEd25519(t *testing.T) {
	t.Parallel()
	row := ""
	for _, v := range public(t, "speccheck-ed25519") {
		key := SigningKey(v.b("key"))
		switch {
		case key.Check() != nil:
			row += "k"
		case key.verify(v.b("msg"), v.b("sig")):
			row += "V"
		default:
			row += "."
		}
	}
	if want := "kkVV......kk"; row != want {
		t.Errorf("got %s, want %s", row, want)
	}
}

func TestWycheproofX25519(t *testing.T) {
	t.Parallel()
	for _, v := range public(t, "wycheproof-x25519") {
		priv, err := ecdh.X25519().NewPrivateKey(v.b("private"))
		must(t, priv, err)
		pub, err := ecdh.X25519().NewPublicKey(v.b("public"))
		got, err2 := priv.ECDH(must(t, pub, err))
		if want := v.b("shared"); zero(want) != (err2 != nil) || err2 == nil && !bytes.Equal(got, want) {
			t.Errorf("%v %v: got %x, %v", v.obj["id"], v.obj["flags"], got, err2)
		}
	}
}

// TestSmallOrderX25519 has every X25519 value of Wycheproof whose secret is zero
// stand in a KEM key and in an encapsulation: nothing is sealed to the one, and
// the other opens nothing.
func TestSmallOrderX25519(t *testing.T) {
	t.Parallel()
	seed := Seed(seedOf("kem"))
	pub, err := seed.Public()
	must(t, pub, err)
	enc, _, err := sealTo(pub, nil)
	must(t, enc, err)
	n := 0
	for _, v := range public(t, "wycheproof-x25519") {
		if !zero(v.b("shared")) {
			continue
		}
		n++
		_, _, err := sealTo(slices.Concat(pub[:KEMPublicSize-32], v.b("public")), nil)
		wantReason(t, err, KeyInvalid)
		_, err = seed.openWith(slices.Concat(enc[:encSize-32], v.b("public")), nil)
		wantReason(t, err, OpenFailed)
	}
	if n < 5 {
		t.Errorf("only %d values of small order", n)
	}
}

func TestWycheproofAESGCM(t *testing.T) {
	t.Parallel()
	for _, v := range public(t, "wycheproof-aes-256-gcm") {
		b, err := aes.NewCipher(v.b("key"))
		g, err := cipher.NewGCM(must(t, b, err))
		must(t, g, err)
		pt, err := g.Open(nil, v.b("iv"), append(v.b("ct"), v.b("tag")...), v.b("aad"))
		if want := v.s("result") == "valid"; (err == nil) != want || want && !bytes.Equal(pt, v.b("msg")) {
			t.Errorf("%v: got %v", v.obj["id"], err)
		}
	}
}

func TestWycheproofHKDF(t *testing.T) {
	t.Parallel()
	for _, v := range public(t, "wycheproof-hkdf-sha256") {
		if v.s("result") != "valid" {
			if _, err := hkdf.Key(sha256.New, v.b("ikm"), v.b("salt"), string(v.b("info")), int(v.n("size"))); err == nil {
				t.Errorf("%v is taken", v.obj["id"])
			}
			continue
		}
		if got := kdf(v.b("ikm"), v.b("salt"), v.b("info"), int(v.n("size"))); !bytes.Equal(got, v.b("okm")) {
			t.Errorf("%v: got %x", v.obj["id"], got)
		}
	}
}

// TestHPKEVectors opens and exports what others sealed, by the platform, and
// compares the platform's key schedule with one written here from RFC 9180, 5.1.
func TestHPKEVectors(t *testing.T) {
	t.Parallel()
	for _, v := range public(t, "hpke") {
		kem, err := hpke.NewKEM(uint16(v.n("kem_id")))
		must(t, kem, err)
		aead, err := hpke.NewAEAD(uint16(v.n("aead_id")))
		must(t, aead, err)
		sk, err := kem.NewPrivateKey(v.b("skRm"))
		must(t, sk, err)
		if !bytes.Equal(sk.PublicKey().Bytes(), v.b("pkRm")) {
			t.Error("the public key is another")
		}
		ctx, err := hpke.NewRecipient(v.b("enc"), sk, hpke.HKDFSHA256(), aead, v.b("info"))
		must(t, ctx, err)
		for i, e := range v.list("encryptions") {
			pt, err := ctx.Open(e.b("aad"), e.b("ct"))
			if err != nil || !bytes.Equal(pt, e.b("pt")) {
				t.Errorf("%s: encryption %d: %v", v.s("from"), i, err)
			}
		}
		key, nonce, exp := schedule(uint16(v.n("kem_id")), uint16(v.n("aead_id")), v.b("shared_secret"), v.b("info"))
		if !bytes.Equal(key, v.b("key")) || !bytes.Equal(nonce, v.b("base_nonce")) {
			t.Errorf("%s: another key schedule", v.s("from"))
		}
		for i, e := range v.list("exports") {
			got, err := ctx.Export(string(e.b("exporter_context")), int(e.n("L")))
			id := suiteID(uint16(v.n("kem_id")), uint16(v.n("aead_id")))
			if err != nil || !bytes.Equal(got, e.b("exported_value")) || !bytes.Equal(got, expand(id, exp, "sec", e.b("exporter_context"), 32)) {
				t.Errorf("%s: export %d: %x, %v", v.s("from"), i, got, err)
			}
		}
	}
}

// TestXWingVectors holds the draft's keys and secrets to what this package makes
// of a seed and of an encapsulation: the draft's secret through the key schedule
// above opens what the package would, under its own suite.
func TestXWingVectors(t *testing.T) {
	t.Parallel()
	for i, v := range public(t, "xwing") {
		seed := Seed(v.b("seed"))
		pub, err := seed.Public()
		if !bytes.Equal(must(t, pub, err), v.b("pk")) {
			t.Errorf("%d: the public key is another", i)
		}
		info := envelopeInfo(Acct{1}, Dev{2}, PKID(pub))
		key, nonce, exp := schedule(0x647a, 2, v.b("ss"), info)
		b, err := aes.NewCipher(key)
		g, err := cipher.NewGCM(must(t, b, err))
		must(t, g, err)
		ctx, err := seed.openWith(v.b("ct"), info)
		must(t, ctx, err)
		pt, err := ctx.Open([]byte("aad"), g.Seal(nil, nonce, []byte("from the draft"), []byte("aad")))
		if err != nil || string(pt) != "from the draft" {
			t.Errorf("%d: %v", i, err)
		}
		got, err := ctx.Export(string(ds("call/ring")), 32)
		if want := expand(suiteID(0x647a, 2), exp, "sec", ds("call/ring"), 32); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d: exported %x, want %x", i, got, want)
		}
	}
}

func suiteID(kem, aead uint16) []byte {
	return []byte{'H', 'P', 'K', 'E', byte(kem >> 8), byte(kem), 0, 1, byte(aead >> 8), byte(aead)}
}

func extract(suite, salt []byte, label string, ikm []byte) []byte {
	prk, err := hkdf.Extract(sha256.New, slices.Concat([]byte("HPKE-v1"), suite, []byte(label), ikm), salt)
	if err != nil {
		panic(err)
	}
	return prk
}

func expand(suite, prk []byte, label string, info []byte, n int) []byte {
	out, err := hkdf.Expand(sha256.New, prk, fmt.Sprintf("%c%cHPKE-v1%s%s%s", 0, n, suite, label, info), n)
	if err != nil {
		panic(err)
	}
	return out
}

// schedule is KeySchedule of RFC 9180 in base mode with HKDF-SHA256 and an AEAD
// of 32 and 12 bytes.
func schedule(kem, aead uint16, secret, info []byte) (key, nonce, exporter []byte) {
	id := suiteID(kem, aead)
	ctx := slices.Concat([]byte{0}, extract(id, nil, "psk_id_hash", nil), extract(id, nil, "info_hash", info))
	s := extract(id, secret, "secret", nil)
	return expand(id, s, "key", ctx, 32), expand(id, s, "base_nonce", ctx, 12), expand(id, s, "exp", ctx, 32)
}
