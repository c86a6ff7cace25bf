//go:build linux

package relay

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/memtest"

	"github.com/ringfence/ringfence/internal/testenv"
)

// memoryChild is the variable that makes this test program a relay: its value
// is the secret, in hex. memoryPair is that of the folder of its certificate.
const (
	memoryChild = "RINGFENCE_TEST_MEMORY_CHILD"
	memoryPair  = "RINGFENCE_TEST_MEMORY_PAIR"

	// memoryClosed makes it a closed relay, where it is not empty.
	memoryClosed = "RINGFENCE_TEST_MEMORY_CLOSED"
)

// runMemoryChild serves on loopback until its standard input ends, and prints
// where it is heard.
func runMemoryChild(secretHex string) error {
	secret, err := hex.DecodeString(secretHex)
	if err != nil {
		return err
	}
	keys, err := memoryKeys(secret)
	if err != nil {
		return err
	}
	dir := os.Getenv(memoryPair)
	pair, err := LoadCertificates(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		return err
	}
	s, err := Listen(context.Background(), Config{
		Shards: testenv.Shards(), UDP: []netip.AddrPort{loopback(0)}, TCP: []netip.AddrPort{loopback(0)}, Keys: keys, Certificate: pair.Get, Closed: os.Getenv(memoryClosed) != "",
		Limits: Limits{BytesPerSecond: Unlimited}, // so that packets never stop flowing
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	_, _ = fmt.Fprintln(os.Stdout, s.packets[0].LocalAddr(), s.streams[0].Addr())
	_, _ = io.Copy(io.Discard, os.Stdin)
	cancel()
	return <-done
}

func memoryKeys(secret []byte) (*Keys, error) {
	s, err := NewSecret(secret)
	if err != nil {
		return nil, err
	}
	return NewKeys(Key{ID: "k1", Secret: s})
}

// startMemoryChild returns a rig whose server is another process: only its
// addresses and its keys are to be used.
func startMemoryChild(t *testing.T, env ...string) (pid int, at map[string]net.Addr, minter *Minter) {
	t.Helper()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	dir := t.TempDir()
	pairIn(t, dir, time.Hour)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	// As the program starts itself: see docs/adr/0020.
	cmd.Env = append(os.Environ(), memoryChild+"="+hex.EncodeToString(secret), memoryPair+"="+dir, "GODEBUG=asyncpreemptoff=1,clobberfree=1")
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	udp, tcp, _ := strings.Cut(strings.TrimSpace(line), " ")
	at = map[string]net.Addr{
		"udp": net.UDPAddrFromAddrPort(netip.MustParseAddrPort(udp)),
		"tcp": net.TCPAddrFromAddrPort(netip.MustParseAddrPort(tcp)),
	}
	at["tls"], at["dtls"] = at["tcp"], at["udp"]
	keys, err := memoryKeys(secret)
	if err != nil {
		t.Fatal(err)
	}
	if minter, err = NewMinter(keys, MaxTTL, time.Now); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid, at, minter
}

// found counts how often pattern lies in the memory of a process.
func found(t *testing.T, pid int, pattern []byte) int {
	t.Helper()
	n, err := memtest.Found(pid, pattern)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestMemoryKeepsNothing relays packets of a pattern, each way and in each
// form, and looks for it from outside: in the memory of the relay while the
// call runs, where it has to be found, and after its end, where it must not
// be.
func TestMemoryKeepsNothing(t *testing.T) {
	t.Run("open", func(t *testing.T) { keepsNothing(t) })
	t.Run("closed", func(t *testing.T) { keepsNothing(t, memoryClosed+"=1") })
}

func keepsNothing(t *testing.T, env ...string) {
	pid, at, minter := startMemoryChild(t, env...)
	for _, network := range []string{"udp", "tcp", "tls", "dtls"} {
		t.Run(network, func(t *testing.T) {
			pattern := make([]byte, 32)
			_, _ = rand.Read(pattern)
			packet := bytes.Repeat(pattern, 36) // of 1152 bytes
			enter := func(leg string) *peer {
				c, err := minter.Mint("call-"+network, leg)
				if err != nil {
					t.Fatal(err)
				}
				return enterAt(t, network, at[network], c)
			}
			a, b := enter("a"), enter("b")
			exchangePattern(t, a, b, packet)

			// The control: while packets flow, one of them is always somewhere.
			stop, flowing := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(flowing)
				flow(a, b, packet, stop)
			}()
			eventually(t, 6*patience, "the pattern in memory while the call runs", func() bool { return found(t, pid, pattern) > 0 })
			close(stop)
			<-flowing

			// The end of an allocation is one packet that nobody answers: it must not
			// be lost behind what still waits. What is answered has come through.
			for _, p := range []*peer{a, b} {
				if err := p.client.CreatePermission(a.LocalAddr()); err != nil {
					t.Fatal(err)
				}
			}
			_, _ = a.Close(), b.Close()
			a.client.Close()
			b.client.Close()
			eventually(t, 5*time.Second, "nothing of the call in memory", func() bool { return found(t, pid, pattern) == 0 })
		})
	}
}

// enterAt makes an allocation at a relay elsewhere.
func enterAt(t *testing.T, network string, server net.Addr, c Credential) *peer {
	t.Helper()
	tc := clientAt(t, network, server, DefaultRealm, c)
	pc, err := tc.Allocate()
	if err != nil {
		t.Fatalf("allocate over %s: %v", network, err)
	}
	return &peer{pc, tc, c}
}

// exchangePattern sends packet each way, first as indications and then over
// channels, which pion's client binds by itself after the first packet.
func exchangePattern(t *testing.T, a, b *peer, packet []byte) {
	t.Helper()
	for _, p := range [][2]*peer{{a, b}, {b, a}} {
		if err := p[0].client.CreatePermission(p[1].LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	buf := make([]byte, 2000)
	for i := range 20 {
		for _, p := range [][2]*peer{{a, b}, {b, a}} {
			if _, err := p[0].WriteTo(packet, p[1].LocalAddr()); err != nil {
				t.Fatal(err)
			}
			_ = p[1].SetReadDeadline(time.Now().Add(patience))
			n, _, err := p[1].ReadFrom(buf)
			if err != nil || !bytes.Equal(buf[:n], packet) {
				t.Fatalf("packet %d: %d bytes, %v", i, n, err)
			}
		}
	}
}

// flow sends packet each way until stop closes.
func flow(a, b *peer, packet []byte, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
			_, _ = a.WriteTo(packet, b.LocalAddr())
			_, _ = b.WriteTo(packet, a.LocalAddr())
		}
	}
}
