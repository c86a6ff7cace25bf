package versus

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ringfence/ringfence/internal/relaybench"
)

// Folder is where the pictures and the raw numbers lie, beside the document.
const Folder = "bench-relay"

// Raw is the name of the session in that folder.
const Raw = "session.json"

// numbers are of allocations, and rates those of the sweep.
var (
	numbers = []int{1, usual, 1000, many}
	rates   = []int{10_000, 20_000, pace, 80_000, 120_000}
)

// spoilt: where one case of so many was disturbed, the document says so first.
const spoilt = 50

// Rates lists the packets a second that audio to the peer is measured at.
func Rates() []int { return slices.Clone(rates) }

// Pictures draws all pictures, by the name of their file.
func (s *Session) Pictures() map[string]string {
	shapes := relaybench.Shapes()
	ways := []relaybench.Direction{relaybench.ToPeer, relaybench.ToClient}
	var cases []Case
	var names []string
	for _, way := range ways {
		for _, shape := range shapes {
			cases = append(cases, Case{Allocations: usual, Way: way, Shape: shape})
			names = append(names, fmt.Sprintf("%d×%d %s", shape.Size, shape.Burst, map[relaybench.Direction]string{relaybench.ToPeer: "→peer", relaybench.ToClient: "→client"}[way]))
		}
	}
	of := func(cases []Case) func(string, int) []float64 {
		return func(name string, i int) []float64 { return s.cpu(name, cases[i]) }
	}
	out := map[string]string{
		"packets.svg": s.plot(fmt.Sprintf("Processor time of a relayed packet, %d allocations, all that one core takes (less is better)", usual), "µs", false, names, of(cases)).svg(),
	}
	over := func(file, title string, way relaybench.Direction, shape relaybench.Shape) {
		var cases []Case
		for _, n := range numbers {
			cases = append(cases, Case{Allocations: n, Way: way, Shape: shape})
		}
		out[file] = s.plot(title, "µs", true, texts(numbers, " allocations"), of(cases)).svg()
	}
	over("audio-to-peer.svg", "Audio to the peer: processor time of a packet by the number of allocations", relaybench.ToPeer, audio)
	over("audio-to-client.svg", "Audio to the client: processor time of a packet by the number of allocations", relaybench.ToClient, audio)
	over("bursts-to-peer.svg", "1200 B in bursts of 8 to the peer: processor time of a packet by the number of allocations", relaybench.ToPeer, eight)
	over("bursts-to-client.svg", "1200 B in bursts of 8 to the client: processor time of a packet by the number of allocations", relaybench.ToClient, eight)
	sweep := func(rate int) Case {
		return Case{Allocations: usual, Way: relaybench.ToPeer, Shape: audio, Rate: rate}
	}
	out["paced-cpu.svg"] = s.plot("Audio to the peer at an even load: processor time of a packet", "µs", true, texts(rates, "/s"), func(name string, i int) []float64 {
		return s.cpu(name, sweep(rates[i]))
	}).svg()
	out["paced-p99.svg"] = s.plot("Audio to the peer at an even load: 99 of 100 packets were no later than", "µs", true, texts(rates, "/s"), func(name string, i int) []float64 {
		return s.latency(name, sweep(rates[i]), func(l relaybench.Latency) float64 { return l.P99 })
	}).svg()
	out["memory.svg"] = s.plot("Memory of an allocation, resident, by the number of allocations", "kB", true, texts(numbers[1:], " allocations"), func(name string, i int) []float64 {
		return s.setups(name, numbers[i+1], func(v relaybench.Setup) float64 { return v.RSSBytes / 1024 })
	}).svg()
	return out
}

func texts(of []int, unit string) []string {
	var all []string
	for _, n := range of {
		all = append(all, strconv.Itoa(n)+unit)
	}
	return all
}

func (s *Session) latency(name string, c Case, of func(relaybench.Latency) float64) []float64 {
	return s.each(func(r Round) (float64, bool) {
		run, ok := r.find(name, c)
		if !ok || run.Latency == nil {
			return 0, false
		}
		return of(*run.Latency), true
	})
}

func (s *Session) setups(name string, n int, of func(relaybench.Setup) float64) []float64 {
	return s.each(func(r Round) (float64, bool) {
		v, ok := r.setup(name, n)
		return of(v), ok
	})
}

