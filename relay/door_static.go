package relay

import (
	"encoding/hex"
	"errors"
	"strings"
)

const (
	// MaxUsers is how many static users a relay takes.
	MaxUsers = 10_000

	// keyMark begins a password that is no password but the long-term key.
	keyMark = "0x"

	longTermKeyBytes = 16 // of MD5
	maxPassword      = 763
)

var (
	errUserName  = errors.New("the name of a user has 1 to 508 bytes, and no colon or control character")
	errUserForm  = errors.New("the name of a user reads like a credential of a call")
	errPassword  = errors.New("a password has 1 to 763 bytes, and no control character")
	errUserKey   = errors.New("what begins with 0x is a long-term key: 32 hexadecimal digits have to follow")
	errUserTwin  = errors.New("two users with one name")
	errUsers     = errors.New("too many users: at most 10000")
	errUserEmpty = errors.New("a user without name")
)

// User is somebody whom the configuration names. Make one with [NewUser].
type User struct {
	name     string
	password Secret // where there is no key
	key      Secret // the long-term key of RFC 8489 section 9.2.2, ready made
}

// NewUser returns a user of that name. A password that begins with 0x is the
// long-term key in hexadecimal, MD5 of name:realm:password; it works with the
// realm that it was made for, and nothing here can tell which that was.
func NewUser(name, password string) (User, error) {
	control := func(r rune) bool { return r < ' ' || r == 0x7f }
	switch {
	case name == "", len(name) > maxAnyUsername, strings.ContainsFunc(name, control), strings.Contains(name, ":"):
		return User{}, errUserName
	case isTicket(name):
		return User{}, errUserForm
	case password == "", len(password) > maxPassword, strings.ContainsFunc(password, control):
		return User{}, errPassword
	}
	text, isKey := strings.CutPrefix(password, keyMark)
	if !isKey {
		return User{name: name, password: secretOf([]byte(password))}, nil
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != longTermKeyBytes {
		return User{}, errUserKey
	}
	return User{name: name, key: secretOf(key)}, nil
}

// String names nobody.
func (User) String() string { return hidden }

// staticDoor opens to the users of the configuration.
type staticDoor struct{ users map[string]User }

func newStaticDoor(users []User) staticDoor {
	d := staticDoor{make(map[string]User, len(users))}
	for _, u := range users {
		d.users[u.name] = u
	}
	return d
}

// open makes a key for a user that has one as well: how long it takes tells
// nothing about how the configuration is written.
func (d staticDoor) open(r asked) (Principal, []byte, bool, Refusal) {
	u, ok := d.users[r.username]
	if !ok {
		return Principal{}, nil, false, RefusedCredential
	}
	key := longTermKey(r.username, r.realm, string(u.password.bytes()))
	if ready := u.key.bytes(); ready != nil {
		key = ready
	}
	if !r.fits(key) {
		return Principal{}, nil, true, RefusedCredential
	}
	return Principal{Kind: KindStatic, ID: "u:" + u.name}, key, true, ""
}

func checkUsers(users []User) error {
	var faults []error
	if len(users) > MaxUsers {
		faults = append(faults, errUsers)
	}
	seen := make(map[string]struct{}, len(users))
	for _, u := range users {
		if u.name == "" {
			faults = append(faults, errUserEmpty)
		}
		if _, twin := seen[u.name]; twin {
			faults = append(faults, errUserTwin)
		}
		seen[u.name] = struct{}{}
	}
	return errors.Join(faults...)
}
