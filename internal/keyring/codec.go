package keyring

import (
	"bytes"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"golang.org/x/text/unicode/norm"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// The key file is a header and one entry per key, all of fixed size:
//
//	header = magic[8] ‖ u8 version ‖ u8 kdf ‖ u32 iterations ‖ salt[32] ‖ check[16] ‖ u64 base ‖ u32 next ‖ sum[8] ‖ mac[32]
//	entry  = u8 kind ‖ u32 key id ‖ account[16] ‖ nonce[12] ‖ wrapped key[48] ‖ mac[32]
//
// sum is a plain checksum: it tells a damaged header from a wrong passphrase,
// which the check value finds. Each mac covers what stands before it and the
// mac before, so the last one covers the file. base plus the number of entries
// is the generation. Creating a key appends an entry; destroying one writes
// the file anew without it.
const (
	magic       = "RFKEYS\r\n" // a transfer that mends line ends breaks it
	fileVersion = 1
	kdfPBKDF2   = 1 // PBKDF2-HMAC-SHA256

	headerBody = 8 + 1 + 1 + 4 + 32 + checkSize + 8 + 4
	headerSize = headerBody + sumSize + macSize
	entryBody  = 1 + 4 + id.Size + nonceSize + keySize + tagSize
	entrySize  = entryBody + macSize
	checkSize  = 16
	sumSize    = 8
	macSize    = 32

	kindRoot = 1 // what blind indexes and derived keys come from
	kindData = 2 // a data encryption key
)

// The bounds of the number of iterations. Fewer are too quick to guess, more
// would let a changed file stop the start.
const (
	MinIterations     = 600_000
	DefaultIterations = 2_000_000
	MaxIterations     = 20_000_000
)

type header struct {
	iterations uint32
	salt       [32]byte
	check      [checkSize]byte
	base       uint64
	next       uint32
}

// body returns the header without its mac.
func (h header) body() []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, magic...)
	b = append(b, fileVersion, kdfPBKDF2)
	b = binary.BigEndian.AppendUint32(b, h.iterations)
	b = append(b, h.salt[:]...)
	b = append(b, h.check[:]...)
	b = binary.BigEndian.AppendUint64(b, h.base)
	b = binary.BigEndian.AppendUint32(b, h.next)
	sum := sha256.Sum256(b)
	return append(b, sum[:sumSize]...)
}

type entry struct {
	kind    byte
	id      uint32
	scope   id.Account
	nonce   [nonceSize]byte
	wrapped [keySize + tagSize]byte
	mac     [macSize]byte
}

// body returns the entry without its mac.
func (e entry) body() []byte {
	b := append(make([]byte, 0, entrySize), e.about()...)
	b = append(b, e.nonce[:]...)
	return append(b, e.wrapped[:]...)
}

// about is what the wrapped key is bound to.
func (e entry) about() []byte {
	b := binary.BigEndian.AppendUint32([]byte{e.kind}, e.id)
	return append(b, e.scope.Bytes()...)
}

// image is a key file as read, before any of it is believed.
type image struct {
	header  header
	mac     [macSize]byte
	entries []entry
	rest    int // bytes after the last whole entry
}

// decode takes a key file apart. It returns store.ErrVersion for a file of
// another version and ErrDamaged for what no program wrote. It checks no mac
// and derives nothing.
func decode(b []byte) (image, error) {
	if len(b) < headerSize || string(b[:len(magic)]) != magic {
		return image{}, fmt.Errorf("key file of %d bytes has no header: %w", len(b), ErrDamaged)
	}
	sum := sha256.Sum256(b[:headerBody])
	if !bytes.Equal(sum[:sumSize], b[headerBody:headerBody+sumSize]) {
		return image{}, fmt.Errorf("header of the key file: %w", ErrDamaged)
	}
	if b[8] != fileVersion || b[9] != kdfPBKDF2 {
		return image{}, fmt.Errorf("key file of version %d.%d: %w", b[8], b[9], store.ErrVersion)
	}
	var m image
	h := b[10:]
	m.header.iterations = binary.BigEndian.Uint32(h)
	copy(m.header.salt[:], h[4:])
	copy(m.header.check[:], h[36:])
	m.header.base = binary.BigEndian.Uint64(h[52:])
	m.header.next = binary.BigEndian.Uint32(h[60:])
	copy(m.mac[:], b[headerBody+sumSize:])
	b = b[headerSize:]
	m.entries = make([]entry, 0, len(b)/entrySize)
	for len(b) >= entrySize {
		m.entries = append(m.entries, decodeEntry(b))
		b = b[entrySize:]
	}
	m.rest = len(b)
	return m, nil
}

func decodeEntry(b []byte) entry {
	e := entry{kind: b[0], id: binary.BigEndian.Uint32(b[1:])}
	setID(&e.scope, b[5:5+id.Size])
	b = b[5+id.Size:]
	copy(e.nonce[:], b)
	copy(e.wrapped[:], b[nonceSize:])
	copy(e.mac[:], b[nonceSize+keySize+tagSize:])
	return e
}

// setID sets x to the id whose bytes are b; zero bytes are the zero id.
func setID[K any](x *id.Of[K], b []byte) {
	if y, err := id.FromBytes[K](b); err == nil {
		*x = y
	}
}

// secrets is what a passphrase gives.
type secrets struct {
	wrap, mac []byte
	check     [checkSize]byte
}

// unlock derives the secrets of a header from a passphrase. It takes as long
// as the iterations say.
func (h header) unlock(passphrase []byte) (secrets, error) {
	kek, err := pbkdf2.Key(sha256.New, string(norm.NFC.Bytes(passphrase)), h.salt[:], int(h.iterations), keySize)
	if err != nil {
		return secrets{}, fmt.Errorf("derive from the passphrase: %w", err)
	}
	return secrets{
		wrap:  derive(kek, label("keyring/wrap"), keySize),
		mac:   derive(kek, label("keyring/mac"), keySize),
		check: [checkSize]byte(derive(kek, label("keyring/check"), checkSize)),
	}, nil
}

// noMAC stands before the first mac of a file.
var noMAC [macSize]byte

// sign returns the mac over a part of the file and all before it.
func (s secrets) sign(before [macSize]byte, body []byte) [macSize]byte {
	mac := hmac.New(sha256.New, s.mac)
	mac.Write([]byte(label("keyring/file")))
	mac.Write(before[:])
	mac.Write(body)
	return [macSize]byte(mac.Sum(nil))
}

// seal wraps a key and signs the entry behind the mac before it.
func (s secrets) seal(e entry, plain [keySize]byte, before [macSize]byte) (entry, error) {
	aead, err := newGCM(s.wrap)
	if err != nil {
		return entry{}, err
	}
	e.nonce = [nonceSize]byte(randomBytes(nonceSize))
	copy(e.wrapped[:], aead.Seal(nil, e.nonce[:], plain[:], e.about()))
	e.mac = s.sign(before, e.body())
	return e, nil
}

// open unwraps the key of an entry.
func (s secrets) open(e entry) ([keySize]byte, error) {
	aead, err := newGCM(s.wrap)
	if err != nil {
		return [keySize]byte{}, err
	}
	plain, err := aead.Open(nil, e.nonce[:], e.wrapped[:], e.about())
	if err != nil || len(plain) != keySize {
		return [keySize]byte{}, fmt.Errorf("key %d of the key file: %w", e.id, ErrDamaged)
	}
	return [keySize]byte(plain), nil
}
