package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/stun/v4"

	"github.com/ringfence/ringfence/internal/localca"
	"github.com/ringfence/ringfence/internal/testenv"
	"github.com/ringfence/ringfence/signal/client"
	"github.com/ringfence/ringfence/signal/wire"
)

// The network of TestNoAddressIsKept: clients and server, in both families.
const (
	client4, client6 = "198.51.100.23", "2001:db8:7::23"
	server4, server6 = "198.51.100.1", "2001:db8:7::1"

	insideEnv = "RINGFENCE_TEST_INSIDE"
)

// TestNoAddressIsKept lets clients with addresses that occur nowhere else do
// all that makes a server talkative, and then looks for these addresses in
// everything that the server has left behind.
func TestNoAddressIsKept(t *testing.T) {
	t.Parallel()
	if os.Getenv(insideEnv) == "" {
		outside(t)
		return
	}
	p := newProgram(t,
		"--listen", ":18080", "--tls-listen", ":18443", "--turn-listen", ":13478", "--trusted-proxies", "",
		"--turn-allow-own-addresses", "off")
	p.name = "ringfence-probe"
	connect(t, p)
	for _, c := range []visitor{{client4, server4}, {client6, server6}} {
		c.provoke(t, p.invite)
	}
	if out := p.stderr.String(); !strings.Contains(out, "http: panic serving") || !strings.Contains(out, "boom") || !strings.Contains(out, "TLS handshake") {
		t.Errorf("the server was not provoked enough; its log:\n%s", out)
	}
	if err := p.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	log := filepath.Join(p.dir, "log")
	if err := os.WriteFile(log, []byte(p.stdout.String()+p.stderr.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	needles := spellings(t)
	for _, hit := range search(t, p.dir, needles) {
		t.Errorf("found %s", hit)
	}
	if t.Failed() {
		t.Logf("log:\n%s", p.stderr.String())
	}
	plant(t, needles)
}

// outside runs this test again in a network namespace of its own.
func outside(t *testing.T) {
	flags := "-n"
	if os.Getuid() != 0 {
		flags = "-Urn"
	}
	for _, tool := range []string{"unshare", "nsenter", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			testenv.Skip(t, tool+" is missing; install util-linux and iproute2")
		}
	}
	if err := exec.Command("unshare", flags, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1").Run(); err != nil {
		testenv.Skip(t, "no network namespace of one's own may be made here (unshare "+flags+")")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "unshare", flags, self, "-test.run=^TestNoAddressIsKept$", "-test.v", "-test.timeout=5m")
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestNoAddressIsKept")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// connect starts the server in a network of its own, joined to ours by a
// cable.
func connect(t *testing.T, p *program) {
	t.Helper()
	p.prefix = []string{"unshare", "-n", "sh", "-c", `until ip addr show v1 2>/dev/null | grep -q ` + server6 + `; do :; done; exec "$@"`, "sh"}
	ip := func(args ...string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), "ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v %s", args, err, out)
		}
	}
	ip("link", "set", "lo", "up")
	ip("link", "add", "v0", "type", "veth", "peer", "name", "v1")
	ip("addr", "add", client4+"/24", "dev", "v0")
	ip("addr", "add", client6+"/64", "dev", "v0", "nodad")
	ip("link", "set", "v0", "up")
	p.started = func() {
		pid := strconv.Itoa(p.cmd.Process.Pid)
		for awaitOwnNetwork(pid) != nil {
			if t.Context().Err() != nil {
				return
			}
		}
		ip("link", "set", "v1", "netns", pid)
		script := "ip link set lo up && ip link set v1 up && ip addr add " + server4 + "/24 dev v1 && ip addr add " + server6 + "/64 dev v1 nodad"
		if out, err := exec.CommandContext(t.Context(), "nsenter", "-t", pid, "-n", "sh", "-c", script).CombinedOutput(); err != nil {
			t.Fatalf("server's network: %v %s", err, out)
		}
	}
	p.start()
}

var errSameNetwork = errors.New("still in our network")

// awaitOwnNetwork looks whether a process has left our network.
func awaitOwnNetwork(pid string) error {
	ours, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return err
	}
	theirs, err := os.Readlink("/proc/" + pid + "/ns/net")
	if err != nil {
		return err
	}
	if ours == theirs {
		return errSameNetwork
	}
	return nil
}

// visitor is a client with an address, and the server's in its family.
type visitor struct{ self, server string }

func (v visitor) dial(ctx context.Context, network, port string) (net.Conn, error) {
	d := net.Dialer{Timeout: 10 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(v.self)}}
	if strings.HasPrefix(network, "udp") {
		d.LocalAddr = &net.UDPAddr{IP: net.ParseIP(v.self)}
	}
	return d.DialContext(ctx, network, net.JoinHostPort(v.server, port))
}

