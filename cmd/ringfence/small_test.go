package main

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rsc.io/qr"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/keyring"
	"github.com/ringfence/ringfence/relay"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/bolt"
)

func cmpOr(s, otherwise string) string { return cmp.Or(s, otherwise) }

func TestQRShowsEveryModule(t *testing.T) {
	t.Parallel()
	const text = "http://192.168.1.5:8080/trust#0K5T_BgTvxGYQHUj3D9jga2Rc--SdxjWsCopYTFqzpY"
	drawn, err := drawQR(text)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
	white := func(x, y int) bool {
		switch []rune(lines[(y+quiet)/2])[x+quiet] {
		case '█':
			return true
		case '▀':
			return (y+quiet)%2 == 0
		case '▄':
			return (y+quiet)%2 == 1
		}
		return false
	}
	for y := range code.Size {
		for x := range code.Size {
			if white(x, y) == code.Black(x, y) {
				t.Fatalf("module %d, %d is wrong", x, y)
			}
		}
	}
	if len(lines) > 24 {
		t.Errorf("%d lines do not fit a small terminal", len(lines))
	}
}

func TestTakenPortNamesTheSetting(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	c, err := config.Load(config.Input{Flags: map[string]string{
		"listen": "127.0.0.1:0", "admin-listen": taken.Addr().String(), "tls-listen": "off",
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = openListeners(t.Context(), c)
	if err == nil || !strings.Contains(err.Error(), "admin_listen") || !strings.Contains(err.Error(), "--admin-listen") || !strings.Contains(err.Error(), "taken") {
		t.Errorf("openListeners = %v, want the setting and the flag", err)
	}
}

func TestForeignAddressNamesTheSetting(t *testing.T) {
	t.Parallel()
	_, err := listen(t.Context(), "turn.listen", config.ListenAt(netip.MustParseAddr("192.0.2.77"), 0), nil)
	if err == nil || !strings.Contains(err.Error(), "does not have the address 192.0.2.77") {
		t.Errorf("listen = %v", err)
	}
}

func TestDataFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := dataFolder(dir); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(dir)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // that is what must be refused
		t.Fatal(err)
	}
	if err := dataFolder(dir); err == nil || !strings.Contains(err.Error(), "chmod 700 "+dir) {
		t.Errorf("dataFolder = %v, want what to run", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := dataFolder(filepath.Join(file, "x")); err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("dataFolder = %v, want the flag", err)
	}
}

func TestTurnSentence(t *testing.T) {
	t.Parallel()
	lan := []relay.Endpoint{{Host: "192.168.1.5", Port: 3478, Transport: "udp"}, {Host: "192.168.1.5", Port: 3478, Transport: "tcp"}}
	named := []relay.Endpoint{{Host: "call.example.org", Port: 3478, Transport: "udp"}}
	for name, c := range map[string]struct {
		flags     map[string]string
		external  string
		endpoints []relay.Endpoint
		want      []string
	}{
		"at home":    {nil, "", lan, []string{"at 192.168.1.5, port 3478 over UDP and TCP", "UDP ports 49152 to 65535."}},
		"behind NAT": {map[string]string{"turn-public-ip": "203.0.113.7"}, "203.0.113.7", []relay.Endpoint{{Host: "203.0.113.7", Port: 3478}}, []string{"external address 203.0.113.7", "router must forward"}},
		"by name":    {map[string]string{"turn-public-ip": "call.example.org"}, "203.0.113.7", named, []string{"external address call.example.org (now 203.0.113.7)", "router must forward"}},
		"own":        {map[string]string{"turn-public-ip": "127.0.0.1"}, "127.0.0.1", []relay.Endpoint{{Host: "127.0.0.1", Port: 3478}}, []string{"127.0.0.1, an address of this machine"}},
		"closed":     {map[string]string{"turn-closed": "on"}, "", lan, []string{"port 3478 over UDP and TCP; it is closed, so media uses no other."}},
		"nowhere":    {nil, "", nil, []string{"no relay"}},
	} {
		l, err := config.Load(config.Input{Flags: c.flags})
		if err != nil {
			t.Fatal(err)
		}
		external, _ := netip.ParseAddr(c.external)
		got := turnSentence(l, external, c.endpoints)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %q, want %q in it", name, got, want)
			}
		}
	}
}

func TestTroubleWithDataAndKeysSaysWhatToDo(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Input{})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		got  error
		want string
	}{
		{dataTrouble(c, fmt.Errorf("open: %w", store.ErrVersion)), "written by a newer version of Ringfence; install that version"},
		{dataTrouble(c, fmt.Errorf("open: %w", bolt.ErrLocked)), "another Ringfence"},
		{dataTrouble(c, fmt.Errorf("open: %w", os.ErrPermission)), "change the owner of ./ringfence-data"},
		{keysTrouble(c, fmt.Errorf("open: %w", store.ErrVersion)), "written by a newer version"},
		{keysTrouble(c, fmt.Errorf("open: %w", keyring.ErrPassphrase)), "--passphrase-file"},
		{keysTrouble(c, fmt.Errorf("open: %w", keyring.ErrMissing)), "bring the key folder back"},
		{keysTrouble(c, fmt.Errorf("open: %w", os.ErrPermission)), "change the owner of ./ringfence-keys"},
	} {
		if !strings.Contains(x.got.Error(), x.want) {
			t.Errorf("%v, want %q in it", x.got, x.want)
		}
	}
}

func TestSocketBelowALongFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("x", 120))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, ok := dialSocket(t.Context(), dir); ok {
		t.Error("dialled a socket that is not there")
	}
	for range 2 { // the second finds what the first left behind
		ln, err := listenSocket(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := dialSocket(t.Context(), dir); !ok {
			t.Error("cannot dial the socket")
		}
		info, err := os.Stat(filepath.Join(dir, socketName))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
		}
		_ = ln.Close()
	}
	if _, ok := dialSocket(t.Context(), dir); ok {
		t.Error("dialled a socket that nobody serves")
	}
}
