package versus

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/relaybench"
)

// world has three rounds in which every bound is met: ours takes 1 µs.
func world() *Session {
	s := &Session{Machine: relaybench.Machine{CPU: "a processor", Cores: 2, Kernel: "6.1", Go: "go"}, Contenders: []Contender{
		{Name: Ours, Label: "this relay"}, {Name: Coturn, Label: "coturn", Version: "4.6.1", Command: "turnserver -n"}, {Name: Pion, Label: "pion/turn"}, {Name: Bare, Label: "bare forwarder"},
	}}
	times := map[string]float64{Ours: 1, Coturn: 4, Pion: 6, Bare: 1}
	for range 3 {
		r := Round{Reports: map[string]*relaybench.Report{}, SendMicros: 0.7, ReceiveMicros: 0.3}
		for name, micros := range times {
			report := &relaybench.Report{}
			for _, n := range numbers {
				report.Setups = append(report.Setups, relaybench.Setup{Allocations: n, CPUMicros: 100, PerSecond: 1000, RSSBytes: 20 << 10})
				for _, shape := range relaybench.Shapes() {
					for _, way := range relaybench.Directions() {
						if name == Bare && way != relaybench.ToPeer {
							continue
						}
						report.Runs = append(report.Runs, relaybench.Run{
							Allocations: n, Direction: way, Shape: shape, GSO: shape.Burst > 1, Relayed: 1, CPUMicros: micros, PerSecond: 1e6 / micros, Busy: 1,
						}, relaybench.Run{
							Allocations: n, Direction: way, Shape: shape, GSO: shape.Burst > 1, Relayed: 1, Rate: pace, CPUMicros: micros, Latency: &relaybench.Latency{P50: 10 * micros, P99: 100 * micros},
						})
					}
				}
			}
			r.Reports[name] = report
		}
		s.Rounds = append(s.Rounds, r)
	}
	return s
}

// change gives every run of a contender in the last round that is of a kind
// another look.
func (s *Session) change(name string, of func(relaybench.Run) bool, to func(*relaybench.Run)) {
	runs := s.Rounds[len(s.Rounds)-1].Reports[name].Runs
	for i := range runs {
		if of(runs[i]) {
			to(&runs[i])
		}
	}
}

func TestBoundsAreMetByWhatMeetsThem(t *testing.T) {
	t.Parallel()
	s := world()
	for _, b := range s.Bounds() {
		if !b.Met() || len(b.Got) < 3 {
			t.Errorf("%v: %v", b, b.Got)
		}
	}
	if len(s.Bounds()) != 19 || len(s.Missed()) != 0 || len(s.Losses()) != 0 {
		t.Errorf("%d bounds, missed %v, lost %v", len(s.Bounds()), s.Missed(), s.Losses())
	}
	if doc := s.Document(); !strings.Contains(doc, "Every bound of the next section is met") {
		t.Errorf("the document says\n%s", doc)
	}
}

// One round that is worse is enough: the worst counts, and what is not measured
// is not met.
func TestTheWorstRoundCounts(t *testing.T) {
	t.Parallel()
	is := func(shape relaybench.Shape, way relaybench.Direction, rate int) func(relaybench.Run) bool {
		return func(r relaybench.Run) bool {
			return r.Allocations == usual && r.Shape == shape && r.Direction == way && r.Rate == rate
		}
	}
	micros := func(v float64) func(*relaybench.Run) { return func(r *relaybench.Run) { r.CPUMicros = v } }
	for what, spoil := range map[string]func(*Session){
		"1200 B in bursts of 8 to the client, times cheaper than coturn": func(s *Session) { s.change(Coturn, is(eight, relaybench.ToClient, 0), micros(3.49)) },
		"audio to the peer, times cheaper than coturn":                   func(s *Session) { s.change(Coturn, is(audio, relaybench.ToPeer, 0), micros(1.39)) },
		"audio to the client, times cheaper than pion":                   func(s *Session) { s.change(Pion, is(audio, relaybench.ToClient, 0), micros(2.4)) },
		"audio to the peer, times as dear as the bare forwarder": func(s *Session) {
			s.change(Bare, is(audio, relaybench.ToPeer, 0), micros(0.94))
		},
		"the bare forwarder, times as dear as recvmmsg": func(s *Session) { s.Rounds[0].SendMicros = 0.5 },
		"processor time at 40000 packets/s, audio": func(s *Session) {
			s.change(Ours, is(audio, relaybench.Echo, pace), micros(4.2))
		},
		"long delay (p99) at 40000 packets/s, 1200 B": func(s *Session) {
			s.change(Ours, is(eight, relaybench.ToPeer, pace), func(r *relaybench.Run) { r.Latency = &relaybench.Latency{P50: 1, P99: 420} })
		},
		"middle delay (p50) at 40000 packets/s, audio": func(s *Session) {
			s.change(Ours, is(audio, relaybench.ToPeer, pace), func(r *relaybench.Run) { r.Latency = &relaybench.Latency{P50: 42, P99: 1} })
		},
		"relay to relay in memory, audio": func(s *Session) { s.change(Ours, is(audio, relaybench.Pair, 0), micros(1.2)) },
		"memory of an allocation":         func(s *Session) { s.Rounds[1].Reports[Ours].Setups[3].RSSBytes = 29 << 10 },
	} {
		s := world()
		spoil(s)
		missed := s.Missed()
		if len(missed) != 1 || !strings.HasPrefix(missed[0].What, what) {
			t.Errorf("%s: missed %v", what, missed)
		}
		if doc := s.Document(); !strings.Contains(doc[:strings.Index(doc, "## Bounds")], "**Missed.** "+what) {
			t.Errorf("%s: it does not stand first", what)
		}
	}
	s := world()
	for _, r := range s.Rounds {
		delete(r.Reports, Coturn)
	}
	if len(s.Missed()) != 10 {
		t.Errorf("without coturn %d bounds are missed: %v", len(s.Missed()), s.Missed())
	}
}

