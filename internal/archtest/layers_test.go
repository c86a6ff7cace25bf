package archtest_test

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/ringfence/ringfence/"

// layers lists, for each package, the only project packages it may import.
// A new package fails here until it has a line.
var layers = map[string][]string{
	"internal/id":                 {},
	"internal/fault":              {},
	"internal/ratelimit":          {},
	"internal/privacy":            {},
	"internal/localca":            {},
	"internal/archtest":           {},
	"internal/promises":           {},
	"internal/testenv":            {},
	"internal/cluster":            {},
	"internal/cluster/local":      {"internal/cluster"},
	"signal/wire":                 {"internal/fault", "internal/id"},
	"relay":                       {"internal/fault", "relay/internal/mmsg", "relay/internal/wire"},
	"relay/conformance":           {}, // its tests import relay
	"relay/internal/mmsg":         {},
	"relay/internal/wire":         {},
	"store":                       {"internal/id"},
	"store/bolt":                  {"store", "internal/id"},
	"store/sealed":                {"store", "internal/id"},
	"internal/keyring":            {"store", "internal/id"},
	"internal/backup":             {},
	"friends":                     {"store", "internal/id", "internal/fault"},
	"internal/account":            {"store", "internal/id", "internal/fault"},
	"internal/devicelog":          {"friends", "store", "internal/id", "internal/fault", "signal/seal"},
	"internal/trim":               {},
	"signal/internal/ws":          {},
	"signal":                      {"signal/internal/ws", "signal/wire", "internal/cluster", "internal/fault", "internal/id", "internal/ratelimit", "store", "friends"},
	"signal/client":               {"signal/wire", "internal/fault", "internal/id"},
	"signal/seal":                 {},
	"internal/httpapi":            {"friends", "internal/account", "internal/devicelog", "internal/fault", "internal/id", "internal/ratelimit", "signal", "signal/wire", "store"},
	"internal/config":             {},
	"internal/doctor":             {},
	"internal/coturn":             {},
	"internal/sealmodel":          {},
	"internal/metrics":            {"relay"},
	"internal/metrics/hubmetrics": {"internal/metrics", "signal", "signal/wire"},
	"internal/relayadmin":         {"relay"},
	"internal/serving":            {},
	"internal/turntest":           {},
	"internal/benchhost":          {},
	"internal/hubbench":           {"friends", "internal/benchhost", "internal/cluster/local", "internal/id", "internal/serving", "internal/trim", "signal", "signal/wire", "store"},
	"internal/relaybench":         {"internal/benchhost", "internal/relaybench/bare", "internal/relaybench/rawudp"},
	"internal/relaybench/bare":    {"internal/relaybench/rawudp"},
	"internal/relaybench/versus":  {"internal/relaybench"},
	"internal/relaybench/rawudp":  {},
	"internal/relayd":             {"relay", "internal/config", "internal/coturn", "internal/doctor", "internal/metrics", "internal/relayadmin", "internal/serving", "internal/turntest"},
	"web":                         {},
}

// free lists the packages that may import anything: the wiring and what only
// tests and tools use.
var free = []string{
	"cmd/ringfence", "internal/hubtest", "internal/gen", "internal/sabotage", "internal/hostile", "internal/cluster/clustertest",
	"store/storetest", "internal/worldtest", "internal/memtest", "internal/relaybench/cmd/benchrelay", "internal/hubbench/cmd/benchsignal",
}

type goPackage struct {
	ImportPath string
	Doc        string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Doc,Imports", module+"...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImportsFollowLayers(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		seen[name] = true
		if slices.Contains(free, name) {
			continue
		}
		allowed, ok := layers[name]
		if !ok {
			t.Errorf("%s has no line in layers: say what it may import", name)
			continue
		}
		for _, imp := range p.Imports {
			if dep, ours := strings.CutPrefix(imp, module); ours && !slices.Contains(allowed, dep) {
				t.Errorf("%s must not import %s", name, dep)
			}
		}
	}
	for _, name := range append(slices.Collect(maps.Keys(layers)), free...) {
		if !seen[name] {
			t.Errorf("the lists name %s, which does not exist", name)
		}
	}
}

// TestRelayProgramIsNoHub holds that a relay that runs alone is made of nothing
// that knows of people, calls or what is kept about them.
func TestRelayProgramIsNoHub(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+"internal/relayd").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	of := map[string]bool{}
	for dep := range strings.FieldsSeq(string(out)) {
		of[strings.TrimPrefix(dep, module)] = true
		for _, kept := range []string{"go.etcd.io/", "github.com/coder/websocket", "github.com/danielgtaylor/huma"} {
			if strings.HasPrefix(dep, kept) {
				t.Errorf("the relay program links %s", dep)
			}
		}
	}
	for _, name := range []string{
		"store", "store/bolt", "store/sealed", "signal", "signal/wire", "friends", "web", "internal/account", "internal/httpapi", "internal/keyring", "internal/id", "internal/cluster",
	} {
		if _, there := layers[name]; !there {
			t.Errorf("there is no package %s", name)
		}
		if of[name] {
			t.Errorf("the relay program links %s", name)
		}
	}
	if !of["relay"] {
		t.Error("the relay program links no relay")
	}
}

// readsLogs is what the program may have of signal/seal: what verifies a device
// log, which is public among friends and in which nothing is sealed.
var readsLogs = regexp.MustCompile(`^(\(\*(Error|Log|entry|reader)\)\.|Error\.|\.(interfaceSwitch|typeAssert)\.|(PlaceOf|ReasonOf|VerifyLog|SigningKey\.verify|hash|readEntry|smallOrder|init)$)`)

// symbolsOf returns what the linker left of a package in a program, without the
// package's name; it throws away what nothing calls.
func symbolsOf(t *testing.T, program, prefix string) []string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "program")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", bin, module+program)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	table, err := exec.CommandContext(t.Context(), "go", "tool", "nm", bin).Output()
	if err != nil {
		t.Fatalf("go tool nm: %v", err)
	}
	var found []string
	for line := range strings.Lines(string(table)) {
		if fields := strings.Fields(line); strings.HasPrefix(fields[len(fields)-1], prefix) {
			found = append(found, strings.TrimPrefix(fields[len(fields)-1], prefix))
		}
	}
	if !slices.Contains(found, "VerifyLog") {
		t.Errorf("the program reads no device log: %q", found)
	}
	return found
}

// TestHubOpensNothing holds that the program has no code that opens what devices
// seal for each other, and that this code knows nothing of the program: others
// may build on it.
func TestHubOpensNothing(t *testing.T) {
	t.Parallel()
	deps := func(name string) string {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+name).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		return string(out)
	}
	for _, symbol := range symbolsOf(t, "cmd/ringfence", module+"signal/seal.") {
		if !readsLogs.MatchString(symbol) {
			t.Errorf("the program has %s, which is more than reading device logs", symbol)
		}
	}
	for dep := range strings.FieldsSeq(deps("signal/seal")) {
		if strings.Contains(strings.Split(dep, "/")[0], ".") && dep != module+"signal/seal" && !strings.HasPrefix(dep, "vendor/") {
			t.Errorf("signal/seal needs %s, which is not of the standard library", dep)
		}
	}
}

func TestEveryPackageSaysWhatItOwns(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if len(p.Doc) < 30 {
			t.Errorf("%s has no package comment that says what it owns", p.ImportPath)
		}
	}
}
