package doctor

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

const (
	// patience is how long a way in may take: three retransmissions of STUN.
	patience = 5 * time.Second

	// packetSize is that of a packet of video: what a path that only lets
	// small packets through would lose.
	packetSize = 1200
)

// Credential is what a client shows to the relay.
type Credential struct{ Username, Password string }

// Way is one way into a relay.
type Way struct {
	Transport string // "udp", "tcp", "tls" or "dtls"
	Address   string // host:port
	Host      string // the name in the certificate; for tls and dtls
	Roots     *x509.CertPool

	// Unverified leaves the certificate alone: it is looked at by [Certificate].
	Unverified bool
}

// Through returns a check that carries a packet through the relay each way:
// two clients come in by w, each with an allocation of its own, and send to
// one another from one to the other. mint returns a credential for each; both
// have to be of one call where the relay knows calls.
func Through(w Way, mint func(context.Context) (a, b Credential, err error)) Check {
	name := fmt.Sprintf("TURN over %s, %s", strings.ToUpper(w.Transport), w.Address)
	return func(ctx context.Context) []Finding {
		ctx, cancel := context.WithTimeout(ctx, 2*patience)
		defer cancel()
		a, b, err := mint(ctx)
		if err != nil {
			return []Finding{{Failure, name, "no credential to try it with: " + err.Error(), "Is the secret file the one that the relay runs with?"}}
		}
		took, err := w.carry(ctx, a, b)
		if err != nil {
			says, do := w.explain(err)
			return []Finding{{Failure, name, says, do}}
		}
		return []Finding{{Level: Good, Check: name, Says: fmt.Sprintf("a packet of %d bytes went through and came back in %s", packetSize, took.Round(10*time.Microsecond))}}
	}
}

var (
	errNoPacket  = errors.New("an allocation was made, and no packet came through")
	errAllocated = errors.New("no allocation")
	errDialled   = errors.New("no connection")
)

// carry returns how long a packet took there and back.
func (w Way) carry(ctx context.Context, a, b Credential) (time.Duration, error) {
	left, err := w.enter(ctx, a)
	if err != nil {
		return 0, err
	}
	defer left.close()
	right, err := w.enter(ctx, b)
	if err != nil {
		return 0, err
	}
	defer right.close()
	// Each side's first packet is its permission for the other; the relay may
	// drop those that come before it.
	for range 3 {
		if _, err := right.relayed.WriteTo([]byte{0}, left.relayed.LocalAddr()); err != nil {
			return 0, fmt.Errorf("%w: %w", errNoPacket, err)
		}
		took, err := left.ping(right)
		if err == nil {
			return took, nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, err
		}
	}
	return 0, errNoPacket
}

// guest is a client with an allocation.
type guest struct {
	conn    net.PacketConn
	client  *turn.Client
	relayed net.PacketConn
}

func (g *guest) close() {
	if g.relayed != nil {
		_ = g.relayed.Close()
	}
	g.client.Close()
	_ = g.conn.Close()
}

// ping sends a packet to other, which sends it back.
func (g *guest) ping(other *guest) (time.Duration, error) {
	sent := make([]byte, packetSize)
	_, _ = rand.Read(sent) // never fails
	began := time.Now()
	if _, err := g.relayed.WriteTo(sent, other.relayed.LocalAddr()); err != nil {
		return 0, fmt.Errorf("%w: %w", errNoPacket, err)
	}
	if err := other.await(sent, began.Add(time.Second)); err != nil {
		return 0, err
	}
	if _, err := other.relayed.WriteTo(sent, g.relayed.LocalAddr()); err != nil {
		return 0, fmt.Errorf("%w: %w", errNoPacket, err)
	}
	return time.Since(began), g.await(sent, began.Add(2*time.Second))
}

// await reads until want comes.
func (g *guest) await(want []byte, until time.Time) error {
	_ = g.relayed.SetReadDeadline(until)
	buf := make([]byte, packetSize+1)
	for {
		n, _, err := g.relayed.ReadFrom(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded), isTimeout(err):
			return os.ErrDeadlineExceeded
		case err != nil:
			return fmt.Errorf("%w: %w", errNoPacket, err)
		case string(buf[:n]) == string(want):
			return nil
		}
	}
}

func isTimeout(err error) bool {
	t, ok := errors.AsType[net.Error](err)
	return ok && t.Timeout()
}

// enter makes a client by this way and its allocation.
func (w Way) enter(ctx context.Context, c Credential) (*guest, error) {
	conn, err := w.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errDialled, err)
	}
	client, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: w.Address, Conn: conn, Username: c.Username, Password: c.Password,
		LoggerFactory: &logging.DefaultLoggerFactory{Writer: io.Discard}, RTO: 200 * time.Millisecond,
		RequestedAddressFamily: w.family(),
	})
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("%w: %w", errDialled, err)
	}
	g := &guest{conn: conn, client: client}
	if err := client.Listen(); err == nil {
		g.relayed, err = client.AllocateWithContext(ctx)
		if err == nil {
			return g, nil
		}
		g.relayed = nil
		g.close()
		return nil, fmt.Errorf("%w: %w", errAllocated, err)
	}
	g.close()
	return nil, errAllocated
}

