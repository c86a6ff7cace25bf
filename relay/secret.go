package relay

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// minSecret is the shortest secret in bytes: as long as the MAC's output, as
// RFC 2104 section 3 advises.
const minSecret = 32

// hidden is what every way of printing a Secret shows.
const hidden = "[secret]"

var errShortSecret = errors.New("a relay secret needs at least 32 bytes")

// Secret is key material that does not print. The bytes lie in a closure, so
// that printing a struct around it shows an address at worst: fmt calls no
// methods of unexported fields, and follows pointers where a verb is wrong.
type Secret struct{ read func() []byte }

// NewSecret copies b, which must have at least 32 bytes.
func NewSecret(b []byte) (Secret, error) {
	if len(b) < minSecret {
		return Secret{}, errShortSecret
	}
	return secretOf(b), nil
}

// secretOf copies b, of whatever length.
func secretOf(b []byte) Secret {
	c := append([]byte(nil), b...)
	return Secret{func() []byte { return c }}
}

// Reveal returns the secret, for the one place that has to show it: what goes
// into a request's header, or is compared with what came in one.
func (s Secret) Reveal() string { return string(s.bytes()) }

func (s Secret) bytes() []byte {
	if s.read == nil {
		return nil
	}
	return s.read()
}

// String hides the secret.
func (Secret) String() string { return hidden }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return hidden }

// Format hides the secret from every verb, %x included.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the secret from encoders.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalJSON hides the secret from JSON.
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + hidden + `"`), nil }
