package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/doctor"
	"github.com/ringfence/ringfence/internal/relayd"
	"github.com/ringfence/ringfence/relay"
)

// doctorCommand looks at the relay and says what to mend.
type doctorCommand struct {
	Relay    bool   `help:"Look at ringfence relay, in place of the relay in ringfence serve. Not needed with --secret-file or --coturn-config."`
	STUN     string `name:"stun" help:"Ask this STUN server how it sees this machine. It learns the address that way." placeholder:"HOST:PORT"`
	Try      string `help:"Only try a relay elsewhere, by its URL, such as turns:turn.example.org:5349?transport=tcp." placeholder:"URL"`
	Username string `help:"With --try: the user name of a credential." placeholder:"NAME"`
	Password string `help:"With --try: its password." placeholder:"TEXT"`
}

var (
	errUnwell  = errors.New("not all is well, see above")
	errTryURL  = errors.New("--try takes a URL like turn:HOST:3478?transport=udp or turns:HOST:5349?transport=tcp")
	errTryWith = errors.New("--try needs --username and --password; ringfence relay credential mints them on the relay's machine")
)

// Run examines.
func (d doctorCommand) Run(ctx context.Context, p *process, in *config.Input) error {
	if d.Try != "" {
		checks, err := d.elsewhere()
		if err != nil {
			return err
		}
		return report(ctx, p.stdout, checks)
	}
	e, err := d.examination(ctx, p, *in)
	if err != nil {
		return err
	}
	checks, done, err := e.Checks(ctx)
	defer done()
	if err != nil {
		return err
	}
	return report(ctx, p.stdout, checks)
}

func (d doctorCommand) examination(ctx context.Context, p *process, in config.Input) (*relayd.Examination, error) {
	_, secret := in.Flags["turn-secret-file"]
	_, other := in.Flags["coturn-config"]
	var t config.TURN
	var from config.Origins
	var foreign *relayd.Coturn
	e := &relayd.Examination{Outside: d.STUN}
	if d.Relay || secret || other {
		c, coturn, err := relayd.Load(in)
		if err != nil {
			return nil, err
		}
		t, from, foreign, e.Admin, e.Node.OwnAddresses = c.TURN, c.Origins, coturn, c.AdminListen, c.OwnAddresses()
	} else {
		c, err := config.Load(in)
		if err != nil {
			return nil, err
		}
		t, from, e.Admin, e.Node.OwnAddresses = c.TURN, c.Origins, c.AdminListen, c.OwnAddresses()
	}
	var err error
	if e.Node.Doors, err = relayd.OpenDoors(t, foreign); err != nil {
		return nil, err
	}
	if e.Node.Keys, err = relay.NewKeys(e.Node.Doors.Call); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	quiet := slog.New(slog.DiscardHandler)
	if e.Node.Certificates, err = relayd.OpenCertificates(t, from, quiet); err != nil {
		return nil, err
	}
	if e.Node.External, err = relayd.NewPublicIP(ctx, p.lookup, t.PublicIP, quiet); err != nil {
		return nil, err
	}
	e.Node.Settings, e.Node.Log, e.Node.Now = t, quiet, now
	return e, nil
}

// elsewhere tries one way into a relay that runs on another machine: from
// outside, where a look from inside can't tell.
func (d doctorCommand) elsewhere() ([]doctor.Check, error) {
	if d.Username == "" || d.Password == "" {
		return nil, errTryWith
	}
	scheme, rest, _ := strings.Cut(d.Try, ":")
	at, query, _ := strings.Cut(rest, "?")
	transport := strings.TrimPrefix(query, "transport=")
	if transport == "" {
		transport = map[string]string{"turn": "udp", "turns": "tcp"}[scheme]
	}
	over := map[string]string{"turn udp": "udp", "turn tcp": "tcp", "turns tcp": "tls", "turns udp": "dtls"}[scheme+" "+transport]
	if over == "" {
		return nil, errTryURL
	}
	host, _, err := net.SplitHostPort(at)
	if err != nil {
		host = strings.Trim(at, "[]")
		at = net.JoinHostPort(host, map[string]string{"turn": "3478", "turns": "5349"}[scheme])
	}
	mint := func(context.Context) (a, b doctor.Credential, err error) {
		c := doctor.Credential{Username: d.Username, Password: d.Password}
		return c, c, nil
	}
	return []doctor.Check{doctor.Through(doctor.Way{Transport: over, Address: at, Host: host}, mint)}, nil
}

// report prints what is found as it is found.
func report(ctx context.Context, w io.Writer, checks []doctor.Check) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	var failed error
	counts := doctor.Run(ctx, checks, func(f doctor.Finding) {
		failed = errors.Join(failed, doctor.Print(w, f))
	})
	if failed != nil {
		return fmt.Errorf("print: %w", failed)
	}
	if _, err := fmt.Fprintln(w, "\n"+doctor.Summary(counts)); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if counts[doctor.Failure] > 0 {
		return errUnwell
	}
	return nil
}
