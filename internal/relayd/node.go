package relayd

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/serving"
	"github.com/ringfence/ringfence/relay"
)

// Node is what a relay is made of, whichever program it is in.
type Node struct {
	Settings config.TURN
	Doors    Doors

	// Keys open the credentials of calls.
	Keys *relay.Keys

	// Certificates are those of turn.cert; nil where there are none. Otherwise
	// Certificate is used, and turn.tls_listen is not opened; it may be nil, too.
	Certificates *relay.Certificates
	Certificate  relay.GetCertificate

	Shared []net.Listener // see [relay.Config]

	OwnAddresses bool
	External     *PublicIP
	External6    *PublicIP // of turn.public_ip6; may be nil
	Log          *slog.Logger
	Now          func() time.Time
}

// Listen opens the relay's listeners and starts nothing, see [relay.Listen].
func Listen(ctx context.Context, n Node) (*relay.Server, error) {
	c := n.config()
	spare(&c)
	return relay.Listen(ctx, c)
}

// processors is how many the program was started with.
var processors = runtime.GOMAXPROCS(0)

// spare has Go's scheduler count one processor more than there are shards. A
// shard that waits for packets keeps its own as long as another is free; where
// none is, the runtime's watcher wakes up thousands of times a second to take it
// away, and the shard has to ask for it after each wait. See docs/adr/0021.
func spare(c *relay.Config) {
	if c.Shards == relay.ShardsOff {
		return
	}
	if c.Shards == 0 {
		c.Shards = min(processors, relay.MaxShards)
	}
	if runtime.GOMAXPROCS(0) <= c.Shards {
		runtime.GOMAXPROCS(c.Shards + 1)
	}
}

func (n *Node) config() relay.Config {
	t := n.Settings
	c := relay.Config{
		MinPort: t.MinPort, MaxPort: t.MaxPort, RelayIPs: t.RelayIPs,
		PublicIP: n.External.Addr, PublicIP6: n.External6.Addr, Host: cmp.Or(t.PublicIP.Name(), t.PublicIP6.Name()), Realm: t.Realm,
		Keys: n.Keys, Secrets: n.Doors.Secrets, Users: n.Doors.Users, Separator: n.Doors.Separator,
		NonceLife: time.Duration(t.NonceLife) * time.Second,
		Peers:     relay.PeerPolicy{Allow: t.AllowPeers, Deny: t.DenyPeers},
		TCPPeers:  t.TCPPeers == "on", Shards: int(t.Shards), Closed: t.IsClosed(),
		Shared: n.Shared, AllowOwnAddresses: n.OwnAddresses, Limits: limits(t.Limits), Log: n.Log, Now: n.Now,
	}
	if n.Doors.STUNOnly {
		c.Keys, c.STUNOnly = nil, true
	}
	c.UDP = addrPorts(t.Listen)
	c.TCP = c.UDP
	if c.Certificate = n.Certificate; n.Certificates != nil {
		c.Certificate, c.TLS = n.Certificates.Get, addrPorts(t.TLSListen)
	}
	c.STUN = map[string]relay.STUN{"on": relay.STUNOpen, "authenticated": relay.STUNAuthenticated, "off": relay.STUNOff}[t.STUN]
	c.Family = map[string]relay.Family{"ipv6": relay.FamilyIPv6, "keep": relay.FamilyKeep}[t.Family]
	if t.Fast == "off" {
		c.Shards = relay.ShardsOff
	}
	if t.TLSMin == "1.2" {
		c.TLSMin = tls.VersionTLS12
	}
	for word, via := range map[string]relay.Via{"udp": relay.ViaUDP, "tcp": relay.ViaTCP, "tls": relay.ViaTLS, "dtls": relay.ViaDTLS} {
		if !t.Transports.Has(word) {
			c.Without = append(c.Without, via)
		}
	}
	slices.Sort(c.Without)
	return c
}

// OpenCertificates reads turn.cert and turn.key; it returns nil where they are
// not set. from says in an error where they are set.
func OpenCertificates(t config.TURN, from config.Origins, log *slog.Logger) (*relay.Certificates, error) {
	if t.Cert == "" {
		return nil, nil
	}
	c, err := relay.LoadCertificates(t.Cert, t.Key)
	if err != nil {
		return nil, config.FaultErrors{{
			Setting: "turn.cert", Source: from.Source("turn.cert"), Must: err.Error(), Fix: "name PEM files that this user can read, the certificate first and then those between it and its root",
		}}
	}
	c.Log = log
	return c, nil
}

// CertificateStages keep certificates fresh, and read them again when reload
// says so, which may be nil.
func CertificateStages(c *relay.Certificates, reload func() <-chan os.Signal) []serving.Stage {
	return []serving.Stage{
		{Name: "certificate", Serve: c.Serve},
		{Name: "reload", Serve: func(ctx context.Context) error {
			var asked <-chan os.Signal
			if reload != nil {
				asked = reload()
			}
			for {
				select {
				case <-ctx.Done():
					return nil
				case <-asked:
					c.Poke()
				}
			}
		}},
	}
}

func limits(l config.Limits) relay.Limits {
	return relay.Limits{
		PerUser: int(l.PerUser), PerSecret: int(l.PerSecret), PerPrefix: int(l.PerPrefix), Allocations: int(l.Allocations),
		Connections: int(l.Connections), PerNetwork: int(l.ConnectionsPerPrefix),
		Permissions: int(l.Permissions), Channels: int(l.Channels), Strangers: int(l.UnauthenticatedPerSecond),
		BytesPerSecond: int(l.BytesPerSecond), BytesPerSecondTotal: int(l.BytesPerSecondTotal),
		Lifetime: time.Duration(l.Lifetime) * time.Second,
	}
}

func addrPorts(in config.Listens) (out []netip.AddrPort) {
	for _, l := range in {
		out = append(out, netip.AddrPortFrom(l.Addr(), l.Port()))
	}
	return out
}

// listenAdmin opens the admin listener, nil where it is off.
func listenAdmin(ctx context.Context, c *config.LoadedRelay) (net.Listener, error) {
	if !c.AdminListen.On() {
		return nil, nil
	}
	return serving.Listen(ctx, serving.At{
		Setting: "admin_listen", Flag: "admin-listen", Addr: c.AdminListen.String(), Port: c.AdminListen.Port(),
	}, nil)
}
