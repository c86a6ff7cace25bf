package config_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/config"
)

var update = flag.Bool("update", false, "renew docs/config.md")

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ringfence.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaultsAreInOrder(t *testing.T) {
	t.Parallel()
	l, err := config.Load(config.Input{})
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Listen.String(); got != ":8080" {
		t.Errorf("listen = %q, want :8080", got)
	}
	if !l.AdminListen.Addr().IsLoopback() {
		t.Errorf("admin_listen = %v, want loopback", l.AdminListen)
	}
	if !l.OwnAddresses() {
		t.Error("OwnAddresses = false, want true for a trial on one machine")
	}
}

func TestFlagsBeatEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	t.Parallel()
	in := config.Input{
		File:    file(t, "listen = ':1'\nadmin_listen = '127.0.0.1:2'\ndata = 'from-file'\n[turn]\nmin_port = 50000\n"),
		Environ: []string{"RINGFENCE_LISTEN=:3", "RINGFENCE_ADMIN_LISTEN=127.0.0.1:4", "PATH=/bin"},
		Flags:   map[string]string{"listen": ":5"},
	}
	l, err := config.Load(in)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][2]string{
		"listen":        {l.Listen.String(), ":5 --listen"},
		"admin_listen":  {l.AdminListen.String(), "127.0.0.1:4 RINGFENCE_ADMIN_LISTEN"},
		"data":          {l.Data, "from-file " + in.File},
		"turn.max_port": {"65535", "65535 default"},
	} {
		if got := want[0] + " " + l.Source(key); got != want[1] {
			t.Errorf("%s = %q, want %q", key, got, want[1])
		}
	}
	if l.TURN.MinPort != 50000 {
		t.Errorf("turn.min_port = %d, want 50000", l.TURN.MinPort)
	}
}

func TestFileNamedByEnvironment(t *testing.T) {
	t.Parallel()
	path := file(t, "listen = ':1'\n")
	l, err := config.Load(config.Input{Environ: []string{"RINGFENCE_CONFIG=" + path}})
	if err != nil || l.Listen.String() != ":1" {
		t.Fatalf("Load = %v, %v; want the file's listen", l, err)
	}
}

// TestFaults holds what each wrong value is answered with.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file  string
		env   []string
		flags map[string]string
		want  []string // in the text, each
		never string
	}{
		"misspelt key": {file: "lisen = ':1'", want: []string{"lisen", "no such setting", "did you mean listen?"}},
		"misspelt key in a table": {
			file: "[turn]\nminport = 1", want: []string{"turn.minport", "did you mean turn.min_port?"},
		},
		"unknown table":        {file: "[relay]\nlisten = ':1'", want: []string{"relay", "no such setting"}},
		"misspelt environment": {env: []string{"RINGFENCE_LISEN=:1"}, want: []string{"did you mean RINGFENCE_LISTEN?"}},
		"not TOML":             {file: "listen = ", want: []string{"is not TOML", "line 1"}},
		"key twice":            {file: "listen = ':1'\nlisten = ':2'", want: []string{"is not TOML"}},
		"name to listen on": {
			flags: map[string]string{"listen": "localhost:80"},
			want:  []string{`listen = "localhost:80" (--listen)`, "not a name", `"127.0.0.1:80"`},
		},
		"port too high":       {flags: map[string]string{"listen": ":65536"}, want: []string{"port from 0 to 65535"}},
		"no port":             {flags: map[string]string{"listen": "127.0.0.1"}, want: []string{"address and a port"}},
		"number as text":      {file: "[turn]\nmin_port = '50000'", want: []string{"turn.min_port", "without quotes"}},
		"text as number":      {file: "listen = 8080", want: []string{"must be a text", "in quotes"}},
		"list as text":        {file: "trusted_proxies = '10.0.0.1'", want: []string{"list of texts"}},
		"number out of range": {file: "[turn]\nmin_port = 80", want: []string{`"80"`, "from 1024 to 65535"}},
		"range upside down":   {file: "[turn]\nmin_port = 60000\nmax_port = 50000", want: []string{"must not be above turn.max_port, 50000"}},
		"host bits":           {flags: map[string]string{"trusted-proxies": "10.0.0.1/8"}, want: []string{`write "10.0.0.0/8"`}},
		"everyone trusted":    {flags: map[string]string{"trusted-proxies": "0.0.0.0/0"}, want: []string{"whole Internet"}},
		"plain public URL":    {flags: map[string]string{"public-url": "http://call.example.org"}, want: []string{`write "https://call.example.org"`}},
		"public URL with path": {
			flags: map[string]string{"public-url": "https://example.org/call"}, want: []string{"no path", `"https://example.org"`},
		},
		"secret in public URL": {
			flags: map[string]string{"public-url": "https://anna:hunter2@example.org"},
			want:  []string{"no user name and no password", `"https://example.org"`}, never: "hunter2",
		},
		"secret in broken URL": {
			flags: map[string]string{"public-url": "https://anna:hunter2%@example.org"},
			want:  []string{"public_url"}, never: "hunter2",
		},
		"public IP with port":   {flags: map[string]string{"turn-public-ip": "203.0.113.7:3478"}, want: []string{"without a port"}},
		"public IP with a typo": {flags: map[string]string{"turn-public-ip": "203.0.113.777"}, want: []string{"IP address or a host name"}},
		"unreachable public IP": {flags: map[string]string{"turn-public-ip": "0.0.0.0"}, want: []string{"that clients can reach"}},
		"keys in data":          {flags: map[string]string{"data": "/srv/r", "keys": "/srv/r/keys"}, want: []string{"neither in the data folder nor around it"}},
		"data in keys":          {flags: map[string]string{"data": "/srv/r/data", "keys": "/srv/r"}, want: []string{"neither in the data folder nor around it"}},
		"same port twice":       {flags: map[string]string{"admin-listen": "127.0.0.1:8080"}, want: []string{"port of listen"}},
		"no listener":           {flags: map[string]string{"listen": "off"}, want: []string{"must be on"}},
		"choice":                {flags: map[string]string{"log-level": "inf"}, want: []string{"debug, info, warn, error", `write "info"`}},
		"few iterations":        {flags: map[string]string{"key-iterations": "1000"}, want: []string{"from 600000"}},
		"no data folder":        {flags: map[string]string{"data": ""}, want: []string{"must name a folder"}},
		"realm":                 {flags: map[string]string{"turn-realm": `a"b`}, want: []string{"without quotes"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := config.Input{Environ: c.env, Flags: c.flags}
			if c.file != "" {
				in.File = file(t, c.file)
			}
			_, err := config.Load(in)
			if err == nil {
				t.Fatal("Load = nil, want a fault")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("Load = %q, want %q in it", err, w)
				}
			}
			if c.never != "" && strings.Contains(err.Error(), c.never) {
				t.Errorf("Load = %q: holds a secret", err)
			}
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Input{
		File:    file(t, "lisen = ':1'\nlisten = 'x'\n[turn]\nmin_port = 1\n"),
		Environ: []string{"RINGFENCE_PUBLIC_URL=ftp://x", "RINGFENCE_NO_SUCH=1"},
		Flags:   map[string]string{"log-level": "loud", "admin-listen": "127.0.0.1:3478"},
	})
	faults, ok := errors.AsType[config.FaultErrors](err)
	if !ok {
		t.Fatalf("Load = %v, want FaultErrors", err)
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Setting)
		if f.Must == "" || f.Fix == "" {
			t.Errorf("%v: no rule or no fix", f)
		}
	}
	want := "RINGFENCE_NO_SUCH lisen listen public_url turn.min_port log.level turn.listen"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("faults of %s, want %s", s, want)
	}
}

