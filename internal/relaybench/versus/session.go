package versus

import (
	"slices"

	"github.com/ringfence/ringfence/internal/relaybench"
)

// The contenders, by what a session calls them.
const (
	Ours   = "ringfence"
	Coturn = "coturn"
	Pion   = "pion"
	Bare   = "bare"
)

// Format is the version of [Session] as JSON.
const Format = 1

// Session is all that one run of the comparison measured.
type Session struct {
	Format     int                `json:"format"`
	Began      string             `json:"began"`
	Quick      bool               `json:"quick,omitempty"` // fewer and shorter cases: no ground for a claim
	Namespace  bool               `json:"network_namespace"`
	Machine    relaybench.Machine `json:"machine"`
	Contenders []Contender        `json:"contenders"`
	Rounds     []Round            `json:"rounds"`
}

// Contender is a server, as it was started.
type Contender struct {
	Name    string `json:"name"`
	Label   string `json:"label"`
	Version string `json:"version"`
	Command string `json:"command"`
	Tuning  string `json:"tuning"`
}

// Round has each contender's turn.
type Round struct {
	Reports map[string]*relaybench.Report `json:"reports"`

	// Failures are the turns that were measured again from the beginning,
	// because the server ended or fell silent, and with what error.
	Failures []string `json:"failures,omitempty"`

	// SendMicros and ReceiveMicros are what sendmmsg and recvmmsg take for a
	// packet of 160 bytes in batches of 64, with nothing done to it.
	SendMicros    float64 `json:"sendmmsg_us"`
	ReceiveMicros float64 `json:"recvmmsg_us"`
}

// Case says which run of a report is meant.
type Case struct {
	Allocations int
	Way         relaybench.Direction
	Shape       relaybench.Shape
	Rate        int
	Singly      bool // the generator sent bursts packet by packet
}

// find returns the run of a contender; false where it was not measured or
// nothing came.
func (r Round) find(name string, c Case) (relaybench.Run, bool) {
	report := r.Reports[name]
	if report == nil {
		return relaybench.Run{}, false
	}
	i := slices.IndexFunc(report.Runs, func(run relaybench.Run) bool {
		return run.Allocations == c.Allocations && run.Direction == c.Way && run.Shape == c.Shape && run.Rate == c.Rate && (c.Shape.Burst == 1 || run.GSO != c.Singly)
	})
	if i < 0 || report.Runs[i].Relayed == 0 {
		return relaybench.Run{}, false
	}
	return report.Runs[i], true
}

// setup returns what setting up so many allocations took.
func (r Round) setup(name string, allocations int) (relaybench.Setup, bool) {
	report := r.Reports[name]
	if report == nil {
		return relaybench.Setup{}, false
	}
	i := slices.IndexFunc(report.Setups, func(s relaybench.Setup) bool { return s.Allocations == allocations && !s.Released })
	if i < 0 {
		return relaybench.Setup{}, false
	}
	return report.Setups[i], true
}

// cpu are the processor times of a case, in microseconds for each packet, one
// for each round that has it.
func (s *Session) cpu(name string, c Case) []float64 {
	return s.each(func(r Round) (float64, bool) {
		run, ok := r.find(name, c)
		return run.CPUMicros, ok && run.CPUMicros > 0
	})
}

// each gathers a figure of every round that has it.
func (s *Session) each(figure func(Round) (float64, bool)) []float64 {
	var all []float64
	for _, r := range s.Rounds {
		if v, ok := figure(r); ok {
			all = append(all, v)
		}
	}
	return all
}
