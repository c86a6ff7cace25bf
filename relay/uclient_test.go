package relay

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/testenv"
)

// coturnTool returns the path of one of coturn's test programs and what it
// needs around it: what scripts/uclient.sh unpacked into the checkout, or what
// is installed.
func coturnTool(t *testing.T, name string) (path string, env []string) {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "tmp", "tools", "coturn", "usr", "bin", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err == nil {
		libraries, err := filepath.Glob(filepath.Join(filepath.Dir(path), "..", "lib", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return path, append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libraries, ":"))
	}
	if path, err = exec.LookPath(name); err != nil {
		testenv.Skip(t, "coturn's "+name+" is missing: run scripts/uclient.sh")
	}
	return path, os.Environ()
}

// echoPeer runs coturn's peer, which sends back what it gets, until the test
// ends, and returns its port.
func echoPeer(t *testing.T, ip netip.Addr) string {
	t.Helper()
	path, env := coturnTool(t, "turnutils_peer")
	free, err := net.ListenPacket("udp", netip.AddrPortFrom(ip, 0).String())
	if err != nil {
		t.Fatal(err)
	}
	at, _ := addrPort(free.LocalAddr())
	_ = free.Close()
	port := strconv.Itoa(int(at.Port()))
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, "-L", ip.String(), "-p", port)
	cmd.Env = env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
	})
	probe, err := net.Dial("udp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = probe.Close() }()
	buf := make([]byte, 16)
	eventually(t, patience, "coturn's peer answers", func() bool {
		_, _ = probe.Write([]byte("are you there"))
		_ = probe.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
		n, err := probe.Read(buf)
		return err == nil && n > 0
	})
	return port
}

// channelNumbers makes coturn 4.6's client draw its channel numbers from those
// of RFC 8656 section 12, 0x4000 to 0x4FFF. By itself it draws from those of
// RFC 5766, which had four times as many. It draws a long and keeps its lower
// 14 bits, of which two are cleared here.
const channelNumbers = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