// client speaks TLS with the server without knowing its authority.
func (v visitor) client() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			_, port, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, err
			}
			return v.dial(ctx, network, port)
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the test is about something else
	}}
}

// provoke does what a person does, and what strangers do to open ports.
func (v visitor) provoke(t *testing.T, invite func() string) {
	t.Helper()
	a := api{"https://" + net.JoinHostPort(v.server, "18443"), v.client(), ""}
	token := invite()
	if v.self == client6 { // the owner's is used up
		token = "no-such-invite-at-all"
	}
	who, err := a.signUp(t.Context(), token, "anna")
	if (err == nil) != (v.self == client4) {
		t.Fatalf("sign up: %v", err)
	}
	a.from = v.self
	for range 15 { // until too often, and beyond
		err := a.call(t.Context(), "", http.MethodPost, "/login", map[string]string{"handle": "anna.0000", "password": "wrong " + v.self}, nil)
		if err == nil {
			t.Fatal("signed in with a wrong password")
		}
	}
	_ = a.call(t.Context(), who.Token, http.MethodPatch, "/me", map[string]string{"display_name": "at " + v.self + "\u202e"}, nil)
	_ = a.call(t.Context(), v.self, http.MethodGet, "/me", nil, nil)
	_ = a.call(t.Context(), "", http.MethodGet, "/"+v.self, nil, nil)
	v.socket(t, who)
	if v.self == client4 {
		v.call(t, a, who)
	}
	v.trust(t)
	v.handshakes(t)
	v.garbage(t)
	v.turn(t)
	for _, url := range []string{"https://" + net.JoinHostPort(v.server, "18443"), "http://" + net.JoinHostPort(v.server, "18080")} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/probe/panic", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := v.client().Do(req); err == nil {
			_ = res.Body.Close()
			t.Error("the handler did not panic")
		}
	}
}