// family is that of the relay's own address, which it serves for certain.
func (w Way) family() turn.RequestedAddressFamily {
	if to, err := net.ResolveUDPAddr("udp", w.Address); err == nil && to.IP.To4() == nil {
		return turn.RequestedAddressFamilyIPv6
	}
	return turn.RequestedAddressFamilyIPv4
}

func (w Way) dial(ctx context.Context) (net.PacketConn, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch w.Transport {
	case "udp":
		to, err := net.ResolveUDPAddr("udp", w.Address)
		if err != nil {
			return nil, err
		}
		var lc net.ListenConfig
		if to.IP.To4() == nil {
			return lc.ListenPacket(ctx, "udp6", "[::]:0")
		}
		return lc.ListenPacket(ctx, "udp4", "0.0.0.0:0")
	case "tcp":
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", w.Address)
		if err != nil {
			return nil, err
		}
		return turn.NewSTUNConn(conn), nil
	case "tls":
		d := tls.Dialer{Config: &tls.Config{ServerName: w.Host, RootCAs: w.Roots, MinVersion: tls.VersionTLS12, InsecureSkipVerify: w.Unverified}} //nolint:gosec // see Unverified
		conn, err := d.DialContext(ctx, "tcp", w.Address)
		if err != nil {
			return nil, err
		}
		return turn.NewSTUNConn(conn), nil
	case "dtls":
		return w.dialDTLS(ctx)
	}
	return nil, fmt.Errorf("%q is not a transport", w.Transport)
}

func (w Way) dialDTLS(ctx context.Context) (net.PacketConn, error) {
	to, err := net.ResolveUDPAddr("udp", w.Address)
	if err != nil {
		return nil, err
	}
	conn, err := dtls.DialWithOptions("udp", to, dtls.WithRootCAs(w.Roots), dtls.WithServerName(w.Host), dtls.WithInsecureSkipVerify(w.Unverified))
	if err != nil {
		return nil, err
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return turn.NewSTUNConn(conn), nil
}

// explain puts err into words for an operator.
func (w Way) explain(err error) (says, do string) {
	_, port, _ := net.SplitHostPort(w.Address)
	net4 := map[string]string{"udp": "UDP", "dtls": "UDP", "tcp": "TCP", "tls": "TCP"}[w.Transport]
	if t, ok := errors.AsType[*stun.TurnError](err); ok {
		return explainCode(int(t.ErrorCodeAttr.Code))
	}
	if unknown, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		_ = unknown
		return "its certificate is not believed here", "Give turn.cert the whole chain: the certificate first, then the authority's in between."
	}
	if h, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Sprintf("its certificate is for another name than %q", h.Host), "Get a certificate for the name that clients are told (turn.public_ip), or tell them the certificate's name."
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return noName(w.Host, dns)
	}
	switch {
	case errors.Is(err, errDialled) && isTimeout(err):
		return "no connection within " + patience.String(), fmt.Sprintf("Let %s port %s through: at the machine's firewall, and at the router or the provider's.", net4, port)
	case errors.Is(err, errDialled):
		return "no connection: " + plainError(err), fmt.Sprintf("Is the relay running, and does it listen on %s port %s?", net4, port)
	case errors.Is(err, errAllocated):
		return "no answer", fmt.Sprintf("Let %s port %s through: at the machine's firewall, and at the router or the provider's.", net4, port)
	}
	return errNoPacket.Error(), "Let UDP through on the relay's ports (turn.min_port to turn.max_port), and check turn.public_ip: it has to be the address under which this machine is known outside."
}

// noName says why a name led nowhere.
func noName(name string, err *net.DNSError) (says, do string) {
	if err.IsNotFound {
		return fmt.Sprintf("there is no address for the name %q", name), "Check how the name is written, and that the zone has an A or AAAA record for it."
	}
	return fmt.Sprintf("the name %q could not be looked up: the name server did not answer, or not in time", name), "Try again, or name the relay by its address."
}

func explainCode(code int) (says, do string) {
	switch code {
	case int(stun.CodeUnauthorized):
		return "the credential was refused (401)", "Is it the secret that the relay runs with (--secret-file or --coturn-config, as it was started with), and the same realm? Do the clocks agree?"
	case int(stun.CodeForbidden):
		return "the relay does not talk to its own address for these credentials (403)", "Check turn.deny_peers and turn.public_ip."
	case int(stun.CodeAllocQuotaReached):
		return "no more allocations for this user (486)", "Raise turn.limits.per_user, or wait until the old ones have ended."
	case int(stun.CodeInsufficientCapacity):
		return "no more allocations at this relay now (508)", "It is full, has no free port, or is being drained: see turn.limits, turn.min_port and turn.max_port."
	}
	return fmt.Sprintf("the relay answered with error %d", code), "See docs/turn.md for what it means."
}

// plainError is the last link of a chain of errors: what the system said.
func plainError(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		return op.Err.Error()
	}
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = text[i+2:]
	}
	return text
}
