// Package hubbench measures a signaling hub from outside: what a session costs
// that waits, what a frame costs that passes, how long it takes, and what a
// handshake costs. Beside it stands a floor: the least that a server does which
// takes a WebSocket frame from one socket and writes it to another.
package hubbench

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/ringfence/ringfence/internal/benchhost"
)

// Report is what was measured of one server. CPU is the server's, in
// microseconds; memory is resident, in bytes.
type Report struct {
	Server  string            `json:"server"`
	Began   string            `json:"began"` // RFC 3339
	Machine benchhost.Machine `json:"machine"`
	Idle    []Idle            `json:"idle,omitempty"`
	Passed  []Passed          `json:"passed,omitempty"`
	Paced   []Paced           `json:"paced,omitempty"`
	Greeted []Greeted         `json:"greeted,omitempty"`
}

// Idle is what sessions cost that do nothing.
type Idle struct {
	TLS      bool    `json:"tls"`
	Sessions int     `json:"sessions"`
	Bytes    float64 `json:"bytes"`   // a session
	Seconds  float64 `json:"seconds"` // since the last connect
	WithTen  float64 `json:"ten"`     // bytes of the process with ten sessions
	Resident float64 `json:"all"`     // with these and the ten
}

// Passed is frames of Size bytes that pass from one session to another, as
// fast as they go, so many on their way at a time in each of Pairs.
type Passed struct {
	TLS       bool    `json:"tls"`
	Size      int     `json:"size"`
	Pairs     int     `json:"pairs"`
	Window    int     `json:"window"`
	PerSecond float64 `json:"per_second"`
	CPUMicros float64 `json:"cpu_us"` // a frame
}

// Paced is frames at an even rate, each between another pair, with how long
// they took from one client to the other.
type Paced struct {
	TLS       bool    `json:"tls"`
	Sessions  int     `json:"sessions"`
	Rate      int     `json:"rate"`   // offered, a second
	Sent      float64 `json:"sent"`   // a second
	CPUMicros float64 `json:"cpu_us"` // a frame
	P50       float64 `json:"p50_us"`
	P99       float64 `json:"p99_us"`
	Max       float64 `json:"max_us"`
}

// Greeted is connections from nothing to welcome.
type Greeted struct {
	Key       string  `json:"key"` // plain, P-256, RSA-2048, or P-256 with a ticket
	Count     int     `json:"count"`
	Seconds   float64 `json:"seconds"`
	CPUMicros float64 `json:"cpu_us"` // a connection
}

// WriteJSON writes the report.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// WriteTable writes the report for people.
func (r *Report) WriteTable(w io.Writer) error {
	var out strings.Builder
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(format string, args ...any) { _, _ = fmt.Fprintf(t, format+"\t\n", args...) } // a Builder takes all
	_, _ = fmt.Fprintf(&out, "Server %s; %s, %d cores, Linux %s.\n", r.Server, r.Machine.CPU, r.Machine.Cores, r.Machine.Kernel)
	if len(r.Idle) > 0 {
		row("\nwaiting sessions\t\tafter s\tKB each")
	}
	for _, i := range r.Idle {
		row("%d\t%s\t%.0f\t%.1f", i.Sessions, by(i.TLS), i.Seconds, i.Bytes/1024)
	}
	if len(r.Passed) > 0 {
		row("\nframes of\t\tpairs\tat a time\ta second\tCPU µs\ta second of CPU")
	}
	for _, p := range r.Passed {
		row("%d B\t%s\t%d\t%d\t%.0f\t%.2f\t%.0f", p.Size, by(p.TLS), p.Pairs, p.Window, p.PerSecond, p.CPUMicros, 1e6/p.CPUMicros)
	}
	if len(r.Paced) > 0 {
		row("\na second\t\tsessions\tsent\tCPU µs\tp50 µs\tp99 µs\tmost µs")
	}
	for _, p := range r.Paced {
		row("%d\t%s\t%d\t%.0f\t%.2f\t%.0f\t%.0f\t%.0f", p.Rate, by(p.TLS), p.Sessions, p.Sent, p.CPUMicros, p.P50, p.P99, p.Max)
	}
	if len(r.Greeted) > 0 {
		row("\nconnected and greeted\tcount\ts\tCPU µs each")
	}
	for _, g := range r.Greeted {
		row("%s\t%d\t%.2f\t%.0f", g.Key, g.Count, g.Seconds, g.CPUMicros)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func by(tls bool) string {
	if tls {
		return "TLS"
	}
	return "plain"
}
