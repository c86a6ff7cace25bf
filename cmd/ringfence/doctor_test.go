package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/testenv"
)

// examine runs the doctor.
func examine(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), process{args: append([]string{"doctor"}, args...), stdout: &out, stderr: &out})
	return out.String(), err
}

// wants fails unless each line begins one of the findings, and has its text.
func wants(t *testing.T, out string, findings ...[2]string) {
	t.Helper()
	for _, f := range findings {
		found := false
		for line := range strings.Lines(out) {
			found = found || strings.HasPrefix(line, f[0]) && strings.Contains(line, f[1])
		}
		if !found {
			t.Errorf("no %q %q in\n%s", f[0], f[1], out)
		}
	}
}

func TestDoctorOfARelayThatIsNotThere(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cert, key := writeCertificate(t, t.TempDir())
	out, err := examine(t, "--secret-file", secret, "--turn-listen", "127.0.0.1:0", "--turn-tls-listen", "off", "--admin-listen", "off",
		"--turn-cert", cert, "--turn-key", key, "--turn-public-ip", "localhost")
	if !errors.Is(err, errUnwell) {
		t.Errorf("got %v: a certificate that nobody believes is no success", err)
	}
	wants(t, out, [2]string{"ok", "UDP port"}, [2]string{"ok", "TURN over UDP"}, [2]string{"ok", "TURN over TCP"}, [2]string{"ok", "TURN over TLS"},
		[2]string{"ok", "TURN over DTLS"}, [2]string{"FAILED", "certificate"}, [2]string{"", "no authority"}, [2]string{"", "kernel buffers"})
}

// A closed relay needs one port, and the doctor says which.
func TestDoctorOfAClosedRelay(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	port := testenv.FreePort(t)
	out, err := examine(t, "--secret-file", secret, "--turn-listen", "127.0.0.1:"+port, "--admin-listen", "off", "--turn-closed", "on")
	if err != nil {
		t.Errorf("got %v", err)
	}
	wants(t, out, [2]string{"ok", "ports towards peers: none: the relay is closed"}, [2]string{"ok", "UDP port " + port + " alone does"},
		[2]string{"ok", "TURN over UDP"}, [2]string{"ok", "TURN over TCP"})
}

func TestDoctorOfARelayThatRuns(t *testing.T) {
	t.Parallel()
	p, secret, at := newRelay(t)
	args := []string{"--turn-listen", at, "--admin-listen", p.admin}
	out, _ := examine(t, append(args, "--secret-file", secret)...)
	wants(t, out, [2]string{"ok", "in use by the relay that runs"}, [2]string{"ok", "TURN over UDP"})

	other := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(other, []byte("another-secret-of-some-length-0123456789\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := examine(t, append(args, "--secret-file", other)...)
	if !errors.Is(err, errUnwell) {
		t.Errorf("another secret: got %v", err)
	}
	wants(t, out, [2]string{"FAILED", "refused (401)"}, [2]string{"", "secret that the relay runs with"})

	username, password := credential(t, "--secret-file", secret)
	if out, err := examine(t, "--try", "turn:"+at+"?transport=udp", "--username", username, "--password", password); err != nil || !strings.HasPrefix(out, "ok") {
		t.Errorf("from elsewhere: %v\n%s", err, out)
	}
	out, err = examine(t, "--try", "turn:127.0.0.1:1?transport=tcp", "--username", username, "--password", password)
	if !errors.Is(err, errUnwell) || !strings.Contains(out, "Is the relay running") {
		t.Errorf("nobody there: %v\n%s", err, out)
	}
}

func TestDoctorOfATakenPort(t *testing.T) {
	t.Parallel()
	_, secret, at := newRelay(t)
	out, err := examine(t, "--secret-file", secret, "--turn-listen", at, "--admin-listen", "off")
	if !errors.Is(err, errUnwell) {
		t.Errorf("got %v", err)
	}
	wants(t, out, [2]string{"FAILED", "taken by another program"}, [2]string{"", "turn.listen"})
}

func TestDoctorRefusesWhatItCannotTry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		want error
	}{
		"no URL":        {[]string{"--try", "example.org", "--username", "a", "--password", "b"}, errTryURL},
		"no transport":  {[]string{"--try", "turn:example.org?transport=sctp", "--username", "a", "--password", "b"}, errTryURL},
		"no credential": {[]string{"--try", "turn:example.org"}, errTryWith},
	} {
		if _, err := examine(t, c.args...); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}
