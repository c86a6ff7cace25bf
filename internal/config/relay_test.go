package config_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/config"
)

func TestRelayDefaults(t *testing.T) {
	t.Parallel()
	l, err := config.LoadRelay(config.Input{})
	if err != nil {
		t.Fatal(err)
	}
	if l.TURN.DrainTime != 30 || l.OwnAddresses() || !l.AdminListen.Addr().IsLoopback() || l.TURN.TCPPeers != "off" {
		t.Errorf("got %+v", l.Relay)
	}
	c, err := config.Load(config.Input{})
	if err != nil || c.TURN.DrainTime != 0 {
		t.Errorf("the server drains for %d s, %v; want none", c.TURN.DrainTime, err)
	}
	if c.TURN.IsClosed() || !c.OwnAddresses() {
		t.Errorf("the server: closed %v, own addresses %v", c.TURN.IsClosed(), c.OwnAddresses())
	}
	closed := map[string]string{"turn-closed": "on", "turn-allow-own-addresses": "on"}
	if c, err := config.Load(config.Input{Flags: closed}); err != nil || !c.TURN.IsClosed() || c.OwnAddresses() {
		t.Errorf("a closed one reaches the machine's own addresses, or %v", err)
	}
	if l, err := config.LoadRelay(config.Input{Flags: closed}); err != nil || !l.TURN.IsClosed() || l.OwnAddresses() {
		t.Errorf("a closed relay reaches the machine's own addresses, or %v", err)
	}
	if l.TURN.Limits != c.TURN.Limits {
		t.Error("the two programs have different limits")
	}
}

// TestRelayFaults holds what each wrong value is answered with: the name, the
// value and what is allowed.
func TestRelayFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file  string
		flags map[string]string
		want  []string
	}{
		"a setting of the server":  {flags: map[string]string{"public-url": "https://x.org"}, want: []string{"--public-url", "ringfence relay has no such setting"}},
		"one of its relay alone":   {flags: map[string]string{"turn-share-https": "off"}, want: []string{"--turn-share-https", "ringfence relay has no such setting"}},
		"the same in the file":     {file: "data = 'x'", want: []string{"data", "ringfence relay has no such setting"}},
		"misspelt":                 {file: "[turn.limits]\nper_usr = 1", want: []string{"turn.limits.per_usr", "did you mean turn.limits.per_user?"}},
		"a limit out of range":     {file: "[turn]\nlimits.per_user = 0", want: []string{"turn.limits.per_user = \"0\"", "from 1 to 1000000"}},
		"more than fits":           {flags: map[string]string{"turn-limits-bytes-per-second": "99999999999999999999"}, want: []string{"whole number", "from 1000 to 4000000000"}},
		"choice":                   {flags: map[string]string{"turn-tls-min": "1.1"}, want: []string{"must be one of 1.3, 1.2"}},
		"choice in a list":         {file: "[turn]\ntransports = ['udp', 'quic']", want: []string{"must be one of udp, tcp, tls, dtls"}},
		"twice in a list":          {flags: map[string]string{"turn-transports": "udp,udp"}, want: []string{"once"}},
		"no transport":             {flags: map[string]string{"turn-transports": ""}, want: []string{"at least one"}},
		"nothing but TLS, no cert": {flags: map[string]string{"turn-transports": "tls"}, want: []string{"udp or tcp", "no turn.cert"}},
		"cert without key":         {flags: map[string]string{"turn-cert": "x"}, want: []string{"turn.key", "must be set where turn.cert is"}},
		"key without cert":         {flags: map[string]string{"turn-key": "x"}, want: []string{"turn.cert", "must be set where turn.key is"}},
		"nobody listens":           {flags: map[string]string{"turn-listen": "off"}, want: []string{"turn.listen", "must be on"}},
		"off among others":         {file: "[turn]\nlisten = [':1', 'off']", want: []string{"must stand alone"}},
		"an address twice":         {flags: map[string]string{"turn-listen": ":1,:1"}, want: []string{"name each address once"}},
		"no address":               {file: "[turn]\nlisten = []", want: []string{"address and a port"}},
		"relay address":            {flags: map[string]string{"turn-relay-ips": "192.0.2.1:1"}, want: []string{"addresses of this machine", "without a port"}},
		"relay address, any":       {flags: map[string]string{"turn-relay-ips": "0.0.0.0"}, want: []string{"addresses of this machine"}},
		"every peer":               {flags: map[string]string{"turn-allow-peers": "0.0.0.0/0"}, want: []string{"whole Internet"}},
		"every peer in disguise":   {flags: map[string]string{"turn-allow-peers": "::ffff:0:0/96"}, want: []string{"whole Internet"}},
		"separator":                {flags: map[string]string{"turn-separator": "7"}, want: []string{"no digit"}},
		"closed, with TCP peers":   {flags: map[string]string{"turn-closed": "on", "turn-tcp-peers": "on"}, want: []string{"turn.tcp_peers", "must be off where turn.closed is on"}},
		"IPv4 for IPv6":            {flags: map[string]string{"turn-public-ip6": "203.0.113.7"}, want: []string{"must be an address of IPv6"}},
		"two of IPv6":              {flags: map[string]string{"turn-public-ip": "2001:db8::1", "turn-public-ip6": "2001:db8::2"}, want: []string{"must be an address of IPv4"}},
		"port of the admin":        {flags: map[string]string{"turn-listen": "127.0.0.1:9090"}, want: []string{"turn.listen", "must not take the port of admin_listen"}},
		"port of TLS":              {flags: map[string]string{"turn-cert": "x", "turn-key": "x", "turn-tls-listen": ":3478"}, want: []string{"turn.tls_listen", "must not take the port of turn.listen"}},
		"admin hosts":              {flags: map[string]string{"admin-hosts": "a b"}, want: []string{"host names, without a port"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := config.Input{Flags: c.flags}
			if c.file != "" {
				in.File = file(t, c.file)
			}
			_, err := config.LoadRelay(in)
			if err == nil {
				t.Fatal("LoadRelay = nil, want a fault")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("LoadRelay = %q, want %q in it", err, w)
				}
			}
		})
	}
}

