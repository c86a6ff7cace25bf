package doctor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
)

// portSample is how many ports towards peers are tried.
const portSample = 64

// Bind returns a check that setting's address can be bound on network, "udp"
// or "tcp". serving says that the relay runs already: then a taken port is as
// it should be.
func Bind(network string, at netip.AddrPort, setting string, serving bool) Check {
	name := fmt.Sprintf("%s port %d", strings.ToUpper(network), at.Port())
	return func(ctx context.Context) []Finding {
		err := bind(ctx, network, at)
		switch {
		case err == nil && serving:
			return []Finding{{Failure, name, "a relay runs here, but not at this port", "Was " + setting + " changed after it was started? Restart it."}}
		case err == nil:
			return []Finding{{Level: Good, Check: name, Says: "free, and may be used"}}
		case errors.Is(err, syscall.EADDRINUSE) && serving:
			return []Finding{{Level: Good, Check: name, Says: "in use by the relay that runs"}}
		case errors.Is(err, syscall.EADDRINUSE):
			return []Finding{{Failure, name, "taken by another program", "Stop that program (ss -lnp shows which), or set another port for " + setting + "."}}
		case errors.Is(err, os.ErrPermission):
			return []Finding{{Failure, name, "may not be used by this user", "Ports below 1024 need AmbientCapabilities=CAP_NET_BIND_SERVICE in the unit, or a higher port for " + setting + "."}}
		case errors.Is(err, syscall.EADDRNOTAVAIL):
			return []Finding{{Failure, name, "this machine has no address " + at.Addr().String(), "Behind NAT leave the address out of " + setting + " and set turn.public_ip."}}
		}
		return []Finding{{Failure, name, plainError(err), "Set another address for " + setting + "."}}
	}
}

func bind(ctx context.Context, network string, at netip.AddrPort) error {
	var lc net.ListenConfig
	addr := at.String()
	if !at.Addr().IsValid() {
		addr = fmt.Sprintf(":%d", at.Port())
	}
	if network == "udp" {
		conn, err := lc.ListenPacket(ctx, network, addr)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	ln, err := lc.Listen(ctx, network, addr)
	if err != nil {
		return err
	}
	return ln.Close()
}

// Ports returns a check of the ports towards peers, first to last: that they
// can be bound, and that there are enough of them for allocations.
func Ports(first, last uint16, allocations int) Check {
	const name = "ports towards peers"
	return func(ctx context.Context) []Finding {
		have := int(last) - int(first) + 1
		tried, taken := 0, 0
		for range min(portSample, have) {
			port := first + uint16(rand.IntN(have)) //nolint:gosec // a port is no secret
			tried++
			if bind(ctx, "udp", netip.AddrPortFrom(netip.Addr{}, port)) != nil {
				taken++
			}
		}
		out := []Finding{{Level: Good, Check: name, Says: fmt.Sprintf("%d of them, %d to %d; %d of %d tried were free", have, first, last, tried-taken, tried)}}
		if 2*taken > tried {
			out[0] = Finding{
				Failure, name, fmt.Sprintf("%d of %d tried are taken", taken, tried),
				"Another program uses this range: choose another with turn.min_port and turn.max_port, and let it through the firewall.",
			}
		}
		if have < allocations {
			out = append(out, Finding{
				Warning, name, fmt.Sprintf("%d ports are fewer than the %d allocations that turn.limits.allocations allows", have, allocations),
				"Widen turn.min_port to turn.max_port, or lower turn.limits.allocations: each allocation takes a port.",
			})
		}
		return out
	}
}
