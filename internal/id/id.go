// Package id owns the identifiers of Ringfence: 16 random bytes each, one Go
// type per thing they name, one spelling per value. It imports nothing of the
// project.
package id

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
)

// Size is the length of every identifier in bytes; TextSize is the length of
// its spelling.
const (
	Size     = 16
	TextSize = 26
)

// ErrMalformed is returned for text or bytes that no identifier has.
var ErrMalformed = errors.New("malformed id")

// encoding is RFC 4648 base32 in lower case without padding: it survives
// being read aloud, a file name, a URL and a TURN user name.
var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Of is an identifier of a K. K only tells the kinds apart at compile time.
// The zero value names nothing and is refused by every parser.
type Of[K any] struct{ b [Size]byte }

// The kinds of things that have identifiers.
type (
	// Account is a person under a pseudonym.
	Account = Of[account]
	// Device is one browser profile or app of an account.
	Device = Of[device]
	// Session is one sign-in of a device.
	Session = Of[session]
	// Call is one call, from its ring to its end.
	Call = Of[call]
	// Invite is one open invitation.
	Invite = Of[invite]
	// Notice is one thing an account was not there for.
	Notice = Of[notice]
	// Frame is one frame of the signaling protocol.
	Frame = Of[frame]
	// Node is one hub.
	Node = Of[node]
	// Boot is one run of a hub, from its start to its end.
	Boot = Of[boot]

	account struct{}
	device  struct{}
	session struct{}
	call    struct{}
	invite  struct{}
	notice  struct{}
	frame   struct{}
	node    struct{}
	boot    struct{}
)

// New returns a random identifier. It is never zero.
func New[K any]() Of[K] {
	var x Of[K]
	for x.IsZero() {
		_, _ = rand.Read(x.b[:]) // crypto/rand.Read never fails, it ends the program
	}
	return x
}

// NewAccount returns a random account id.
func NewAccount() Account { return New[account]() }

// NewDevice returns a random device id.
func NewDevice() Device { return New[device]() }

// NewSession returns a random session id.
func NewSession() Session { return New[session]() }

// NewCall returns a random call id.
func NewCall() Call { return New[call]() }

// NewInvite returns a random invite id.
func NewInvite() Invite { return New[invite]() }

// NewNotice returns a random notice id.
func NewNotice() Notice { return New[notice]() }

// NewFrame returns a random frame id.
func NewFrame() Frame { return New[frame]() }

// NewNode returns a random node id.
func NewNode() Node { return New[node]() }

// NewBoot returns a random boot id.
func NewBoot() Boot { return New[boot]() }

// FromBytes returns the identifier whose bytes are b, or ErrMalformed where b
// is not Size bytes or all zero.
func FromBytes[K any](b []byte) (Of[K], error) {
	var x Of[K]
	if len(b) != Size {
		return Of[K]{}, fmt.Errorf("id of %d bytes: %w", len(b), ErrMalformed)
	}
	copy(x.b[:], b)
	if x.IsZero() {
		return Of[K]{}, fmt.Errorf("zero id: %w", ErrMalformed)
	}
	return x, nil
}

// ParseAccount reads an account id from its text.
func ParseAccount(s string) (Account, error) {
	var x Account
	err := x.UnmarshalText([]byte(s))
	return x, err
}

// IsZero reports whether x names nothing.
func (x Of[K]) IsZero() bool { return x.b == [Size]byte{} }

// Less orders identifiers by their bytes.
func (x Of[K]) Less(y Of[K]) bool { return bytes.Compare(x.b[:], y.b[:]) < 0 }

// AppendBytes appends the identifier's bytes to b, zeros for the zero value.
func (x Of[K]) AppendBytes(b []byte) []byte { return append(b, x.b[:]...) }

// Take reads an identifier that AppendBytes wrote from the front of b, the
// zero value included, and returns what follows. It panics where b is shorter
// than Size.
func (x *Of[K]) Take(b []byte) []byte {
	copy(x.b[:], b[:Size])
	return b[Size:]
}

// Bytes returns a copy of the identifier's bytes.
func (x Of[K]) Bytes() []byte { return x.b[:] }

// String returns the one spelling of x; the zero value prints as "".
func (x Of[K]) String() string {
	if x.IsZero() {
		return ""
	}
	return encoding.EncodeToString(x.b[:])
}

// MarshalText returns the one spelling of x.
func (x Of[K]) MarshalText() ([]byte, error) { return []byte(x.String()), nil }

// UnmarshalText is the only way in from text: an identifier that exists is
// well formed. Empty text gives the zero value, so that an optional field can
// be absent; callers that need one check IsZero.
func (x *Of[K]) UnmarshalText(t []byte) error {
	if len(t) == 0 {
		*x = Of[K]{}
		return nil
	}
	if len(t) != TextSize {
		return fmt.Errorf("id of %d characters: %w", len(t), ErrMalformed)
	}
	var y Of[K]
	if !decode(&y.b, t) || y.IsZero() {
		return fmt.Errorf("id: %w", ErrMalformed)
	}
	*x = y
	return nil
}

// AppendText appends the one spelling of x to b; nothing for the zero value.
func (x Of[K]) AppendText(b []byte) ([]byte, error) {
	if x.IsZero() {
		return b, nil
	}
	return encoding.AppendEncode(b, x.b[:]), nil
}

// decode reads TextSize characters of five bits each. The last one carries
// three; its other two must be zero, or a value would have four spellings.
// Unlike encoding/base32 it allocates nothing and skips no line ends.
func decode(dst *[Size]byte, t []byte) bool {
	acc, bits, n := uint32(0), 0, 0
	for _, c := range t {
		switch {
		case c >= 'a' && c <= 'z':
			acc = acc<<5 | uint32(c-'a')
		case c >= '2' && c <= '7':
			acc = acc<<5 | uint32(c-'2'+26)
		default:
			return false
		}
		if bits += 5; bits >= 8 && n < Size {
			bits -= 8
			dst[n] = byte(acc >> bits & 0xff)
			n++
			acc &= 1<<bits - 1
		}
	}
	return n == Size && acc == 0
}
