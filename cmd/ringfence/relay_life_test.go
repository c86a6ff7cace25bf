package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pion/stun/v4"

	"github.com/ringfence/ringfence/internal/testenv"
)

// pair makes two clients of one call at a relay and sends a packet through.
func pair(t *testing.T, secret, at, call string) (a, b *turnClient) {
	t.Helper()
	var both [2]*turnClient
	for i, leg := range []string{"a", "b"} {
		username, password := credential(t, "--call", call, "--leg", leg, "--secret-file", secret)
		var err error
		if both[i], err = allocate(t, at, username, password); err != nil {
			t.Fatal(err)
		}
	}
	carry(t, both[0], both[1])
	return both[0], both[1]
}

func (p *program) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// awaitEnd waits until the program has ended by itself.
func (p *program) awaitEnd() error {
	p.t.Helper()
	select {
	case err := <-p.ended:
		p.cmd = nil
		return err
	case <-time.After(30 * time.Second):
		p.t.Fatalf("did not end\n%s", p.stderr.String())
		return nil
	}
}

// awaitBody waits until a page of the admin listener is what is wanted.
func (p *program) awaitBody(path string, status int, body string) {
	p.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(10 * time.Second); ; {
		gotStatus, got := p.get("http://" + p.admin + path)
		if gotStatus == status && strings.Contains(got, body) {
			return
		}
		select {
		case <-tick.C:
		case <-end:
			p.t.Fatalf("%s: got %d %q, want %d %q", path, gotStatus, got, status, body)
		}
	}
}

// Either signal lets calls end: one for as long as the setting says, the other
// for as long as they last.
func TestRelayDrains(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args   []string
		signal syscall.Signal
	}{
		"told to end":   {[]string{"--turn-drain-time", "600"}, syscall.SIGTERM},
		"told to drain": {[]string{"--turn-drain-time", "0"}, syscall.SIGUSR1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, secret, at := newRelay(t, c.args...)
			a, b := pair(t, secret, at, "c1")
			p.signal(c.signal)
			p.awaitBody("/readyz", http.StatusServiceUnavailable, "draining")
			username, password := credential(t, "--name", "ann", "--secret-file", secret)
			_, err := allocate(t, at, username, password)
			if refused, ok := errors.AsType[*stun.TurnError](err); !ok || refused.ErrorCodeAttr.Code != stun.CodeInsufficientCapacity {
				t.Errorf("a new one: got %v, want 508", err)
			}
			carry(t, a, b)
			for _, x := range []*turnClient{a, b} {
				if err := x.relayed.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.awaitEnd(); err != nil {
				t.Errorf("ended with %v\n%s", err, p.stderr.String())
			}
		})
	}
}

func TestSecondSignalEndsTheRelayAtOnce(t *testing.T) {
	t.Parallel()
	p, secret, at := newRelay(t, "--turn-drain-time", "600")
	pair(t, secret, at, "c1")
	p.signal(syscall.SIGTERM)
	p.awaitBody("/readyz", http.StatusServiceUnavailable, "draining")
	p.signal(syscall.SIGTERM)
	_ = p.awaitEnd()
}

// When the time is over, calls that are left end with the relay.
func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	p, secret, at := newRelay(t, "--turn-drain-time", "1")
	pair(t, secret, at, "c1")
	p.signal(syscall.SIGTERM)
	if err := p.awaitEnd(); err != nil {
		t.Errorf("ended with %v", err)
	}
	if !strings.Contains(p.stderr.String(), "relayed calls are left") {
		t.Errorf("logged\n%s", p.stderr.String())
	}
}

