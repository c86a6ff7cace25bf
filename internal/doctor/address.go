package doctor

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"
)

// Outside returns a check of the address under which clients are told to find
// the relay: public at port. What can be told from inside is whether it leads
// back here. stun is another STUN server, host:port, that may be asked what it
// sees; empty: none is asked, because that tells it this machine's address.
func Outside(public netip.Addr, port uint16, local []netip.Addr, stun string) Check {
	const name = "public address"
	return func(ctx context.Context) []Finding {
		if stun != "" {
			return outsideBy(ctx, name, public, stun)
		}
		if slices.Contains(local, public) {
			return []Finding{{Level: Good, Check: name, Says: public.String() + " is this machine's own"}}
		}
		if _, err := askSTUN(ctx, netip.AddrPortFrom(public, port).String()); err == nil {
			return []Finding{{Level: Good, Check: name, Says: public.String() + " leads to a STUN server, as it seems through a NAT"}}
		}
		return []Finding{{
			Unknown, name, public.String() + " does not answer from in here, which may be the NAT alone",
			"Run the same command on a machine elsewhere:\nringfence doctor --try turn:" + netip.AddrPortFrom(public, port).String() +
				" --username … --password …\nor open /turn-test from a phone that is not in this network.",
		}}
	}
}

func outsideBy(ctx context.Context, name string, public netip.Addr, stun string) []Finding {
	seen, err := askSTUN(ctx, stun)
	switch {
	case err != nil:
		return []Finding{{Unknown, name, "the STUN server " + stun + " did not answer", "Name another with --stun, or let UDP out."}}
	case seen == public:
		return []Finding{{Level: Good, Check: name, Says: stun + " sees " + seen.String() + ", as turn.public_ip says"}}
	}
	return []Finding{{
		Failure, name, fmt.Sprintf("%s sees this machine at %s, and clients are told %s", stun, seen, public),
		"Set turn.public_ip to the address that the internet knows; a name whose address is kept up to date will do.",
	}}
}

// askSTUN returns the address under which the STUN server at to sees us.
func askSTUN(ctx context.Context, to string) (netip.Addr, error) {
	server, err := net.ResolveUDPAddr("udp", to)
	if err != nil {
		return netip.Addr{}, err
	}
	var lc net.ListenConfig
	conn, err := lc.ListenPacket(ctx, "udp", ":0")
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = conn.Close() }()
	client, err := turn.NewClient(&turn.ClientConfig{
		STUNServerAddr: to, Conn: conn, RTO: 100 * time.Millisecond, LoggerFactory: &logging.DefaultLoggerFactory{Writer: io.Discard},
	})
	if err != nil {
		return netip.Addr{}, err
	}
	defer client.Close()
	if err := client.Listen(); err != nil {
		return netip.Addr{}, err
	}
	seen, err := client.SendBindingRequestTo(server)
	if err != nil {
		return netip.Addr{}, err
	}
	u, ok := seen.(*net.UDPAddr)
	if !ok {
		return netip.Addr{}, fmt.Errorf("not a UDP address")
	}
	return u.AddrPort().Addr().Unmap(), nil
}
