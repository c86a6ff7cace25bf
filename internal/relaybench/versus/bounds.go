package versus

import (
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/internal/relaybench"
)

// The cases that bounds are about.
const (
	usual   = 100    // allocations
	many    = 10_000 // allocations
	pace    = 40_000 // packets a second
	maxMore = 8192   // bytes of an allocation beyond pion's
)

var (
	audio = relaybench.Shape{Size: 160, Burst: 1}
	eight = relaybench.Shape{Size: 1200, Burst: 8}
)

// resolution is how finely a delay is counted: a share of itself.
const resolution = 0.03

// Bound is what has to be reached, and what was.
type Bound struct {
	What   string
	Need   float64
	AtMost bool      // Need is the greatest that is allowed, not the least
	Got    []float64 // of each round
	Unit   string
}

// Worst is the round that counts; false where nothing was measured.
func (b Bound) Worst() (float64, bool) {
	if len(b.Got) == 0 {
		return 0, false
	}
	if b.AtMost {
		return slices.Max(b.Got), true
	}
	return slices.Min(b.Got), true
}

// Met reports whether every round reached the bound. What was not measured is
// not met.
func (b Bound) Met() bool {
	v, ok := b.Worst()
	if b.AtMost {
		return ok && v <= b.Need
	}
	return ok && v >= b.Need
}

// String is the bound in words.
func (b Bound) String() string {
	v, ok := b.Worst()
	if !ok {
		return b.What + ": not measured"
	}
	sign := "≥"
	if b.AtMost {
		sign = "≤"
	}
	return fmt.Sprintf("%s: %.2f%s, wanted %s %.2f%s", b.What, v, b.Unit, sign, b.Need, b.Unit)
}

// Bounds are all of them, with what the session has to say.
func (s *Session) Bounds() []Bound {
	var all []Bound
	saturated := func(rival, label string, shape relaybench.Shape, kind string, way relaybench.Direction, need float64) {
		c := Case{Allocations: usual, Way: way, Shape: shape}
		all = append(all, Bound{What: fmt.Sprintf("%s %s, times cheaper than %s", kind, inWords[way], label), Need: need, Got: s.ratios(rival, c)})
	}
	saturated(Coturn, "coturn", eight, "1200 B in bursts of 8", relaybench.ToPeer, 3.5)
	saturated(Coturn, "coturn", eight, "1200 B in bursts of 8", relaybench.ToClient, 3.5)
	saturated(Coturn, "coturn", audio, "audio", relaybench.ToPeer, 1.4)
	saturated(Coturn, "coturn", audio, "audio", relaybench.ToClient, 1.3)
	saturated(Pion, "pion", audio, "audio", relaybench.ToPeer, 2.5)
	saturated(Pion, "pion", audio, "audio", relaybench.ToClient, 2.5)
	saturated(Pion, "pion", eight, "1200 B in bursts of 8", relaybench.ToPeer, 5)
	saturated(Pion, "pion", eight, "1200 B in bursts of 8", relaybench.ToClient, 5)
	all = append(all, s.ofBare()...)
	all = append(all, s.paced()...)
	for _, shape := range []relaybench.Shape{audio, eight} {
		all = append(all, Bound{What: "relay to relay in memory, " + kindOf(shape) + ", times cheaper than two hops through sockets", Need: 1.8, Got: s.memoryHop(shape)})
	}
	return append(all, Bound{
		What: fmt.Sprintf("memory of an allocation at %d beyond pion's", many), Need: maxMore / 1024, AtMost: true, Unit: " kB",
		Got: s.each(func(r Round) (float64, bool) {
			a, ok := r.setup(Ours, many)
			b, has := r.setup(Pion, many)
			return (a.RSSBytes - b.RSSBytes) / 1024, ok && has
		}),
	})
}

var inWords = map[relaybench.Direction]string{
	relaybench.ToPeer: "to the peer", relaybench.ToClient: "to the client", relaybench.Echo: "there and back", relaybench.Pair: "from allocation to allocation",
}

func kindOf(s relaybench.Shape) string {
	if s == audio {
		return "audio"
	}
	if s.Burst == 1 {
		return fmt.Sprintf("%d B singly", s.Size)
	}
	return fmt.Sprintf("%d B in bursts of %d", s.Size, s.Burst)
}

