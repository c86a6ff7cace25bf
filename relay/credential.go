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

	version       = "v1"
	budgetVersion = "v2" // with a budget between expiry and call
	macLabel      = "ringfence turn credential v1\x00"
	maxKeyID      = 16
	maxTag        = 64
	maxExpiry     = 12 // digits
	maxBudget     = 12 // digits, of KiB
	maxUsername   = len(version) + maxKeyID + maxExpiry + maxBudget + 2*maxTag + 5

	kib = 1 << 10
)

// MaxBudget is the most bytes that a [Claim] can name: about a petabyte.
const MaxBudget = (1_000_000_000_000 - 1) * kib

var (
	errMalformed = errors.New("malformed relay credential")
	errTag       = errors.New("a call or leg has 1 to 64 of A-Z, a-z, 0-9, - and _")
	errBudget    = errors.New("a budget is between 0, for none, and MaxBudget bytes")
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

// Claim is what a credential says about a client.
type Claim struct {
	// Call and Leg are opaque here and should be random: they are all that a
	// relay learns about a client. 1 to 64 of A-Z, a-z, 0-9, - and _.
	Call, Leg string

	// Budget is how many bytes of payload may be relayed for the leg, both ways
	// and all of its allocations together, rounded up to KiB; 0: no bound but
	// the relay's rates. When it is used up, the leg's allocations end.
	Budget int64
}

// Mint returns a credential for one leg of a call, without a budget.
func (m *Minter) Mint(call, leg string) (Credential, error) {
	return m.MintWith(Claim{Call: call, Leg: leg})
}

// MintWith returns a credential for what c says.
func (m *Minter) MintWith(c Claim) (Credential, error) {
	if !isTag(c.Call, maxTag, isTagByte) || !isTag(c.Leg, maxTag, isTagByte) {
		return Credential{}, errTag
	}
	if c.Budget < 0 || c.Budget > MaxBudget {
		return Credential{}, errBudget
	}
	key, err := m.keys.current()
	if err != nil {
		return Credential{}, err
	}
	c.Budget = (c.Budget + kib - 1) / kib * kib
	t := ticket{Claim: c, key: key.ID, expires: m.now().Add(m.ttl).Unix()}
	user := t.username()
	return Credential{Username: user, Password: sign(key.Secret, user), Expires: time.Unix(t.expires, 0)}, nil
}

// Verify reports whether c opens the door now, for programs that check
// credentials without serving TURN. It knows nothing of revocations.
func Verify(keys *Keys, now time.Time, c Credential) error {
	t, err := parseUsername(c.Username)
	if err != nil {
		return err
	}
	key, ok := keys.find(t.key)
	if !ok {
		return errKeyGone
	}
	if !hmac.Equal([]byte(sign(key.Secret, c.Username)), []byte(c.Password)) {
		return errWrong
	}
	return t.timely(now)
}

// ticket is what a user name says.
type ticket struct {
	Claim
	key     string
	expires int64 // unix seconds
}

// timely refuses what has expired, and what lives longer than any minter
// allows: such a one would outlive its revocation.
func (t ticket) timely(now time.Time) error {
	expires := time.Unix(t.expires, 0)
	switch {
	case now.After(expires):
		return errExpired
	case expires.After(now.Add(MaxTTL + clockSkew)):
		return errTooFar
	}
	return nil
}

func (t ticket) username() string {
	parts := []string{version, t.key, strconv.FormatInt(t.expires, 10), t.Call, t.Leg}
	if t.Budget > 0 {
		parts = []string{budgetVersion, t.key, parts[2], strconv.FormatInt(t.Budget/kib, 10), t.Call, t.Leg}
	}
	return strings.Join(parts, ".")
}

// isTicket reports whether a user name is of a form that parseUsername reads.
func isTicket(s string) bool {
	return strings.HasPrefix(s, version+".") || strings.HasPrefix(s, budgetVersion+".")
}

// parseUsername is the only way in: one spelling per value.
func parseUsername(s string) (t ticket, err error) {
	if len(s) > maxUsername {
		return ticket{}, errMalformed
	}
	v, rest, _ := strings.Cut(s, ".")
	t.key, rest, _ = strings.Cut(rest, ".")
	expires, rest, _ := strings.Cut(rest, ".")
	if v == budgetVersion {
		var budget string
		budget, rest, _ = strings.Cut(rest, ".")
		if t.Budget, err = number(budget, maxBudget); err != nil {
			return ticket{}, err
		}
		t.Budget *= kib
	}
	t.Call, t.Leg, _ = strings.Cut(rest, ".")
	if v != version && v != budgetVersion || !isTag(t.key, maxKeyID, isLowerAlnum) ||
		!isTag(t.Call, maxTag, isTagByte) || !isTag(t.Leg, maxTag, isTagByte) {
		return ticket{}, errMalformed
	}
	if t.expires, err = number(expires, maxExpiry); err != nil {
		return ticket{}, err
	}
	return t, nil
}

// number reads a positive decimal without a leading zero.
func number(s string, digits int) (int64, error) {
	if !isTag(s, digits, isDigit) || s[0] == '0' {
		return 0, errMalformed
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, errMalformed
	}
	return n, nil
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