func TestForeignVariablesAreNoSettings(t *testing.T) {
	t.Parallel()
	if _, err := config.Load(config.Input{Environ: []string{
		"RINGFENCE_PORT=tcp://10.0.0.1:80", "RINGFENCE_SERVICE_HOST=10.0.0.1", "RINGFENCE_LONG=1",
	}}); err != nil {
		t.Errorf("Load = %v, want nil", err)
	}
}

func TestPublicURLTurnsTheLocalAuthorityOff(t *testing.T) {
	t.Parallel()
	in := config.Input{Flags: map[string]string{"public-url": "https://Call.example.org:443/"}}
	l, err := config.Load(in)
	if err != nil {
		t.Fatal(err)
	}
	if l.TLSListen.On() || l.OwnAddresses() {
		t.Errorf("tls_listen = %v, own addresses %v; want both off", l.TLSListen, l.OwnAddresses())
	}
	if got := l.PublicURL.String(); got != "https://call.example.org" {
		t.Errorf("public_url = %q", got)
	}
	in.Flags["tls-listen"] = ":8443"
	if l, err = config.Load(in); err != nil || !l.TLSListen.On() {
		t.Errorf("Load = %v, %v; want tls_listen on where it is asked for", l, err)
	}
}

func TestPrintReadsBack(t *testing.T) {
	t.Parallel()
	flags := map[string]string{
		"data": "a \"b\" \\ ü", "public-url": "https://call.example.org", "trusted-proxies": "10.0.0.1,2001:db8::/32",
		"turn-public-ip": "Call.Example.org", "tls-listen": "[::1]:8443", "log-format": "json", "turn-min-port": "50000",
	}
	l, err := config.Load(config.Input{Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	var first bytes.Buffer
	if err := l.Print(&first); err != nil {
		t.Fatal(err)
	}
	again, err := config.Load(config.Input{File: file(t, first.String())})
	if err != nil {
		t.Fatalf("%v in\n%s", err, first.String())
	}
	for _, s := range config.Settings() {
		if again.Source(s.Key) == "default" {
			t.Errorf("%s is not printed", s.Key)
		}
	}
	var second bytes.Buffer
	if err := again.Print(&second); err != nil {
		t.Fatal(err)
	}
	if got, want := withoutSources(second.String()), withoutSources(first.String()); got != want {
		t.Errorf("read back as\n%s\nwant\n%s", got, want)
	}
	if !strings.Contains(first.String(), "# --turn-public-ip") {
		t.Errorf("no source in\n%s", first.String())
	}
}

func withoutSources(s string) string {
	var out strings.Builder
	for line := range strings.Lines(s) {
		setting, _, _ := strings.Cut(line, " # ")
		out.WriteString(setting + "\n")
	}
	return out.String()
}

// TestReference holds docs/config.md to the struct.
func TestReference(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	if err := config.Reference(&want); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "docs", "config.md")
	if *update {
		if err := os.WriteFile(path, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Error("docs/config.md is out of date; go test ./internal/config -run TestReference -update")
	}
}

func TestEverySettingSaysWhatItIsFor(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range config.Settings() {
		if s.Doc == "" || s.Holds == "" || seen[s.Flag] {
			t.Errorf("%s: no doc, no kind of value, or a flag twice", s.Key)
		}
		seen[s.Flag] = true
	}
	for want := range strings.FieldsSeq("data keys listen public-url turn-listen turn-public-ip admin-listen owner-invite-file trusted-proxies") {
		if !seen[want] {
			t.Errorf("no flag --%s", want)
		}
	}
}
