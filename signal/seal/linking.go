package seal

// Lengths of the messages of linking, in bytes, their MACs included.
const (
	LinkNewSize    = m1Size + macSize
	LinkOldSize    = m2Size + macSize
	LinkRevealSize = m3Size + macSize

	m1Size = 1281
	m2Size = 117
	m3Size = 33
)

// LinkSecret is S, which the old device shows.
type LinkSecret [codeBits]byte

// Place returns where at the hub the two devices meet.
func (s LinkSecret) Place() ID { return ID(kdf(s[:], nil, ds("link/id"), 16)) }

// String keeps the secret out of logs; LinkCode.Text spells it for the screen.
func (LinkSecret) String() string { return "[secret]" }

// GoString keeps the secret out of %#v.
func (LinkSecret) GoString() string { return "[secret]" }

// LinkNew is m1: what the new device says of itself.
type LinkNew struct {
	Key    SigningKey
	KEM    []byte
	Commit Hash
}

func linkCommit(key SigningKey, kem []byte, rn [32]byte) Hash {
	return hash("link/commit", key[:], kem, rn[:])
}

// FirstLink makes m1 with its MAC. rn is shown in m3, not before.
func FirstLink(s LinkSecret, key SigningKey, kem []byte, rn [32]byte) ([]byte, error) {
	if err := checkKEM(kem); err != nil {
		return nil, err
	}
	cm := linkCommit(key, kem, rn)
	b := append(append([]byte{1}, key[:]...), kem...)
	b = append(b, cm[:]...)
	m := mac(s[:], "link/new", b)
	return append(b, m[:]...), nil
}

// OpenLinkNew reads m1 on the old device. That it is the first, and in time, is
// the caller's (LinkTwice, LinkLate).
func OpenLinkNew(s LinkSecret, raw []byte) (x LinkNew, err error) {
	if len(raw) != LinkNewSize {
		return x, refuse(Malformed)
	}
	r := reader{b: raw[:m1Size]}
	if r.u8() != 1 {
		return x, refuse(Version)
	}
	if m := mac(s[:], "link/new", raw[:m1Size]); !same(m[:], raw[m1Size:]) {
		return x, refuse(LinkMAC)
	}
	r.into(x.Key[:])
	x.KEM = r.take(KEMPublicSize)
	r.into(x.Commit[:])
	if x.Key.Check() != nil || checkKEM(x.KEM) != nil {
		return LinkNew{}, refuse(KeyInvalid)
	}
	return x, nil
}

// LinkOld is m2: which identity the new device is to become part of.
type LinkOld struct {
	Acct    Acct
	Account ID
	Head    Head
	Random  [32]byte
}

// SecondLink makes m2 with its MAC, in answer to m1 (with its MAC).
func SecondLink(s LinkSecret, m1 []byte, own *Log, ro [32]byte) ([]byte, error) {
	if len(m1) != LinkNewSize {
		return nil, refuse(Malformed)
	}
	a, id, h1 := own.Acct(), own.Account(), plainHash(m1[:m1Size])
	b := append(append([]byte{1}, a[:]...), id[:]...)
	b = append(own.Head().append(b), ro[:]...)
	m := mac(s[:], "link/old", h1[:], b)
	return append(b, m[:]...), nil
}

// OpenLinkOld reads m2 on the new device.
func OpenLinkOld(s LinkSecret, m1, raw []byte) (x LinkOld, err error) {
	if len(raw) != LinkOldSize || len(m1) != LinkNewSize {
		return x, refuse(Malformed)
	}
	r := reader{b: raw[:m2Size]}
	if r.u8() != 1 {
		return x, refuse(Version)
	}
	h1 := plainHash(m1[:m1Size])
	if m := mac(s[:], "link/old", h1[:], raw[:m2Size]); !same(m[:], raw[m2Size:]) {
		return x, refuse(LinkMAC)
	}
	r.into(x.Acct[:])
	r.into(x.Account[:])
	x.Head = r.head()
	r.into(x.Random[:])
	return x, nil
}

func linkRevealMAC(s LinkSecret, m1, m2, m3 []byte) [macSize]byte {
	h1, h2 := plainHash(m1[:m1Size]), plainHash(m2[:m2Size])
	return mac(s[:], "link/reveal", h1[:], h2[:], m3)
}

// ThirdLink makes m3 with its MAC.
func ThirdLink(s LinkSecret, m1, m2 []byte, rn [32]byte) ([]byte, error) {
	if len(m1) != LinkNewSize || len(m2) != LinkOldSize {
		return nil, refuse(Malformed)
	}
	b := append([]byte{1}, rn[:]...)
	m := linkRevealMAC(s, m1, m2, b)
	return append(b, m[:]...), nil
}

// OpenLinkReveal reads m3 on the old device and holds it against what m1
// committed to.
func OpenLinkReveal(s LinkSecret, m1, m2, raw []byte) (rn [32]byte, err error) {
	if len(raw) != LinkRevealSize || len(m1) != LinkNewSize || len(m2) != LinkOldSize {
		return rn, refuse(Malformed)
	}
	r := reader{b: raw[:m3Size]}
	if r.u8() != 1 {
		return rn, refuse(Version)
	}
	if m := linkRevealMAC(s, m1, m2, raw[:m3Size]); !same(m[:], raw[m3Size:]) {
		return rn, refuse(LinkMAC)
	}
	r.into(rn[:])
	x, err := OpenLinkNew(s, m1)
	if err != nil {
		return [32]byte{}, err
	}
	if linkCommit(x.Key, x.KEM, rn) != x.Commit {
		return [32]byte{}, refuse(BadCommit)
	}
	return rn, nil
}

// LinkEmoji returns the places in Names of the four emoji that both screens
// show. m1 and m2 are with their MACs, as they were sent.
func LinkEmoji(s LinkSecret, m1, m2 []byte, rn, ro [32]byte) ([4]int, error) {
	if len(m1) != LinkNewSize || len(m2) != LinkOldSize {
		return [4]int{}, refuse(Malformed)
	}
	th := hash("link/th", m1[:m1Size], m2[:m2Size])
	ikm := append(append(append([]byte{}, s[:]...), rn[:]...), ro[:]...)
	return sixes(kdf(ikm, th[:], ds("link"), 3)), nil
}
