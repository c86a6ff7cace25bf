package seal

import (
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
)

// Lengths of what two people become friends with, in bytes.
const (
	LinkSize    = 85
	RequestSize = fSize + sigSize + macSize
	AcceptSize  = aSize + sigSize
	ScanSize    = 101

	fSize   = 141
	aSize   = 125
	macSize = 32

	maxRequestAge = 30 * 24 * 60 * 60 * 1000 // ms
)

// FriendLink is what the fragment of a friend's link holds.
type FriendLink struct {
	Acct   Acct
	Head   Head
	Secret [16]byte
}

// strictText takes one spelling of each value.
func strictText() *base64.Encoding { return base64.RawURLEncoding.Strict() }

// Text returns the fragment.
func (l FriendLink) Text() string {
	b := append([]byte{1}, l.Acct[:]...)
	return strictText().EncodeToString(append(l.Head.append(b), l.Secret[:]...))
}

// ReadLink reads a fragment.
func ReadLink(text string) (l FriendLink, err error) {
	if len(text) != strictText().EncodedLen(LinkSize) {
		return l, refuse(Malformed)
	}
	b, err := strictText().DecodeString(text)
	if err != nil || len(b) != LinkSize {
		return l, refuse(Malformed) // the decoder passes over line ends, which the length finds
	}
	r := reader{b: b}
	if r.u8() != 1 {
		return l, refuse(Version)
	}
	r.into(l.Acct[:])
	l.Head = r.head()
	r.into(l.Secret[:])
	return l, nil
}

// InviteID returns the place of the link at the hub, which never gets the
// secret.
func (l FriendLink) InviteID() ID { return ID(kdf(l.Secret[:], nil, ds("invite/id"), 16)) }

// Request asks to become friends.
type Request struct {
	From     Acct
	To       Acct
	FromDev  Dev
	FromHead Head
	Nonce    ID
	Expiry   uint64
}

// NewRequest signs a request by the device key of the own log, for an identity
// that link or the hub named. With no link its secret is nil.
func NewRequest(own *Log, key DeviceKey, to Acct, secret *[16]byte, expiry uint64) ([]byte, error) {
	if expiry >= maxNumber {
		return nil, refuse(Malformed)
	}
	from, dev, nonce := own.Acct(), key.author(own.Acct()), RandomID()
	f := append(append([]byte{1}, from[:]...), to[:]...)
	f = own.Head().append(append(f, dev[:]...))
	f = u64(append(f, nonce[:]...), expiry)
	sig, err := key.sign(ds("friend-request", f))
	if err != nil {
		return nil, err
	}
	var m [macSize]byte
	if secret != nil {
		m = mac(secret[:], "friend-req", f)
	}
	return append(append(f, sig...), m[:]...), nil
}

// RequestID names a request.
func RequestID(raw []byte) Hash { return hash("friend-req-id", raw) }

// ReadRequest reads a request without believing it: who it says it is from,
// whose log is to be fetched.
func ReadRequest(raw []byte) (q Request, err error) {
	if len(raw) != RequestSize {
		return q, refuse(Malformed)
	}
	r := reader{b: raw[:fSize]}
	if r.u8() != 1 {
		return q, refuse(Version)
	}
	r.into(q.From[:])
	r.into(q.To[:])
	r.into(q.FromDev[:])
	q.FromHead = r.head()
	r.into(q.Nonce[:])
	q.Expiry = r.u64()
	if !r.done() {
		return q, refuse(Malformed)
	}
	return q, nil
}

// CheckRequest reads a request and checks it against the log of who it is from.
// secrets are those of the links that are open; byLink is the place of the one
// that it came through, and -1 for one by sign-in name. That its id is new is
// for the caller to see to (Replay).
func CheckRequest(raw []byte, me Acct, theirs *Log, secrets [][16]byte, now uint64) (q Request, byLink int, err error) {
	q, err = ReadRequest(raw)
	if err != nil {
		return q, -1, err
	}
	f, sig, tag := raw[:fSize], raw[fSize:fSize+sigSize], raw[fSize+sigSize:]
	d, _ := theirs.Device(q.FromDev)
	if q.To != me || q.From == me || q.From != theirs.Acct() || !theirs.Contains(q.FromHead) || !d.Active || !d.Key.verify(ds("friend-request", f), sig) {
		return q, -1, refuse(BadRequest)
	}
	byLink = -1
	for i, s := range secrets {
		if m := mac(s[:], "friend-req", f); same(m[:], tag) {
			byLink = i
		}
	}
	if byLink < 0 && !zero(tag) {
		return q, -1, refuse(BadRequest)
	}
	if q.Expiry < now || q.Expiry-now > maxRequestAge {
		return q, -1, refuse(RequestExpired)
	}
	return q, byLink, nil
}