// A call that is revoked by the command is gone, and nobody of it comes back.
func TestRelayRevoke(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("a-key-of-more-than-sixteen-bytes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, secret, at := newRelay(t, "--turn-revoke-key-file", key)
	pair(t, secret, at, "c1")
	pair(t, secret, at, "c2")
	revoke := func(keyFile string, args ...string) (string, error) {
		var out bytes.Buffer
		all := append([]string{"relay", "revoke", "--admin-listen", p.admin, "--turn-revoke-key-file", keyFile}, args...)
		err := run(t.Context(), process{args: all, stdout: &out, stderr: &out})
		return out.String(), err
	}
	if out, err := revoke(key, "c1"); err != nil || !strings.Contains(out, "ended: 2.") {
		t.Errorf("got %q, %v", out, err)
	}
	p.awaitBody("/metrics", http.StatusOK, "\nringfence_relay_allocations 2\n")
	username, password := credential(t, "--call", "c1", "--leg", "a", "--secret-file", secret)
	if _, err := allocate(t, at, username, password); err == nil {
		t.Error("somebody of the call came back")
	}
	if out, err := revoke(key, "c2", "a"); err != nil || !strings.Contains(out, "ended: 1.") {
		t.Errorf("a leg: got %q, %v", out, err)
	}
	if out, err := revoke(key, "c2", "a"); err != nil || !strings.Contains(out, "ended: 0.") {
		t.Errorf("once more: got %q, %v", out, err)
	}
	if _, err := revoke(secret, "c2"); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("another key: got %v", err)
	}
	if _, err := revoke(key, "c 2"); err == nil || !strings.Contains(err.Error(), "1 to 64 of") {
		t.Errorf("no call: got %v", err)
	}
	without, _, _ := newRelay(t)
	p.admin = without.admin
	if _, err := revoke(key, "c2"); err == nil || !strings.Contains(err.Error(), "runs without turn.revoke_key_file") {
		t.Errorf("at a relay without: got %v", err)
	}
	p.admin = "127.0.0.1:" + testenv.FreePort(t)
	if _, err := revoke(key, "c2"); err == nil || !strings.Contains(err.Error(), "is it running") {
		t.Errorf("at no relay: got %v", err)
	}
}

// A file of coturn's is enough, and what other software mints with its secret
// goes through.
func TestRelayByCoturnFile(t *testing.T) {
	t.Parallel()
	conf := filepath.Join(t.TempDir(), "turnserver.conf")
	text := "listening-ip=127.0.0.1\nlt-cred-mech # as documents have it\nuse-auth-secret\nstatic-auth-secret=0123456789abcdef0123456789abcdef\nrealm=cloud.example.org\nstale-nonce\nlog-file=/var/log/turn.log\nno-multicast-peers\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, cwd: t.TempDir(), name: "ringfence", args: []string{
		"relay", "--coturn-config", conf, "--turn-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
	}}
	p.start()
	at := relayAt.FindStringSubmatch(p.stdout.String())[1]
	var both [2]*turnClient
	for i, name := range []string{"ann", "bob"} {
		username, password := credential(t, "--coturn-config", conf, "--name", name)
		var err error
		if both[i], err = allocate(t, at, username, password); err != nil {
			t.Fatal(err)
		}
	}
	carry(t, both[0], both[1])
	for _, want := range []string{
		"What " + conf + " means here:\n", "line 2: lt-cred-mech honoured", "line 7: log-file needless", "ringfence relay credential --coturn-config " + conf,
	} {
		if !strings.Contains(p.stdout.String(), want) {
			t.Errorf("no %q in\n%s", want, p.stdout.String())
		}
	}
	if strings.Contains(p.stdout.String()+p.stderr.String(), "0123456789abcdef") {
		t.Error("the secret is printed")
	}
	_, body := p.get("http://" + p.admin + "/metrics")
	if !strings.Contains(body, `ringfence_relay_secret_allocations{secret="coturn-1"} 2`) {
		t.Errorf("got\n%s", body)
	}
}

