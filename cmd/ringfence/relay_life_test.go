package main

import (
	"bytes"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pion/stun/v4"
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
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.admin = ln.Addr().String()
	_ = ln.Close()
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