// ratios are how many times as much processor time the rival takes.
func (s *Session) ratios(rival string, c Case) []float64 {
	return s.each(func(r Round) (float64, bool) {
		ours, ok := r.find(Ours, c)
		theirs, has := r.find(rival, c)
		return theirs.CPUMicros / ours.CPUMicros, ok && has && ours.CPUMicros > 0 && theirs.CPUMicros > 0
	})
}

func (s *Session) ofBare() []Bound {
	c := Case{Allocations: usual, Way: relaybench.ToPeer, Shape: audio}
	inverse := s.ratios(Bare, c)
	for i, v := range inverse {
		inverse[i] = 1 / v
	}
	return []Bound{
		{What: "audio to the peer, times as dear as the bare forwarder", Need: 1.05, AtMost: true, Got: inverse},
		{What: "the bare forwarder, times as dear as recvmmsg and sendmmsg alone", Need: 1.1, AtMost: true, Got: s.each(func(r Round) (float64, bool) {
			run, ok := r.find(Bare, c)
			floor := r.SendMicros + r.ReceiveMicros
			return run.CPUMicros / floor, ok && r.SendMicros > 0 && r.ReceiveMicros > 0
		})},
	}
}

// paced holds this relay against coturn at an even load: for each figure the
// worst case counts.
func (s *Session) paced() []Bound {
	figures := []struct {
		what string
		of   func(relaybench.Run) float64
	}{
		{"processor time", func(r relaybench.Run) float64 { return r.CPUMicros }},
		{"middle delay (p50)", func(r relaybench.Run) float64 { return r.Latency.P50 }},
		{"long delay (p99)", func(r relaybench.Run) float64 { return r.Latency.P99 }},
	}
	var all []Bound
	for _, f := range figures {
		for _, shape := range []relaybench.Shape{audio, eight} {
			b := Bound{What: fmt.Sprintf("%s at %d packets/s, %s, of coturn's by ours", f.what, pace, kindOf(shape)), Need: 1 - resolution}
			for _, way := range []relaybench.Direction{relaybench.ToPeer, relaybench.ToClient, relaybench.Echo} {
				c := Case{Allocations: usual, Way: way, Shape: shape, Rate: pace}
				b.Got = append(b.Got, s.each(func(r Round) (float64, bool) {
					ours, ok := r.find(Ours, c)
					theirs, has := r.find(Coturn, c)
					if !ok || !has || ours.Latency == nil || theirs.Latency == nil {
						return 0, false
					}
					return f.of(theirs) / f.of(ours), f.of(ours) > 0
				})...)
			}
			all = append(all, b)
		}
	}
	return all
}

// memoryHop is what the way to a peer and the way to a client cost together, by
// what they cost where one allocation hands over to another.
func (s *Session) memoryHop(shape relaybench.Shape) []float64 {
	return s.each(func(r Round) (float64, bool) {
		out, a := r.find(Ours, Case{Allocations: usual, Way: relaybench.ToPeer, Shape: shape})
		in, b := r.find(Ours, Case{Allocations: usual, Way: relaybench.ToClient, Shape: shape})
		pair, c := r.find(Ours, Case{Allocations: usual, Way: relaybench.Pair, Shape: shape})
		return (out.CPUMicros + in.CPUMicros) / pair.CPUMicros, a && b && c && pair.CPUMicros > 0
	})
}

// Missed are the bounds that were not met.
func (s *Session) Missed() []Bound {
	return slices.DeleteFunc(s.Bounds(), Bound.Met)
}

// Loss is a case in which a rival was better in some round, bound or not.
type Loss struct {
	Rival string
	Case  Case
	Ratio float64 // the rival's processor time by ours, the worst round
}

// Losses lists every measured case in which coturn, pion or the bare forwarder
// took less processor time, the worst first.
func (s *Session) Losses() []Loss {
	var all []Loss
	for _, rival := range []string{Coturn, Pion, Bare} {
		for _, c := range s.cases() {
			if got := s.ratios(rival, c); len(got) > 0 && slices.Min(got) < 1 {
				all = append(all, Loss{rival, c, slices.Min(got)})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Loss) int {
		switch {
		case a.Ratio < b.Ratio:
			return -1
		case a.Ratio > b.Ratio:
			return 1
		}
		return 0
	})
	return all
}

// cases lists what was measured of ours, each once.
func (s *Session) cases() []Case {
	var all []Case
	for _, r := range s.Rounds {
		if r.Reports[Ours] == nil {
			continue
		}
		for _, run := range r.Reports[Ours].Runs {
			c := Case{run.Allocations, run.Direction, run.Shape, run.Rate, run.Burst > 1 && !run.GSO}
			if !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}