// A session that other work disturbed says so before anything else.
func TestDisturbanceIsTold(t *testing.T) {
	t.Parallel()
	s := world()
	const says = "disturbed this session"
	if strings.Contains(s.Document(), says) {
		t.Error("a quiet session was disturbed")
	}
	s.change(Ours, func(r relaybench.Run) bool { return r.Rate == 0 }, func(r *relaybench.Run) { r.Others = 0.5 })
	s.Rounds[1].Failures = []string{"pion/turn, 100 allocations: nothing\nlistens"}
	if !strings.Contains(s.Document(), "- In round 2 a server failed and had its turn again, started anew: pion/turn, 100 allocations: nothing listens.") {
		t.Error("a failure is not told")
	}
	if doc := s.Document(); !strings.Contains(doc[:strings.Index(doc, "## What is lost")], says) {
		t.Error("the document is silent about it")
	}
}

// What is lost is told even where no bound is about it.
func TestLossesAreTold(t *testing.T) {
	t.Parallel()
	s := world()
	s.change(Pion, func(r relaybench.Run) bool {
		return r.Allocations == 1000 && r.Size == 160 && r.Direction == relaybench.Echo && r.Rate == 0
	}, func(r *relaybench.Run) { r.CPUMicros = 0.9 })
	if l := s.Losses(); len(l) != 1 || l[0].Rival != Pion || math.Abs(l[0].Ratio-0.9) > 1e-9 {
		t.Errorf("%v", l)
	}
	if doc := s.Document(); !strings.Contains(doc[:strings.Index(doc, "## Bounds")], "pion/turn, audio there and back, 1000 allocations, all it takes: 0.90") {
		t.Error("the document is silent about it")
	}
}

// A run in which nothing came is no figure, and one without its set-up neither.
func TestWhatIsMissingIsNotJudged(t *testing.T) {
	t.Parallel()
	r := world().Rounds[0]
	c := Case{Allocations: usual, Way: relaybench.ToPeer, Shape: audio}
	if _, ok := r.find(Ours, c); !ok {
		t.Error("not found")
	}
	r.Reports[Ours].Runs[slices.IndexFunc(r.Reports[Ours].Runs, func(run relaybench.Run) bool { return run.Allocations == usual && run.Rate == 0 })].Relayed = 0
	if _, ok := r.find(Ours, c); ok {
		t.Error("a run without packets counts")
	}
	for _, c := range []Case{{Allocations: 5, Way: relaybench.ToPeer, Shape: audio}, {Allocations: usual, Way: relaybench.ToPeer, Shape: eight, Singly: true}} {
		if _, ok := r.find(Coturn, c); ok {
			t.Errorf("%+v is found", c)
		}
	}
	if _, ok := r.setup(Ours, 5); ok {
		t.Error("a set-up that was not")
	}
	if _, ok := (Round{}).find(Ours, c); ok {
		t.Error("an empty round has a run")
	}
}

// The pictures are whole, and show every contender.
func TestPicturesAreXML(t *testing.T) {
	t.Parallel()
	s := world()
	s.Contenders[1].Label = `co<t>&"urn`
	pictures := s.Pictures()
	if len(pictures) != 8 {
		t.Errorf("%d pictures", len(pictures))
	}
	doc := s.Document()
	for name, text := range pictures {
		if !strings.Contains(doc, Folder+"/"+name) {
			t.Errorf("the document does not show %s", name)
		}
		dec := xml.NewDecoder(strings.NewReader(text))
		for {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || !strings.Contains(text, "this relay") {
			t.Errorf("%s is\n%s", name, text)
		}
	}
}

func TestScaleIsRound(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]float64{0.0: 1, 0.9: 1, 1: 1, 1.1: 1.5, 7: 8, 9: 10, 2300: 2500, 0.031: 0.04} {
		c := chart{series: []series{{values: []float64{math.NaN(), v}}}}
		if got := c.most(); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v: %v, want %v", v, got, want)
		}
	}
}
