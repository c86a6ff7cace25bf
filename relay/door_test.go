package relay

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var doorTime = time.Unix(1_700_000_000, 0)

// signedWith makes what a client with that password asks.
func signedWith(username, password string, at time.Time) asked {
	want := longTermKey(username, DefaultRealm, password)
	return asked{
		username: username, realm: DefaultRealm, allocate: true, now: at,
		fits: func(key []byte) bool { return hmac.Equal(key, want) },
	}
}

func named(t testing.TB, name, text string) NamedSecret {
	t.Helper()
	n, err := NewNamedSecret(name, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// minted is the password as the draft has it, made without our code.
func minted(secret, user string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(user))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestRESTDoor(t *testing.T) {
	t.Parallel()
	d := restDoor{':', []NamedSecret{named(t, "one", "first-secret-0001"), named(t, "two", "second-secret-002")}}
	day := strconv.FormatInt(doorTime.Unix()+86400, 10)
	past := strconv.FormatInt(doorTime.Unix()-1, 10)
	far := strconv.FormatInt(doorTime.Add(MaxRESTTTL+2*clockSkew).Unix(), 10)
	for _, c := range []struct {
		name, user, secret string
		id                 string
		known              bool
		refusal            Refusal
	}{
		{"Matrix", day + ":@ann:example.org", "first-secret-0001", "r:one:@ann:example.org", true, ""},
		{"Nextcloud, second secret", day + ":xyz", "second-secret-002", "r:two:xyz", true, ""},
		{"Prosody, nameless", day, "first-secret-0001", "n:one:" + day, true, ""},
		{"nameless with separator", day + ":", "first-secret-0001", "n:one:" + day + ":", true, ""},
		{"name first", "ann:" + day, "first-secret-0001", "r:one:ann", true, ""},
		{"name of digits", day + ":123", "first-secret-0001", "r:one:123", true, ""},
		{"this very second", strconv.FormatInt(doorTime.Unix(), 10) + ":a", "first-secret-0001", "r:one:a", true, ""},
		{"expired", past + ":ann", "first-secret-0001", "", true, RefusedExpired},
		{"too far ahead", far + ":ann", "first-secret-0001", "", true, RefusedExpired},
		{"another's secret", day + ":ann", "third-secret-0003", "", true, RefusedCredential},
		{"expired, wrong secret", past + ":ann", "third-secret-0003", "", true, RefusedCredential},
		{"no expiry", "ann", "first-secret-0001", "", false, RefusedCredential},
		{"nothing but a separator", ":", "first-secret-0001", "", false, RefusedCredential},
		{"nothing before it", ":" + day, "first-secret-0001", "", false, RefusedCredential},
		{"empty", "", "first-secret-0001", "", false, RefusedCredential},
		{"absurd expiry", "9999999999999:ann", "first-secret-0001", "", false, RefusedCredential},
		{"zeros", "000" + day + ":ann", "first-secret-0001", "", false, RefusedCredential},
		{"too long", day + ":" + strings.Repeat("a", 500), "first-secret-0001", "", false, RefusedCredential},
	} {
		p, key, known, refusal := d.open(signedWith(c.user, minted(c.secret, c.user), doorTime))
		if p.ID != c.id || known != c.known || refusal != c.refusal || (key != nil) != (refusal == "") {
			t.Errorf("%s: got %q, known %v, refusal %q, a key %v; want %q, %v, %q",
				c.name, p.ID, known, refusal, key != nil, c.id, c.known, c.refusal)
		}
	}
}

// Time counts where an allocation is made, and nowhere else.
func TestRESTExpiryCountsAtAllocateOnly(t *testing.T) {
	t.Parallel()
	d := restDoor{':', []NamedSecret{named(t, "one", "first-secret-0001")}}
	r := signedWith("1600000000:ann", minted("first-secret-0001", "1600000000:ann"), doorTime)
	if _, _, _, refusal := d.open(r); refusal != RefusedExpired {
		t.Errorf("Allocate: got %q, want %q", refusal, RefusedExpired)
	}
	r.allocate = false
	if _, _, _, refusal := d.open(r); refusal != "" {
		t.Errorf("Refresh: got %q", refusal)
	}
}

// However many secrets there are and whichever fits, each is tried.
func TestRESTDoorTriesEverySecret(t *testing.T) {
	t.Parallel()
	d := restDoor{separator: '|'}
	for i := range MaxSecrets {
		d.secrets = append(d.secrets, named(t, fmt.Sprint(i), fmt.Sprintf("secret-number-%04d", i)))
	}
	user := strconv.FormatInt(doorTime.Unix()+60, 10) + "|ann"
	for i := -1; i < MaxSecrets; i++ {
		r := signedWith(user, minted(fmt.Sprintf("secret-number-%04d", i), user), doorTime)
		tried, fits := 0, r.fits
		r.fits = func(key []byte) bool { tried++; return fits(key) }
		p, _, _, refusal := d.open(r)
		if tried != MaxSecrets {
			t.Errorf("secret %d: %d tries, want %d", i, tried, MaxSecrets)
		}
		if (refusal == "") != (i >= 0) || i >= 0 && p.Secret != fmt.Sprint(i) {
			t.Errorf("secret %d: got %q of secret %q", i, refusal, p.Secret)
		}
	}
}

func TestMintRESTOpensTheDoor(t *testing.T) {
	t.Parallel()
	secret := named(t, "one", "first-secret-0001")
	d := restDoor{'!', []NamedSecret{secret}}
	for _, name := range []string{"", "ann", "a!b"} {
		c, err := MintREST(secret, '!', name, doorTime, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, refusal := d.open(signedWith(c.Username, c.Password, doorTime)); refusal != "" {
			t.Errorf("%q: refused: %q", name, refusal)
		}
	}
	for _, ttl := range []time.Duration{0, MaxRESTTTL + 1} {
		if _, err := MintREST(secret, ':', "ann", doorTime, ttl); !errors.Is(err, errRESTTTL) {
			t.Errorf("%v: got %v", ttl, err)
		}
	}
	if _, err := MintREST(secret, '7', "ann", doorTime, time.Hour); !errors.Is(err, errSeparator) {
		t.Errorf("a digit as separator: got %v", err)
	}
}

func users(t testing.TB, pairs ...string) (out []User) {
	t.Helper()
	for _, p := range pairs {
		name, password, _ := strings.Cut(p, ":")
		u, err := NewUser(name, password)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, u)
	}
	return out
}

func TestStaticDoor(t *testing.T) {
	t.Parallel()
	ready := keyMark + hex.EncodeToString(longTermKey("bob", DefaultRealm, "pass word:2"))
	d := newStaticDoor(users(t, "ann:correct horse", "bob:"+ready))
	for _, c := range []struct {
		name, password string
		known, in      bool
	}{
		{"ann", "correct horse", true, true},
		{"bob", "pass word:2", true, true},
		{"ann", "wrong", true, false},
		{"ann", "", true, false},
		{"bob", "", true, false},
		{"bob", ready, true, false},
		{"cid", "correct horse", false, false},
		{"Ann", "correct horse", false, false},
		{"", "", false, false},
	} {
		p, _, known, refusal := d.open(signedWith(c.name, c.password, doorTime))
		if known != c.known || (refusal == "") != c.in || c.in && p != (Principal{Kind: KindStatic, ID: "u:" + c.name}) {
			t.Errorf("%q %q: got %+v, known %v, refusal %q", c.name, c.password, p, known, refusal)
		}
	}
}

func TestUsersThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, password string
		want           error
	}{
		{"", "x", errUserName},
		{"a:b", "x", errUserName},
		{"a\nb", "x", errUserName},
		{strings.Repeat("a", 509), "x", errUserName},
		{"v1.k1.1.c.l", "x", errUserForm},
		{"v2.", "x", errUserForm},
		{"ann", "", errPassword},
		{"ann", "a\x00", errPassword},
		{"ann", strings.Repeat("p", 764), errPassword},
		{"ann", "0x12", errUserKey},
		{"ann", "0x" + strings.Repeat("g", 32), errUserKey},
		{"ann", "0x" + strings.Repeat("a", 34), errUserKey},
	} {
		if _, err := NewUser(c.name, c.password); !errors.Is(err, c.want) {
			t.Errorf("%.20q %.20q: got %v, want %v", c.name, c.password, err, c.want)
		}
	}
}

