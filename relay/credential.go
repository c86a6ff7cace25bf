package relay

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

const (
	// MaxTTL is the longest that a credential may wait to be used. An
	// allocation that was made in time lives on: only Allocate looks at it.
	MaxTTL = 120 * time.Second

	// clockSkew is how far the clocks of minter and relay may be apart.
	clockSkew = 30 * time.Second

	version     = "v1"
	macLabel    = "ringfence turn credential v1\x00"
	maxKeyID    = 16
	maxTag      = 64
	maxExpiry   = 12 // digits
	maxUsername = len(version) + maxKeyID + maxExpiry + 2*maxTag + 4
)

var (
	errMalformed = errors.New("malformed relay credential")
	errTag       = errors.New("a call or leg has 1 to 64 of A-Z, a-z, 0-9, - and _")
	errTTL       = errors.New("a relay credential lives between 1 and 120 seconds")
	errExpired   = errors.New("expired relay credential")
	errTooFar    = errors.New("relay credential lives too long")
	errKeyGone   = errors.New("unknown relay key")
	errWrong     = errors.New("wrong relay password")
)

// Credential is what a client shows to the relay.
type Credential struct {
	Username string
	Password string
	Expires  time.Time // after this no allocation is made with it
}

// String hides the password.
func (c Credential) String() string { return c.Username + ":" + hidden }

// Minter makes credentials. It is safe for concurrent use.
type Minter struct {
	keys *Keys
	ttl  time.Duration
	now  func() time.Time
}

// NewMinter returns a minter whose credentials open the door for ttl, which
// is at most [MaxTTL].
func NewMinter(keys *Keys, ttl time.Duration, now func() time.Time) (*Minter, error) {
	if keys == nil {
		return nil, errNoKey
	}
	if ttl < time.Second || ttl > MaxTTL {
		return nil, errTTL
	}
	return &Minter{keys: keys, ttl: ttl, now: now}, nil
}

// Mint returns a credential for one leg of a call. Both names are opaque here
// and should be random: they are all that a relay learns about a client.
func (m *Minter) Mint(call, leg string) (Credential, error) {
	if !isTag(call, maxTag, isTagByte) || !isTag(leg, maxTag, isTagByte) {
		return Credential{}, errTag
	}
	key, err := m.keys.current()
	if err != nil {
		return Credential{}, err
	}
	c := claim{key: key.ID, expires: m.now().Add(m.ttl).Unix(), call: call, leg: leg}
	user := c.username()
	return Credential{Username: user, Password: sign(key.Secret, user), Expires: time.Unix(c.expires, 0)}, nil
}

// Verify reports whether c opens the door now, for programs that check
// credentials without serving TURN. It knows nothing of revocations.
func Verify(keys *Keys, now time.Time, c Credential) error {
	claim, err := parseUsername(c.Username)
	if err != nil {
		return err
	}
	key, ok := keys.find(claim.key)
	if !ok {
		return errKeyGone
	}
	if !hmac.Equal([]byte(sign(key.Secret, c.Username)), []byte(c.Password)) {
		return errWrong
	}
	return claim.timely(now)
}

// claim is what a user name says.
type claim struct {
	key     string
	expires int64 // unix seconds
	call    string
	leg     string
}

// timely refuses what has expired, and what lives longer than any minter
// allows: such a one would outlive its revocation.
func (c claim) timely(now time.Time) error {
	expires := time.Unix(c.expires, 0)
	switch {
	case now.After(expires):
		return errExpired
	case expires.After(now.Add(MaxTTL + clockSkew)):
		return errTooFar
	}
	return nil
}

func (c claim) username() string {
	return strings.Join([]string{version, c.key, strconv.FormatInt(c.expires, 10), c.call, c.leg}, ".")
}

// parseUsername is the only way in: one spelling per value.
func parseUsername(s string) (claim, error) {
	if len(s) > maxUsername {
		return claim{}, errMalformed
	}
	v, rest, _ := strings.Cut(s, ".")
	key, rest, _ := strings.Cut(rest, ".")
	expires, rest, _ := strings.Cut(rest, ".")
	call, leg, _ := strings.Cut(rest, ".")
	if v != version || !isTag(key, maxKeyID, isLowerAlnum) || !isTag(expires, maxExpiry, isDigit) ||
		expires[0] == '0' || !isTag(call, maxTag, isTagByte) || !isTag(leg, maxTag, isTagByte) {
		return claim{}, errMalformed
	}
	at, err := strconv.ParseInt(expires, 10, 64)
	if err != nil {
		return claim{}, errMalformed
	}
	return claim{key: key, expires: at, call: call, leg: leg}, nil
}

// sign is the password of user. The label keeps the key's other uses apart.
func sign(key Secret, user string) string {
	mac := hmac.New(sha256.New, key.bytes())
	mac.Write([]byte(macLabel))
	mac.Write([]byte(user))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func isTag(s string, longest int, allowed func(byte) bool) bool {
	if s == "" || len(s) > longest {
		return false
	}
	for i := range len(s) {
		if !allowed(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(b byte) bool      { return '0' <= b && b <= '9' }
func isLowerAlnum(b byte) bool { return isDigit(b) || 'a' <= b && b <= 'z' }
func isTagByte(b byte) bool {
	return isLowerAlnum(b) || 'A' <= b && b <= 'Z' || b == '-' || b == '_'
}