// cell is the worst and the best of several rounds, where more is worse.
func cell(all []float64, format string) string {
	switch len(all) {
	case 0:
		return "–"
	case 1:
		return fmt.Sprintf(format, all[0])
	}
	return fmt.Sprintf(format+" ("+format+")", slices.Max(all), slices.Min(all))
}

// Document is docs/bench-relay.md.
func (s *Session) Document() string {
	var b strings.Builder
	b.WriteString("# The relay beside others\n\n<!-- Written by `make bench-relay` from " + Folder + "/" + Raw + ". Change internal/relaybench/versus for its words. -->\n\n")
	if s.Quick {
		b.WriteString("**This was a short try. It is no ground for any claim.**\n\n")
	}
	fmt.Fprintf(&b, "%d round(s), one after another for every server in turn, on %s with %d cores, Linux %s, %s; begun %s. Each value is the worst of the rounds, in brackets the best. "+
		"A ratio is taken within a round, and the worst round counts. Compare nothing across sessions. The raw numbers: [%s](%s/%s).\n\n",
		len(s.Rounds), s.Machine.CPU, s.Machine.Cores, s.Machine.Kernel, s.Machine.Go, s.Began, Raw, Folder, Raw)
	if disturbed, all, _ := s.quiet(); disturbed*spoilt > all {
		fmt.Fprintf(&b, "**Other work on the machine disturbed this session: %d of %d cases. Measure again on a quiet one before you believe the worst of the rounds.**\n\n", disturbed, all)
	}
	s.lost(&b)
	s.bounds(&b)
	s.saturated(&b)
	s.pacedTable(&b)
	s.setUpTable(&b)
	s.method(&b)
	for i, r := range s.Rounds {
		for _, f := range r.Failures {
			fmt.Fprintf(&b, "- In round %d a server failed and had its turn again, started anew: %s.\n", i+1, strings.Join(strings.Fields(f), " "))
		}
	}
	b.WriteString(ownServer)
	return b.String()
}

func (s *Session) lost(b *strings.Builder) {
	b.WriteString("## What is lost\n\n")
	missed := s.Missed()
	if len(missed) == 0 {
		b.WriteString("Every bound of the next section is met.\n")
	}
	for _, m := range missed {
		b.WriteString("- **Missed.** " + m.String() + "\n")
	}
	losses := s.Losses()
	if len(losses) > 0 {
		b.WriteString("\nCases in which another took less processor time in one round at least, bound or not; the figure is its time by ours:\n\n")
	}
	for _, l := range losses {
		fmt.Fprintf(b, "- %s, %s: %.2f\n", s.label(l.Rival), l.Case.words(), l.Ratio)
	}
	b.WriteString("\n")
}

func (c Case) words() string {
	load := "all it takes"
	if c.Rate > 0 {
		load = strconv.Itoa(c.Rate) + " packets/s"
	}
	singly := ""
	if c.Singly {
		singly = ", sent singly"
	}
	return fmt.Sprintf("%s %s, %d allocations, %s%s", kindOf(c.Shape), inWords[c.Way], c.Allocations, load, singly)
}

func (s *Session) label(name string) string {
	for _, c := range s.Contenders {
		if c.Name == name {
			return c.Label
		}
	}
	return name
}

func (s *Session) bounds(b *strings.Builder) {
	b.WriteString("## Bounds\n\n| | wanted | worst | rounds | |\n|---|---|---|---|---|\n")
	for _, x := range s.Bounds() {
		sign, verdict := "≥", "met"
		if x.AtMost {
			sign = "≤"
		}
		if !x.Met() {
			verdict = "**missed**"
		}
		worst := "not measured"
		if v, ok := x.Worst(); ok {
			worst = fmt.Sprintf("%.2f%s", v, x.Unit)
		}
		var rounds []string
		for _, v := range x.Got {
			rounds = append(rounds, fmt.Sprintf("%.2f", v))
		}
		fmt.Fprintf(b, "| %s | %s %.2f%s | %s | %s | %s |\n", x.What, sign, x.Need, x.Unit, worst, strings.Join(rounds, ", "), verdict)
	}
	b.WriteString("\n")
}

