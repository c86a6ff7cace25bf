package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/relay"
)

// signedRequests are those that need a password, each whole but for that.
func signedRequests() map[string]packet {
	p := at(loopback4, 4000)
	return map[string]packet{
		"Allocate":         request(allocate).transport(17),
		"Refresh":          request(refresh),
		"CreatePermission": request(createPermission).peers(p),
		"ChannelBind":      request(channelBind).channel(0x4000).peers(p),
	}
}

// wantChallenge fails unless m asks for a password, and for nothing else.
func (c *client) wantChallenge(m message, code int) (nonce string) {
	c.t.Helper()
	c.wantCode(m, code)
	realm, _ := m.find(attrRealm)
	if string(realm) != c.server.realm {
		c.t.Errorf("REALM: got %q, want %q", realm, c.server.realm)
	}
	v, ok := m.find(attrNonce)
	if !ok || len(v) == 0 || len(v) >= 128 {
		c.t.Errorf("NONCE: got %q, want 1 to 127 bytes", v)
	}
	if m.has(attrUsername) {
		c.t.Error("a challenge has USERNAME")
	}
	return string(v)
}

func TestRFC8489_9_2_4_Unsigned401(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		for name, p := range signedRequests() {
			t.Run(name, func(t *testing.T) {
				c := s.dial(t, network, "a")
				m := c.ask(p)
				c.wantChallenge(m, 401)
				if m.has(attrIntegrity) {
					t.Error("a challenge is signed")
				}
			})
		}
	})
}

// Without MESSAGE-INTEGRITY what else is there does not matter.
func TestRFC8489_9_2_4_UnsignedWithTheRest401(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.login(t, "udp", "a")
	c.wantChallenge(c.ask(request(allocate).transport(17).add(attrUsername, []byte(c.cred.Username)...).
		add(attrRealm, []byte(c.realm)...).add(attrNonce, []byte(c.nonce)...)), 401)
}

func TestRFC8489_9_2_4_MissingAttribute400(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		for method, p := range signedRequests() {
			for _, missing := range []int{attrUsername, attrRealm, attrNonce} {
				m := c.ask(c.signWithout(missing, p))
				if code, err := m.code(); err != nil || code != 400 {
					t.Errorf("%s without %#04x: got %d (%v), want 400", method, missing, code, err)
				}
				for _, kind := range []int{attrUsername, attrRealm, attrNonce, attrIntegrity} {
					if m.has(kind) {
						t.Errorf("%s without %#04x: the answer has %#04x", method, missing, kind)
					}
				}
			}
		}
	})
}

func (c *client) signWithout(missing int, p packet) packet {
	for kind, v := range map[int]string{attrUsername: c.cred.Username, attrRealm: c.realm, attrNonce: c.nonce} {
		if kind != missing {
			p = p.add(kind, []byte(v)...)
		}
	}
	return p.integrity(c.key())
}

func TestRFC8489_9_2_4_WrongCredential401(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for name, spoil := range map[string]func(c *client){
		"password":         func(c *client) { c.cred.Password += "x" },
		"no password":      func(c *client) { c.cred.Password = "" },
		"unknown user":     func(c *client) { c.cred.Username = "nobody" },
		"no user":          func(c *client) { c.cred.Username = "" },
		"another's user":   func(c *client) { c.cred.Username = s.credential(t, "b").Username },
		"changed user":     func(c *client) { c.cred.Username += "x" },
		"unknown key":      func(c *client) { c.cred.Username = strings.Replace(c.cred.Username, ".k1.", ".k2.", 1) },
		"longest user":     func(c *client) { c.cred.Username = strings.Repeat("u", 763) },
		"another realm":    func(c *client) { c.realm = "example.org" },
		"realm of another": func(c *client) { c.realm = strings.ToUpper(c.realm) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transports(t, func(t *testing.T, network string) {
				for method, p := range signedRequests() {
					c := s.login(t, network, "a")
					spoil(c)
					if m := c.ask(c.sign(p)); c.wantChallenge(m, 401) == "" || m.has(attrIntegrity) {
						t.Errorf("%s: no challenge, or a signed one", method)
					}
				}
			})
		})
	}
}

