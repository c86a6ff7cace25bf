package coturn_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/coturn"
)

var update = flag.Bool("update", false, "renew testdata/*.golden")

func read(t testing.TB, text string) coturn.Result {
	t.Helper()
	res, err := coturn.Read(strings.NewReader(text), "turnserver.conf")
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// dump is a Result for the golden files: everything but what is hidden.
func dump(res coturn.Result) string {
	var b strings.Builder
	for _, s := range res.Settings {
		fmt.Fprintf(&b, "%s = %s (%d)\n", s.Key, strings.Join(s.Values, ", "), s.Line)
	}
	for _, s := range res.Secrets {
		fmt.Fprintf(&b, "secret %s of %d bytes (%d)\n", s.Name, len(s.Value.Reveal()), s.Line)
	}
	for _, u := range res.Users {
		fmt.Fprintf(&b, "user (%d)\n", u.Line)
	}
	if res.STUNOnly {
		b.WriteString("STUN only\n")
	}
	for _, part := range [][]coturn.Note{res.Notes, res.Refusals, res.RootRefusals} {
		b.WriteString("--\n")
		for _, n := range part {
			b.WriteString(n.String() + "\n")
		}
	}
	return b.String()
}

// The files that people have, from the documents that they have them from.
func TestFilesOfTheDocumentsWorkUnchanged(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/*.conf")
	if err != nil || len(names) < 5 {
		t.Fatalf("found %v, %v", names, err)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		res := read(t, string(raw))
		if len(res.Refusals) > 0 {
			t.Errorf("%s is refused: %v", name, res.Refusals)
		}
		golden, got := strings.TrimSuffix(name, "conf")+"golden", dump(res)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(golden); err != nil || string(want) != got {
			t.Errorf("%s, %v: got\n%s\nwant\n%s", golden, err, got, want)
		}
	}
}

// setting returns what a file sets key to, or "".
func setting(res coturn.Result, key string) string {
	for _, s := range res.Settings {
		if s.Key == key {
			return strings.Join(s.Values, " ")
		}
	}
	return ""
}

func TestGrammar(t *testing.T) {
	t.Parallel()
	const long = 1022 - len("realm=")
	for name, tt := range map[string]struct{ text, key, want string }{
		"equals":                  {"realm=a.example", "turn.realm", "a.example"},
		"blank":                   {"realm a.example", "turn.realm", "a.example"},
		"run of both":             {"realm \t= =\ta.example", "turn.realm", "a.example"},
		"indented":                {" \trealm=a.example", "turn.realm", "a.example"},
		"blanks behind":           {"realm=a.example \t", "turn.realm", "a.example"},
		"CR LF":                   {"realm=a.example\r\nno-udp\r\n", "turn.realm", "a.example"},
		"quoted":                  {`realm="a.example" `, "turn.realm", "a.example"},
		"quoted, a blank inside":  {`realm = "a b"`, "turn.realm", "a b"},
		"quoted, open":            {`realm="a`, "turn.realm", "a"},
		"a byte order mark":       {"\xef\xbb\xbfrealm=a.example", "turn.realm", "a.example"},
		"no line end":             {"no-udp\nrealm=a", "turn.realm", "a"},
		"last one counts":         {"realm=a\nrealm=b\n", "turn.realm", "b"},
		"a value with equals":     {"realm=a=b", "turn.realm", "a=b"},
		"comment behind a number": {"user-quota=12 # three calls\nuser=a:b", "turn.limits.per_user", "12"},
		"comment behind a range":  {"denied-peer-ip=8.8.8.8 # no\n", "turn.deny_peers", "8.8.8.8/32"},
		"comment in text":         {"realm=a #b", "turn.realm", "a #b"},
		"comment behind a flag":   {"no-udp # why", coturn.KeyTransports, "tcp"},
		"flag yes":                {"no-udp=yes", coturn.KeyTransports, "tcp"},
		"flag on":                 {"no-udp=on", coturn.KeyTransports, "tcp"},
		"flag by its letter":      {"no-udp=true;", coturn.KeyTransports, "tcp"},
		"flag off":                {"no-udp=off", coturn.KeyTransports, ""},
		"flag 0":                  {"no-udp 0", coturn.KeyTransports, ""},
		"long comment":            {"#" + strings.Repeat("x", 70_000) + "\nrealm=a", "turn.realm", "a"},
	} {
		res := read(t, tt.text)
		if got := setting(res, tt.key); got != tt.want || len(res.Refusals) > 0 {
			t.Errorf("%s: %s = %q, want %q; %v", name, tt.key, got, tt.want, res.Refusals)
		}
	}
	if res := read(t, "realm="+strings.Repeat("r", long)+"\n"); len(res.Refusals) != 1 || !strings.Contains(res.Refusals[0].Says, "127 bytes") {
		t.Errorf("a line of 1022 bytes: %v", res.Refusals)
	}
}

// What a file means when it is taken at its word, and which line is at fault.
func TestRefusals(t *testing.T) {
	t.Parallel()
	const ok = "use-auth-secret\nstatic-auth-secret=0123456789abcdef0123456789abcdef\n"
	for _, tt := range [][2]string{
		// what would make the relay less safe
		{"no-auth", "line 3: no-auth unsafe"},
		{"allow-loopback-peers", "line 3: allow-loopback-peers unsafe"},
		{"server-relay", "line 3: server-relay unsafe"},
		{"stale-nonce=0", "line 3: stale-nonce unsafe"},
		{"stale-nonce=86400", "line 3: stale-nonce unsafe"},
		{"no-tlsv1=0", "line 3: no-tlsv1 unsafe"},
		{"no-tlsv1_1=no", "line 3: no-tlsv1_1 unsafe"},
		{"tlsv1", "line 3: tlsv1 unsafe"},
		{"no-multicast-peers=0", "line 3: no-multicast-peers unsafe"},
		{"no-loopback-peers=0", "line 3: no-loopback-peers unsafe"},
		{"permission-lifetime=3600", "line 3: permission-lifetime unsafe"},
		{"channel-lifetime=601", "line 3: channel-lifetime unsafe"},
		{"prometheus-username-labels", "line 3: prometheus-username-labels unsafe"},
		{"allowed-peer-ip=0.0.0.0-255.255.255.255", "line 3: allowed-peer-ip unsafe"},
		{"allowed-peer-ip=127.0.0.1", "line 3: allowed-peer-ip unsafe"},
		{"allowed-peer-ip=::1", "line 3: allowed-peer-ip unsafe"},
		{"allowed-peer-ip=169.254.169.254", "line 3: allowed-peer-ip unsafe"},
		{"allowed-peer-ip=224.0.0.1", "line 3: allowed-peer-ip unsafe"},
		{"allowed-peer-ip=64:ff9b::a00:1", "line 3: allowed-peer-ip unsafe"},
		{"allowed-peer-ip=10.0.0.0-10.255.255.255", "line 3: allowed-peer-ip unsafe"},
		{"allowed-peer-ip=fd00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "line 3: allowed-peer-ip unsafe"},
		{"allowed-peer-ip=10.0.0.0-10.127.255.255\nallowed-peer-ip=10.128.0.0-10.255.255.255", "line 4: allowed-peer-ip unsafe"},
		// what cannot be done
		{"relay-device=eth0", "line 3: relay-device refused"},
		{"tcp-proxy-port=5555", "line 3: tcp-proxy-port refused"},
		{"mysql-userdb=\"host=db password=x\"", "line 3: mysql-userdb refused"},
		{"userdb=/somewhere/else", "line 3: userdb refused"},
		{"oauth", "line 3: oauth refused"},
		{"mobility", "line 3: mobility refused"},
		{"web-admin", "line 3: web-admin refused"},
		{"pkey-pwd=x", "line 3: pkey-pwd refused"},
		{"no-udp-relay", "line 3: no-udp-relay refused"},
		{"prometheus=0", "line 3: prometheus refused"},
		{"prometheus\nprometheus-address=0.0.0.0", "line 4: prometheus-address refused"},
		{"no-udp\nno-tcp", "line 4: refused"},
		{"cert=/a", "line 3: cert refused"},
		{"pkey=/a", "line 3: pkey refused"},
		{"external-ip=1.2.3.4\nexternal-ip=1.2.3.5/10.0.0.1", "line 4: external-ip refused"},
		{"external-ip=300.1.2.3", "line 3: external-ip refused"},
		{"external-ip=1.2.3.4/eth0", "line 3: external-ip refused"},
		{"external-ip=127.0.0.1", "line 3: external-ip refused"},
		{"listening-ip=localhost", "line 3: listening-ip refused"},
		{"relay-ip=0.0.0.0", "line 3: relay-ip refused"},
		{"aux-server=10.0.0.1", "line 3: aux-server refused"},
		{"min-port=80", "line 3: min-port refused"},
		{"min-port=60000\nmax-port=50000", "line 3: min-port refused"},
		{"max-port=2000", "line 3: max-port refused"},
		{"listening-port=3478;", "line 3: listening-port refused"},
		{"listening-port", "line 3: listening-port refused"},
		{"user-quota=many", "line 3: user-quota refused"},
		{"total-quota=-1", "line 3: total-quota refused"},
		{"permission-lifetime=60", "line 3: permission-lifetime refused"},
		{"max-allocate-lifetime=60", "line 3: max-allocate-lifetime refused"},
		{"allocation-default-address-family=ipv5", "line 3: allocation-default-address-family refused"},
		{"rest-api-separator=::", "line 3: rest-api-separator refused"},
		{"rest-api-separator=7", "line 3: rest-api-separator refused"},
		{"fingerprint=maybe", "line 3: fingerprint refused"},
		{"realm=a\"b", "line 3: realm refused"},
		{"static-auth-secret=[your secret key here]", "line 3: static-auth-secret refused"},
		{"static-auth-secret=0123456789abcdef # old", "there is a blank in the secret"},
		{"static-auth-secret=north", "line 3: static-auth-secret refused"},
		{"denied-peer-ip=10.0.0.0/8", "write 10.0.0.0-10.255.255.255"},
		{"denied-peer-ip=8.8.8.8-8.8.4.4", "line 3: denied-peer-ip refused"},
		{"denied-peer-ip=8.8.8.8-::1", "line 3: denied-peer-ip refused"},
		{"denied-peer-ip=evil.example", "line 3: denied-peer-ip refused"},
		{"denied-peer-ip=0.0.0.0", "every address of both families"},
		{"denied-peer-ip=::", "every address of both families"},
		{"denied-peer-ip=::-::ffff", "write ::1-::ffff"},
		{"allowed-peer-ip=::ffff:8.8.8.8", "without ::ffff:"},
		// what is no option
		{"listning-port=3478", `line 3: "listning-port" refused: coturn knows no such option, and would go on without it; write listening-port`},
		{"listen-ip=10.0.0.1", "write listening-ip"},
		{"no-tlsv1.2", "write no-tlsv1_2"},
		{"--no-udp", "write no-udp"},
		{"-p 3478", "without dashes"},
		{"=", "line 3: \"\" refused"},
		{"fingerprint;", "write fingerprint"},
		{"xyzzyxyzzyxyzzy", "delete the line"},
		{"realm=a\x00b", "line 3: refused: the line holds a control character"},
		{"realm=a\rno-udp", "control character"},
		{"realm=" + strings.Repeat("r", 1017), "the line has 1023 bytes"},
		{"# fine\n\n\nno-auth", "line 6: no-auth"},
	} {
		text, want := tt[0], tt[1]
		res := read(t, ok+text)
		if len(res.Refusals) != 1 || !strings.Contains(res.Refusals[0].String(), want) {
			t.Errorf("%s: got %v, want %q", text, res.Refusals, want)
		}
		for _, n := range res.Refusals {
			if n.Fate != coturn.Refused && n.Fate != coturn.Unsafe {
				t.Errorf("%s: fate %s", text, n.Fate)
			}
		}
	}
}

func TestAllThatIsWrongIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	res := read(t, "no-auth\nserver-relay\nrelay-device=eth0\nfoo\nmin-port=1\ndenied-peer-ip=x\n")
	for line := 1; line <= 6; line++ {
		if !slices.ContainsFunc(res.Refusals, func(n coturn.Note) bool { return n.Line == line }) {
			t.Errorf("nothing about line %d in %v", line, res.Refusals)
		}
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	const a, b = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	res := read(t, "static-auth-secret="+a+"\nstatic-auth-secret="+b+"\nstatic-auth-secret="+a+"\nrest-api-separator=|\nuser=x:y\n")
	if len(res.Secrets) != 2 || res.Secrets[0].Name != "coturn-1" || res.Secrets[1].Name != "coturn-2" ||
		res.Secrets[0].Value.Reveal() != a || res.Secrets[1].Value.Reveal() != b || res.Separator != '|' {
		t.Errorf("got %v, separator %c", res.Secrets, res.Separator)
	}
	if len(res.Users) != 0 || res.STUNOnly || len(res.Refusals) > 0 {
		t.Errorf("beside secrets: users %v, STUN only %v, %v", res.Users, res.STUNOnly, res.Refusals)
	}
	res = read(t, "lt-cred-mech\nrealm=r\nuser=ann:pass word#1\nuser=bob:0xBC807EE29DF3C9FFA736523FB2C4E8EE\nuser=ann:second:half\n")
	if len(res.Users) != 2 || res.Users[0].Name.Reveal() != "ann" || res.Users[0].Password.Reveal() != "second:half" || res.Users[0].Line != 5 ||
		res.Users[1].Key.Reveal() != "bc807ee29df3c9ffa736523fb2c4e8ee" || res.Users[1].Password.Reveal() != "" || len(res.Refusals) > 0 {
		t.Errorf("got %v, %v", res.Users, res.Refusals)
	}
	if res.Separator != ':' {
		t.Errorf("separator %c by default", res.Separator)
	}
	for text, want := range map[string]string{
		"use-auth-secret":                           "there is no static-auth-secret",
		"lt-cred-mech":                              "there are no users",
		"realm=r\nuser=a":                           "a name, a colon",
		"realm=r\nuser=:b":                          "a name, a colon",
		"realm=r\nuser=a:":                          "a name, a colon",
		"realm=r\nuser=a:0x12":                      "32 hexadecimal digits",
		"user=a:0xbc807ee29df3c9ffa736523fb2c4e8ee": "the file names none",
		"user=a:\xff":                               "UTF-8",
		"userdb=/var/lib/turn/turndb\nlt-cred-mech": "no database",
	} {
		if res := read(t, text); len(res.Refusals) == 0 || !strings.Contains(fmt.Sprint(res.Refusals), want) {
			t.Errorf("%q: got %v, want %q", text, res.Refusals, want)
		}
	}
	if res := read(t, "userdb=/var/lib/turn/turndb\nstatic-auth-secret="+a); len(res.Refusals) > 0 {
		t.Errorf("the database that is always there: %v", res.Refusals)
	}
	many := strings.Builder{}
	for i := range coturn.MaxSecrets + 1 {
		fmt.Fprintf(&many, "static-auth-secret=%032d\n", i)
	}
	if res := read(t, many.String()); len(res.Secrets) != coturn.MaxSecrets || len(res.Refusals) != 1 || res.Refusals[0].Line != coturn.MaxSecrets+1 {
		t.Errorf("%d secrets, %v", len(res.Secrets), res.Refusals)
	}
	if res := read(t, "static-auth-secret=short"); len(res.Refusals) > 0 || !strings.Contains(fmt.Sprint(res.Notes), "can be guessed") {
		t.Errorf("a short secret: %v, %v", res.Refusals, res.Notes)
	}
}

// A file without credentials makes coturn relay for everybody.
func TestWithoutCredentialsNothingIsRelayed(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "syslog", "realm=r\nfingerprint", "use-auth-secret\nstun-only\nstatic-auth-secret=0123456789abcdef"} {
		if res := read(t, text); !res.STUNOnly || len(res.Refusals) > 0 {
			t.Errorf("%q: STUN only %v, %v", text, res.STUNOnly, res.Refusals)
		}
	}
	if got := dump(read(t, "syslog")); !strings.Contains(got, "to relay, write a line static-auth-secret=") {
		t.Errorf("nothing says what to add: %s", got)
	}
	if res := read(t, "no-stun"); len(res.Refusals) != 1 {
		t.Errorf("neither STUN nor TURN: %v", res.Refusals)
	}
}

func TestListeners(t *testing.T) {
	t.Parallel()
	const tls = "cert=/c\npkey=/k\nstatic-auth-secret=0123456789abcdef\n"
	for text, want := range map[string]map[string]string{
		"":  {"turn.listen": ":3478", "turn.tls_listen": "", "turn.tls_min": "", coturn.KeyTransports: ""},
		tls: {"turn.listen": ":3478", "turn.tls_listen": ":5349", "turn.tls_min": "1.2", "turn.cert": "/c", "turn.key": "/k", coturn.KeyTransports: ""},
		"listening-ip=10.0.0.1\nlistening-ip=2001:db8::1\nlistening-ip=10.0.0.1\naux-server=10.0.0.2:99\n" + tls: {
			"turn.listen": "10.0.0.1:3478 [2001:db8::1]:3478 10.0.0.2:99", "turn.tls_listen": "10.0.0.1:5349 [2001:db8::1]:5349",
		},
		tls + "no-tlsv1_2":      {"turn.tls_min": "1.3", coturn.KeyTransports: "udp tcp tls"},
		tls + "no-dtls\nno-tls": {"turn.tls_listen": "off", coturn.KeyTransports: "udp tcp"},
		tls + "no-udp\nno-tcp":  {"turn.listen": "off", "turn.tls_listen": ":5349", coturn.KeyTransports: "tls dtls"},
		tls + "no-tcp":          {"turn.listen": ":3478", coturn.KeyTransports: "udp tls dtls"},
		tls + "dtls=0":          {coturn.KeyTransports: "udp tcp tls"},
		tls + "dtls":            {coturn.KeyTransports: ""},
		tls + "listening-port=443\ntls-listening-port=443":             {"turn.listen": ":443", "turn.tls_listen": "off"},
		tls + "listening-port=443\ntls-listening-port=443\nno-tcp":     {"turn.listen": ":443", "turn.tls_listen": ":443"},
		"no-tls\nno-dtls\ntls-listening-port=443":                      {"turn.tls_listen": "", coturn.KeyTransports: ""},
		"external-ip=93.184.216.34/10.0.0.1\nexternal-ip=2606:2800::1": {"turn.public_ip": "93.184.216.34", "turn.public_ip6": "2606:2800::1"},
		"external-ip=turn.example.org":                                 {"turn.public_ip": "turn.example.org"},
		"relay-ip=10.0.0.3\nrelay-ip=fd00::3":                          {"turn.relay_ips": "10.0.0.3 fd00::3"},
		"min-port=20000\nmax-port=30000":                               {"turn.min_port": "20000", "turn.max_port": "30000"},
		tls + "no-tcp-relay":                                           {"turn.tcp_peers": "off"},
		tls + "no-tcp-relay=0":                                         {"turn.tcp_peers": "on"},
		"keep-address-family":                                          {"turn.family": "keep"},
		"keep-address-family\nallocation-default-address-family=ipv6":  {"turn.family": "ipv6"},
		"allocation-default-address-family=ipv6\nkeep-address-family":  {"turn.family": "keep"},
		"secure-stun":                        {"turn.stun": "authenticated"},
		tls + "no-stun\nsecure-stun":         {"turn.stun": "off"},
		"stale-nonce":                        {"turn.nonce_life": "600"},
		"stale-nonce=1200":                   {"turn.nonce_life": "1200"},
		"max-allocate-lifetime=7200":         {"turn.limits.lifetime": "3600"},
		"max-bps=1000\nbps-capacity=0":       {"turn.limits.bytes_per_second": "1000", "turn.limits.bytes_per_second_total": ""},
		"prometheus\nprometheus-port=9000":   {"admin_listen": "127.0.0.1:9000"},
		"prometheus\nprometheus-address=::1": {"admin_listen": "[::1]:9641"},
		"prometheus-port=9000":               {"admin_listen": ""},
		"Verbose":                            {"log.level": "debug"},
	} {
		res := read(t, text)
		if len(res.Refusals) > 0 {
			t.Errorf("%s: %v", text, res.Refusals)
		}
		for key, value := range want {
			if got := setting(res, key); got != value {
				t.Errorf("%s: %s = %q, want %q", text, key, got, value)
			}
		}
	}
}

// Only root has a user to change to.
func TestProcUserIsRefusedToRootAlone(t *testing.T) {
	t.Parallel()
	res := read(t, "proc-user=turnserver\nproc-group=turnserver\n")
	if len(res.Refusals) != 0 || len(res.RootRefusals) != 2 || res.RootRefusals[1].Line != 2 {
		t.Errorf("got %v and %v", res.Refusals, res.RootRefusals)
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	const word = "hunter2hunter2hunter2"
	for _, text := range []string{
		"static-auth-secret=" + word, "realm=r\nuser=" + word + ":" + word, "user=" + word, "cli-password=" + word, "pkey-pwd=" + word,
		"mysql-userdb=" + word, "static-auth-secret=[" + word + "]", "redis-statsdb=" + word, "static-auth-secret=" + word + " #x", "user=ann:" + word + " #x", "stateless-nonce-secret=" + word,
		"static-auth-secret=" + word + "\nstatic-auth-secret=" + word,
	} {
		res := read(t, text)
		var out bytes.Buffer
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "res", res)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "res", res, "users", res.Users)
		if err := json.NewEncoder(&out).Encode(res); err != nil {
			t.Fatal(err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb, res)
			fmt.Fprintf(&out, verb, struct{ r coturn.Result }{res})
		}
		if s := out.String(); strings.Contains(s, word) || strings.Contains(s, fmt.Sprintf("%x", word)) {
			t.Errorf("%s is printed: %s", text, s)
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text string
		ok   bool
	}{
		"1 MiB":             {strings.Repeat("#", coturn.MaxFile), true},
		"a byte more":       {strings.Repeat("#", coturn.MaxFile+1), false},
		"many options":      {strings.Repeat("syslog\n", coturn.MaxOptions), true},
		"one more":          {strings.Repeat("syslog\n", coturn.MaxOptions+1), false},
		"nothing but lines": {strings.Repeat("\n", coturn.MaxFile), true},
	} {
		if _, err := coturn.Read(strings.NewReader(tt.text), "f"); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := coturn.Read(errReader{}, "f"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