// header begins a table with a column for each contender.
func (s *Session) header(b *strings.Builder, first string) {
	b.WriteString("| " + first + " |")
	for _, c := range s.Contenders {
		b.WriteString(" " + c.Label + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(s.Contenders)) + "\n")
}

func (s *Session) rows(b *strings.Builder, cases []Case, figure func(name string, c Case) string) {
	for _, c := range cases {
		b.WriteString("| " + c.words() + " |")
		for _, who := range s.Contenders {
			b.WriteString(" " + figure(who.Name, c) + " |")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

func (s *Session) saturated(b *strings.Builder) {
	b.WriteString("## All that one core takes\n\nMore is sent than the server can carry. **Processor time of a relayed packet, µs** (user and kernel), less is better:\n\n")
	flood := slices.DeleteFunc(s.cases(), func(c Case) bool { return c.Rate > 0 })
	s.header(b, "")
	s.rows(b, flood, func(name string, c Case) string { return cell(s.cpu(name, c), "%.2f") })
	b.WriteString("**Thousands of packets a second on half of that core**, more is better: the least and the most of the rounds, and how busy the core was in the least:\n\n")
	s.header(b, "")
	s.rows(b, flood, func(name string, c Case) string {
		return s.throughput(name, c)
	})
	b.WriteString("Where the server had time left although more was offered, the load generator's core was the limit: packets a second are then no ceiling, and processor time holds.\n\n")
	for _, p := range []string{"packets", "audio-to-peer", "audio-to-client", "bursts-to-peer", "bursts-to-client"} {
		fmt.Fprintf(b, "![%s](%s/%s.svg)\n\n", p, Folder, p)
	}
}

// throughput is the least and the most that a contender carried.
func (s *Session) throughput(name string, c Case) string {
	var least relaybench.Run
	most := 0.0
	for _, r := range s.Rounds {
		run, ok := r.find(name, c)
		if !ok {
			continue
		}
		if most == 0 || run.PerSecond < least.PerSecond {
			least = run
		}
		most = max(most, run.PerSecond)
	}
	if most == 0 {
		return "–"
	}
	return fmt.Sprintf("%.0f–%.0f; %.0f %%", least.PerSecond/1000, most/1000, least.Busy*100)
}

func (s *Session) pacedTable(b *strings.Builder) {
	paced := slices.DeleteFunc(s.cases(), func(c Case) bool { return c.Rate == 0 })
	if len(paced) == 0 {
		return
	}
	b.WriteString("## At an even load\n\nProcessor time of a packet in µs, then the delay that half (p50) and 99 of 100 packets (p99) kept, in µs, one way; there and back it is the whole round. Where each packet comes alone, waking up costs more than relaying, and every server is near every other.\n\n")
	s.header(b, "")
	s.rows(b, paced, func(name string, c Case) string {
		cpu := s.cpu(name, c)
		if len(cpu) == 0 {
			return "–"
		}
		return cell(cpu, "%.1f") + "; p50 " + cell(s.latency(name, c, func(l relaybench.Latency) float64 { return l.P50 }), "%.0f") +
			"; p99 " + cell(s.latency(name, c, func(l relaybench.Latency) float64 { return l.P99 }), "%.0f")
	})
	fmt.Fprintf(b, "![processor time](%s/paced-cpu.svg)\n\n![p99](%s/paced-p99.svg)\n\n", Folder, Folder)
}

func (s *Session) setUpTable(b *strings.Builder) {
	b.WriteString("## Setting allocations up\n\nThe challenge, Allocate, CreatePermission and ChannelBind of each, 32 clients at a time, at a server that was just started: processor time of one in µs; how many a second; resident memory of one, and the kernel's (slab, counted over the whole machine).\n\n")
	s.header(b, "allocations")
	for _, n := range numbers {
		fmt.Fprintf(b, "| %d |", n)
		for _, who := range s.Contenders {
			get := func(of func(relaybench.Setup) float64) []float64 { return s.setups(who.Name, n, of) }
			if len(get(func(v relaybench.Setup) float64 { return v.CPUMicros })) == 0 {
				b.WriteString(" – |")
				continue
			}
			fmt.Fprintf(b, " %s µs; %s/s; %s kB; kernel %s kB |", cell(get(func(v relaybench.Setup) float64 { return v.CPUMicros }), "%.0f"), cell(get(func(v relaybench.Setup) float64 { return v.PerSecond }), "%.0f"),
				cell(get(func(v relaybench.Setup) float64 { return v.RSSBytes / 1024 }), "%.1f"), cell(get(func(v relaybench.Setup) float64 { return v.SlabBytes / 1024 }), "%.1f"))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "\nOf one allocation alone the memory is that of the first request. ![memory](%s/memory.svg)\n\n", Folder)
}

func (s *Session) method(b *strings.Builder) {
	b.WriteString("## The servers\n\n| | version | started by | tuning |\n|---|---|---|---|\n")
	for _, c := range s.Contenders {
		fmt.Fprintf(b, "| %s | %s | `%s` | %s |\n", c.Label, c.Version, c.Command, c.Tuning)
	}
	var floors []string
	for _, r := range s.Rounds {
		floors = append(floors, fmt.Sprintf("%.2f + %.2f", r.SendMicros, r.ReceiveMicros))
	}
	where := "its own network namespace"
	if !s.Namespace {
		where = "the machine's own loopback"
	}
	fmt.Fprintf(b, "\nsendmmsg and recvmmsg alone, 160 bytes in batches of 64, µs a packet in each round: %s.\n\n", strings.Join(floors, "; "))
	disturbed, all, others := s.quiet()
	b.WriteString("## How it is measured\n\n" +
		"- `make bench-relay`, in " + where + ". The server stays on core 0, the load generator on core 1, where it never sleeps: else each packet would also pay for waking the generator up, inside the server's own send call.\n" +
		"- Processor time is the kernel's nanosecond count of the server's whole process (clock_getcpuclockid), user and kernel, divided by the packets that came out at the other end in the same second.\n" +
		"- 160 B stand for audio, one packet of each client in turn; 1200 B for video. The generator hands bursts of 2 and 8 to the kernel in one piece (GSO), or it could not offer enough; rows “sent singly” are without that. " +
		"A server that uses UDP_GRO then gets whole pieces, on loopback always, from a network where the card or the kernel joins packets of a flow. **Calls do not come in bursts of 8 all the time**: a webcam's packets often stand alone, and cost about what audio costs.\n" +
		"- Clients and peers are sockets of the generator on loopback addresses; the peers share 4 ports. There is no network card in these figures.\n" +
		"- Where all is offered that goes, a busy thread has half of the server's core, for every server alike: a whole core carries more than the generator can offer to the cheapest of them, and who waits for packets one by one pays for each wake-up. Figures with less load than that stand in the tables of even loads.\n" +
		"- Every case runs 0.2 s, then counts for 1 s. Each number of allocations has a server that was just started. Rivals are ended with SIGKILL.\n" +
		"- From allocation to allocation two clients of one server call each other through it, each with an allocation of its own; a packet is counted once.\n" +
		"- A case that other work on the machine took more than a tenth of a core from is measured again, twice at most, and the quietest counts. ")
	fmt.Fprintf(b, "Of all cases that were kept, %d of %d were disturbed, by up to %.0f %% of a core. The worst of the rounds counts all the same.\n", disturbed, all, others*100)
}

// quiet counts the runs that other work disturbed, and says how much the worst
// took, in cores.
func (s *Session) quiet() (disturbed, all int, others float64) {
	for _, r := range s.Rounds {
		for _, report := range r.Reports {
			for _, run := range report.Runs {
				all++
				others = max(others, run.Others)
				if run.Others > relaybench.Disturbed {
					disturbed++
				}
			}
		}
	}
	return disturbed, all, others
}

// ownServer says how anybody measures a server of their own.
const ownServer = `
## Measure your own server

The same load generator measures any TURN server that is reached over UDP, and sends nothing to anybody else:

` + "```sh" + `
ringfence bench relay turn:127.0.0.1:3478 --secret-file relay.secret --pid $(pidof ringfence) --cpu 1
ringfence bench relay turn:turn.example.org --user ann --password secret --allocations 10 --rates 2000
` + "```" + `

The server has to let clients reach the peers, which are sockets of the generator: on one machine that is
` + "`--turn-allow-own-addresses on`" + ` here and ` + "`--allow-loopback-peers`" + ` in coturn, and limits of number and rate have to be out of the way.
Do that for the measurement alone. ` + "`ringfence bench relay --help`" + ` has the rest; ` + "`--json`" + ` writes all of it to a file.
`
