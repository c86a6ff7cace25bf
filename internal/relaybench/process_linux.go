package relaybench

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

var errNoProcess = errors.New("there is no such process to look at on this machine; --pid is the server's process id")

// processTime is how long a process has had a processor, in user space and in
// the kernel, with all threads that it has or had. It is the kernel's own count
// in nanoseconds, by the clock of clock_getcpuclockid(3); /proc/PID/stat rounds
// the same to hundredths of a second.
func processTime(pid int) (time.Duration, error) {
	if pid == 0 {
		return 0, nil
	}
	var t unix.Timespec
	const scheduled = 2 // CPUCLOCK_SCHED of a whole process
	const most = math.MaxInt32 >> 3
	if pid < 0 || pid > most {
		return 0, fmt.Errorf("process %d: %w", pid, errNoProcess)
	}
	id := int32(pid & most)
	if err := unix.ClockGettime(^id<<3|scheduled, &t); err != nil {
		return 0, fmt.Errorf("process %d: %w", pid, errNoProcess)
	}
	return time.Duration(t.Nano()), nil
}

// residentBytes is the resident set of a process.
func residentBytes(pid int) int64 {
	if pid == 0 {
		return 0
	}
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(raw)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// slabBytes is what the kernel keeps in small objects, sockets among them, for
// the whole machine.
func slabBytes() int64 {
	raw, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0
	}
	return field(raw, "Slab:") * 1024
}

func field(text []byte, name string) int64 {
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
			if words := bytes.Fields(rest); len(words) > 0 {
				n, err := strconv.ParseInt(string(words[0]), 10, 64)
				if err == nil {
					return n
				}
			}
		}
	}
	return 0
}

// workTime is how long all processors of this machine have worked, or were
// taken away by a host that has others to serve, in its ticks of 10 ms.
func workTime() time.Duration {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := bytes.Cut(raw, []byte("\n"))
	var ticks int64
	for i, word := range bytes.Fields(line) {
		const idle, wait, steal = 4, 5, 8
		if n, err := strconv.ParseInt(string(word), 10, 64); err == nil && i != idle && i != wait && i <= steal {
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// thisMachine describes where the measurement runs.
func thisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version(), CPU: "unknown processor"}
	if raw, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		m.Cores = max(m.Cores, bytes.Count(raw, []byte("\nprocessor\t"))+1)
		if _, after, ok := strings.Cut(string(raw), "model name"); ok {
			line, _, _ := strings.Cut(after, "\n")
			m.CPU = strings.TrimSpace(strings.TrimLeft(line, "\t :"))
		}
	}
	var u unix.Utsname
	if err := unix.Uname(&u); err == nil {
		m.Kernel = unix.ByteSliceToString(u.Release[:])
	}
	return m
}

// stayOn keeps this thread on one core.
func stayOn(cpu int) error {
	if cpu < 0 {
		return nil
	}
	var set unix.CPUSet
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("stay on core %d: %w", cpu, err)
	}
	return nil
}