// One environment may serve both programs of a machine; what neither of them
// has is refused all the same.
func TestRelayAndServerShareAnEnvironment(t *testing.T) {
	t.Parallel()
	env := []string{"RINGFENCE_DATA=/srv", "RINGFENCE_COTURN_CONFIG=x", "RINGFENCE_TURN_REALM=r"}
	if _, err := config.LoadRelay(config.Input{Environ: env}); err != nil {
		t.Errorf("LoadRelay = %v", err)
	}
	if _, err := config.Load(config.Input{Environ: env}); err != nil {
		t.Errorf("Load = %v", err)
	}
	if _, err := config.LoadRelay(config.Input{Environ: []string{"RINGFENCE_DATTA=1"}}); err == nil {
		t.Error("LoadRelay = nil, want a fault")
	}
}

func TestRelayPrintReadsBack(t *testing.T) {
	t.Parallel()
	l, err := config.LoadRelay(config.Input{Flags: map[string]string{
		"turn-listen": "127.0.0.1:1,[::1]:1", "turn-tls-listen": "off", "turn-transports": "udp,tls", "turn-cert": "c", "turn-key": "k",
		"turn-relay-ips": "192.0.2.1,2001:db8::1", "turn-deny-peers": "8.8.8.8", "turn-limits-per-user": "5", "admin-hosts": "A.example.org.",
	}})
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := l.Print(&first); err != nil {
		t.Fatal(err)
	}
	again, err := config.LoadRelay(config.Input{File: file(t, first.String())})
	if err != nil {
		t.Fatalf("%v in\n%s", err, first.String())
	}
	if err := again.Print(&second); err != nil {
		t.Fatal(err)
	}
	if got, want := withoutSources(second.String()), withoutSources(first.String()); got != want {
		t.Errorf("read back as\n%s\nwant\n%s", got, want)
	}
	for _, s := range config.RelaySettings() {
		if again.Source(s.Key) == "default" {
			t.Errorf("%s is not printed", s.Key)
		}
	}
	for _, line := range []string{
		`listen = ["127.0.0.1:1", "[::1]:1"]`, `tls_listen = "off"`, `transports = ["udp", "tls"]`, `deny_peers = ["8.8.8.8/32"]`, "[turn.limits]", `admin_hosts = ["a.example.org"]`,
	} {
		if !strings.Contains(first.String(), line) {
			t.Errorf("no %s in\n%s", line, first.String())
		}
	}
}

// What a file of other software says lies below everything else, and is held
// to the same rules.
func TestForeignFileLiesBelow(t *testing.T) {
	t.Parallel()
	var asked []string
	in := config.Input{
		File:  file(t, "coturn_config = 'other.conf'\n[turn]\nrealm = 'ours'\n"),
		Flags: map[string]string{"turn-min-port": "50000"},
		Foreign: func(path string) ([]config.Given, error) {
			asked = append(asked, path)
			return []config.Given{
				{Key: "turn.realm", Values: []string{"theirs"}, Source: "other.conf, line 1"},
				{Key: "turn.min_port", Values: []string{"20000"}, Source: "other.conf, line 2"},
				{Key: "turn.max_port", Values: []string{"60000"}, Source: "other.conf, line 3"},
				{Key: "turn.listen", Values: []string{":1", ":2"}, Source: "other.conf, line 4"},
			}, nil
		},
	}
	l, err := config.LoadRelay(in)
	if err != nil {
		t.Fatal(err)
	}
	if l.TURN.Realm != "ours" || l.TURN.MinPort != 50000 || l.TURN.MaxPort != 60000 || l.TURN.Listen.String() != ":1,:2" || len(asked) != 1 || asked[0] != "other.conf" {
		t.Errorf("got %+v, asked for %q", l.TURN, asked)
	}
	if got := l.Source("turn.max_port"); got != "other.conf, line 3" {
		t.Errorf("source %q", got)
	}
	in.Foreign = func(string) ([]config.Given, error) {
		return []config.Given{{Key: "turn.max_port", Values: []string{"80"}, Source: "other.conf, line 3"}, {Key: "turn.nothing", Source: "other.conf, line 4"}}, nil
	}
	if _, err = config.LoadRelay(in); err == nil || !strings.Contains(err.Error(), `turn.max_port = "80" (other.conf, line 3): must be from 1024`) || !strings.Contains(err.Error(), "turn.nothing") {
		t.Errorf("LoadRelay = %v", err)
	}
	broken := errors.New("line 7 is broken")
	in.Foreign = func(string) ([]config.Given, error) { return nil, broken }
	if _, err = config.LoadRelay(in); !errors.Is(err, broken) {
		t.Errorf("LoadRelay = %v, want that error", err)
	}
}
