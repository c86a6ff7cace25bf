//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/internal/hubbench"
)

// Bounds that we ask of ourselves.
const (
	mostOfFloor   = 1.25
	leastSealed   = 80_000 // frames a second of one core
	mostP99       = 1000   // µs
	mostPlain     = 4      // KB a session, parked
	mostSealed    = 12
	awakePlain    = 8 // and not parked
	awakeSealed   = 17
	mostGreetEC   = 4 // seconds
	mostGreetRSA  = 10
	bytesOfKB     = 1024
	bytesOfMB     = 1 << 20
	microsASecond = 1e6
)

// numbers are one figure in each round.
type numbers []float64

// middle is the median.
func (n numbers) middle() float64 {
	if len(n) == 0 {
		return 0
	}
	slices.Sort(n)
	return n[len(n)/2]
}

// span is the median of some numbers and how far they lie apart.
func (n numbers) span(format string) string {
	if len(n) == 0 {
		return "–"
	}
	m := n.middle()
	return fmt.Sprintf(format+" ("+format+" to "+format+")", m, n[0], n[len(n)-1])
}

func column(of []*hubbench.Report, pick func(*hubbench.Report) float64) numbers {
	var c numbers
	for _, r := range of {
		c = append(c, pick(r))
	}
	return c
}

func way(tls bool) string {
	if tls {
		return "TLS"
	}
	return "plain"
}

// paper is the document.
type paper struct {
	*Session
	strings.Builder
	met bool
}

func (p *paper) put(format string, args ...any) { _, _ = fmt.Fprintf(p, format, args...) } // a Builder takes all

// document writes docs/bench-signal.md, and tells whether all bounds are met.
func (s *Session) document() (text string, met bool) {
	p := &paper{Session: s, met: true}
	p.head()
	p.bounds()
	p.passed()
	p.paced()
	p.greeted()
	p.waiting()
	return p.String(), p.met
}

func (p *paper) head() {
	hub := p.Load[hubbench.Hub]
	m := hub[0].Machine
	p.put("# What the hub costs\n\n")
	p.put("Written by `make bench-signal`: %d rounds, the servers in turn, each round beginning with another, on %s, %d cores, Linux %s, %s,\n", len(hub), m.CPU, m.Cores, m.Kernel, m.Go)
	p.put("%s. The server has one core and one processor of Go's (node: one thread of JavaScript), the load the other core. Numbers are\n", hub[0].Began)
	p.put("the median of the rounds, with the least and the most. CPU is the server's process alone, by the kernel's count. All figures of\n")
	p.put("each round are in [session.json](bench-signal/session.json); what takes the time is in [profiles.md](bench-signal/profiles.md).\n\n")
	p.put("`ringfence bench signal` measures the same by hand, of a hub that it starts or of any other (`--help`).\n\n")
	p.put("| server | version | started as | how |\n|---|---|---|---|\n")
	for _, x := range p.Servers {
		p.put("| %s | %s | `%s` | %s |\n", x.Kind, x.Version, x.Command, x.Setup)
	}
	p.put("\nThey do not do the same. Our hub knows calls: it checks that a frame belongs to one and who is at its ends, limits how many come,\n")
	p.put("keeps what it sent until it has arrived, for one who comes back, and counts. centrifuge delivers to whoever is subscribed to a\n")
	p.put("channel, on any node, here without history. PeerJS reads the message as JSON and writes it anew. The floor looks at nothing.\n")
	p.put("Messages of clients are masked with zeros: ours, PeerJS's and the floor skip the unmasking then.\n\n")
}

func (p *paper) bounds() {
	hub, floor := p.Load[hubbench.Hub], p.Load[hubbench.Floor]
	p.put("## What we ask of ourselves\n\n| | asked | measured | |\n|---|---|---|---|\n")
	row := func(what, asked string, got float64, format string, met bool) {
		word := "met"
		if !met {
			word, p.met = "**missed**", false
		}
		p.put("| %s | %s | "+format+" | %s |\n", what, asked, got, word)
	}
	ratio := p.ofFloor(hub, 0).middle()
	row("a frame of 1.5 KB, plain, one at a time in each of 16 calls, of the floor's CPU", fmt.Sprintf("≤ %.2f", mostOfFloor), ratio, "%.2f", ratio <= mostOfFloor)
	for i, f := range hub[0].Passed {
		if f.TLS && f.Window == 1 {
			n := microsASecond / column(hub, func(r *hubbench.Report) float64 { return r.Passed[i].CPUMicros }).middle()
			row("frames a second of one core, TLS", fmt.Sprintf("≥ %d", leastSealed), n, "%.0f", n >= leastSealed)
		}
	}
	late := column(hub, func(r *hubbench.Report) float64 { return r.Paced[0].P99 }).middle()
	row(fmt.Sprintf("p99 at %d a second over %d sessions, plain, µs (the floor's: %.0f)", hub[0].Paced[0].Rate, hub[0].Paced[0].Sessions,
		column(floor, func(r *hubbench.Report) float64 { return r.Paced[0].P99 }).middle()), fmt.Sprintf("≤ %d", mostP99), late, "%.0f", late <= mostP99)
	for i, g := range hub[0].Greeted {
		most := map[string]float64{"P-256, TLS 1.2": mostGreetEC, "P-256, TLS 1.3": mostGreetEC, "RSA-2048, TLS 1.2": mostGreetRSA}[g.Key]
		if most > 0 {
			took := column(hub, func(r *hubbench.Report) float64 { return r.Greeted[i].Seconds }).middle()
			row(fmt.Sprintf("%d connections with %s, seconds", g.Count, g.Key), fmt.Sprintf("≤ %.0f", most), took, "%.1f", took <= most)
		}
	}
	for _, r := range p.Idle[hubbench.Hub] {
		for _, i := range r.Idle {
			most, awake := float64(mostPlain), awakePlain
			if i.TLS {
				most, awake = mostSealed, awakeSealed
			}
			got := i.Bytes / bytesOfKB
			row(fmt.Sprintf("%d sessions that wait, %s, KB each", i.Sessions, way(i.TLS)), fmt.Sprintf("≤ %.0f parked, as they are here; ≤ %d else", most, awake), got, "%.1f", got <= most)
		}
	}
	p.put("\n")
}

