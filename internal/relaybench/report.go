package relaybench

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/ringfence/ringfence/internal/benchhost"
)

// Format is the version of [Report] as JSON. Fields may be added to it.
const Format = 1

// Report is all that was measured.
type Report struct {
	Format  int     `json:"format"`
	Began   string  `json:"began"` // RFC 3339
	Tool    string  `json:"tool"`
	Machine Machine `json:"machine"`
	Server  string  `json:"server"`
	PID     int     `json:"pid,omitempty"`
	GSO     bool    `json:"generator_gso"`
	Peers   int     `json:"peer_ports"`
	Setups  []Setup `json:"setups"`
	Runs    []Run   `json:"runs"`
}

// Machine is where it was measured.
type Machine = benchhost.Machine

// Setup is what it took to set allocations up: the challenge, Allocate,
// CreatePermission and ChannelBind of each.
type Setup struct {
	Allocations int     `json:"allocations"`
	Seconds     float64 `json:"seconds"`
	PerSecond   float64 `json:"per_second"`
	Retries     int     `json:"retries"` // requests sent again

	// Of the server's process; 0 where it is not known.
	CPUMicros float64 `json:"cpu_us"`      // each
	RSSBytes  float64 `json:"rss_bytes"`   // each
	SlabBytes float64 `json:"slab_bytes"`  // each, of the kernel, by the whole machine's count
	RSSBefore int64   `json:"rss_before"`  // bytes
	RSSAfter  int64   `json:"rss_after"`   // bytes
	Released  bool    `json:"was_not_new"` // the server had had allocations of this measurement before
}

// Run is one case.
type Run struct {
	Allocations int       `json:"allocations"`
	Direction   Direction `json:"direction"`
	Shape
	Rate    int     `json:"rate"`                    // that was asked for; 0: more than can be carried
	GSO     bool    `json:"generator_gso,omitempty"` // bursts were handed over in one piece
	Shared  bool    `json:"shared_core,omitempty"`   // the server had half of its core
	Seconds float64 `json:"seconds"`

	Sent      uint64  `json:"sent"`    // by clients or peers
	Relayed   uint64  `json:"relayed"` // in those seconds; of Echo both ways
	PerSecond float64 `json:"per_second"`
	Loss      float64 `json:"loss"` // share of what was sent that never came

	// Of the server's process; 0 where it is not known.
	CPUMicros float64 `json:"cpu_us"` // for each relayed packet
	Busy      float64 `json:"busy"`   // cores

	// Others is what all else on this machine took meanwhile, in cores; of use
	// only where the server's process is known.
	Others float64 `json:"others"`

	// Latency is of paced runs: from the send to the receive call, of Echo for
	// the whole round.
	Latency *Latency `json:"latency_us,omitempty"`
}

// Latency is in microseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// WriteJSON writes r, indented.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("encode the report: %w", err)
	}
	return nil
}
