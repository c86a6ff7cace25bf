package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/relaybench"
	"github.com/ringfence/ringfence/relay"
)

type benchCommands struct {
	Signal benchSignal `cmd:"" help:"Measure a signaling hub: memory of sessions that wait, processor time and delay of a frame that passes, connections. Linux only."`
	Relay  benchRelay  `cmd:"" help:"Measure a TURN server from outside: processor time of a packet, packets a second, delay, set-ups, memory. Linux only."`
}

// benchRelay measures any TURN server. The secret is the setting
// turn.secret_file, which every command knows as --secret-file.
type benchRelay struct {
	URL string `arg:"" help:"The server, such as turn:127.0.0.1:3478. Nothing else gets a packet." placeholder:"URL"`

	User     string `help:"User name; with --password. Otherwise --secret-file mints a credential for each allocation." placeholder:"NAME"`
	Password string `help:"Password of --user." placeholder:"TEXT"`
	PID      int    `name:"pid" help:"Process of the server on this machine, to see its processor time and memory." placeholder:"NUMBER"`

	Allocations []int    `help:"How many allocations at once; several numbers are measured in turn." default:"1,100,1000"`
	Shapes      []string `help:"What is sent at a time, as BYTESxBURST." default:"160x1,1200x1,1200x2,1200x8"`
	Ways        []string `help:"to-peer, to-client, echo (there and back), pair (between two allocations of the server)." default:"to-peer,to-client,echo"`
	Rates       []int    `help:"Packets a second, evenly spread, with delays measured; 0 is more than the server can carry." default:"0"`

	Seconds   float64 `help:"How long each case is measured." default:"1"`
	Warm      float64 `help:"How long each case runs before that." default:"0.2"`
	Again     int     `help:"How often a case is measured again while other work on the machine disturbs it." default:"0"`
	SetupOnly bool    `name:"setup-only" help:"Only set allocations up, and end them."`
	InFlight  int     `help:"How many allocations are set up at a time." default:"32"`

	ClientIP  netip.Addr `name:"client-ip" help:"Address of this machine for the clients." placeholder:"ADDRESS"`
	PeerIP    netip.Addr `name:"peer-ip" help:"Address of this machine for the peers; the server has to reach it." placeholder:"ADDRESS"`
	PeerPorts int        `help:"Sockets that the peers share." default:"4"`
	GSO       bool       `name:"gso" help:"Send bursts by GSO, so that more can be offered. The report says so."`
	CPU       int        `name:"cpu" help:"Core that the load generator stays on; give the server another one." default:"-1"`
	Beside    int        `name:"beside" help:"Core of the server, half of which a busy thread takes at rate 0, so that more is offered than the server carries." default:"-1"`
	JSON      string     `name:"json" help:"Write the report to this file, too; - for standard output in place of the table." placeholder:"FILE"`
}

var (
	errBenchWho     = errors.New("say who comes: --secret-file with the secret that the server has, or --user and --password")
	errBenchOne     = errors.New("a user of --user needs --password, and --secret-file goes without both")
	errBenchSecret  = errors.New("holds no secret")
	errBenchNoHost  = errors.New("the name of the server leads to no address")
	errBenchSeconds = errors.New("--seconds and --warm are numbers of seconds from 0 to 60")
)

// Run measures.
func (b benchRelay) Run(ctx context.Context, p *process, in *config.Input) error {
	o, err := b.options(ctx, p, in)
	if err != nil {
		return err
	}
	bar := newProgress(p.stderr)
	o.Progress = bar.show
	report, err := relaybench.Measure(ctx, o)
	bar.clear()
	if report == nil {
		return err
	}
	report.Tool = readVersion().String()
	return errors.Join(b.write(p.stdout, report), err)
}

func (b benchRelay) write(w io.Writer, r *relaybench.Report) error {
	if b.JSON == "-" {
		return r.WriteJSON(w)
	}
	if err := r.WriteTable(w); err != nil {
		return err
	}
	if b.JSON == "" {
		return nil
	}
	f, err := os.Create(filepath.Clean(b.JSON))
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return errors.Join(r.WriteJSON(f), f.Close())
}

