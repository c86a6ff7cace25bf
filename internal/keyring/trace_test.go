package keyring

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/testenv"
)

// event is one system call of the child that matters to what survives.
type event struct {
	kind string // "request", "ack", "write", "truncate", "sync"
	path string // of the last three
	data []byte // of write, and of request and ack
	off  int64  // of write; the size of truncate
}

// traced are the calls by which the child could change a file.
const traced = "read,write,writev,pwrite64,pwritev,pwritev2,fdatasync,fsync,sync_file_range,ftruncate,truncate,fallocate," +
	"rename,renameat,renameat2,link,linkat,unlink,unlinkat,copy_file_range,sendfile"

// trace runs the child under strace for some steps, one request at a time,
// and returns what it did, in order. It skips where there is no strace.
func trace(t *testing.T, p place, steps int) []event {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		testenv.Skip(t, "strace is missing: apt-get install strace")
	}
	log := filepath.Join(t.TempDir(), "strace")
	cmd := p.command(t, []string{strace, "-f", "-y", "-xx", "-s", "16777216", "-e", "signal=none", "-e", "trace=" + traced, "-o", log}, envRequests+"=1")
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
	lines := bufio.NewScanner(out)
	for n := range steps {
		if _, err := io.WriteString(in, "go\n"); err != nil {
			t.Fatal(err)
		}
		if !lines.Scan() || lines.Text() != fmt.Sprintf("0 %d", n) {
			t.Fatalf("acknowledgement %q, want step %d, %v", lines.Text(), n, lines.Err())
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the traced child: %v", err)
	}
	return parseTrace(t, log, p)
}

// parseTrace reads the log of strace and keeps what is about the data file,
// the key file, and the child's input and output.
func parseTrace(t *testing.T, log string, p place) []event {
	t.Helper()
	f, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<28)
	var events []event
	begun := map[string]string{} // arguments of calls that have not ended, by thread
	for lines.Scan() {
		line := lines.Text()
		thread, call, _ := strings.Cut(line, " ")
		call = strings.TrimLeft(call, " ")
		if half, cut := strings.CutSuffix(call, "<unfinished ...>"); cut {
			begun[thread] = half
			continue
		}
		if _, rest, cut := strings.Cut(call, " resumed>"); cut && strings.HasPrefix(call, "<... ") {
			call = begun[thread] + rest
		}
		name, args, ok := strings.Cut(call, "(")
		end := strings.LastIndex(args, " = ")
		if !ok || end < 0 {
			continue // a thread ended, a signal
		}
		result, _, _ := strings.Cut(args[end+3:], " ")
		args = strings.TrimSuffix(strings.TrimRight(args[:end], " "), ")")
		e, ok, err := parseCall(name, args, result, p)
		if err != nil {
			t.Fatalf("%v in %.300s", err, line)
		}
		if ok {
			events = append(events, e)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return events
}

// parseCall understands one call; ok is false where it does not matter.
func parseCall(name, args, result string, p place) (e event, ok bool, err error) {
	fd, rest, ok := strings.Cut(args, "<")
	named, _, closed := strings.Cut(rest, ">")
	if _, err := strconv.Atoi(fd); err != nil || !ok || !closed {
		return e, false, fmt.Errorf("%s without an open file", name) // a rename, say: the replay does not know these
	}
	path := string(unhex(named))
	ours := path == p.data || path == filepath.Join(p.keys, keysName)
	if from, to := strings.Index(args, `"`), strings.LastIndex(args, `"`); from < to {
		e.data = unhex(args[from+1 : to])
	}
	e.path = path
	e.off, _ = strconv.ParseInt(args[strings.LastIndex(args, " ")+1:], 10, 64)
	switch {
	case name == "read" && fd == "0":
		e.kind = "request"
	case name == "write" && fd == "1":
		e.kind = "ack"
	case !ours || name == "read":
		return e, false, nil
	case name == "pwrite64":
		e.kind = "write"
		if fmt.Sprint(len(e.data)) != result {
			return e, false, fmt.Errorf("%d bytes logged of %s", len(e.data), result)
		}
	case name == "ftruncate":
		e.kind = "truncate"
	case name == "fdatasync", name == "fsync":
		e.kind = "sync"
	default:
		return e, false, fmt.Errorf("%s of a file that is replayed", name)
	}
	if strings.HasPrefix(result, "-") {
		return e, false, fmt.Errorf("%s failed", name)
	}
	return e, true, nil
}

// unhex turns \x41\x42 into AB; what is not so spelled stays.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, `\x`, ""))
	if err != nil {
		return []byte(s)
	}
	return b
}

// wantSyncs watches the system calls between each request and its
// acknowledgement.
func wantSyncs(t *testing.T, p place, events []event, steps int) {
	t.Helper()
	acks, synced, unsynced := 0, map[string]int{}, map[string]int{}
	for _, e := range events {
		switch e.kind {
		case "request":
			clear(synced)
		case "write", "truncate":
			unsynced[e.path]++
		case "sync":
			synced[e.path]++
			delete(unsynced, e.path)
		case "ack":
			acks++
			if len(unsynced) > 0 {
				t.Errorf("acknowledgement %d with writes that were not synced: %v", acks, unsynced)
			}
			if synced[p.data] == 0 {
				t.Errorf("acknowledgement %d without a sync of the data since its request", acks)
			}
			if (acks-1)%perAccount == 0 && synced[filepath.Join(p.keys, keysName)] == 0 {
				t.Errorf("acknowledgement %d of a new account without a sync of the keys", acks)
			}
		}
	}
	if acks != steps {
		t.Errorf("%d acknowledgements in the trace, want %d", acks, steps)
	}
}
