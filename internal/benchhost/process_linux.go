package benchhost

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

// ErrNoProcess is of a process that cannot be looked at.
var ErrNoProcess = errors.New("there is no such process to look at on this machine; --pid is the server's process id")

// ProcessTime is how long a process has had a processor, in user space and in
// the kernel, with all threads that it has or had. It is the kernel's own count
// in nanoseconds, by the clock of clock_getcpuclockid(3); /proc/PID/stat rounds
// the same to hundredths of a second.
func ProcessTime(pid int) (time.Duration, error) {
	if pid == 0 {
		return 0, nil
	}
	var t unix.Timespec
	const scheduled = 2 // CPUCLOCK_SCHED of a whole process
	const most = math.MaxInt32 >> 3
	if pid < 0 || pid > most {
		return 0, fmt.Errorf("process %d: %w", pid, ErrNoProcess)
	}
	id := int32(pid & most)
	if err := unix.ClockGettime(^id<<3|scheduled, &t); err != nil {
		return 0, fmt.Errorf("process %d: %w", pid, ErrNoProcess)
	}
	return time.Duration(t.Nano()), nil
}

// ResidentBytes is the resident set of a process.
func ResidentBytes(pid int) int64 {
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

// SlabBytes is what the kernel keeps in small objects, sockets among them, for
// the whole machine.
func SlabBytes() int64 {
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

// WorkTime is how long all processors of this machine have worked, or were
// taken away by a host that has others to serve, in its ticks of 10 ms.
func WorkTime() time.Duration {
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

// ThisMachine describes where the measurement runs.
func ThisMachine() Machine {
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

// StayOn keeps this thread on one core.
func StayOn(cpu int) error {
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

// StayOnAll keeps all threads that this process has, and those that they start,
// on one core.
func StayOnAll(cpu int) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("threads of this process: %w", err)
	}
	var set unix.CPUSet
	set.Set(cpu)
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err == nil {
			err = unix.SchedSetaffinity(id, &set)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("stay on core %d: %w", cpu, err)
		}
	}
	return nil
}