func (b benchRelay) options(ctx context.Context, p *process, in *config.Input) (relaybench.Options, error) {
	o := relaybench.Defaults()
	target, err := relaybench.ParseTarget(b.URL)
	if err != nil {
		return o, err
	}
	for _, s := range []float64{b.Seconds, b.Warm} {
		if s < 0 || s > 60 {
			return o, errBenchSeconds
		}
	}
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	o.PID, o.Allocations, o.Rates, o.Measure, o.Warm = b.PID, b.Allocations, b.Rates, seconds(b.Seconds), seconds(b.Warm)
	o.Again, o.SetupOnly, o.InFlight, o.Client, o.Peer, o.PeerPorts, o.GSO, o.CPU, o.Beside = b.Again, b.SetupOnly, b.InFlight, b.ClientIP, b.PeerIP, b.PeerPorts, b.GSO, b.CPU, b.Beside
	o.Shapes, o.Directions = nil, nil
	for _, text := range b.Shapes {
		s, err := relaybench.ParseShape(text)
		if err != nil {
			return o, err
		}
		o.Shapes = append(o.Shapes, s)
	}
	for _, text := range b.Ways {
		d, err := relaybench.ParseDirection(text)
		if err != nil {
			return o, err
		}
		o.Directions = append(o.Directions, d)
	}
	if o.Mint, err = b.mint(in.Flags["turn-secret-file"]); err != nil {
		return o, err
	}
	o.Server, err = resolve(ctx, p, target)
	return o, err
}

// mint returns what makes a credential for each allocation.
func (b benchRelay) mint(secretFile string) (relaybench.Mint, error) {
	switch {
	case (b.User == "") != (b.Password == ""), b.User != "" && secretFile != "":
		return nil, errBenchOne
	case b.User != "":
		return func(int) (string, string, error) { return b.User, b.Password, nil }, nil
	case secretFile == "":
		return nil, errBenchWho
	}
	f, err := os.Open(filepath.Clean(secretFile))
	if err != nil {
		return nil, fmt.Errorf("--secret-file: %w", err)
	}
	defer func() { _ = f.Close() }()
	secrets, _, err := relay.ReadSecrets(f)
	if err != nil {
		return nil, fmt.Errorf("--secret-file %s: %w", secretFile, err)
	}
	if len(secrets) == 0 {
		return nil, fmt.Errorf("--secret-file %s: %w", secretFile, errBenchSecret)
	}
	return func(i int) (string, string, error) {
		c, err := relay.MintREST(secrets[0], relay.DefaultSeparator, fmt.Sprintf("bench%d", i), now(), time.Hour)
		return c.Username, c.Password, err
	}, nil
}

// resolve finds the server's address, and takes one of IPv4 first.
func resolve(ctx context.Context, p *process, t relaybench.Target) (netip.AddrPort, error) {
	if ip, err := netip.ParseAddr(t.Host); err == nil {
		return netip.AddrPortFrom(ip.Unmap(), t.Port), nil
	}
	lookup := p.lookup
	if lookup == nil {
		lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	found, err := lookup(ctx, t.Host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("look up %s: %w", t.Host, err)
	}
	var best netip.Addr
	for _, ip := range found {
		if ip = ip.Unmap(); !best.IsValid() || (ip.Is4() && !best.Is4()) {
			best = ip
		}
	}
	if !best.IsValid() {
		return netip.AddrPort{}, fmt.Errorf("%s: %w", t.Host, errBenchNoHost)
	}
	return netip.AddrPortFrom(best, t.Port), nil
}

// progress is one line of a terminal that tells what is under way. Where there
// is no terminal it tells nothing.
type progress struct {
	w    io.Writer
	last int // letters of the line
	at   time.Time
}

// progressEvery is how often the line changes.
const progressEvery = 100 * time.Millisecond

func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return &progress{w: w}
		}
	}
	return &progress{}
}

func (p *progress) show(doing string, done, all int) {
	if p.w == nil || time.Since(p.at) < progressEvery {
		return
	}
	p.at = time.Now()
	line := fmt.Sprintf("%d of %d: %s", done, all, doing)
	_, _ = fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.last-len(line))))
	p.last = len(line)
}

func (p *progress) clear() {
	if p.w != nil && p.last > 0 {
		_, _ = fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.last))
	}
}
