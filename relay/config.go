package relay

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/netip"
	"time"
)

// Defaults of [Config].
const (
	DefaultMinPort = 49152
	DefaultMaxPort = 65535
	DefaultRealm   = "ringfence"

	DefaultNonceLife = 600 * time.Second
)

// Bounds of [Limits.Lifetime], and RFC 8656 section 7.2's default.
const (
	minLifetime = 10 * time.Minute
	maxLifetime = time.Hour
)

// Config is what [Listen] needs. Zero values are the safe ones.
type Config struct {
	// UDP and TCP are where clients are heard. An unspecified address stands
	// for each address of the machine that others may know: a wildcard socket
	// would answer from whichever address the route prefers. Unspecified IPv6
	// (and the zero Addr) stands for both families. Loopback and link-local
	// addresses are left out, unless the machine has nothing but loopback.
	//
	// With a certificate, TLS is understood at each of TCP as well and DTLS at
	// each of UDP, told by their first byte; and TLS names more addresses for
	// both, for the port that clients expect them at (RFC 8656: 5349). Without
	// a certificate TLS is left alone.
	UDP, TCP, TLS []netip.AddrPort

	// Without are the transports that clients may not come by, wherever the
	// relay listens. Addresses at which none is left are not opened.
	Without []Via

	// Certificate chooses the certificate of TLS and DTLS. Nil: neither.
	Certificate GetCertificate

	// Shared are listeners whose connections are past their TLS handshake, as
	// [Split.TURN] is. The server closes them. What clients are told of their
	// certificate is up to Certificate.
	Shared []net.Listener

	// TLSMin is the lowest version of TLS: [tls.VersionTLS13], the default, or
	// [tls.VersionTLS12]. DTLS is always 1.2: there is no other yet.
	TLSMin uint16

	// RelayIPs are the addresses that sockets towards peers are bound to.
	// Empty: the address on which the client was heard; behind NAT the one
	// that the route to the internet leaves from.
	RelayIPs []netip.Addr

	// MinPort and MaxPort bound the ports towards peers, both inclusive.
	MinPort, MaxPort uint16

	// PublicIP returns the address under which the relay is known outside, or
	// the zero Addr. It is called often and must not block; the answer may
	// change. Ports must be the same on both sides of the NAT. Nil: no NAT.
	PublicIP func() netip.Addr

	// PublicIP6 is the same for IPv6, where PublicIP is of IPv4. Nil: none.
	PublicIP6 func() netip.Addr

	// Host is what clients are told instead of an address. May be empty.
	Host string

	Realm string

	// Keys, Secrets and Users are who may come in: call-scoped credentials,
	// TURN REST ones, at most [MaxSecrets], and users, at most [MaxUsers]. At
	// least one of them is needed, unless STUNOnly.
	Keys    *Keys
	Secrets []NamedSecret
	Users   []User

	// Separator is between expiry and name of a TURN REST credential: a visible
	// character of ASCII, no digit. 0: [DefaultSeparator].
	Separator byte

	// STUNOnly says that it is meant where nobody may come in: what is left
	// answers binding requests.
	STUNOnly bool

	// STUN is who is told where they are seen from.
	STUN STUN

	// Family is that of an allocation whose client asks for none.
	Family Family

	// NonceLife is how long a nonce may be used: 600 s. Clients get a new one
	// in the answer that refuses the old.
	NonceLife time.Duration

	Peers PeerPolicy

	// AllowOwnAddresses lets clients reach other programs on this machine, on
	// ports from 1024 up: for evaluation, with server and clients on one
	// machine. Loopback is permitted only if the relay is bound to it.
	AllowOwnAddresses bool

	// Closed relays between the allocations of this relay and to nothing else:
	// peers are refused that are none, whatever Peers and AllowOwnAddresses say.
	// Relayed addresses are then names alone. Their ports are of MinPort to
	// MaxPort, but nothing is bound to them, so that clients need the listeners
	// and no other port. TCPPeers is not possible besides.
	Closed bool

	// TCPPeers lets clients that came by TCP or TLS have connections with peers
	// (RFC 6062), at most 16 for each allocation, and none with a port of mail:
	// 25, 465 and 587. Nothing is dropped at [Limits.BytesPerSecond], it waits.
	// Unix only.
	TCPPeers bool

	// Shards is how many threads pass the packets of channels on, past pion. 0 is
	// one for each processor, [ShardsOff] none, and [MaxShards] the most. Linux on
	// 64 bits only: elsewhere there are none.
	Shards int

	Limits Limits
	Log    *slog.Logger     // nil: no log
	Now    func() time.Time // nil: time.Now
}

// Limits bounds what clients may take. Zero fields become the
// defaults, and [Unlimited] is none.
type Limits struct {
	PerLeg      int // allocations of one leg of a call: 8
	PerUser     int // allocations of one user, of a secret or of the configuration: 64
	PerSecret   int // allocations of one secret: as in all, or half of it where there are several
	PerPrefix   int // allocations of one network of clients, /32 or /64: 1024
	Allocations int // in all: 8192
	Connections int // of clients, TCP, TLS and DTLS, in all: 8192
	PerNetwork  int // connections of one network, /32 or /64: 512
	Permissions int // peers' addresses of one allocation: 64
	Channels    int // of one allocation: 64
	Strangers   int // answers a second, in all, that are longer than 1.6 times what asked for them over UDP: 5000

	// BytesPerSecond is how many bytes of payload pass each way of one
	// allocation: 2,000,000, enough for a few streams of high definition.
	// BytesPerSecondTotal is the same of all together: 125,000,000, a gigabit.
	// What is above is dropped. A second's worth may come at once.
	BytesPerSecond, BytesPerSecondTotal int

	// Lifetime is how long an allocation lives without a refresh at most,
	// whatever the client asks for: 1 h, which is also the most.
	Lifetime time.Duration
}

