package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/hubbench"
	"github.com/ringfence/ringfence/signal/wire"
)

// benchSignal measures a hub: one that it starts, of this very program, or
// any other.
type benchSignal struct {
	URL    string `arg:"" optional:"" help:"A hub, such as https://calls.example.org; with --tokens. Without, one is started here." placeholder:"URL"`
	Tokens string `help:"File with bearer tokens of signed-in sessions, a line each: the first two are friends, the next two, and so on. Frames are sent evenly, at half of the rate that a session may." placeholder:"FILE"`
	PID    int    `name:"pid" help:"Process of that hub on this machine, to see its processor time and memory." placeholder:"NUMBER"`
	Floor  bool   `help:"Measure the least that such a server does, instead: a frame read, and written to another socket."`

	Sessions []int   `help:"How many sessions wait; several numbers are measured in turn. None: left out." default:"10,1000"`
	Settle   float64 `help:"Seconds after the last of them connected." default:"60"`
	Size     int     `help:"Bytes of a frame." default:"1500"`
	Windows  []int   `help:"Frames on their way at a time." default:"1,32"`
	Pairs    int     `help:"Calls that pass frames." default:"8"`
	Seconds  float64 `help:"How long each case is measured." default:"2"`
	Rate     int     `help:"Even frames a second, with delays measured; 0: left out." default:"8000"`
	Among    int     `help:"Sessions among which." default:"1000"`
	Greet    int     `help:"Connections made one after the other, 32 at a time; 0: left out." default:"1000"`

	CPU       int    `name:"cpu" help:"Core that the load generator stays on." default:"-1"`
	ServerCPU int    `name:"server-cpu" help:"Core that the started server stays on." default:"-1"`
	JSON      string `name:"json" help:"Write the report to this file, too; - for standard output in place of the table." placeholder:"FILE"`
	Serve     string `hidden:"" help:"Be the server of a measurement: ringfence or floor."`
}

var (
	errSignalURL     = errors.New("the hub is an address that begins with http:// or https://")
	errSignalTokens  = errors.New("a hub elsewhere needs --tokens with at least two lines, and one that is started here takes none")
	errSignalNumbers = errors.New("--seconds is from 0.1 to 60, --settle from 0 to 600, --size from 200 to 60000, and --windows, --pairs, --among and --greet are small positive numbers")
)

// Run measures.
func (b benchSignal) Run(ctx context.Context, p *process) error {
	if b.Serve != "" {
		return hubbench.Serve(ctx, hubbench.Kind(b.Serve), b.ServerCPU, p.stdout, os.Stdin)
	}
	o, err := b.options()
	if err != nil {
		return err
	}
	if b.URL == "" {
		program, err := os.Executable()
		if err != nil {
			return fmt.Errorf("start a server: %w", err)
		}
		s, err := hubbench.Start(ctx, []string{program, "bench", "signal", "--serve", string(o.Kind)}, b.ServerCPU)
		if err != nil {
			return err
		}
		defer func() { _ = s.Stop() }()
		o.Plain, o.TLS, o.PID = s.Plain, s.TLS, s.PID
	}
	bar := newProgress(p.stderr)
	parts := 0
	o.Progress = func(what string) {
		parts++
		bar.show(what, parts, o.Parts())
	}
	report, err := hubbench.Measure(ctx, o)
	bar.clear()
	if report == nil {
		return err
	}
	return errors.Join(b.write(p.stdout, report), err)
}

func (b benchSignal) options() (hubbench.Options, error) {
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	o := hubbench.Options{
		Kind: hubbench.Hub, PID: b.PID, CPU: b.CPU, Sessions: b.Sessions, Settle: seconds(b.Settle), Size: b.Size, Windows: b.Windows,
		Pairs: b.Pairs, Measure: seconds(b.Seconds), Rate: b.Rate, Among: b.Among, Greet: b.Greet,
	}
	if b.Floor {
		o.Kind, o.Greet = hubbench.Floor, 0
	}
	if b.Seconds < 0.1 || b.Seconds > 60 || b.Settle < 0 || b.Settle > 600 || b.Size < 200 || b.Size > 60000 ||
		b.Pairs < 1 || b.Pairs > 10000 || b.Among < 2 || b.Among > 50000 || b.Greet < 0 || b.Rate < 0 || b.Rate > 1_000_000 {
		return o, errSignalNumbers
	}
	for _, w := range b.Windows {
		if w < 1 || w > 256 {
			return o, errSignalNumbers
		}
	}
	if (b.URL == "") != (b.Tokens == "") {
		return o, errSignalTokens
	}
	if b.URL == "" {
		return o, nil
	}
	return o, b.elsewhere(&o)
}

// elsewhere has a hub measured that runs already.
func (b benchSignal) elsewhere(o *hubbench.Options) error {
	u, err := url.Parse(b.URL)
	if err != nil || u.Hostname() == "" {
		return errSignalURL
	}
	port := u.Port()
	at := func(usual string) string {
		if port == "" {
			port = usual
		}
		return net.JoinHostPort(u.Hostname(), port)
	}
	switch u.Scheme {
	case "http":
		o.Plain = at("80")
	case "https":
		o.TLS, o.Strict = at("443"), true
	default:
		return errSignalURL
	}
	o.Host = u.Host
	raw, err := os.ReadFile(b.Tokens)
	if err != nil {
		return fmt.Errorf("read the tokens: %w", err)
	}
	if o.Tokens = strings.Fields(string(raw)); len(o.Tokens) < 2 {
		return errSignalTokens
	}
	// It has limits, and they are not what is to be measured.
	o.Windows, o.Sessions, o.Greet, o.Among = nil, nil, 0, len(o.Tokens)&^1
	o.Rate = min(o.Rate, o.Among/2*wire.MaxFrameRate/2, wire.MaxAddressRate/2)
	return nil
}

func (b benchSignal) write(w io.Writer, r *hubbench.Report) error {
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