func TestCallDoorAsksForTheSignature(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.mint(t, "call1", "a")
	in := signedWith(c.Username, c.Password, r.clock.now())
	if p, _, refusal := r.admit(c.Username, true, in.fits); refusal != "" || p.Call != "call1" {
		t.Errorf("right password: got %q", refusal)
	}
	if _, key, refusal := r.admit(c.Username, true, func([]byte) bool { return false }); refusal != RefusedCredential || key != nil {
		t.Errorf("wrong password: got %q", refusal)
	}
	r.clock.advance(time.Hour)
	if _, _, refusal := r.admit(c.Username, true, func([]byte) bool { return false }); refusal != RefusedCredential {
		t.Errorf("wrong password, expired: got %q, which says that there was such a call", refusal)
	}
}

// A name that nobody has costs as many looks at the signature as a wrong
// password does.
func TestUnknownUsersLookLikeWrongPasswords(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *Config) { c.Users = users(t, "ann:correct horse") })
	for _, name := range []string{"ann", "bob", ""} {
		looks := 0
		_, key, refusal := r.admit(name, true, func([]byte) bool { looks++; return false })
		if looks != 1 || key != nil || refusal != RefusedCredential {
			t.Errorf("%q: got %d looks, key %x, %q", name, looks, key, refusal)
		}
	}
	// Not even a signature with that key opens.
	if _, key, refusal := r.admit("bob", true, func([]byte) bool { return true }); refusal != RefusedCredential || key != nil {
		t.Errorf("nobody: got %q", refusal)
	}
}