// trust goes the way of a phone: from plain HTTP to the page that says how to
// trust the server, to its authority's certificate, to a site that it vouches
// for.
func (v visitor) trust(t *testing.T) {
	t.Helper()
	get := func(c *http.Client, url string) (status int, path, body string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := c.Do(req)
		if err != nil {
			t.Fatalf("%s: %v", url, err)
		}
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, res.Request.URL.Path, string(text)
	}
	plain, site := "http://"+net.JoinHostPort(v.server, "18080"), "https://"+net.JoinHostPort(v.server, "18443")
	_, path, page := get(v.client(), plain+"/invite")
	if path != localca.PagePath || !strings.Contains(page, site+"/") {
		t.Errorf("plain HTTP leads to %s, which does not lead to %s", path, site)
	}
	_, _, der := get(v.client(), plain+localca.CertificatePath)
	authority, err := x509.ParseCertificate([]byte(der))
	if err != nil {
		t.Fatal(err)
	}
	c := v.client()
	pool := x509.NewCertPool()
	pool.AddCert(authority)
	transport, ok := c.Transport.(*http.Transport)
	if !ok {
		t.Fatal("no transport")
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	if status, _, _ := get(c, site+"/api/v1/server"); status != http.StatusOK {
		t.Errorf("the API over trusted TLS: %d", status)
	}
}

// call lets two people make friends and talk through the relay.
func (v visitor) call(t *testing.T, a api, anna person) {
	t.Helper()
	invite, err := a.newInvite(t.Context(), anna.Token)
	if err != nil {
		t.Fatal(err)
	}
	ben, err := a.signUp(t.Context(), invite, "ben")
	if err != nil {
		t.Fatal(err)
	}
	talk(t, client.Options{URL: a.base, Token: anna.Token, HTTP: v.client()}, client.Options{URL: a.base, Token: ben.Token, HTTP: v.client()}, ben.ID)
}

// socket opens WebSockets: one without a session, one that speaks nonsense.
func (v visitor) socket(t *testing.T, who person) {
	t.Helper()
	for _, token := range slices.Compact([]string{"", who.Token}) { // the second visitor has none
		conn, res, err := websocket.Dial(t.Context(), "wss://"+net.JoinHostPort(v.server, "18443")+"/api/v1/signal", &websocket.DialOptions{
			HTTPClient: v.client(), HTTPHeader: http.Header{"Authorization": {"Bearer " + token}, "X-Forwarded-For": {v.self}},
			Subprotocols: []string{wire.Subprotocol},
		})
		if res != nil && res.Body != nil {
			_ = res.Body.Close()
		}
		if err != nil {
			if token != "" {
				t.Errorf("open a WebSocket: %v", err)
			}
			continue // nobody gets in without a session
		}
		_ = conn.Write(t.Context(), websocket.MessageText, helloFrame())
		if _, frame, err := conn.Read(t.Context()); err != nil || !bytes.Contains(frame, []byte(`"welcome"`)) {
			t.Errorf("answer to hello: %s, %v", frame, err)
		}
		_ = conn.Write(t.Context(), websocket.MessageText, []byte(`{"v":1,"kind":"`+v.self+`"}`))
		_ = conn.Write(t.Context(), websocket.MessageBinary, net.ParseIP(v.self))
		_, _, _ = conn.Read(t.Context())
		_ = conn.CloseNow()
	}
}

// handshakes fail: not TLS, no version in common, an authority not trusted.
func (v visitor) handshakes(t *testing.T) {
	t.Helper()
	for _, conf := range []*tls.Config{
		{MaxVersion: tls.VersionTLS11, InsecureSkipVerify: true}, // meant to fail
		{ServerName: "example.org"},
	} {
		conn, err := v.dial(t.Context(), "tcp", "18443")
		if err != nil {
			t.Fatal(err)
		}
		if tls.Client(conn, conf).HandshakeContext(t.Context()) == nil {
			t.Error("a handshake that must fail did not")
		}
		_ = conn.Close()
	}
}

// garbage goes to every port.
func (v visitor) garbage(t *testing.T) {
	t.Helper()
	for _, to := range []struct{ network, port string }{{"tcp", "18080"}, {"tcp", "18443"}, {"tcp", "13478"}, {"udp", "13478"}} {
		for _, b := range [][]byte{noise(t), []byte("GET http://" + v.self + " HTTP/9.9\r\nHost: " + v.self + "\r\n\r\n"), append([]byte{0, 1, 0, 8}, noise(t)...), {}} {
			conn, err := v.dial(t.Context(), to.network, to.port)
			if err != nil {
				t.Fatalf("%v: %v", to, err)
			}
			_, _ = conn.Write(b)
			if tcp, ok := conn.(*net.TCPConn); ok { // wait for the answer, or for the end
				_ = tcp.CloseWrite()
				_ = tcp.SetReadDeadline(time.Now().Add(2 * time.Second))
				_, _ = tcp.Read(make([]byte, 64))
			}
			_ = conn.Close()
		}
	}
}

func noise(t *testing.T) []byte {
	t.Helper()
	b := make([]byte, 200)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// turn asks the relay for an address, and for a relay that it does not give.
func (v visitor) turn(t *testing.T) {
	t.Helper()
	conn, err := v.dial(t.Context(), "udp", "13478")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	ask := func(setters ...stun.Setter) {
		t.Helper()
		m, err := stun.Build(append([]stun.Setter{stun.TransactionID}, setters...)...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(m.Raw); err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := conn.Read(make([]byte, 1500)); err != nil {
			t.Fatalf("no answer of the relay: %v", err)
		}
	}
	allocate := stun.NewType(stun.MethodAllocate, stun.ClassRequest)
	udp := stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}}
	ask(stun.BindingRequest)
	ask(allocate, udp)
	ask(allocate, udp, stun.NewUsername("v1.a.1.x."+v.self), stun.NewRealm("ringfence"), stun.NewNonce("n"),
		stun.NewLongTermIntegrity("u", "ringfence", "p"))
}

// spellings lists what must not be found.
func spellings(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, text := range []string{client4, client6} {
		a := netip.MustParseAddr(text)
		raw := a.AsSlice()
		back := slices.Clone(raw)
		slices.Reverse(back)
		for _, s := range []string{
			a.String(), a.StringExpanded(), strings.ReplaceAll(a.String(), ".", "-"), strings.ReplaceAll(a.String(), ":", "%3A"),
			hex.EncodeToString(raw), hex.EncodeToString(back), numbers(raw, " "), numbers(raw, ", "),
		} {
			out[s] = []byte(s)
			out[strings.ToUpper(s)] = []byte(strings.ToUpper(s))
		}
		out[text+", raw"], out[text+", raw, backwards"] = raw, back
	}
	return out
}

// numbers is how fmt prints bytes.
func numbers(b []byte, between string) string {
	var out []string
	for _, x := range b {
		out = append(out, strconv.Itoa(int(x)))
	}
	return strings.Join(out, between)
}

// search returns where any of the needles lies in the files below dir.
func search(t *testing.T, dir string, needles map[string][]byte) []string {
	t.Helper()
	var hits []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		for name, needle := range needles {
			if i := bytes.Index(text, needle); i >= 0 {
				hits = append(hits, fmt.Sprintf("%s in %s at %d", name, path, i))
			}
			if bytes.Contains([]byte(filepath.Base(path)), needle) {
				hits = append(hits, name+" as a file's name")
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hits
}

// plant holds that the search finds each spelling where there is one.
func plant(t *testing.T, needles map[string][]byte) {
	t.Helper()
	for name, needle := range needles {
		dir := t.TempDir()
		text := slices.Concat([]byte("before"), needle, []byte("after"))
		if err := os.WriteFile(filepath.Join(dir, "planted"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if len(search(t, dir, map[string][]byte{name: needle})) == 0 {
			t.Errorf("the search does not find %s", name)
		}
	}
}
