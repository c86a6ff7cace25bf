package seal

import (
	"crypto/rand"
)

// ID is an identifier of the signaling protocol: of an account or of a call.
type ID [16]byte

// Acct is what an identity is known by: the account's id and IK, hashed.
type Acct [32]byte

// Dev names one device of one identity.
type Dev [16]byte

// Hash is a SHA-256.
type Hash [32]byte

// AcctOf returns the Acct of an account with this root key.
func AcctOf(account ID, root SigningKey) Acct {
	return Acct(hash("account", account[:], root[:]))
}

// DevOf returns the Dev of a device key of an identity.
func DevOf(a Acct, key SigningKey) Dev {
	h := hash("device", a[:], key[:])
	return Dev(h[:16])
}

// Head is a place in a device log: the seq of an entry, and its hash.
type Head struct {
	Seq  uint32
	Hash Hash
}

func (h Head) append(b []byte) []byte { return append(u32(b, h.Seq), h.Hash[:]...) }

// RandomID is 16 bytes from the system's randomness, for call ids, envelopes
// and messages.
func RandomID() (x ID) {
	_, _ = rand.Read(x[:]) // never fails
	return x
}

// Random32 is 32 bytes from the system's randomness.
func Random32() (x [32]byte) {
	_, _ = rand.Read(x[:]) // never fails
	return x
}