// A nonce that is none gets a fresh one, and that one works.
func TestRFC8489_9_2_4_StaleNonce438(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		for name, spoil := range map[string]func(n string) string{
			"made up":   func(string) string { return "made up" },
			"cut":       func(n string) string { return n[:len(n)-1] },
			"longer":    func(n string) string { return n + "x" },
			"changed":   func(n string) string { return flip(n, len(n)-1) },
			"antedated": func(n string) string { return flip(n, 0) },
			"empty":     func(string) string { return "" },
			"longest":   func(string) string { return strings.Repeat("n", 127) },
		} {
			t.Run(name, func(t *testing.T) {
				c := s.login(t, network, network+strings.ReplaceAll(name, " ", ""))
				c.nonce = spoil(c.nonce)
				c.nonce = c.wantChallenge(c.ask(c.sign(request(allocate).transport(17))), 438)
				c.mustAllocate(request(allocate).transport(17))
				good := c.nonce
				c.nonce = spoil(good)
				c.nonce = c.wantChallenge(c.ask(c.sign(request(refresh).lifetime(0))), 438)
				c.want(0, request(refresh)) // it is still there
			})
		}
	})
}

// No nonce is good but the one that was given: a client can neither date it
// anew nor make one.
func TestRFC8489_9_2_NonceCannotBeChanged(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.allocated(t, "tcp", "a")
	given := c.nonce
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for i := range given {
		for _, letter := range letters {
			if byte(letter) == given[i] {
				continue
			}
			c.nonce = given[:i] + string(letter) + given[i+1:]
			if code, err := c.ask(c.sign(request(refresh))).code(); err != nil || code != 438 {
				t.Fatalf("%q in place of %q: got %d (%v), want 438", c.nonce, given, code, err)
			}
		}
	}
	c.nonce = given
	c.want(0, request(refresh))
}

// flip changes a byte of s into another that may stand in a nonce.
func flip(s string, i int) string {
	b := []byte(s)
	if b[i] == 'A' {
		b[i] = 'B'
	} else {
		b[i] = 'A'
	}
	return string(b)
}

// The checks come in the order of the section, which is not RFC 5389's: who
// has the wrong password is told so before anything is said of his nonce.
func TestRFC8489_9_2_4_PasswordBeforeNonce(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.login(t, "udp", "a")
	c.nonce = "made up"
	good := c.cred
	c.cred.Password = "wrong"
	c.wantChallenge(c.ask(c.sign(request(allocate).transport(17))), 401)
	c.cred.Username, c.cred.Password = "nobody", good.Password
	c.wantChallenge(c.ask(c.sign(request(allocate).transport(17))), 401)
}

// No two clients are given the same nonce.
func TestRFC8489_9_2_4_NoncesDiffer(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	var seen []string
	for range 16 {
		c := s.login(t, "udp", "a")
		if slices.Contains(seen, c.nonce) {
			t.Fatalf("the nonce %q was given to two clients", c.nonce)
		}
		seen = append(seen, c.nonce)
	}
}

// A nonce serves for many requests.
func TestRFC8489_9_2_NonceIsUsedAgain(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.allocated(t, "udp", "a")
	for range 5 {
		c.want(0, request(refresh))
	}
}

// Every answer after the checks is signed with the request's key, errors too:
// do and wantSigned say so here for each way through.
func TestRFC8489_9_2_4_AnswersAreSigned(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		p := at(loopback4, 4000)
		c.want(400, request(allocate))
		c.mustAllocate(request(allocate).transport(17))
		c.want(437, request(allocate).transport(17))
		c.want(0, request(refresh))
		c.want(0, request(createPermission).peers(p))
		c.want(400, request(createPermission))
		c.want(0, request(channelBind).channel(0x4000).peers(p))
		c.want(400, request(channelBind).channel(0x4000))
	})
}

// A Binding is answered whoever asks, unsigned: it authenticates nobody.
func TestRFC8489_6_3_1_1_BindingNeedsNoPassword(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.login(t, "udp", "a")
	c.wantCode(c.ask(c.sign(request(binding))), 0)
	c.cred.Password = "wrong"
	if m := c.ask(c.sign(request(binding))); m.has(attrIntegrity) {
		t.Error("the answer to a Binding is signed")
	}
}

