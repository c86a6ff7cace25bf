package hubbench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/ringfence/ringfence/internal/benchhost"
)

// Serve is the server's process of a measurement, on loopback: a hub or the
// floor. It writes its addresses as a line and ends with its input. On one core
// it has one processor, as on a machine of that size.
func Serve(ctx context.Context, kind Kind, cpu int, out io.Writer, in io.Reader) error {
	if cpu >= 0 {
		if err := benchhost.StayOnAll(cpu); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel()
	}()
	var conf net.ListenConfig
	plain, err := conf.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if kind == Floor {
		_, _ = fmt.Fprintln(out, plain.Addr())
		return ServeFloor(ctx, plain)
	}
	sealed, err := conf.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	certs, err := Certificates()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, plain.Addr(), sealed.Addr())
	return ServeHub(ctx, plain, sealed, certs)
}

// Server is a server's process.
type Server struct {
	Plain, TLS string
	PID        int

	cmd *exec.Cmd
	in  io.Closer
}

// Start starts the program args as a server of a kind, and waits until it
// says where it listens.
func Start(ctx context.Context, args []string, cpu int) (*Server, error) {
	return start(ctx, append(args, "--server-cpu="+strconv.Itoa(cpu)), cpu)
}

// StartRival starts another program that says where it listens, and ends with
// its input.
func StartRival(ctx context.Context, args []string, cpu int) (*Server, error) {
	return start(ctx, append([]string{"taskset", "-c", strconv.Itoa(cpu)}, args...), cpu)
}

func start(ctx context.Context, args []string, cpu int) (*Server, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // this program itself, or what the measurement was given
	cmd.Env = os.Environ()
	if cpu >= 0 {
		cmd.Env = append(cmd.Env, "GOMAXPROCS=1")
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &Server{cmd: cmd, in: in, PID: cmd.Process.Pid}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("the server for the measurement: %w", err)
	}
	s.Plain, s.TLS, _ = strings.Cut(strings.TrimSpace(line), " ")
	return s, nil
}

// Stop ends it.
func (s *Server) Stop() error {
	_ = s.in.Close()
	return s.cmd.Wait()
}