// Unlimited is a limit that is none.
const Unlimited = math.MaxInt

var (
	errNoListener = errors.New("relay: no address to listen on")
	errPorts      = errors.New("relay: ports towards peers: need 1024 ≤ first ≤ last")
	errNoKeys     = errors.New("relay: nobody may come in: no keys, no secrets and no users")
	errLifetime   = errors.New("relay: the lifetime of an allocation is between 10 minutes and 1 hour")
	errLimits     = errors.New("relay: a limit is negative")
	errTLSMin     = errors.New("relay: the lowest version of TLS is 1.3 or 1.2")
	errTCPPeers   = errors.New("relay: connections with peers by TCP are not possible on this system")
	errShards     = errors.New("relay: there are 1 to 64 shards, or 0 or -1")
	errClosedTCP  = errors.New("relay: a closed relay has no connections with peers by TCP: one or the other")
	errRelayIP    = errors.New("relay: an address towards peers is not a plain unicast address")
)

// withDefaults fills what is zero and joins everything that is wrong.
func (c Config) withDefaults() (Config, error) {
	or(&c.MinPort, DefaultMinPort)
	or(&c.MaxPort, DefaultMaxPort)
	or(&c.Realm, DefaultRealm)
	or(&c.TLSMin, tls.VersionTLS13)
	or(&c.Separator, DefaultSeparator)
	c.Limits = c.Limits.withDefaults(len(c.Secrets))
	or(&c.NonceLife, DefaultNonceLife)
	or(&c.Log, slog.New(slog.DiscardHandler))
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, c.check()
}

func (l Limits) withDefaults(secrets int) Limits {
	or(&l.PerLeg, 8)
	or(&l.PerUser, 64)
	or(&l.PerPrefix, 1024)
	or(&l.Allocations, 8192)
	if secrets < 2 {
		or(&l.PerSecret, l.Allocations)
	}
	or(&l.PerSecret, (l.Allocations+1)/2)
	or(&l.Connections, 8192)
	or(&l.PerNetwork, 512)
	or(&l.Permissions, 64)
	or(&l.Channels, 64)
	or(&l.Strangers, 5000)
	or(&l.BytesPerSecond, 2_000_000)
	or(&l.BytesPerSecondTotal, 125_000_000)
	or(&l.Lifetime, maxLifetime)
	return l
}

func (l Limits) check() error {
	var faults []error
	if min(l.PerLeg, l.PerUser, l.PerSecret, l.PerPrefix, l.Allocations, l.Connections, l.PerNetwork,
		l.Permissions, l.Channels, l.Strangers, l.BytesPerSecond, l.BytesPerSecondTotal) < 0 {
		faults = append(faults, errLimits)
	}
	if l.Lifetime < minLifetime || l.Lifetime > maxLifetime {
		faults = append(faults, errLifetime)
	}
	return errors.Join(faults...)
}

func (c Config) check() error {
	var faults []error
	if len(c.packetAddrs())+len(c.streamAddrs()) == 0 {
		faults = append(faults, errNoListener)
	}
	if c.MinPort < 1024 || c.MinPort > c.MaxPort {
		faults = append(faults, fmt.Errorf("%w (got %d to %d)", errPorts, c.MinPort, c.MaxPort))
	}
	if c.Keys == nil && len(c.Secrets)+len(c.Users) == 0 && !c.STUNOnly {
		faults = append(faults, errNoKeys)
	}
	if c.TLSMin != tls.VersionTLS13 && c.TLSMin != tls.VersionTLS12 {
		faults = append(faults, errTLSMin)
	}
	if c.Shards < ShardsOff || c.Shards > MaxShards {
		faults = append(faults, fmt.Errorf("%w (got %d)", errShards, c.Shards))
	}
	if c.TCPPeers && !canShareListener {
		faults = append(faults, errTCPPeers)
	}
	if c.Closed && c.TCPPeers {
		faults = append(faults, errClosedTCP)
	}
	faults = append(faults, checkSecrets(c.Secrets), checkUsers(c.Users), checkSeparator(c.Separator), c.Limits.check())
	for _, ip := range c.RelayIPs {
		if !ip.IsValid() || ip.IsUnspecified() || ip.IsMulticast() || ip.Zone() != "" {
			faults = append(faults, fmt.Errorf("%w: %s", errRelayIP, ip))
		}
	}
	return errors.Join(faults...)
}

// doors are who may come in. Users are before secrets: a name of the
// configuration means that user, whatever it looks like.
func (c Config) doors() (out []door) {
	if c.Keys != nil {
		out = append(out, callDoor{c.Keys})
	}
	if len(c.Users) > 0 {
		out = append(out, newStaticDoor(c.Users))
	}
	if len(c.Secrets) > 0 {
		out = append(out, restDoor{c.Separator, c.Secrets})
	}
	return out
}

// outside returns the addresses under which the relay is known outside now.
func (c *Config) outside() (out outside) {
	for _, get := range []func() netip.Addr{c.PublicIP, c.PublicIP6} {
		if get == nil {
			continue
		}
		switch a := get().Unmap(); {
		case a.Is4():
			out.four = a
		case a.Is6():
			out.six = a
		}
	}
	return out
}

func or[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}
