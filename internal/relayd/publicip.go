package relayd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/ringfence/ringfence/internal/config"
)

var errNoAddress = errors.New("nothing that clients could reach")

// lookEvery is how often a host name for turn.public_ip is resolved again, and
// lookFor how long one answer may take.
const (
	lookEvery = time.Minute
	lookFor   = 10 * time.Second
)

// Lookup resolves a host name.
type Lookup func(ctx context.Context, host string) ([]netip.Addr, error)

// SystemLookup is the resolver of the system.
func SystemLookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// PublicIP is the address under which the relay is known outside. It keeps the
// last good answer of a name.
type PublicIP struct {
	setting string // the key it is from
	host    config.Host
	six     bool // nothing but IPv6
	lookup  Lookup
	log     *slog.Logger
	addr    atomic.Pointer[netip.Addr]
}

// NewPublicIP resolves turn.public_ip for the first time. A name that does not
// resolve then is a fault: without an address no client could be told one. A
// nil lookup is that of the system.
func NewPublicIP(ctx context.Context, lookup Lookup, host config.Host, log *slog.Logger) (*PublicIP, error) {
	return newPublicIP(ctx, &PublicIP{setting: "turn.public_ip", host: host, lookup: lookup, log: log})
}

// NewPublicIP6 is the same for turn.public_ip6, and takes addresses of IPv6
// alone.
func NewPublicIP6(ctx context.Context, lookup Lookup, host config.Host, log *slog.Logger) (*PublicIP, error) {
	return newPublicIP(ctx, &PublicIP{setting: "turn.public_ip6", host: host, six: true, lookup: lookup, log: log})
}

func newPublicIP(ctx context.Context, ip *PublicIP) (*PublicIP, error) {
	if ip.lookup == nil {
		ip.lookup = SystemLookup
	}
	if a := ip.host.Addr(); a.IsValid() {
		ip.addr.Store(&a)
	}
	if ip.host.Name() == "" {
		return ip, nil
	}
	if err := ip.resolve(ctx); err != nil {
		return nil, fmt.Errorf("%s: %s does not resolve to an address: %w; check the name, or write the address itself", ip.setting, ip.host.Name(), err)
	}
	return ip, nil
}

// Addr returns the address of the moment, the zero Addr where there is no NAT.
func (ip *PublicIP) Addr() netip.Addr {
	if ip == nil {
		return netip.Addr{}
	}
	if a := ip.addr.Load(); a != nil {
		return *a
	}
	return netip.Addr{}
}

// Serve resolves the name again and again until ctx ends.
func (ip *PublicIP) Serve(ctx context.Context) error {
	if ip.host.Name() == "" {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := ip.resolve(ctx); err != nil && ctx.Err() == nil {
				ip.log.WarnContext(ctx, "a public address did not resolve, the last one stays", slog.String("setting", ip.setting), slog.Any("error", err))
			}
		}
	}
}

// resolve takes the first IPv4 address of the name, else the first of IPv6.
func (ip *PublicIP) resolve(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	found, err := ip.lookup(ctx, ip.host.Name())
	if err != nil {
		return err
	}
	var best netip.Addr
	for _, a := range found {
		a = a.Unmap().WithZone("")
		if a.IsUnspecified() || a.IsMulticast() || ip.six && a.Is4() {
			continue
		}
		if !best.IsValid() || (a.Is4() && !best.Is4()) {
			best = a
		}
	}
	if !best.IsValid() {
		return fmt.Errorf("no address: %w", errNoAddress)
	}
	if old := ip.Addr(); old.IsValid() && old != best {
		ip.log.InfoContext(ctx, "the relay has a new public address", slog.String("setting", ip.setting))
	}
	ip.addr.Store(&best)
	return nil
}
