package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/ringfence/ringfence/internal/testenv"
	"github.com/ringfence/ringfence/signal/wire"
)

const publicHost = "call.example.org"

// TestBehindNginx runs the program behind Debian's nginx with the text of
// docs/operations.md.
func TestBehindNginx(t *testing.T) {
	t.Parallel()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		if nginx, err = exec.LookPath("/usr/sbin/nginx"); err != nil {
			testenv.Skip(t, "nginx is missing; apt install nginx-light")
		}
	}
	p := newProgram(t, "--public-url", "https://"+publicHost, "--trusted-proxies", "127.0.0.1")
	p.start()
	front := startNginx(t, nginx, p.plain)

	anna := behind{front, "127.0.0.2"}
	who, err := anna.api("").signUp(t.Context(), p.invite(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("websocket", func(t *testing.T) { anna.upgrade(t, who, "https://"+publicHost, true) })
	t.Run("websocket of another site", func(t *testing.T) { anna.upgrade(t, who, "https://evil.example", false) })
	t.Run("cookie", func(t *testing.T) { anna.cookie(t, who) })
	t.Run("internals", func(t *testing.T) {
		for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
			if status := anna.get(t, path); status != http.StatusNotFound {
				t.Errorf("%s: %d, want 404", path, status)
			}
		}
	})
	t.Run("made-up addresses do not help", func(t *testing.T) {
		eve := behind{front, "127.0.0.3"}
		if err := guess(t, eve, 40); !strings.Contains(fmt.Sprint(err), " 429 ") {
			t.Errorf("40 guesses under made-up addresses: %v, want 429", err)
		}
		if err := guess(t, behind{front, "127.0.0.4"}, 1); !strings.Contains(fmt.Sprint(err), " 401 ") {
			t.Errorf("somebody else's guess: %v, want 401", err)
		}
	})
	t.Run("a stranger is no proxy", func(t *testing.T) {
		direct := behind{p.plain, "127.0.0.5"}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+publicHost+"/", http.NoBody)
		req.Header.Set("X-Forwarded-Proto", "https")
		res, err := direct.client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusMisdirectedRequest {
			t.Errorf("claimed to be a proxy: %d, want 421", res.StatusCode)
		}
	})
	if err := p.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// guess signs in n times, each time as somebody else and, as the header says,
// from somewhere else; it returns the last refusal.
func guess(t *testing.T, b behind, n int) error {
	t.Helper()
	var last error
	for i := range n {
		a := b.api(fmt.Sprintf("203.0.113.%d", i+1))
		last = a.call(t.Context(), "", http.MethodPost, "/login", map[string]string{"handle": fmt.Sprintf("anna.%04d", i), "password": "wrong wrong"}, nil)
		if last == nil {
			t.Fatal("signed in with a wrong password")
		}
	}
	return last
}

// behind is a client of the proxy with an address of its own.
type behind struct{ front, self string }

func (b behind) client() *http.Client {
	return &http.Client{
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(b.self)}}
				return d.DialContext(ctx, network, b.front)
			},
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // nginx has a certificate of the test
		},
	}
}

func (b behind) api(from string) api { return api{"https://" + publicHost, b.client(), from} }

func (b behind) get(t *testing.T, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+publicHost+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}

func (b behind) upgrade(t *testing.T, who person, origin string, want bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	conn, res, err := websocket.Dial(ctx, "wss://"+publicHost+"/api/v1/signal", &websocket.DialOptions{
		HTTPClient:   b.client(),
		HTTPHeader:   http.Header{"Authorization": {"Bearer " + who.Token}, "Origin": {origin}},
		Subprotocols: []string{wire.Subprotocol},
	})
	if res != nil && res.Body != nil {
		defer func() { _ = res.Body.Close() }()
	}
	if !want {
		if err == nil || res == nil || res.StatusCode != http.StatusForbidden {
			t.Errorf("Dial = %v, want 403", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	if err := conn.Write(ctx, websocket.MessageText, helloFrame()); err != nil {
		t.Fatal(err)
	}
	_, frame, err := conn.Read(ctx)
	if err != nil || !bytes.Contains(frame, []byte(`"welcome"`)) {
		t.Errorf("answer to hello: %s, %v", frame, err)
	}
}

func (b behind) cookie(t *testing.T, who person) {
	t.Helper()
	body := fmt.Sprintf(`{"handle":%q,"password":%q}`, who.Handle, password)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+publicHost+"/api/v1/login", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", "https://"+publicHost)
	res, err := b.client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	cookies := res.Cookies()
	if len(cookies) != 1 || !strings.HasPrefix(cookies[0].Name, "__Host-") || !cookies[0].Secure || !cookies[0].HttpOnly {
		t.Errorf("status %d, cookies %v; want one with __Host-", res.StatusCode, cookies)
	}
}

// startNginx runs nginx with the snippet of the documentation before backend
// and returns where it listens.
func startNginx(t *testing.T, nginx, backend string) string {
	t.Helper()
	dir := t.TempDir()
	front := "127.0.0.1:" + testenv.FreePort(t)
	cert, key := writeCertificate(t, dir)
	text := strings.NewReplacer(
		"listen 443 ssl;", "listen "+front+" ssl;",
		"http://127.0.0.1:8080", "http://"+backend,
		"/etc/letsencrypt/live/call.example.org/fullchain.pem", cert,
		"/etc/letsencrypt/live/call.example.org/privkey.pem", key,
	).Replace(snippet(t, "nginx"))
	conf := fmt.Sprintf(`daemon off; worker_processes 1; pid %[1]s/pid; error_log stderr warn;
events { worker_connections 64; }
http {
client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
%[2]s
}`, dir, text)
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	var out output
	cmd := exec.Command(nginx, "-c", path, "-p", dir)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	})
	if err := awaitPort(front, ended); err != nil {
		t.Fatalf("nginx: %v\n%s", err, out.String())
	}
	return front
}

func awaitPort(addr string, ended chan error) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.After(20 * time.Second)
	for {
		if conn, err := net.Dial("tcp", addr); err == nil {
			return conn.Close()
		}
		select {
		case err := <-ended:
			ended <- err
			return fmt.Errorf("ended: %w", err)
		case <-end:
			return errors.New("does not listen")
		case <-tick.C:
		}
	}
}

// snippet returns the one code block of a language in docs/operations.md.
func snippet(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```"+language+"\n")
	block, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatalf("no %s snippet in docs/operations.md", language)
	}
	return block
}

func writeCertificate(t *testing.T, dir string) (certPath, keyPath string) {
	t.Helper()
	return writeCertificateOf(t, dir, publicHost)
}

func writeCertificateOf(t *testing.T, dir, host string) (certPath, keyPath string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPath, keyPath = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{certPath: {Type: "CERTIFICATE", Bytes: der}, keyPath: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certPath, keyPath
}
