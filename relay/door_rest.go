package relay

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the MAC that other software mints with
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"time"
)

const (
	// MaxRESTTTL is how far ahead a TURN REST credential may expire. Those that
	// other software mints live for an hour to a day; nothing revokes one, so
	// that one which lives for years would be a password that never changes.
	MaxRESTTTL = 30 * 24 * time.Hour

	// MaxSecrets is how many secrets a relay takes: each is tried at each
	// request, and each has rows of its own in the counters.
	MaxSecrets = 16

	// DefaultSeparator is between expiry and name, see [Config.Separator].
	DefaultSeparator = ':'

	maxSecretName = 32
	maxSecretText = 1024 // bytes

	// maxAnyUsername is the longest user name of RFC 8489 section 14.3: fewer
	// than 509 bytes.
	maxAnyUsername = 508
)

var (
	errSecretName  = errors.New("the name of a secret has 1 to 32 of A-Z, a-z, 0-9, - and _")
	errSecretText  = errors.New("a secret has 1 to 1024 bytes, and no space or control character")
	errSecretQuota = errors.New("the allocations of a secret cannot be fewer than 0")
	errSecretTwin  = errors.New("two secrets with one name")
	errSecrets     = errors.New("too many secrets: at most " + strconv.Itoa(MaxSecrets))
	errSeparator   = errors.New("the separator of user names is one visible character of ASCII and no digit")
)

// NamedSecret is a secret that other software mints TURN REST credentials
// with. Make one with [NewNamedSecret].
type NamedSecret struct {
	// Name is the label of its rows in the counters, and not secret.
	Name string

	Secret Secret

	// Allocations is how many its credentials may have at once; 0: as
	// [Limits.PerSecret] has it.
	Allocations int
}

// NewNamedSecret checks the parts of a secret. It takes short ones, which
// [ReadSecrets] refuses: whoever takes over the configuration of other software
// has to be content with what is there.
func NewNamedSecret(name, text string, allocations int) (NamedSecret, error) {
	n := NamedSecret{Name: name, Secret: secretOf([]byte(text)), Allocations: allocations}
	if len(text) > maxSecretText || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return NamedSecret{}, errSecretText
	}
	return n, n.check()
}

func (n NamedSecret) check() error {
	switch {
	case !isTag(n.Name, maxSecretName, isTagByte):
		return errSecretName
	case len(n.Secret.bytes()) == 0:
		return errSecretText
	case n.Allocations < 0:
		return errSecretQuota
	}
	return nil
}

// restDoor opens to TURN REST credentials (draft-uberti-behave-turn-rest): the
// user name is an expiry, and mostly a name, and the password its HMAC-SHA1
// under a secret that the minting software shares with the relay.
type restDoor struct {
	separator byte
	secrets   []NamedSecret
}

func (d restDoor) open(r asked) (Principal, []byte, bool, Refusal) {
	expires, name, ok := d.parse(r.username)
	if !ok {
		return Principal{}, nil, false, RefusedCredential
	}
	// Each secret is tried, so that time does not tell which of them fits.
	fits, key := -1, []byte(nil)
	for i, s := range d.secrets {
		k := longTermKey(r.username, r.realm, restPassword(s.Secret, r.username))
		if r.fits(k) && fits < 0 {
			fits, key = i, k
		}
	}
	if fits < 0 {
		return Principal{}, nil, true, RefusedCredential
	}
	if r.allocate && (r.now.After(expires) || expires.After(r.now.Add(MaxRESTTTL+clockSkew))) {
		return Principal{}, nil, true, RefusedExpired
	}
	secret := d.secrets[fits].Name
	p := Principal{Kind: KindREST, ID: "r:" + secret + ":" + name, Secret: secret, Expires: expires}
	if name == "" { // there is nothing that a renewed one has in common with this one
		p.ID = "n:" + secret + ":" + r.username
	}
	return p, key, true, ""
}

// parse splits a user name. The draft puts the expiry first; some software
// puts it last, which shows where what is first is no number.
func (d restDoor) parse(s string) (expires time.Time, name string, ok bool) {
	if len(s) > maxAnyUsername {
		return expires, "", false
	}
	at, name, found := strings.Cut(s, string(rune(d.separator)))
	if found && !isTag(at, len(at), isDigit) {
		at, name = name, at
		if name == "" {
			return expires, "", false
		}
	}
	n, err := number(at, maxExpiry)
	if err != nil {
		return expires, "", false
	}
	return time.Unix(n, 0), name, true
}

// restPassword is the password of user under a secret.
func restPassword(secret Secret, user string) string {
	mac := hmac.New(sha1.New, secret.bytes())
	mac.Write([]byte(user))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// MintREST returns a TURN REST credential for name that expires in ttl, which
// is at most [MaxRESTTTL]. The name may be empty.
func MintREST(secret NamedSecret, separator byte, name string, now time.Time, ttl time.Duration) (Credential, error) {
	if ttl < time.Second || ttl > MaxRESTTTL {
		return Credential{}, errRESTTTL
	}
	if err := errors.Join(secret.check(), checkSeparator(separator)); err != nil {
		return Credential{}, err
	}
	expires := now.Add(ttl).Unix()
	user := strconv.FormatInt(expires, 10)
	if name != "" {
		user += string(rune(separator)) + name
	}
	if len(user) > maxAnyUsername {
		return Credential{}, errMalformed
	}
	return Credential{Username: user, Password: restPassword(secret.Secret, user), Expires: time.Unix(expires, 0)}, nil
}

var errRESTTTL = errors.New("a TURN REST credential lives between 1 second and 30 days")

func checkSeparator(b byte) error {
	if b <= ' ' || b >= 0x7f || isDigit(b) {
		return errSeparator
	}
	return nil
}

func checkSecrets(secrets []NamedSecret) error {
	var faults []error
	if len(secrets) > MaxSecrets {
		faults = append(faults, errSecrets)
	}
	seen := make(map[string]struct{})
	for _, s := range secrets {
		faults = append(faults, s.check())
		if _, twin := seen[s.Name]; twin {
			faults = append(faults, errSecretTwin)
		}
		seen[s.Name] = struct{}{}
	}
	return errors.Join(faults...)
}
