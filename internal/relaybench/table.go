package relaybench

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteTable writes r for people.
func (r *Report) WriteTable(w io.Writer) error {
	var out strings.Builder
	fmt.Fprintf(&out, "Server %s; %s, %d cores, Linux %s.\n\n", r.Server, r.Machine.CPU, r.Machine.Cores, r.Machine.Kernel)
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...string) { _, _ = fmt.Fprintln(t, strings.Join(cells, "\t")+"\t") } // a Builder takes everything
	row("set-ups", "a second", "CPU µs each", "kB each", "kernel kB each", "sent again")
	for _, s := range r.Setups {
		row(strconv.Itoa(s.Allocations), fmt.Sprintf("%.0f", s.PerSecond), r.known("%.0f", s.CPUMicros), r.known("%.1f", s.RSSBytes/1024), r.known("%.1f", s.SlabBytes/1024), strconv.Itoa(s.Retries))
	}
	_ = t.Flush()
	out.WriteString("\n")
	if len(r.Runs) > 0 {
		t = tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
		row("allocations", "way", "bytes×burst", "load", "relayed/s", "CPU µs/packet", "busy", "lost", "p50 µs", "p90 µs", "p99 µs")
		for _, c := range r.Runs {
			row(append([]string{
				strconv.Itoa(c.Allocations), string(c.Direction), fmt.Sprintf("%d×%d", c.Size, c.Burst), loadName(c.Rate), fmt.Sprintf("%.0f", c.PerSecond),
				r.known("%.2f", c.CPUMicros), r.known("%.0f %%", c.Busy*100), fmt.Sprintf("%.2f %%", c.Loss*100),
			}, c.Latency.cells()...)...)
		}
		_ = t.Flush()
	}
	for _, n := range r.Notes() {
		out.WriteString("\n" + n + "\n")
	}
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

func (l *Latency) cells() []string {
	if l == nil {
		return []string{"–", "–", "–"}
	}
	return []string{fmt.Sprintf("%.0f", l.P50), fmt.Sprintf("%.0f", l.P90), fmt.Sprintf("%.0f", l.P99)}
}

func loadName(rate int) string {
	if rate == 0 {
		return "all it takes"
	}
	return strconv.Itoa(rate) + "/s"
}

// known formats a figure that there is only where the process is known.
func (r *Report) known(format string, v float64) string {
	if r.PID == 0 {
		return "–"
	}
	return fmt.Sprintf(format, v)
}

// What a saturated run looks like when something else than the server's
// processor was the limit.
const (
	idleBusy = 0.85 // cores
	idleLoss = 0.02
)

// least is how busy a server is that has all it can carry.
func (c *Run) least() float64 {
	if c.Shared {
		return idleBusy / 2
	}
	return idleBusy
}

// Disturbed is from how much other work on, in cores, a run is not believed.
const Disturbed = 0.1

// Notes say what one should know before one believes the figures.
func (r *Report) Notes() []string {
	var notes []string
	starved, capped, others := false, false, 0.0
	for _, c := range r.Runs {
		others = max(others, c.Others)
		if c.Rate != 0 || r.PID == 0 || c.Busy >= c.least() {
			continue
		}
		starved = starved || c.Loss < idleLoss
		capped = capped || c.Loss >= idleLoss
	}
	if r.PID == 0 {
		notes = append(notes, "Without --pid there is nothing to see of the server's processor time and memory; name its process where it runs on this machine.")
	}
	if starved {
		notes = append(notes, "In some runs nearly nothing was lost and the server was not busy: the generator could not offer more. Packets a second are no ceiling there; CPU µs/packet hold.")
	}
	if capped {
		notes = append(notes, "In some runs much was lost although the server was not busy: a limit of rate, or small socket buffers. For this relay raise turn.limits.bytes_per_second and turn.limits.bytes_per_second_total while you measure; for coturn max-bps and bps-capacity.")
	}
	if others > Disturbed && r.PID != 0 {
		notes = append(notes, fmt.Sprintf("Other work took up to %.0f %% of a core meanwhile: the figures of such a run are not to be trusted. Give the server and the generator (--cpu) a core each, and let nothing else run.", others*100))
	}
	if r.GSO {
		notes = append(notes, "The generator sent bursts by GSO. A server that uses UDP_GRO got whole pieces on loopback, which a network does not always give it.")
	}
	return notes
}