// A changed certificate is taken on SIGHUP, and the connections that are open
// stay.
func TestRelayReadsItsCertificateAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := writeCertificateOf(t, dir, "first.example.org")
	p, _, _ := newRelay(t, "--turn-cert", cert, "--turn-key", key, "--turn-tls-listen", "off", "--turn-public-ip", "localhost")
	at := regexp.MustCompile(`turn:localhost:(\d+)\?transport=tcp`).FindStringSubmatch(p.stdout.String())
	if at == nil {
		t.Fatalf("no address in\n%s", p.stdout.String())
	}
	name := func() (*tls.Conn, string) {
		conn, err := tls.Dial("tcp", "127.0.0.1:"+at[1], &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn, conn.ConnectionState().PeerCertificates[0].DNSNames[0]
	}
	old, first := name()
	writeCertificateOf(t, dir, "second.example.org")
	p.signal(syscall.SIGHUP)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	second := first
	for end := time.After(8 * time.Second); second == first; _, second = name() { // it looks by itself each 10 s
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("the certificate is still that of %s\n%s", second, p.stderr.String())
		}
	}
	if first != "first.example.org" || second != "second.example.org" {
		t.Errorf("got %s, then %s", first, second)
	}
	if _, err := old.Write([]byte("\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl")); err != nil {
		t.Error(err)
	}
	_ = old.SetReadDeadline(time.Now().Add(10 * time.Second))
	if n, err := old.Read(make([]byte, 100)); err != nil || n < 20 {
		t.Errorf("the connection of before: %d bytes, %v", n, err)
	}
}

// A port that is taken is an error at the start that names it and its setting.
func TestTakenPortOfTheRelay(t *testing.T) {
	t.Parallel()
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = udp.Close() }()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tcp.Close() }()
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	cert, key := writeCertificateOf(t, dir, "localhost")
	if err := os.WriteFile(secret, []byte("0123456789abcdef0123456789abcdef"), 0o600); err != nil {
		t.Fatal(err)
	}
	for setting, args := range map[string][]string{
		"turn.listen":     {"--turn-listen", udp.LocalAddr().String()},
		"turn.tls_listen": {"--turn-listen", "127.0.0.1:0", "--turn-cert", cert, "--turn-key", key, "--turn-tls-listen", tcp.Addr().String()},
		"admin_listen":    {"--turn-listen", "127.0.0.1:0", "--admin-listen", tcp.Addr().String()},
	} {
		var out bytes.Buffer
		all := append([]string{"relay", "--secret-file", secret, "--admin-listen", "off"}, args...)
		err := run(t.Context(), process{args: all, stdout: &out, stderr: &out})
		port := args[len(args)-1][strings.LastIndex(args[len(args)-1], ":")+1:]
		if err == nil || !strings.Contains(err.Error(), setting) || !strings.Contains(err.Error(), "port "+port) || !strings.Contains(err.Error(), "taken") {
			t.Errorf("%s: got %v, want the setting and port %s", setting, err, port)
		}
	}
}

// The admin listener of the server is asked by its own names, too.
func TestServerIsAskedByItsOwnNames(t *testing.T) {
	t.Parallel()
	p := newProgram(t, "--admin-hosts", "monitor.example.org")
	p.start()
	for host, want := range map[string]int{"": http.StatusOK, "monitor.example.org": http.StatusOK, "evil.example": http.StatusMisdirectedRequest} {
		for _, path := range []string{"/metrics", "/turn-test"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.admin+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = host
			res, err := testClient().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("%s as %q: got %d, want %d", path, host, res.StatusCode, want)
			}
		}
	}
	if _, body := p.get("http://" + p.plain + "/turn-test"); strings.Contains(body, "/turn-test/page.js") {
		t.Error("the page of the admin listener is on the public one")
	}
}

// The server goes on without its relay until it is told to end.
func TestServerDrainsItsRelay(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start()
	p.signal(syscall.SIGUSR1)
	p.awaitBody("/readyz", http.StatusServiceUnavailable, "draining")
	if status, _ := p.get("http://" + p.plain + "/"); status != http.StatusOK {
		t.Errorf("the page: got %d", status)
	}
	if err := p.stop(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// The server's relay takes credentials that are minted with its secret file,
// beside those of its own calls.
func TestServerTakesMintedCredentials(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	at := "127.0.0.1:" + testenv.FreePort(t) // one for UDP and TCP
	p := newProgram(t, "--secret-file", secret, "--turn-listen", at)
	p.start()
	pair(t, secret, at, "c1")
	username, password := credential(t, "--name", "ann", "--secret-file", secret)
	if _, err := allocate(t, at, username, password); err != nil {
		t.Error(err)
	}
}
