package relay

import "time"

// callDoor opens to call-scoped credentials.
type callDoor struct{ keys *Keys }

func (d callDoor) open(r asked) (Principal, []byte, bool, Refusal) {
	if !isTicket(r.username) {
		return Principal{}, nil, false, RefusedCredential
	}
	t, err := parseUsername(r.username)
	if err != nil {
		return Principal{}, nil, true, RefusedCredential
	}
	k, ok := d.keys.find(t.key)
	if !ok {
		return Principal{}, nil, true, RefusedCredential
	}
	key := longTermKey(r.username, r.realm, sign(k.Secret, r.username))
	switch {
	case !r.fits(key):
		return Principal{}, nil, true, RefusedCredential
	case r.allocate && t.timely(r.now) != nil:
		return Principal{}, nil, true, RefusedExpired
	}
	p := Principal{
		Kind: KindCall, ID: t.Call + userSeparator + t.Leg, Call: t.Call, Leg: t.Leg,
		Budget: t.Budget, Expires: time.Unix(t.expires, 0),
	}
	return p, key, true, ""
}
