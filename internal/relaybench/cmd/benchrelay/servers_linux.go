package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/relaybench/versus"
)

const (
	serverAt   = "127.0.0.1:3478"
	serverIP   = "127.0.0.1"
	serverPort = 3478
	serverCore = "0"
)

// server is a contender that can be started.
type server struct {
	versus.Contender
	args []string // the program first
	env  []string
	turn bool // else the bare forwarder
}

// servers lists who takes part. dir is where the secret lies.
func (o *options) servers(ctx context.Context, dir string) ([]server, error) {
	own, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("own path: %w", err)
	}
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("secret: %w", err)
	}
	all := []server{{
		Contender: versus.Contender{Name: versus.Ours, Label: "this relay", Version: firstLine(ctx, nil, o.program, "version"), Tuning: "one shard, for one core; limits of number and rate out of the way; the machine's own addresses open, which are loopback here"},
		turn:      true, args: append([]string{
			o.program, "relay", "--secret-file", file, "--turn-listen", serverAt, "--turn-transports", "udp", "--turn-tls-listen", "off", "--admin-listen", "off",
			"--turn-relay-ips", serverIP, "--turn-allow-own-addresses", "on", "--turn-limits-allocations", "100000", "--turn-limits-per-user", "100000", "--turn-limits-per-prefix", "100000",
			"--turn-limits-bytes-per-second", "4000000000", "--turn-limits-bytes-per-second-total", "4000000000", "--turn-shards", "1",
		}, o.more...),
	}}
	if o.coturn != "" {
		libraries, err := filepath.Glob(filepath.Join(filepath.Dir(o.coturn), "..", "lib", "*"))
		if err != nil {
			return nil, fmt.Errorf("coturn: %w", err)
		}
		env := []string{"LD_LIBRARY_PATH=" + strings.Join(libraries, ":")}
		all = append(all, server{
			Contender: versus.Contender{Name: versus.Coturn, Label: "coturn", Version: "Debian's, " + firstLine(ctx, env, o.coturn, "--version"), Tuning: "one relay thread; no log, TCP, TLS, DTLS or command line; loopback peers open"},
			turn:      true, env: env, args: []string{
				o.coturn, "-n", "-m", "1", "--use-auth-secret", "--static-auth-secret=" + secret, "--realm=" + realm, "--listening-ip=" + serverIP, "--relay-ip=" + serverIP,
				"--listening-port=" + strconv.Itoa(serverPort), "--min-port=" + strconv.Itoa(minRelayPort), "--max-port=" + strconv.Itoa(maxRelayPort),
				"--allow-loopback-peers", "--no-tls", "--no-dtls", "--no-tcp", "--no-cli", "--no-stdout-log", "--log-file=/dev/null", "--pidfile=" + filepath.Join(dir, "coturn.pid"), "--userdb=" + filepath.Join(dir, "coturn.db"),
			},
		})
	}
	all = append(all, server{
		Contender: versus.Contender{Name: versus.Pion, Label: "pion/turn", Version: moduleVersion("github.com/pion/turn/v5"), Tuning: "one listener with a queue of 4 MB; logging off"},
		turn:      true, args: []string{own, "pion", serverAt},
	}, server{
		Contender: versus.Contender{Name: versus.Bare, Label: "bare forwarder", Version: "internal/relaybench/bare", Tuning: "no TURN at all: recvmmsg and sendmmsg in batches of 64"},
		args:      []string{own, "bare", serverAt},
	})
	var chosen []server
	for _, s := range all {
		if o.only == "" || strings.Contains(","+o.only+",", ","+s.Name+",") {
			words := append([]string{filepath.Base(s.args[0])}, s.args[1:]...)
			s.Command = strings.NewReplacer(secret, "SECRET", dir, "DIR").Replace(strings.Join(words, " "))
			chosen = append(chosen, s)
		}
	}
	return chosen, nil
}

// onServerCore is a command that stays on the servers' core. taskset becomes
// what it starts, so that the process is the server's.
func onServerCore(ctx context.Context, args, env []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "taskset")
	cmd.Args = append([]string{"taskset", "-c", serverCore}, args...)
	cmd.Env = append(os.Environ(), env...)
	return cmd
}

func firstLine(ctx context.Context, env []string, program string, args ...string) string {
	cmd := onServerCore(ctx, append([]string{program}, args...), env)
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		return "unknown version"
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

func moduleVersion(path string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == path {
				return m.Version
			}
		}
	}
	return "unknown version"
}

// process is a server under way.
type process struct {
	cmd *exec.Cmd
	out bytes.Buffer
}

const (
	startTime = 10 * time.Second
	lookEvery = 20 * time.Millisecond
)

var errNoStart = errors.New("did not open its port")

// start runs a server on its core.
func start(ctx context.Context, s server, stdout io.Writer) (*process, error) {
	p := &process{}
	p.cmd = onServerCore(ctx, s.args, s.env)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	if stdout != nil {
		p.cmd.Stdout = stdout
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.Name, err)
	}
	return p, nil
}

// awaitPort waits until the server has its port.
func (p *process) awaitPort(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	end := time.After(startTime)
	want := fmt.Sprintf(" 0100007F:%04X ", serverPort)
	for {
		raw, err := os.ReadFile("/proc/net/udp")
		if err == nil && strings.Contains(string(raw), want) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-end:
			return fmt.Errorf("%w; it said\n%s", errNoStart, p.out.String())
		}
	}
}

// kill ends it at once: some wait for their allocations otherwise.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // it says that it was killed
}
