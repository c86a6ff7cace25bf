package relay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"time"
)

const (
	// nonceStep is what a nonce's time is counted in.
	nonceStep = 30 * time.Second

	// A nonce is 12 characters: 24 bits of time, 16 of whom it was made for,
	// 32 of MAC. It can only be guessed here, and who guesses one has gained
	// nothing: it saves a round trip. Short it has to be, see [strangers].
	nonceRaw  = 9
	nonceTime = 3
	nonceHead = 5 // what the MAC stands behind
	nonceLen  = 12
)

// nonces makes and checks what proves that a client was asked before, and
// lately: RFC 8489 section 9.2. They are not kept: a nonce names its time,
// and only the network and transport that it was made for can use it. With a
// key that stays, they outlive a restart, so that a client that knows of none
// learns in one round trip that its allocation is gone.
type nonces struct {
	key  []byte
	life time.Duration
	now  func() time.Time
}

func (n *nonces) make(c client) string {
	var raw [nonceRaw]byte
	step := n.step()
	raw[0], raw[1], raw[2] = byte(step>>16&0xff), byte(step>>8&0xff), byte(step&0xff)
	binary.BigEndian.PutUint16(raw[nonceTime:], mark(c.src))
	n.sum(raw[:], c)
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

func (n *nonces) valid(nonce []byte, c client) bool {
	var raw, want [nonceRaw]byte
	if len(nonce) != nonceLen {
		return false
	}
	if _, err := base64.RawURLEncoding.Decode(raw[:], nonce); err != nil {
		return false
	}
	copy(want[:nonceHead], raw[:])
	n.sum(want[:], c)
	if !hmac.Equal(raw[:], want[:]) {
		return false
	}
	made := uint32(raw[0])<<16 | uint32(raw[1])<<8 | uint32(raw[2])
	age := (n.step() - made) & 0xffffff // the count starts anew after 15 years
	return time.Duration(age)*nonceStep <= n.life
}

func (n *nonces) step() uint32 {
	return uint32(n.now().Unix()/int64(nonceStep/time.Second)) & 0xffffff //nolint:gosec // its 24 bits
}

// sum writes the MAC behind the time in raw.
func (n *nonces) sum(raw []byte, c client) {
	from := network(c.src.Addr())
	addr := from.Addr().As16()
	mac := hmac.New(sha256.New, n.key)
	mac.Write(raw[:nonceHead])
	mac.Write(addr[:])
	mac.Write([]byte{byte(c.via)})
	copy(raw[nonceHead:], mac.Sum(nil))
}

// mark tells the clients of one network apart: RFC 8489 section 9.2.4 wants no
// nonce given to two. Who comes back from another port may use it still: a
// client's data connections (RFC 6062) bring that of its control connection.
func mark(src netip.AddrPort) uint16 {
	m, a := src.Port(), src.Addr().As16()
	for i := 8; i < len(a); i += 2 {
		m ^= binary.BigEndian.Uint16(a[i:])
	}
	return m
}

// wide is where forged requests would be answered to: what a victim's line is.
func wide(a netip.Addr) netip.Prefix {
	bits := 48
	if a.Is4() {
		bits = 24
	}
	return netip.PrefixFrom(a, bits).Masked()
}

// hashOf spreads prefixes over slots; seed keeps others from choosing
// whose slot they share.
func hashOf(p netip.Prefix, seed uint64) uint64 {
	a := p.Addr().As16()
	h := seed ^ binary.BigEndian.Uint64(a[:8])*0x9e3779b97f4a7c15 ^ binary.BigEndian.Uint64(a[8:])*0xff51afd7ed558ccd
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 32
	return h
}
