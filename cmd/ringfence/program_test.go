package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/signal/wire"
)

// output collects what a process writes; it is read while it still grows.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// program is the real program in a process of its own.
type program struct {
	t              *testing.T
	dir            string // holds data, keys and the invite
	args           []string
	prefix         []string // what runs it: ip netns exec …
	name           string   // of a program that TestMain knows
	path           string   // of another one; may be empty
	cwd            string   // where it runs; may be empty
	cmd            *exec.Cmd
	stdout, stderr output
	plain, admin   string // addresses, once it is up
	turn           string // port
	ended          chan error
	started        func() // runs between the process's start and its readiness; may be nil
}

// newProgram prepares a program over folders of the test; args come after
// those that give it free ports.
func newProgram(t *testing.T, args ...string) *program {
	t.Helper()
	dir := t.TempDir()
	return &program{
		t: t, dir: dir, name: "ringfence",
		args: append([]string{
			"serve", "--data", filepath.Join(dir, "data"), "--keys", filepath.Join(dir, "keys"), "--key-iterations", "600000",
			"--owner-invite-file", filepath.Join(dir, "invite"), "--listen", "127.0.0.1:0", "--tls-listen", "off",
			"--admin-listen", "127.0.0.1:0", "--turn-listen", "127.0.0.1:0", "--log-level", "debug",
		}, args...),
	}
}

var (
	plainAt = regexp.MustCompile(`http://localhost:(\d+)\n`)
	adminAt = regexp.MustCompile(`health, metrics +http://(\S+)\n`)
	turnAt  = regexp.MustCompile(`port (\d+) over UDP and TCP`)
)

// buildProgram makes the program as it is shipped.
func buildProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ringfence")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// start runs the program until it is ready.
func (p *program) start() {
	p.t.Helper()
	path := p.path
	if path == "" {
		var err error
		if path, err = exec.LookPath(p.name); err != nil { // TestMain put this program there under its names
			p.t.Fatal(err)
		}
	}
	line := append(append(append([]string{}, p.prefix...), path), p.args...)
	p.cmd = exec.Command(line[0], line[1:]...)
	p.cmd.Dir = p.cwd
	p.stdout, p.stderr = output{}, output{}
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.Env = append(os.Environ(), "GOTRACEBACK=single")
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.ended = make(chan error, 1)
	go func() { p.ended <- p.cmd.Wait() }()
	p.t.Cleanup(func() {
		if p.cmd != nil {
			p.kill()
		}
	})
	if p.started != nil {
		p.started()
	}
	if err := p.awaitReady(); err != nil {
		p.t.Fatalf("%v\n%s%s", err, p.stdout.String(), p.stderr.String())
	}
}

// awaitReady asks for readiness until the answer is yes.
func (p *program) awaitReady() error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	end := time.After(30 * time.Second)
	for {
		select {
		case <-end:
			return errors.New("the program did not become ready")
		case err := <-p.ended:
			p.ended <- err
			return fmt.Errorf("the program ended: %w", err)
		case <-tick.C:
		}
		if strings.Contains(p.stderr.String(), "msg=serving") && p.isReady() {
			return nil
		}
	}
}

// sameAgain makes the next start listen where this one does.
func (p *program) sameAgain() { p.args[slices.Index(p.args, "--listen")+1] = p.plain }

func (p *program) isReady() bool {
	out := p.stdout.String()
	if m := plainAt.FindStringSubmatch(out); m != nil {
		p.plain = "127.0.0.1:" + m[1]
	}
	if m := turnAt.FindStringSubmatch(out); m != nil {
		p.turn = m[1]
	}
	if m := adminAt.FindStringSubmatch(out); m != nil {
		p.admin = m[1]
	}
	if p.prefix != nil {
		return true // it is out of reach from here
	}
	status, _ := p.get("http://" + p.admin + "/readyz")
	return status == http.StatusOK
}

func (p *program) get(url string) (int, string) {
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := testClient().Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

// kill ends the program as a power failure would, as far as a process goes.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
	p.cmd = nil
}

// stop asks the program to end and returns how it did.
func (p *program) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	defer func() { p.cmd = nil }()
	select {
	case err := <-p.ended:
		return err
	case <-time.After(30 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
		return errors.New("the program did not end on SIGTERM")
	}
}

// invite returns the owner's token.
func (p *program) invite() string {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, "invite"))
	if err != nil {
		p.t.Fatal(err)
	}
	_, token, _ := strings.Cut(strings.TrimSpace(string(text)), "#")
	return token
}

func testClient() *http.Client {
	return &http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

const password = "copper lantern drifts over nine quiet harbours"

// person is somebody who uses the API of a program.
type person struct {
	ID     id.Account
	Handle string
	Token  string
}

// api speaks JSON with a program.
type api struct {
	base   string // http://host:port
	client *http.Client
	from   string // what a trusted proxy would say of the client; may be empty
}

var errStatus = errors.New("unexpected status")

// call sends in and reads the answer into out. Any status but 2xx is an error.
func (a api) call(ctx context.Context, token, method, path string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+"/api/v1"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if in == nil {
		req.Body, req.ContentLength = http.NoBody, 0
		req.Header.Del("Content-Type")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if a.from != "" {
		req.Header.Set("X-Forwarded-For", a.from)
	}
	res, err := a.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%w %d to %s %s: %s", errStatus, res.StatusCode, method, path, text)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// signUp makes an account.
func (a api) signUp(ctx context.Context, invite, name string) (person, error) {
	var out struct {
		Account struct {
			ID     id.Account `json:"id"`
			Handle string     `json:"handle"`
		} `json:"account"`
		Token string `json:"token"`
	}
	err := a.call(ctx, "", http.MethodPost, "/signup", map[string]any{
		"invite": invite, "name": name, "display_name": name, "password": password, "bearer": true,
	}, &out)
	return person{out.Account.ID, out.Account.Handle, out.Token}, err
}

// helloFrame opens a signaling session.
func helloFrame() []byte {
	return wire.AppendFrame(nil, &wire.Head{
		V: wire.MaxVersion, Kind: wire.KindHello, ID: id.NewFrame(),
		Body: wire.EncodeBody(wire.Hello{Min: wire.MinVersion, Max: wire.MaxVersion}),
	})
}

// newInvite makes an invite link.
func (a api) newInvite(ctx context.Context, token string) (string, error) {
	var out struct {
		Token string `json:"token"`
	}
	err := a.call(ctx, token, http.MethodPost, "/invites", nil, &out)
	return out.Token, err
}
