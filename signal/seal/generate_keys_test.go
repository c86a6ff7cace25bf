package seal

import (
	"fmt"
	"slices"
	"strings"
)

func keyVectors(g *gen) {
	signingKeyVectors(g)
	kemVectors(g)
	a := newPerson(g.t, "anna")
	root, key := a.rec.Root.Public(), a.keys[0].Public()
	names := obj{"account": hx(a.account[:]), "root": hx(root[:]), "key": hx(key[:])}
	g.add("names of an identity and a device", "names", names, "")
	bits := seedOf("code")
	for _, use := range []string{"recovery", "link"} {
		out := g.add("code for "+use, "code_text", obj{"use": use, "bits": hx(bits[:16])}, "")
		text, _ := out["text"].(string)
		g.add("code for "+use+" as a person types it", "code", obj{"use": use, "text": typedBadly(text)}, "")
		g.add("code for "+use+" with a wrong character", "code", obj{"use": use, "text": other(text, 3)}, BadCode)
		g.add("code for "+use+" with another of the first check bits", "code", obj{"use": use, "text": nextChar(text, 26)}, BadCode)
		g.add("code for "+use+" with another of the last check bits", "code", obj{"use": use, "text": nextChar(text, 27)}, BadCode)
		g.add("code for "+use+" too short", "code", obj{"use": use, "text": text[:27]}, BadCode)
		g.add("code for "+use+" too long", "code", obj{"use": use, "text": text + "0"}, BadCode)
		g.add("code for "+use+" with a U", "code", obj{"use": use, "text": "U" + text[1:]}, BadCode)
		g.add("code for "+use+" with two characters exchanged", "code", obj{"use": use, "text": exchange(text)}, BadCode)
	}
	text := RecoveryCode.Text(ID(bits[:16]))
	g.add("a recovery code where one for linking is asked", "code", obj{"use": "link", "text": text}, BadCode)
	g.add("no code", "code", obj{"use": "link", "text": ""}, BadCode)
	g.add("what a recovery code gives", "recover", obj{"bits": hx(bits[:16]), "account": hx(a.account[:])}, "")
}

// typedBadly spells a code in small letters, in groups, with O for 0 and l for 1.
func typedBadly(text string) string {
	text = strings.NewReplacer("0", "o", "1", "l").Replace(strings.ToLower(text))
	out := ""
	for i := 0; i < len(text); i += 4 {
		out += text[i:min(i+4, len(text))] + "- "
	}
	return out
}

func other(text string, at int) string {
	c := byte('7')
	if text[at] == c {
		c = '8'
	}
	return text[:at] + string(c) + text[at+1:]
}

// nextChar changes the last bit of a character.
func nextChar(text string, at int) string {
	i := strings.IndexByte(crockford, text[at]) ^ 1
	return text[:at] + crockford[i:i+1] + text[at+1:]
}

func exchange(text string) string {
	for i := range len(text) - 1 {
		if text[i] != text[i+1] {
			return text[:i] + string(text[i+1]) + string(text[i]) + text[i+2:]
		}
	}
	return other(text, 0)
}

func signingKeyVectors(g *gen) {
	key := deviceKey("some").Public()
	g.add("a signing key", "signing_key", obj{"key": hx(key[:])}, "")
	for i, k := range smallOrder {
		g.add(fmt.Sprint("small order ", i), "signing_key", obj{"key": hx(k[:])}, KeyInvalid)
		k[31] |= 0x80
		g.add(fmt.Sprint("small order ", i, ", the other sign"), "signing_key", obj{"key": hx(k[:])}, KeyInvalid)
	}
	high := smallOrder[2] // p − 1
	for i, low := range []byte{0xed, 0xee, 0xff} {
		high[0] = low
		g.add(fmt.Sprint("y is p or more ", i), "signing_key", obj{"key": hx(high[:])}, KeyInvalid)
	}
	high[0] = 0xeb
	g.add("y is p - 2", "signing_key", obj{"key": hx(high[:])}, "")
	sig, err := deviceKey("some").sign([]byte("a message"))
	must(g.t, sig, err)
	in := obj{"key": hx(key[:]), "msg": hx([]byte("a message")), "sig": hx(sig)}
	g.add("a signature", "verify", in, "")
	g.add("a signature of something else", "verify", in.with("msg", hx([]byte("another"))), "")
	g.add("a signature with S one bit off", "verify", in.with("sig", hx(flip(sig, 40))), "")
	g.add("a signature with R one bit off", "verify", in.with("sig", hx(flip(sig, 1))), "")
	g.add("a signature with S and the group's order", "verify", in.with("sig", hx(addOrder(sig))), "")
	one := smallOrder[1]
	g.add("any message under the key 01 00...", "verify", obj{"key": hx(one[:]), "msg": "00", "sig": hx(append(one[:], make([]byte, 32)...))}, "")
	off := SigningKey{2}
	g.add("a key on no curve", "signing_key", obj{"key": hx(off[:])}, "")
	g.add("a signature under a key on no curve", "verify", in.with("key", hx(off[:])), "")
}

// addOrder adds the order of Ed25519's group to S, which a verifier that does
// not look takes for the same signature.
func addOrder(sig []byte) []byte {
	order := []byte{
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
	}
	out := append([]byte{}, sig...)
	carry := 0
	for i, x := range order {
		carry += int(out[32+i]) + int(x)
		out[32+i] = byte(carry)
		carry >>= 8
	}
	return out
}

func kemVectors(g *gen) {
	seed := Seed(seedOf("kem"))
	pub, err := seed.Public()
	must(g.t, pub, err)
	g.add("a KEM key from its seed", "kem_seed", obj{"seed": hx(seed[:])}, "")
	g.add("a KEM key", "kem_key", obj{"pub": hx(pub)}, "")
	g.add("sealing to a KEM key", "seal_to", obj{"pub": hx(pub)}, "")
	g.add("a KEM key, one byte less", "kem_key", obj{"pub": hx(pub[1:])}, Malformed)
	g.add("a KEM key, one byte more", "kem_key", obj{"pub": hx(append(slices.Clip(pub), 0))}, Malformed)
	for _, c := range []struct {
		name string
		at   int
		v    [3]byte
	}{
		{"first number 3329", 0, [3]byte{0x01, 0x0d, 0}},
		{"first number 4095", 0, [3]byte{0xff, 0x0f, 0}},
		{"last number 3329", 1149, [3]byte{0, 0x10, 0xd0}},
		{"last number 4095", 1149, [3]byte{0, 0xf0, 0xff}},
	} {
		bad := append([]byte{}, pub...)
		copy(bad[c.at:], c.v[:])
		g.add("a KEM key, "+c.name, "kem_key", obj{"pub": hx(bad)}, KeyInvalid)
		g.add("sealing to a KEM key, "+c.name, "seal_to", obj{"pub": hx(bad)}, KeyInvalid)
	}
	good := append([]byte{}, pub...)
	copy(good, []byte{0x00, 0x0d, 0xd0})
	g.add("a KEM key, first two numbers 3328", "kem_key", obj{"pub": hx(good)}, "")
	for x, name := range []string{"zero", "one"} {
		bad := append([]byte{}, pub...)
		copy(bad[mlkemSize+32:], make([]byte, 32))
		bad[mlkemSize+32] = byte(x)
		g.add("sealing to a KEM key, X25519 half "+name, "seal_to", obj{"pub": hx(bad)}, KeyInvalid)
	}
}