// ofFloor is the CPU of frames in case i beside the floor's of the same round.
func (p *paper) ofFloor(of []*hubbench.Report, i int) numbers {
	var out numbers
	for n, r := range of {
		floor := p.Load[hubbench.Floor]
		if n < len(floor) {
			out = append(out, r.Passed[i].CPUMicros/floor[n].Passed[i%len(floor[n].Passed)].CPUMicros)
		}
	}
	return out
}

func (p *paper) passed() {
	o := p.Load[hubbench.Hub][0].Passed[0]
	p.put("## A message that passes\n\nOf %d bytes, from one client to another, %d pairs at once, as fast as they go. Where 32 are on their way in a pair they come in one\nwrite, and whoever reads many at once writes many at once.\n\n", o.Size, o.Pairs)
	p.put("| | | on their way in a pair | CPU µs | of the floor | a second of one core |\n|---|---|---|---|---|---|\n")
	for _, x := range p.Servers {
		of := p.Load[x.Kind]
		if len(of) == 0 {
			continue
		}
		for i, f := range of[0].Passed {
			cpu := column(of, func(r *hubbench.Report) float64 { return r.Passed[i].CPUMicros })
			var each numbers
			for _, c := range cpu {
				each = append(each, microsASecond/c)
			}
			p.put("| %s | %s | %d | %s | %s | %s |\n", x.Kind, way(f.TLS), f.Window, cpu.span("%.1f"), p.ofFloor(of, i).span("%.2f"), each.span("%.0f"))
		}
	}
}

func (p *paper) paced() {
	o := p.Load[hubbench.Hub][0].Paced[0]
	p.put("\n## At an even pace\n\n%d messages a second, each between another two of %d sessions, from client to client. At this pace the core rests between\nthem; waking it is most of the cost, of the floor as of the others. Clients collect no garbage meanwhile.\n\n", o.Rate, o.Sessions)
	p.put("| | | sent a second | CPU µs | p50 µs | p99 µs |\n|---|---|---|---|---|---|\n")
	for _, x := range p.Servers {
		of := p.Load[x.Kind]
		if len(of) == 0 {
			continue
		}
		for i, f := range of[0].Paced {
			get := func(pick func(hubbench.Paced) float64) string {
				return column(of, func(r *hubbench.Report) float64 { return pick(r.Paced[i]) }).span("%.0f")
			}
			p.put("| %s | %s | %s | %s | %s | %s |\n", x.Kind, way(f.TLS), get(func(v hubbench.Paced) float64 { return v.Sent }),
				column(of, func(r *hubbench.Report) float64 { return r.Paced[i].CPUMicros }).span("%.1f"),
				get(func(v hubbench.Paced) float64 { return v.P50 }), get(func(v hubbench.Paced) float64 { return v.P99 }))
		}
	}
}

func (p *paper) greeted() {
	hub := p.Load[hubbench.Hub]
	p.put("\n## Connections to our hub\n\nFrom nothing to `welcome`, 32 at a time. The client has the other core, and half of the work is the client's.\n\n| | %d take | CPU µs of the server, each |\n|---|---|---|\n", hub[0].Greeted[0].Count)
	for i, g := range hub[0].Greeted {
		p.put("| %s | %s s | %s |\n", g.Key, column(hub, func(r *hubbench.Report) float64 { return r.Greeted[i].Seconds }).span("%.1f"),
			column(hub, func(r *hubbench.Report) float64 { return r.Greeted[i].CPUMicros }).span("%.0f"))
	}
}

func (p *paper) waiting() {
	if len(p.Idle) == 0 {
		return
	}
	p.put("\n## Sessions that wait\n\nResident memory of the process, %.0f s after the last of them connected, less that with ten; the collector as it is by\ndefault; each number in a process of its own, once, other work beside it. The slope is from one line to the next. For the hub all\nsessions are authenticated; PeerJS takes any name. What node holds at rest is in \"with ten\", and some of it serves those who come.\n\n", settle.Seconds())
	p.put("| | | sessions | resident MB | with ten MB | KB each | slope, KB |\n|---|---|---|---|---|---|---|\n")
	for _, x := range p.Servers {
		for _, sealed := range []bool{false, true} {
			var last hubbench.Idle
			for _, r := range p.Idle[x.Kind] {
				for _, i := range r.Idle {
					if i.TLS != sealed {
						continue
					}
					slope := "–"
					if last.Sessions > 0 {
						slope = fmt.Sprintf("%.1f", (i.Resident-last.Resident)/float64(i.Sessions-last.Sessions)/bytesOfKB)
					}
					p.put("| %s | %s | %d | %.1f | %.1f | %.1f | %s |\n", x.Kind, way(sealed), i.Sessions, i.Resident/bytesOfMB, i.WithTen/bytesOfMB, i.Bytes/bytesOfKB, slope)
					last = i
				}
			}
		}
	}
}
