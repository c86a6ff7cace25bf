package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// A sealed value is
//
//	u8 format ‖ u32 key id ‖ salt[24] ‖ AES-256-GCM(key, nonce, plain, AAD = context ‖ salt)
//	context      = u8 format ‖ u32 key id ‖ v8(table) ‖ v8(field) ‖ v16(row key) ‖ u8 schema
//	key ‖ nonce  = HKDF-Expand(HKDF-Extract("at-rest", DEK), "at-rest/record" ‖ context ‖ salt)
//
// The salt is random at every write, so that no two writes of a row share a
// key and nonce; the context binds the value to its row. The whole record is
// one field, and its own first byte is its version: field is empty and schema
// zero until single fields are sealed.
const (
	sealFormat = 1
	keySize    = 32
	nonceSize  = 12
	saltSize   = 24
	tagSize    = 16
	sealHead   = 1 + 4 + saltSize
	indexSize  = 16
)

// Overhead is how much longer a sealed value is.
const Overhead = sealHead + tagSize

// Seal returns plain sealed for one row. It returns store.ErrNotFound where
// the account has no key.
func (k *Keyring) Seal(scope id.Account, table store.Table, rowKey, plain []byte) ([]byte, error) {
	k.mu.RLock()
	x := k.current[scope]
	k.mu.RUnlock()
	if x == nil {
		return nil, store.ErrNotFound
	}
	out := make([]byte, sealHead, sealHead+len(plain)+tagSize)
	out[0] = sealFormat
	binary.BigEndian.PutUint32(out[1:], x.id)
	salt := out[5:sealHead]
	_, _ = rand.Read(salt) // crypto/rand.Read never fails, it ends the program
	aead, nonce, aad, err := x.cipher(table, rowKey, salt)
	if err != nil {
		return nil, err
	}
	return aead.Seal(out, nonce, plain, aad), nil
}

// Open returns what Seal was given. It returns store.ErrNotFound where the key
// was destroyed, and ErrDamaged where the value was changed or moved.
func (k *Keyring) Open(scope id.Account, table store.Table, rowKey, sealed []byte) ([]byte, error) {
	if len(sealed) < Overhead || sealed[0] != sealFormat {
		return nil, fmt.Errorf("sealed value of %d bytes: %w", len(sealed), ErrDamaged)
	}
	x, err := k.lookup(scope, binary.BigEndian.Uint32(sealed[1:]))
	if err != nil {
		return nil, err
	}
	aead, nonce, aad, err := x.cipher(table, rowKey, sealed[5:sealHead])
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nonce, sealed[sealHead:], aad)
	if err != nil {
		return nil, fmt.Errorf("sealed value: %w", ErrDamaged) // the cause says no more
	}
	return plain, nil
}

// cipher derives key and nonce of one value and returns them with what the
// value is bound to.
func (x *key) cipher(table store.Table, rowKey, salt []byte) (_ cipher.AEAD, nonce, aad []byte, err error) {
	nTable, nKey := len(table), len(rowKey)
	if nTable > math.MaxUint8 || nKey > math.MaxUint16 {
		return nil, nil, nil, fmt.Errorf("seal: table of %d and key of %d bytes: %w", nTable, nKey, store.ErrLimit)
	}
	x.once.Do(func() { x.prk = extract(x.dek[:], label("at-rest")) })
	use := label("at-rest/record")
	info := make([]byte, 0, len(use)+len(table)+len(rowKey)+16+saltSize)
	info = append(info, use...)
	info = append(info, sealFormat)
	info = binary.BigEndian.AppendUint32(info, x.id)
	info = append(info, byte(nTable))
	info = append(info, table...)
	info = append(info, 0) // field
	info = binary.BigEndian.AppendUint16(info, uint16(nKey))
	info = append(info, rowKey...)
	info = append(info, 0) // schema
	info = append(info, salt...)
	okm := derive(x.prk, string(info), keySize+nonceSize)
	aead, err := newGCM(okm[:keySize])
	if err != nil {
		return nil, nil, nil, err
	}
	return aead, okm[keySize:], info[len(use):], nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("cipher: %w", err)
	}
	return aead, nil
}

// Index returns 16 bytes by which a value can be found without being stored.
// Each name has a key of its own.
func (k *Keyring) Index(name string, value []byte) []byte {
	mac := hmac.New(sha256.New, k.column(name))
	mac.Write(value)
	return mac.Sum(nil)[:indexSize]
}

// maxColumns bounds the cache of index keys; the names are constants.
const maxColumns = 64

func (k *Keyring) column(name string) []byte {
	k.mu.RLock()
	b := k.columns[name]
	k.mu.RUnlock()
	if b != nil {
		return b
	}
	b = derive(k.root[:], label("index")+name, keySize)
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.columns) < maxColumns {
		k.columns[name] = b
	}
	return b
}