int RAND_bytes(unsigned char *buf, int num) {
	int (*draw)(unsigned char *, int) = (int (*)(unsigned char *, int))dlsym(RTLD_NEXT, "RAND_bytes");
	int ok = draw ? draw(buf, num) : 0;
	if (ok && num == (int)sizeof(long)) {
		long drawn;
		memcpy(&drawn, buf, sizeof drawn);
		drawn &= ~0x3000L;
		memcpy(buf, &drawn, sizeof drawn);
	}
	return ok;
}
`

// preload compiles channelNumbers and returns the setting that loads it.
func preload(t *testing.T) string {
	t.Helper()
	cc, err := exec.LookPath("gcc")
	if err != nil {
		testenv.Skip(t, "gcc is missing: run scripts/deps.sh")
	}
	library := filepath.Join(t.TempDir(), "channels.so")
	cmd := exec.CommandContext(t.Context(), cc, "-shared", "-fPIC", "-o", library, "-x", "c", "-", "-ldl")
	cmd.Stdin = strings.NewReader(channelNumbers)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return "LD_PRELOAD=" + library
}

// uclientRun is a run of coturn's client against a relay of its own.
type uclientRun struct {
	name, over string
	channels   bool
	extra      bool // with -G
	r          *rig
	cmd        *exec.Cmd
	out        bytes.Buffer
}

// What each run sends: each of the clients that many messages of that many
// bytes. Clients come in pairs, one for RTP and one for RTCP.
const (
	uclientClients, uclientMessages, uclientBytes = 2, 300, 120
	uclientTotal                                  = uclientClients * uclientMessages
)

// startUclient starts coturn's client with more arguments beside those that
// every run has: who it is, and -y for clients that are each other's peers.
func startUclient(t *testing.T, r *rig, over string, channels bool, more ...string) *uclientRun {
	t.Helper()
	server, _ := addrPort(r.udpAddr())
	args := append([]string{"-c"}, more...)
	switch over {
	case "tcp":
		args = append(args, "-t")
	case "tls":
		args = append(args, "-t", "-S")
	case "dtls":
		args = append(args, "-S")
	}
	if strings.HasPrefix(over, "t") {
		server, _ = addrPort(r.tcpAddr())
	}
	if server.Addr().Is6() {
		args = append(args, "-x")
	}
	if !channels {
		args = append(args, "-s")
	}
	if !slices.Contains(more, "-y") {
		args = append(args, "-e", server.Addr().String(), "-r", echoPeer(t, server.Addr()))
	}
	args = append(args, "-p", strconv.Itoa(int(server.Port())), "-m", strconv.Itoa(uclientClients), "-n", strconv.Itoa(uclientMessages), "-l", strconv.Itoa(uclientBytes), "-z", "5", server.Addr().String())
	path, env := coturnTool(t, "turnutils_uclient")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	run := &uclientRun{over: over, channels: channels, r: r, cmd: exec.CommandContext(ctx, path, args...)}
	run.cmd.Env, run.cmd.Stdout, run.cmd.Stderr = append(env, preload(t)), &run.out, &run.out
	if err := run.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cancel)
	return run
}

var (
	uclientLost = regexp.MustCompile(`Total lost packets (\d+) .*total send dropped (\d+) `)
	uclientMsgs = regexp.MustCompile(`tot_send_msgs=(\d+), tot_recv_msgs=(\d+)\n`)
)

// finish waits for the run and holds what it says against what the relay
// counted.
func (u *uclientRun) finish(t *testing.T) {
	t.Helper()
	err := u.cmd.Wait()
	said := u.out.String()
	lost, msgs := uclientLost.FindStringSubmatch(said), uclientMsgs.FindStringSubmatch(said)
	all := strconv.Itoa(uclientTotal)
	if err != nil || lost == nil || lost[1] != "0" || lost[2] != "0" || msgs == nil || msgs[1] != all || msgs[2] != all {
		t.Errorf("%s: %v, lost and dropped %q, sent and received %q; it said\n%s", u.name, err, lost, msgs, said[max(0, len(said)-4000):])
		return
	}
	s := u.r.Stats()
	if want := (Traffic{uclientTotal, uclientTotal * uclientBytes, uclientTotal, uclientTotal * uclientBytes}); s.Peers != want {
		t.Errorf("%s: with peers %+v, want %+v", u.name, s.Peers, want)
	}
	for over, c := range map[string]Transport{"udp": s.UDP, "tcp": s.TCP, "tls": s.TLS, "dtls": s.DTLS} {
		switch {
		case over != u.over && c != (Transport{}):
			t.Errorf("%s: over %s there was %+v", u.name, over, c)
		case over == u.over && (c.Allocations == 0 || c.PacketsIn < uclientTotal || c.PacketsOut < uclientTotal):
			t.Errorf("%s: counted %+v", u.name, c)
		case over == u.over:
			// Around a message there are 4 bytes in a channel, and in an
			// indication 36 and more; some go to requests.
			if around := (c.BytesIn - uclientTotal*uclientBytes) / uclientTotal; u.channels != (around < 36) {
				t.Errorf("%s: %d bytes around each message", u.name, around)
			}
		}
	}
	// Of TLS and DTLS it tries one version after another, old ones too. Its
	// last words over DTLS come after its allocation's end. With -G it asks for
	// a channel's number again, for another peer.
	expected := map[Refusal]bool{
		RefusedHandshake: strings.HasSuffix(u.over, "tls"), RefusedMismatch: u.over == "dtls", RefusedRequest: u.extra,
	}
	for why, n := range s.Refusals {
		if n > 0 && !expected[why] {
			t.Errorf("%s: refused %d for %s", u.name, n, why)
		}
	}
}

// coturn's client, which shares no code with ours, loses nothing through the
// relay by any way.
func TestUclientLosesNothing(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		for _, channels := range []bool{true, false} {
			var runs []*uclientRun // so many at once do not take the machine's time from each other
			for _, over := range transports() {
				r := everything(t, at, func(c *Config) { c.AllowOwnAddresses = true })
				who := r.mint(t, "call", "leg")
				run := startUclient(t, r, over, channels, "-u", who.Username, "-w", who.Password)
				run.name = over + " at " + at + map[bool]string{true: " by channels", false: " by indications"}[channels]
				runs = append(runs, run)
			}
			for _, run := range runs {
				run.finish(t)
			}
		}
	}
}

// Clients of one call reach each other through their allocations, and nothing
// else of this machine is open to them.
func TestUclientReachesItself(t *testing.T) {
	t.Parallel()
	var runs []*uclientRun
	for _, over := range transports() {
		r := everything(t, "127.0.0.1:0", nil)
		who := r.mint(t, "call", "leg")
		// -D pads ChannelData over UDP too, as RFC 8656 section 12.5 lets it;
		// -G makes more requests for channels and permissions than are needed.
		run := startUclient(t, r, over, true, "-y", "-D", "-G", "-u", who.Username, "-w", who.Password)
		run.name, run.extra = over+" to itself", true
		runs = append(runs, run)
	}
	for _, run := range runs {
		run.finish(t)
	}
}

// It mints TURN REST credentials itself, and has a password like any client.
func TestUclientHasCredentialsOfEachKind(t *testing.T) {
	t.Parallel()
	const secret = "0123456789abcdef0123456789abcdef"
	rest, err := NewNamedSecret("others", secret, 0)
	if err != nil {
		t.Fatal(err)
	}
	user, err := NewUser("ann", "a password")
	if err != nil {
		t.Fatal(err)
	}
	var runs []*uclientRun
	for name, who := range map[string][]string{"TURN REST": {"-W", secret, "-u", "somebody"}, "static": {"-u", "ann", "-w", "a password"}} {
		r := everything(t, "127.0.0.1:0", func(c *Config) {
			c.AllowOwnAddresses, c.Secrets, c.Users = true, []NamedSecret{rest}, []User{user}
		})
		run := startUclient(t, r, "udp", false, who...)
		run.name = name
		runs = append(runs, run)
	}
	for _, run := range slices.Backward(runs) {
		run.finish(t)
	}
}
