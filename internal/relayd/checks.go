package relayd

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/doctor"
	"github.com/ringfence/ringfence/relay"
)

// Examination is a look at a relay, from the machine that it is to run on.
type Examination struct {
	Node  Node
	Admin config.Listen // where it answers if it runs

	// Outside is a STUN server elsewhere, host:port, that may be asked how it
	// sees this machine; empty: none is.
	Outside string
}

// Checks returns what there is to look at, in the order in which one thing
// follows from another. done ends what was started for it. Where the relay
// does not run, one is started for as long as it takes.
func (e *Examination) Checks(ctx context.Context) (checks []doctor.Check, done func(), err error) {
	serving := e.serving(ctx)
	var bound []doctor.Finding // looked at now, while nothing of ours is bound
	for _, check := range e.binds(serving) {
		bound = append(bound, check(ctx)...)
	}
	checks = append(checks, said(bound...))
	done = func() {}
	var here []relay.Endpoint
	if serving {
		here, err = e.near()
	} else {
		here, done, err = e.start(ctx)
	}
	if err != nil {
		// A port that is taken is among the checks already.
		checks = append(checks, said(doctor.Finding{Level: doctor.Failure, Check: "relay", Says: err.Error(), Do: "Mend what is said above first."}))
		here, err = nil, nil
	}
	if serving && !e.Node.Doors.Own && len(e.Node.Doors.Secrets) == 0 {
		checks = append(checks, said(doctor.Finding{
			Level: doctor.Unknown, Check: "ways in", Says: "the server runs, and its keys are its own, so nothing can be carried through it from here",
			Do: "Open /turn-test on its admin listener, or stop it and run this again.",
		}))
		here = nil
	}
	for _, at := range here {
		checks = append(checks, doctor.Through(way(at), e.mint))
	}
	return append(checks, e.surroundings()...), done, err
}

// said is a check that has been made.
func said(f ...doctor.Finding) doctor.Check {
	return func(context.Context) []doctor.Finding { return f }
}

// serving reports whether the relay runs: its admin listener says so.
func (e *Examination) serving(ctx context.Context) bool {
	if !e.Admin.On() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	host := e.Admin.Addr()
	if !host.IsValid() || host.IsUnspecified() {
		host = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+netip.AddrPortFrom(host, e.Admin.Port()).String()+"/healthz", nil)
	if err != nil {
		return false
	}
	res, err := (&http.Client{Timeout: time.Second}).Do(r)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func (e *Examination) binds(serving bool) (checks []doctor.Check) {
	t := e.Node.Settings
	for _, list := range []struct {
		setting string
		at      []netip.AddrPort
		on      bool
		udp     bool
		tcp     bool
	}{
		{"turn.listen", addrPorts(t.Listen), true, t.Transports.Has("udp"), t.Transports.Has("tcp")},
		{"turn.tls_listen", addrPorts(t.TLSListen), e.Node.Certificates != nil, t.Transports.Has("dtls"), t.Transports.Has("tls")},
	} {
		for _, at := range list.at {
			if list.on && list.udp {
				checks = append(checks, doctor.Bind("udp", at, list.setting, serving))
			}
			if list.on && list.tcp {
				checks = append(checks, doctor.Bind("tcp", at, list.setting, serving))
			}
		}
	}
	if t.IsClosed() {
		return append(checks, said(doctor.Finding{
			Level: doctor.Good, Check: "ports towards peers",
			Says: "none: the relay is closed. What is above has to be let in, and no other port; " + closedPort(t),
		}))
	}
	return append(checks, doctor.Ports(t.MinPort, t.MaxPort, int(t.Limits.Allocations)))
}

// closedPort says which port does alone.
func closedPort(t config.TURN) string {
	if t.Transports.Has("udp") && t.Listen.On() {
		return fmt.Sprintf("UDP port %d alone does for networks that let UDP out", port(t.Listen))
	}
	return "UDP is off"
}

// inside is the relay's configuration as this machine itself reaches it: at
// its own addresses, not at those that a NAT may or may not turn round.
func (e *Examination) inside() relay.Config {
	c := e.Node.config()
	c.PublicIP, c.Host = nil, ""
	return c
}

// near returns where a relay that runs is reached from here.
func (e *Examination) near() ([]relay.Endpoint, error) {
	at, err := relay.Advertised(e.inside())
	return e.sealed(at), err
}

// start runs a relay for the time of the examination.
func (e *Examination) start(ctx context.Context) ([]relay.Endpoint, func(), error) {
	s, err := relay.Listen(ctx, e.inside())
	if err != nil {
		return nil, func() {}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Serve(ctx) // ends by ctx
	}()
	return e.sealed(s.Endpoints()), func() {
		cancel()
		<-ended
	}, nil
}

// sealed adds TLS and DTLS at the same ports: clients are told of them only
// under a name, and here there are addresses.
func (e *Examination) sealed(at []relay.Endpoint) []relay.Endpoint {
	at = slices.DeleteFunc(at, func(p relay.Endpoint) bool { return p.Transport != "udp" && p.Transport != "tcp" })
	if e.Node.Certificates == nil {
		return at
	}
	out := slices.Clone(at)
	for _, p := range at {
		if over := map[string]string{"udp": "dtls", "tcp": "tls"}[p.Transport]; e.Node.Settings.Transports.Has(over) {
			p.Transport = over
			out = append(out, p)
		}
	}
	return out
}

// way is e as doctor names it. What there is to say of the certificate is said
// apart.
func way(e relay.Endpoint) doctor.Way {
	return doctor.Way{Transport: e.Transport, Address: net.JoinHostPort(e.Host, fmt.Sprint(e.Port)), Unverified: true}
}

// mint makes two credentials that reach each other.
func (e *Examination) mint(context.Context) (a, b doctor.Credential, err error) {
	d, now := &e.Node.Doors, e.Node.Now
	if d.Own || len(d.Secrets) == 0 {
		m, err := relay.NewMinter(e.Node.Keys, relay.MaxTTL, now)
		if err != nil {
			return a, b, err
		}
		call := strings.ToLower(rand.Text())
		left, err := m.Mint(call, "a")
		if err != nil {
			return a, b, err
		}
		right, err := m.Mint(call, "b")
		return doctor.Credential{Username: left.Username, Password: left.Password},
			doctor.Credential{Username: right.Username, Password: right.Password}, err
	}
	c, err := d.mint(Order{Now: now})
	one := doctor.Credential{Username: c.Username, Password: c.Password}
	return one, one, err
}

func (e *Examination) surroundings() (checks []doctor.Check) {
	t := e.Node.Settings
	if public := e.Node.External.Addr(); public.IsValid() {
		checks = append(checks, doctor.Outside(public, port(t.Listen), machineAddrs(), e.Outside))
	}
	if c := e.Node.Certificates; c != nil {
		get := func() (*tls.Certificate, error) { return c.Get(&tls.ClientHelloInfo{ServerName: t.PublicIP.Name()}) }
		checks = append(checks, doctor.Certificate(get, t.PublicIP.Name(), nil, e.Node.Now))
	}
	sockets := int(t.Limits.Allocations)
	if t.IsClosed() {
		sockets = 0
	}
	return append(checks, doctor.Kernel(doctor.ThisMachine(), sockets, int(t.Limits.Connections)))
}

func port(at config.Listens) uint16 {
	if len(at) == 0 {
		return 0
	}
	return at[0].Port()
}

func machineAddrs() (out []netip.Addr) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				out = append(out, ip.Unmap())
			}
		}
	}
	return out
}