// Accept says yes to a request.
type Accept struct {
	Request Hash
	Acct    Acct
	Dev     Dev
	Head    Head
	MS      uint64
}

// NewAccept signs it.
func NewAccept(own *Log, key DeviceKey, request []byte, ms uint64) ([]byte, error) {
	if ms >= maxNumber {
		return nil, refuse(Malformed)
	}
	id, a, dev := RequestID(request), own.Acct(), key.author(own.Acct())
	b := append(append([]byte{1}, id[:]...), a[:]...)
	b = u64(own.Head().append(append(b, dev[:]...)), ms)
	sig, err := key.sign(ds("friend-accept", b))
	if err != nil {
		return nil, err
	}
	return append(b, sig...), nil
}

// CheckAccept reads an accept of a request that this person made and has not
// seen accepted, against the log of who accepts.
func CheckAccept(raw, request []byte, theirs *Log) (a Accept, err error) {
	if len(raw) != AcceptSize {
		return a, refuse(Malformed)
	}
	r := reader{b: raw[:aSize]}
	if r.u8() != 1 {
		return a, refuse(Version)
	}
	r.into(a.Request[:])
	r.into(a.Acct[:])
	r.into(a.Dev[:])
	a.Head, a.MS = r.head(), r.u64()
	if !r.done() {
		return a, refuse(Malformed)
	}
	q, err := ReadRequest(request)
	d, _ := theirs.Device(a.Dev)
	if err != nil || a.Request != RequestID(request) || a.Acct != q.To || a.Acct != theirs.Acct() ||
		!theirs.Contains(a.Head) || !d.Active || !d.Key.verify(ds("friend-accept", raw[:aSize]), raw[aSize:]) {
		return a, refuse(BadAccept)
	}
	return a, nil
}

// safetyRounds makes the number slow to search for.
const safetyRounds = 5200

// SafetyNumber returns the 60 digits that two people compare. It is the same on
// both sides, and devices do not change it.
func SafetyNumber(a ID, aRoot SigningKey, b ID, bRoot SigningKey) string {
	x, y := safetyHalf(a, aRoot), safetyHalf(b, bRoot)
	if y < x {
		x, y = y, x
	}
	return x + y
}

func safetyHalf(account ID, root SigningKey) string {
	h := sha512.Sum512(ds("safety", account[:], root[:]))
	next := make([]byte, 0, len(h)+len(root))
	for range safetyRounds - 1 {
		h = sha512.Sum512(append(append(next, h[:]...), root[:]...))
	}
	var text strings.Builder
	for k := range 6 {
		var v uint64
		for _, b := range h[5*k : 5*k+5] {
			v = v<<8 | uint64(b)
		}
		fmt.Fprintf(&text, "%05d", v%100_000)
	}
	return text.String()
}

// ScanCode returns what a QR code shows to a friend: own and friend's identity,
// and the own head.
func ScanCode(own *Log, friend Acct) []byte {
	a := own.Acct()
	b := append(append([]byte{1}, a[:]...), friend[:]...)
	return own.Head().append(b)
}

// CheckScan checks a code that a friend's device shows: both identities must be
// those that this device has, and the head in the friend's log, which is to be
// fetched until it is (BadHeadFrom).
func CheckScan(raw []byte, me Acct, theirs *Log) error {
	if len(raw) != ScanSize {
		return refuse(Malformed)
	}
	r := reader{b: raw}
	if r.u8() != 1 {
		return refuse(Version)
	}
	var from, to Acct
	r.into(from[:])
	r.into(to[:])
	h := r.head()
	switch {
	case from != theirs.Acct():
		return refuse(BadSender)
	case to != me:
		return refuse(BadRecipient)
	case !theirs.Contains(h):
		return refuse(BadHeadFrom)
	}
	return nil
}
