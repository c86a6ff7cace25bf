package signal

import (
	"runtime"
	"strconv"
)

// caught is deferred: a fault in handling one client's frame costs that client
// its connection, and nobody else anything.
func (h *Hub) caught(s *session, gen int) {
	if recover() == nil {
		return
	}
	h.logFault("handling a frame")
	if s.detach(gen) {
		h.tellCalls(s)
	}
}

// survive is deferred around what the hub does of its own accord, and what it
// hears from the bus: a fault costs that one thing. Left to the runtime it
// would end the process, and print arguments that nobody has looked through
// for addresses.
func (h *Hub) survive() {
	if recover() != nil {
		h.logFault("at work")
	}
}

// logFault logs where a panic came from: functions and lines. Values may be
// anybody's.
func (h *Hub) logFault(what string) {
	pcs := make([]uintptr, 32)
	const skip = 4 // runtime.Callers, logFault, the deferred function, the panic itself
	frames := runtime.CallersFrames(pcs[:runtime.Callers(skip, pcs)])
	var lines []string
	for {
		f, more := frames.Next()
		lines = append(lines, f.Function+":"+strconv.Itoa(f.Line))
		if !more {
			break
		}
	}
	h.log.ErrorContext(h.base, "panic in the hub", "while", what, "stack", lines)
}
