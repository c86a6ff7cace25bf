package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
)

// maxNumber is what every u64 stays below, so that a number of JavaScript
// holds it.
const maxNumber = 1 << 53

// ds returns the label s as it stands before what is hashed or signed, followed
// by the parts.
func ds(s string, parts ...[]byte) []byte {
	n := len("ringfence/v1/") + len(s) + 1
	for _, p := range parts {
		n += len(p)
	}
	b := make([]byte, 0, n)
	b = append(b, "ringfence/v1/"...)
	b = append(b, s...)
	b = append(b, 0)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func hash(label string, parts ...[]byte) Hash { return sha256.Sum256(ds(label, parts...)) }

func mac(key []byte, label string, parts ...[]byte) [32]byte {
	h := hmac.New(sha256.New, key)
	h.Write(ds(label, parts...))
	return [32]byte(h.Sum(nil))
}

// kdf is HKDF-SHA256. Its lengths are constants of this package, far below
// what HKDF refuses.
func kdf(ikm, salt, info []byte, n int) []byte {
	out, err := hkdf.Key(sha256.New, ikm, salt, string(info), n)
	if err != nil {
		return make([]byte, 0)
	}
	return out
}

func same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

func zero(b []byte) bool {
	var or byte
	for _, x := range b {
		or |= x
	}
	return or == 0
}

func u32(b []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(b, v) }
func u64(b []byte, v uint64) []byte { return binary.BigEndian.AppendUint64(b, v) }

// length is a length that was bounded before it is written.
func length[T uint8 | uint16 | uint32, E any](b []E) T { return T(len(b)) }

func v16(b, x []byte) []byte {
	return append(binary.BigEndian.AppendUint16(b, length[uint16](x)), x...)
}
func v32(b, x []byte) []byte { return append(u32(b, length[uint32](x)), x...) }

// reader takes values off the front of bytes from elsewhere. After the first
// that is not there it is bad, and gives zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	x := r.b[:n:n]
	r.b = r.b[n:]
	return x
}

// into fills x.
func (r *reader) into(x []byte) { copy(x, r.take(len(x))) }

func (r *reader) u8() uint8 {
	if x := r.take(1); x != nil {
		return x[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if x := r.take(2); x != nil {
		return binary.BigEndian.Uint16(x)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if x := r.take(4); x != nil {
		return binary.BigEndian.Uint32(x)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if x := r.take(8); x != nil {
		v := binary.BigEndian.Uint64(x)
		r.bad = v >= maxNumber
		return v
	}
	return 0
}

func (r *reader) v16() []byte { return r.take(int(r.u16())) }

// v32 takes what has its length in four bytes, which must not be above most.
func (r *reader) v32(most int) []byte {
	n := int64(r.u32())
	if n > int64(most) {
		r.bad = true
		return nil
	}
	return r.take(int(n))
}

func (r *reader) head() Head {
	h := Head{Seq: r.u32()}
	r.into(h.Hash[:])
	return h
}

// done reports whether all was there, and nothing is left.
func (r *reader) done() bool { return !r.bad && len(r.b) == 0 }