// Each kind of credential makes an allocation through the wire.
func TestEveryDoorOpens(t *testing.T) {
	t.Parallel()
	secret := named(t, "one", "first-secret-0001")
	r := newRig(t, func(c *Config) {
		c.Secrets, c.Users = []NamedSecret{secret}, users(t, "ann:correct horse", "1:digits as a name")
	})
	rest, err := MintREST(secret, ':', "cid", r.clock.now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []Credential{
		r.mint(t, "call1", "a"), rest, {Username: "ann", Password: "correct horse"}, {Username: "1", Password: "digits as a name"},
	} {
		r.allocateWith(t, "udp", c)
	}
	for _, c := range []Credential{
		{Username: "ann", Password: "wrong"},
		{Username: "dan", Password: "correct horse"},
		{Username: rest.Username, Password: "wrong"},
		{Username: rest.Username + "x", Password: rest.Password},
	} {
		if _, err := r.client(t, "udp", c).Allocate(); err == nil {
			t.Errorf("%s: let in", c.Username)
		}
	}
}

func TestConfigOfDoors(t *testing.T) {
	t.Parallel()
	many := slices.Repeat([]NamedSecret{named(t, "one", "first-secret-0001")}, MaxSecrets+1)
	for name, c := range map[string]struct {
		cfg  Config
		want error
	}{
		"nobody":          {Config{}, errNoKeys},
		"nobody, meant":   {Config{STUNOnly: true}, nil},
		"two of one name": {Config{Secrets: many[:2]}, errSecretTwin},
		"too many":        {Config{Secrets: many}, errSecrets},
		"empty secret":    {Config{Secrets: []NamedSecret{{Name: "a"}}}, errSecretText},
		"separator":       {Config{STUNOnly: true, Separator: '1'}, errSeparator},
		"no name":         {Config{Users: []User{{}}}, errUserEmpty},
		"user twice":      {Config{Users: users(t, "ann:x", "ann:y")}, errUserTwin},
		"lifetime":        {Config{STUNOnly: true, Limits: Limits{Lifetime: 2 * time.Hour}}, errLifetime},
		"negative":        {Config{STUNOnly: true, Limits: Limits{BytesPerSecond: -1}}, errLimits},
	} {
		c.cfg.UDP = append(c.cfg.UDP, loopback(0))
		if _, err := c.cfg.withDefaults(); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	if l := (Limits{Allocations: 100}).withDefaults(3); l.PerSecret != 50 {
		t.Errorf("of 3 secrets: got %d allocations each, want 50", l.PerSecret)
	}
	if l := (Limits{Allocations: 100}).withDefaults(1); l.PerSecret != 100 {
		t.Errorf("of one secret: got %d allocations, want 100", l.PerSecret)
	}
}

// expand is HKDF of RFC 5869 by hand, for one block without salt.
func expand1(secret []byte, info string) []byte {
	sum := func(key, data []byte) []byte {
		m := hmac.New(sha256.New, key)
		m.Write(data)
		return m.Sum(nil)
	}
	return sum(sum(make([]byte, sha256.Size), secret), append([]byte(info), 1))
}

func TestDerivedKeysAreApart(t *testing.T) {
	t.Parallel()
	text := "one secret for all that there is"
	secret := secretOf([]byte(text))
	d, err := DeriveKeys(secret)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := DeriveKeys(secret)
	other, _ := DeriveKeys(secretOf([]byte("another secret of the operator's")))
	seen := map[string]string{text: "the secret"}
	for name, s := range map[string]string{
		"call": d.Call.Secret.Reveal(), "nonce": d.Nonce.Reveal(), "revoke": d.Revoke.Reveal(),
		"call of another": other.Call.Secret.Reveal(), "revoke of another": other.Revoke.Reveal(),
	} {
		if was, ok := seen[s]; ok || s == "" {
			t.Errorf("%s is %s", name, was)
		}
		seen[s] = name
	}
	if again.Call.ID != d.Call.ID || again.Revoke.Reveal() != d.Revoke.Reveal() || other.Call.ID == d.Call.ID {
		t.Error("want the same keys for the same secret, and others for another")
	}
	if got, want := d.Call.Secret.Reveal(), string(expand1([]byte(text), "ringfence relay call key v1")); got != want {
		t.Errorf("got %x, want %x", got, want)
	}
	if _, err := NewKeys(d.Call, other.Call); err != nil {
		t.Error("as keys of a relay: ", err)
	}
	if _, err := DeriveKeys(secretOf([]byte("short"))); !errors.Is(err, errShortREST) {
		t.Errorf("a short secret: got %v", err)
	}
}
