package seal

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"log/slog"
)

// Lengths of keys and of what is made with them, in bytes.
const (
	KEMPublicSize = 1216 // ML-KEM-768 and X25519
	KEMSeedSize   = 32
	encSize       = 1120
	tagSize       = 16
	sigSize       = 64
	mlkemSize     = 1152 // the numbers of 12 bits in a KEM key
	mlkemPrime    = 3329
)

// SigningKey is the public half of an Ed25519 key.
type SigningKey [32]byte

// smallOrder are the five y of points of small order, as bytes.
var smallOrder = [5]SigningKey{
	{},
	{1},
	{
		0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
	},
	{
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	},
	{
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
	},
}

// Check refuses a key whose y is not below the field's prime, or is that of a
// point of small order: Go's verifier takes any message under some of those.
func (k SigningKey) Check() error {
	k[31] &= 0x7f
	for _, s := range smallOrder {
		if k == s {
			return refuse(KeyInvalid)
		}
	}
	if k[31] != 0x7f || k[0] < 0xed {
		return nil
	}
	for _, x := range k[1:31] {
		if x != 0xff {
			return nil
		}
	}
	return refuse(KeyInvalid)
}

// verify reports whether sig is this key's over msg. A key that Check refuses
// has signed nothing.
func (k SigningKey) verify(msg, sig []byte) bool {
	return k.Check() == nil && len(sig) == sigSize && ed25519.Verify(k[:], msg, sig)
}

// private is an Ed25519 key that signs. It prints as nothing.
type private struct{ signer crypto.Signer }

func (p private) public() (k SigningKey) {
	if p.signer == nil {
		return k
	}
	if pub, ok := p.signer.Public().(ed25519.PublicKey); ok && len(pub) == len(k) {
		copy(k[:], pub)
	}
	return k
}

func (p private) sign(msg []byte) ([]byte, error) {
	if err := p.public().Check(); err != nil {
		return nil, err // the zero value signs nothing
	}
	sig, err := p.signer.Sign(rand.Reader, msg, crypto.Hash(0))
	if err != nil || len(sig) != sigSize {
		return nil, refuse(KeyInvalid)
	}
	return sig, nil
}

// String, GoString and LogValue keep the key out of logs.
func (private) String() string { return "[secret]" }

// GoString keeps the key out of %#v.
func (private) GoString() string { return "[secret]" }

// LogValue keeps the key out of slog.
func (private) LogValue() slog.Value { return slog.StringValue("[secret]") }

// DeviceKey is the key of one device. The zero value signs nothing.
type DeviceKey struct{ private }

// NewDeviceKey makes a key from the system's randomness.
func NewDeviceKey() (DeviceKey, error) {
	_, priv, err := ed25519.GenerateKey(nil)
	return DeviceKey{private{priv}}, err
}

// DeviceKeyFrom takes a key that is kept elsewhere, in hardware for instance.
// Its public half must be Ed25519's, or KeyInvalid.
func DeviceKeyFrom(s crypto.Signer) (DeviceKey, error) {
	k := DeviceKey{private{s}}
	return k, k.public().Check()
}

// Public returns the half that others verify with.
func (k DeviceKey) Public() SigningKey { return k.public() }

func (k DeviceKey) author(a Acct) Dev { return DevOf(a, k.public()) }

// RootKey is an identity's key. It comes out of the recovery code, signs the
// genesis of the log or a recovery, and is then forgotten.
type RootKey struct{ private }

func rootFrom(seed []byte) RootKey { return RootKey{private{ed25519.NewKeyFromSeed(seed)}} }

// Public returns IK.
func (k RootKey) Public() SigningKey { return k.public() }

func (k RootKey) author(Acct) Dev { return Dev{} }

// Signer signs entries of a log: a RootKey or a DeviceKey.
type Signer interface {
	author(Acct) Dev
	sign(msg []byte) ([]byte, error)
}

// checkKEM refuses a KEM key that has another length, or a number of 12 bits
// that is none of ML-KEM's.
func checkKEM(pub []byte) error {
	if len(pub) != KEMPublicSize {
		return refuse(Malformed)
	}
	for i := 0; i < mlkemSize; i += 3 {
		lo := int(pub[i]) | int(pub[i+1]&0x0f)<<8
		hi := int(pub[i+1]>>4) | int(pub[i+2])<<4
		if lo >= mlkemPrime || hi >= mlkemPrime {
			return refuse(KeyInvalid)
		}
	}
	return nil
}

// Seed is the secret of a KEM key. It prints as nothing.
type Seed [KEMSeedSize]byte

// NewSeed takes one from the system's randomness.
func NewSeed() (s Seed) {
	_, _ = rand.Read(s[:]) // crypto/rand.Read never fails, it ends the program
	return s
}

// String keeps the seed out of logs.
func (Seed) String() string { return "[secret]" }

// GoString keeps the seed out of %#v.
func (Seed) GoString() string { return "[secret]" }

// LogValue keeps the seed out of slog.
func (Seed) LogValue() slog.Value { return slog.StringValue("[secret]") }

// Public returns the half that others seal to. A zero Seed has none.
func (s Seed) Public() ([]byte, error) {
	k, err := s.key()
	if err != nil {
		return nil, err
	}
	return k.PublicKey().Bytes(), nil
}

func (s Seed) key() (hpke.PrivateKey, error) {
	if zero(s[:]) {
		return nil, refuse(KeyInvalid)
	}
	k, err := hpke.MLKEM768X25519().NewPrivateKey(s[:])
	if err != nil {
		return nil, refuse(KeyInvalid)
	}
	return k, nil
}

// suite is what HPKE is used with, and what prekeys name.
var suite = [6]byte{0x64, 0x7a, 0x00, 0x01, 0x00, 0x02}

// sealTo starts an HPKE context towards pub.
func sealTo(pub, info []byte) (enc []byte, ctx *hpke.Sender, err error) {
	if err := checkKEM(pub); err != nil {
		return nil, nil, err
	}
	k, err := hpke.MLKEM768X25519().NewPublicKey(pub)
	if err != nil {
		return nil, nil, refuse(KeyInvalid)
	}
	enc, ctx, err = hpke.NewSender(k, hpke.HKDFSHA256(), hpke.AES256GCM(), info)
	if err != nil {
		return nil, nil, refuse(KeyInvalid) // X25519's half is of small order
	}
	return enc, ctx, nil
}

// openWith starts the context at the other end. Whatever fails fails as open.
func (s Seed) openWith(enc, info []byte) (*hpke.Recipient, error) {
	k, err := s.key()
	if err != nil {
		return nil, err
	}
	ctx, err := hpke.NewRecipient(enc, k, hpke.HKDFSHA256(), hpke.AES256GCM(), info)
	if err != nil {
		return nil, refuse(OpenFailed)
	}
	return ctx, nil
}

// PKID names a KEM key.
func PKID(pub []byte) Hash { return hash("prekey-id", pub) }

func plainHash(b []byte) Hash { return sha256.Sum256(b) }
