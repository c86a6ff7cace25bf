package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"
)

var (
	relayAt    = regexp.MustCompile(`turn:(\S+)\?transport=udp\n`)
	usernameAt = regexp.MustCompile(`username  (\S+)\n`)
	passwordAt = regexp.MustCompile(`password  (\S+)\n`)
)

// newRelay starts a relay that runs alone, with a secret of its own, and
// returns it with the address where clients find it.
func newRelay(t *testing.T, args ...string) (p *program, secret, at string) {
	t.Helper()
	dir := t.TempDir()
	secret = filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p = &program{t: t, dir: dir, cwd: t.TempDir(), name: "ringfence", args: append([]string{
		"relay", "--secret-file", secret, "--turn-listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
	}, args...)}
	p.start()
	m := relayAt.FindStringSubmatch(p.stdout.String())
	if m == nil {
		t.Fatalf("no address in\n%s", p.stdout.String())
	}
	return p, secret, m[1]
}

// credential mints one by the command, as an operator does.
func credential(t *testing.T, args ...string) (username, password string) {
	t.Helper()
	var out, errs bytes.Buffer
	err := run(t.Context(), process{args: append([]string{"relay", "credential"}, args...), stdout: &out, stderr: &errs})
	user, pass := usernameAt.FindStringSubmatch(out.String()), passwordAt.FindStringSubmatch(out.String())
	if err != nil || user == nil || pass == nil {
		t.Fatalf("%v\n%s%s", err, out.String(), errs.String())
	}
	return user[1], pass[1]
}

// turnClient is a client of a relay with an allocation.
type turnClient struct {
	*turn.Client
	relayed net.PacketConn
}

// allocate makes a client at a relay, and an allocation unless that fails.
func allocate(t *testing.T, at, username, password string) (*turnClient, error) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: at, Conn: conn, Username: username, Password: password,
		LoggerFactory: &logging.DefaultLoggerFactory{Writer: &bytes.Buffer{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); _ = conn.Close() })
	if err := c.Listen(); err != nil {
		t.Fatal(err)
	}
	relayed, err := c.Allocate()
	return &turnClient{c, relayed}, err
}

// carry sends a packet from one client's allocation to the other's and back.
func carry(t *testing.T, a, b *turnClient) {
	t.Helper()
	if _, err := b.relayed.WriteTo([]byte("permit"), a.relayed.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	for _, way := range [][2]*turnClient{{a, b}, {b, a}} {
		if _, err := way[0].relayed.WriteTo([]byte("hello"), way[1].relayed.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		_ = way[1].relayed.SetReadDeadline(time.Now().Add(10 * time.Second))
		for buf := make([]byte, 64); ; {
			n, _, err := way[1].relayed.ReadFrom(buf)
			if err != nil {
				t.Fatal(err)
			}
			if string(buf[:n]) == "hello" {
				break
			}
		}
	}
}

// TestRelayAlone starts the relay by the one line that it needs, mints pairs
// by the command, and sends a packet through.
func TestRelayAlone(t *testing.T) {
	t.Parallel()
	p, secret, at := newRelay(t)
	for name, of := range map[string][2][]string{
		"of a call": {{"--call", "c1", "--leg", "a"}, {"--call", "c1", "--leg", "b", "--bytes", "100000"}},
		"TURN REST": {{"--name", "ann"}, {"--name", "bob", "--ttl", "60"}},
	} {
		var pair [2]*turnClient
		for i, args := range of {
			username, password := credential(t, append(args, "--secret-file", secret)...)
			var err error
			if pair[i], err = allocate(t, at, username, password); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		carry(t, pair[0], pair[1])
	}
	if _, err := allocate(t, at, "1999999999:ann", "wrong"); err == nil {
		t.Error("a wrong password was let in")
	}
	if _, body := p.get("http://" + p.admin + "/metrics"); !strings.Contains(body, "\nringfence_relay_allocations 4\n") || strings.Contains(body, "ringfence_hub") {
		t.Errorf("metrics: got\n%s", body)
	}
	for _, word := range []string{"a credential", "ringfence relay credential --secret-file " + secret, "health, metrics    http://" + p.admin, "http://" + p.admin + "/turn-test"} {
		if !strings.Contains(p.stdout.String(), word) {
			t.Errorf("no %q in\n%s", word, p.stdout.String())
		}
	}
	if strings.Contains(p.stdout.String(), "Note: ") {
		t.Errorf("got notes in\n%s", p.stdout.String())
	}
	for folder, want := range map[string]int{p.cwd: 0, p.dir: 1} { // the secret alone
		if files, err := os.ReadDir(folder); err != nil || len(files) != want {
			t.Errorf("got %v in %s, %v", files, folder, err)
		}
	}
}
