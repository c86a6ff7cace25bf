package relaybench

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestTargetsAreURLsOfTURNOverUDP(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]Target{
		"turn:127.0.0.1:3478":                    {"127.0.0.1", 3478},
		"turn:turn.example.org":                  {"turn.example.org", 3478},
		"turn:turn.example.org:99?transport=udp": {"turn.example.org", 99},
		"turn:[::1]:5000":                        {"::1", 5000},
		"turn:[2001:db8::1]":                     {"2001:db8::1", 3478},
	} {
		if got, err := ParseTarget(url); err != nil || got != want {
			t.Errorf("%s: %+v, %v", url, got, err)
		}
	}
	for _, url := range []string{
		"", "127.0.0.1:3478", "turns:a:5349", "turn:a?transport=tcp", "turn:", "turn::3478", "turn:a:0", "turn:a:70000", "turn:a:x", "turn:[]:1",
	} {
		if got, err := ParseTarget(url); err == nil {
			t.Errorf("%q is taken for %+v", url, got)
		}
	}
}

func TestShapesHaveBounds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Shape{"160": {160, 1}, "160x1": {160, 1}, "1200x8": {1200, 8}, "16x32": {16, 32}} {
		if got, err := ParseShape(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "15x1", "1401x1", "160x0", "160x33", "160x-1", "ax1", "160xa", "160x1x1"} {
		if got, err := ParseShape(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
	for _, s := range Shapes() {
		if got, err := ParseShape(s.Text()); err != nil || got != s {
			t.Errorf("%v reads back as %v, %v", s, got, err)
		}
	}
	for _, d := range Directions() {
		if got, err := ParseDirection(string(d)); err != nil || got != d {
			t.Errorf("%s: %v, %v", d, got, err)
		}
	}
	if _, err := ParseDirection("up"); !errors.Is(err, errDirection) {
		t.Errorf("up: %v", err)
	}
}

func sound() Options {
	o := Defaults()
	o.Server = netip.MustParseAddrPort("127.0.0.1:3478")
	o.Mint = func(int) (string, string, error) { return "a", "b", nil }
	return o
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	if o := sound(); o.Check() != nil {
		t.Fatalf("the defaults: %v", o.Check())
	}
	for want, spoil := range map[error]func(*Options){
		errNoServer:    func(o *Options) { o.Server = netip.AddrPort{} },
		errNoMint:      func(o *Options) { o.Mint = nil },
		errAllocations: func(o *Options) { o.Allocations = []int{1, MaxAllocations + 1} },
		errShape:       func(o *Options) { o.Shapes = []Shape{{1200, 0}} },
		errDirection:   func(o *Options) { o.Directions = []Direction{"up"} },
		errRate:        func(o *Options) { o.Rates = []int{-1} },
		errTimes:       func(o *Options) { o.Measure = time.Hour },
		errPeerPorts:   func(o *Options) { o.PeerPorts = 0 },
		errAgain:       func(o *Options) { o.Again = -1 },
		errBare:        func(o *Options) { o.Bare = true },
		errInFlight:    func(o *Options) { o.InFlight = 0 },
		errCases:       func(o *Options) { o.Rates = make([]int, 100) },
		errFamily:      func(o *Options) { o.Peer = netip.MustParseAddr("::1") },
	} {
		o := sound()
		spoil(&o)
		if err := o.Check(); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

func someReport() *Report {
	return &Report{
		Format: Format, Server: "127.0.0.1:3478", PID: 7, Machine: Machine{CPU: "a processor", Cores: 2, Kernel: "6.1"},
		Setups: []Setup{{Allocations: 100, PerSecond: 3000, CPUMicros: 250, RSSBytes: 20480, SlabBytes: 2560}},
		Runs: []Run{
			{Allocations: 100, Direction: ToPeer, Shape: Shape{160, 1}, PerSecond: 250000, CPUMicros: 4, Busy: 1, Loss: 0.2},
			{Allocations: 100, Direction: Echo, Shape: Shape{1200, 8}, Rate: 40000, PerSecond: 40000, CPUMicros: 10, Busy: 0.4, Latency: &Latency{P50: 50, P90: 90, P99: 300, Max: 900}},
		},
	}
}

func TestTableSaysWhatWasMeasured(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	r := someReport()
	if err := r.WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"3000          250     20.0             2.5", "to-peer        160×1  all it takes     250000           4.00  100 %  20.00 %       –",
		"40000/s      40000          10.00   40 %   0.00 %      50      90     300",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("there is no %q in\n%s", want, out.String())
		}
	}
	r.PID = 0
	out.Reset()
	if err := r.WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "4.00") || !strings.Contains(out.String(), "Without --pid") {
		t.Errorf("without a process it says\n%s", out.String())
	}
}

func TestNotesTellWhenTheServerWasNotTheLimit(t *testing.T) {
	t.Parallel()
	for want, run := range map[string]Run{
		"":                                   {Busy: 1, Loss: 0.5},
		"the generator could not offer":      {Busy: 0.5, Loss: 0},
		"could not offer more":               {Busy: 0.3, Loss: 0, Shared: true},
		"turn.limits.bytes_per_second_total": {Busy: 0.5, Loss: 0.5},
		"up to 40 % of a core":               {Busy: 1, Loss: 0.5, Others: 0.4},
	} {
		r := Report{PID: 1, Runs: []Run{run}}
		said := strings.Join(r.Notes(), "\n")
		if !strings.Contains(said, want) || (want == "" && said != "") {
			t.Errorf("%+v: %q", run, said)
		}
	}
	half := Report{PID: 1, Runs: []Run{{Busy: 0.5, Loss: 0.3, Shared: true}}}
	if n := half.Notes(); len(n) > 0 {
		t.Errorf("a run on half a core: %q", n)
	}
	paced := Report{PID: 1, Runs: []Run{{Rate: 1000, Busy: 0.1, Loss: 0}}}
	if n := paced.Notes(); len(n) > 0 {
		t.Errorf("a paced run: %q", n)
	}
}

func TestReportsReadBack(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	want := someReport()
	if err := want.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"size": 1200`) {
		t.Errorf("the shape is not in\n%s", out.String())
	}
	var got Report
	dec := json.NewDecoder(&out)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil || !reflect.DeepEqual(&got, want) {
		t.Errorf("%v\n%+v\n%+v", err, got, want)
	}
}
