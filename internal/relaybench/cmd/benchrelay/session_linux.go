package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ringfence/ringfence/internal/relaybench"
	"github.com/ringfence/ringfence/internal/relaybench/versus"
	"github.com/ringfence/ringfence/relay"
)

type options struct {
	program, coturn, docs, from, only string
	rounds                            int
	quick, namespace                  bool
	more                              []string // arguments of this relay
}

var (
	errMissed = errors.New("a bound is missed, see above")
	errQuick  = errors.New("a short try is no ground for the document; leave --docs or --quick away")
	errRounds = errors.New("--rounds is from 1 to 20")
)

// run measures, writes the document, and says which bounds are missed.
func (o *options) run(ctx context.Context) error {
	if o.rounds < 1 || o.rounds > 20 {
		return errRounds
	}
	if o.quick && o.docs != "" {
		return errQuick
	}
	s, err := o.session(ctx)
	if err != nil {
		return err
	}
	if o.docs != "" {
		if err := write(o.docs, s); err != nil {
			return err
		}
	}
	if o.docs == "" {
		if _, err := fmt.Fprintln(os.Stdout, s.Document()); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	for _, b := range s.Bounds() {
		verdict := "met   "
		if !b.Met() {
			verdict = "MISSED"
		}
		if _, err := fmt.Fprintln(os.Stdout, verdict, b); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	if len(s.Missed()) > 0 {
		return errMissed
	}
	return nil
}

func (o *options) session(ctx context.Context) (*versus.Session, error) {
	if o.from != "" {
		raw, err := os.ReadFile(o.from)
		if err != nil {
			return nil, fmt.Errorf("read the session: %w", err)
		}
		s := &versus.Session{}
		if err := json.Unmarshal(raw, s); err != nil {
			return nil, fmt.Errorf("read %s: %w", o.from, err)
		}
		return s, nil
	}
	dir, err := os.MkdirTemp("", "bench-relay")
	if err != nil {
		return nil, fmt.Errorf("folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	all, err := o.servers(ctx, dir)
	if err != nil {
		return nil, err
	}
	s := &versus.Session{Format: versus.Format, Began: time.Now().UTC().Format(time.RFC3339), Quick: o.quick, Namespace: o.namespace}
	for _, c := range all {
		s.Contenders = append(s.Contenders, c.Contender)
	}
	for n := range o.rounds {
		round, err := o.round(ctx, all, n+1)
		if err != nil {
			return nil, err
		}
		s.Rounds = append(s.Rounds, round)
		for _, r := range round.Reports {
			s.Machine = r.Machine
		}
	}
	return s, nil
}

// stage is what is measured of every server before the next stage begins.
type stage struct {
	allocations int
	parts       []relaybench.Options
}

// stages are those of a round.
func (o *options) stages() []stage {
	base := relaybench.Defaults()
	base.GSO, base.CPU = true, -1 // the whole process stays on its core
	base.Beside = 0               // as serverCore
	with := func(n int, change func(*relaybench.Options)) relaybench.Options {
		b := base
		b.Allocations = []int{n}
		b.Server = netip.MustParseAddrPort(serverAt)
		b.Mint = mint
		if change != nil {
			change(&b)
		}
		return b
	}
	ends := []relaybench.Shape{{Size: 160, Burst: 1}, {Size: 1200, Burst: 8}}
	there := []relaybench.Direction{relaybench.ToPeer, relaybench.ToClient}
	few := func(b *relaybench.Options) { b.Shapes, b.Directions = ends, there }
	if o.quick {
		base.Measure, base.Warm = 300*time.Millisecond, 100*time.Millisecond
		return []stage{{100, []relaybench.Options{
			with(100, func(b *relaybench.Options) {
				b.Shapes, b.Directions = ends, []relaybench.Direction{relaybench.ToPeer, relaybench.ToClient, relaybench.Pair}
			}),
		}}}
	}
	return []stage{
		{1, []relaybench.Options{with(1, few)}},
		{100, []relaybench.Options{
			with(100, func(b *relaybench.Options) { b.Directions = relaybench.Directions() }),
			with(100, func(b *relaybench.Options) { b.Shapes, b.Directions, b.GSO = ends[1:], there, false }),
			with(100, func(b *relaybench.Options) { b.Shapes, b.Rates = ends, []int{40_000} }),
			with(100, func(b *relaybench.Options) {
				b.Shapes, b.Directions = ends[:1], there[:1]
				b.Rates = slices.DeleteFunc(versus.Rates(), func(r int) bool { return r == 40_000 })
			}),
		}},
		{1000, []relaybench.Options{with(1000, few)}},
		{10_000, []relaybench.Options{with(10_000, few)}},
	}
}

// maxFailures is how often a server may end or fall silent in its turn, and get
// the whole turn again, started anew. The document tells of each.
const maxFailures = 2

// round has each server's turn in each stage.
func (o *options) round(ctx context.Context, all []server, number int) (versus.Round, error) {
	r := versus.Round{Reports: map[string]*relaybench.Report{}}
	for _, st := range o.stages() {
		for _, s := range all {
			say("round %d of %d, %d allocations: %s", number, o.rounds, st.allocations, s.Label)
			got, err := measure(ctx, s, st)
			for again := 0; err != nil && ctx.Err() == nil && again < maxFailures; again++ {
				say("%s failed: %v", s.Label, err)
				r.Failures = append(r.Failures, fmt.Sprintf("%s, %d allocations: %v", s.Label, st.allocations, err))
				got, err = measure(ctx, s, st)
			}
			if err != nil {
				return r, fmt.Errorf("%s: %w", s.Name, err)
			}
			if have := r.Reports[s.Name]; have != nil {
				have.Runs, have.Setups = append(have.Runs, got.Runs...), append(have.Setups, got.Setups...)
			} else if got != nil {
				r.Reports[s.Name] = got
			}
		}
	}
	say("round %d of %d: sendmmsg and recvmmsg alone", number, o.rounds)
	return r, floor(ctx, &r)
}

// measure measures one server, started for it.
func measure(ctx context.Context, s server, st stage) (*relaybench.Report, error) {
	p, err := start(ctx, s, nil)
	if err != nil {
		return nil, err
	}
	defer p.kill()
	if err := p.awaitPort(ctx); err != nil {
		return nil, err
	}
	all := &relaybench.Report{}
	for i, o := range st.parts {
		o.PID, o.Again = p.cmd.Process.Pid, 2
		if !s.turn {
			o.Bare, o.Directions = true, []relaybench.Direction{relaybench.ToPeer}
		}
		got, err := relaybench.Measure(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("%w; it said\n%s", err, p.out.String())
		}
		if i == 0 {
			all = got
			continue
		}
		all.Runs = append(all.Runs, got.Runs...) // its set-up was not the server's first
	}
	return all, nil
}

func mint(i int) (username, password string, err error) {
	s, err := relay.NewNamedSecret("bench", secret, 0)
	if err != nil {
		return "", "", fmt.Errorf("secret: %w", err)
	}
	c, err := relay.MintREST(s, relay.DefaultSeparator, fmt.Sprintf("bench%d", i), time.Now(), time.Hour)
	if err != nil {
		return "", "", fmt.Errorf("credential: %w", err)
	}
	return c.Username, c.Password, nil
}

const (
	probeTime  = 500 * time.Millisecond
	probePorts = 4
)

// floor measures the two system calls alone.
func floor(ctx context.Context, r *versus.Round) error {
	own, err := os.Executable()
	if err != nil {
		return fmt.Errorf("own path: %w", err)
	}
	var p *process
	r.SendMicros, err = relaybench.SendCost(ctx, netip.AddrFrom4([4]byte{127, 0, 2, 1}), probePorts, probeTime, func(to []netip.AddrPort) (int, error) {
		var list []string
		for _, a := range to {
			list = append(list, a.String())
		}
		var err error
		if p, err = start(ctx, server{Contender: versus.Contender{Name: "source"}, args: []string{own, "source", strings.Join(list, ",")}}, nil); err != nil {
			return 0, err
		}
		return p.cmd.Process.Pid, nil
	})
	if p != nil {
		p.kill()
	}
	if err != nil {
		return fmt.Errorf("sendmmsg: %w", err)
	}
	var said bytes.Buffer
	if p, err = start(ctx, server{Contender: versus.Contender{Name: "sink"}, args: []string{own, "sink", serverAt}}, &said); err != nil {
		return err
	}
	if err := p.awaitPort(ctx); err != nil {
		p.kill()
		return err
	}
	o := relaybench.Defaults()
	o.Server, o.Mint, o.Allocations = netip.MustParseAddrPort(serverAt), mint, []int{100}
	err = relaybench.Flood(ctx, o, relaybench.Shape{Size: 160, Burst: 1}, 2*probeTime)
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if werr := p.cmd.Wait(); err == nil && werr != nil {
		err = fmt.Errorf("%w: %s", werr, p.out.String())
	}
	if err == nil {
		r.ReceiveMicros, err = strconv.ParseFloat(strings.TrimSpace(said.String()), 64)
	}
	if err != nil {
		return fmt.Errorf("recvmmsg: %w", err)
	}
	return nil
}

// write puts the document, its pictures and the raw numbers into a folder.
func write(docs string, s *versus.Session) error {
	dir, err := os.OpenRoot(docs)
	if err != nil {
		return fmt.Errorf("open the folder: %w", err)
	}
	defer func() { _ = dir.Close() }()
	if err := dir.MkdirAll(versus.Folder, 0o755); err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	raw, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	files := map[string]string{"bench-relay.md": s.Document(), filepath.Join(versus.Folder, versus.Raw): string(raw) + "\n"}
	for name, text := range s.Pictures() {
		files[filepath.Join(versus.Folder, name)] = text
	}
	for name, text := range files {
		if err := dir.WriteFile(name, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write: %w", err)
		}
	}
	return nil
}

func say(format string, args ...any) { _, _ = fmt.Fprintf(os.Stderr, format+"\n", args...) }