// A relay may keep its Binding for its users, or to itself: our settings.
func TestRFC8489_6_3_1_1_BindingForUsersOnly(t *testing.T) {
	t.Parallel()
	users := newServer(t, func(c *relay.Config) { c.STUN = relay.STUNAuthenticated })
	nobody := newServer(t, func(c *relay.Config) { c.STUN = relay.STUNOff })
	transports(t, func(t *testing.T, network string) {
		c := users.dial(t, network, "a")
		m := c.ask(request(binding))
		c.realm, c.nonce = users.realm, c.wantChallenge(m, 401)
		m = c.want(0, request(binding))
		if got, err := m.addr(attrMapped); err != nil || got != c.local() {
			t.Errorf("XOR-MAPPED-ADDRESS: got %v (%v), want %v", got, err, c.local())
		}
		c.wantUnknown(c.do(request(binding).add(0x7001)), 0x7001)
		c.wantCode(c.ask(c.signWithout(attrNonce, request(binding))), 400)
		c.cred.Password = "wrong"
		c.wantChallenge(c.ask(c.sign(request(binding))), 401)

		c = nobody.login(t, network, "a")
		c.write(request(binding))
		c.write(c.sign(request(binding)))
		c.mustAllocate(request(allocate).transport(17))
		if len(c.waiting) > 0 {
			t.Errorf("a Binding that is off was answered: %x", c.waiting[0])
		}
	})
}

// What follows MESSAGE-INTEGRITY is signed by nobody. RFC 5389 section 15.4
// said outright that all but FINGERPRINT is ignored there.
func TestRFC8489_14_5_NothingCountsAfterIntegrity(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	transports(t, func(t *testing.T, network string) {
		c := s.login(t, network, "a")
		p := c.sign(request(allocate).transport(17)).add(0x7001).lifetime(900).add(attrEvenPort, 0x80)
		m := c.ask(p)
		c.wantAllocated(m)
		if got, _ := m.lifetime(); got != 600 {
			t.Errorf("LIFETIME: got %d, want 600, as there was none before MESSAGE-INTEGRITY", got)
		}
		if m.has(attrToken) {
			t.Error("EVEN-PORT after MESSAGE-INTEGRITY made a reservation")
		}
		c.wantCode(c.ask(c.sign(request(refresh)).lifetime(0)), 0)
		c.want(0, request(refresh))
		c.wantCode(c.ask(c.sign(request(createPermission)).peers(at(loopback4, 9))), 400)
	})
}

// MESSAGE-INTEGRITY of another length is none that matches.
func TestRFC8489_14_5_IntegrityHas20Bytes(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	c := s.login(t, "udp", "a")
	p := request(allocate).transport(17).add(attrUsername, []byte(c.cred.Username)...).
		add(attrRealm, []byte(c.realm)...).add(attrNonce, []byte(c.nonce)...)
	whole := slices.Clone(p.integrity(c.key())[len(p)+4:])
	for _, n := range []int{0, 4, 16, 19} {
		c.wantChallenge(c.ask(p.add(attrIntegrity, whole[:n]...)), 401)
	}
	c.wantChallenge(c.ask(p.add(attrIntegrity, append(whole, 0)...)), 401)
}

// Attributes of other uses of STUN, ICE's for one, and of mechanisms that the
// relay does not offer are unknown to it: our choice.
func TestRFC8489_6_3_1_AttributesOfOtherUsesAreUnknown(t *testing.T) {
	t.Parallel()
	s := newServer(t, nil)
	for name, kind := range map[string]int{
		"PRIORITY": 0x0024, "USE-CANDIDATE": 0x0025, "CHANGE-REQUEST": 0x0003, "RESPONSE-PORT": 0x0027,
		"PADDING": 0x0026, "ACCESS-TOKEN": 0x001b, "USERHASH": 0x001e, "PASSWORD-ALGORITHM": 0x001d,
		"MESSAGE-INTEGRITY-SHA256": 0x001c,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.login(t, "udp", "a")
			c.wantUnknown(c.ask(request(binding).add(kind, 0, 0, 0, 4)), kind)
			c.wantUnknown(c.do(request(allocate).transport(17).add(kind, 0, 0, 0, 4)), kind)
		})
	}
}
