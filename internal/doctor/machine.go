package doctor

import (
	"context"
	"fmt"
)

// wantBuffer is what the relay asks the kernel for at each UDP listener, in
// bytes: a burst of a keyframe in each of some hundred calls.
const wantBuffer = 4 << 20

// Machine is what the system allows, as far as it tells.
type Machine struct {
	ReadBuffer, WriteBuffer int    // the most that a socket gets, bytes; 0: not known
	Files                   uint64 // that this process may have open; 0: not known
	ClockSynced             *bool  // by NTP or the like; nil: not known
}

// Kernel returns a check that m suffices for so many allocations and stream
// connections.
func Kernel(m Machine, allocations, connections int) Check {
	return func(context.Context) []Finding {
		return []Finding{m.buffers(), m.files(allocations, connections), m.clock()}
	}
}

func (m Machine) buffers() Finding {
	const name = "kernel buffers"
	switch least := min(m.ReadBuffer, m.WriteBuffer); {
	case least == 0:
		return Finding{Level: Unknown, Check: name, Says: "this system does not say how large they may be"}
	case least < wantBuffer:
		return Finding{
			Warning, name, fmt.Sprintf("a socket gets %d kB at most; a busy relay loses packets in bursts below %d", least>>10, wantBuffer>>10),
			fmt.Sprintf("sysctl -w net.core.rmem_max=%d net.core.wmem_max=%d\nand the same two lines in /etc/sysctl.d/ringfence.conf.", wantBuffer, wantBuffer),
		}
	}
	return Finding{Level: Good, Check: name, Says: fmt.Sprintf("a socket may have %d kB", min(m.ReadBuffer, m.WriteBuffer)>>10)}
}

func (m Machine) files(allocations, connections int) Finding {
	const name = "open files"
	need := uint64(allocations) + uint64(connections) + 64 //nolint:gosec // limits are not negative
	switch {
	case m.Files == 0:
		return Finding{Level: Unknown, Check: name, Says: "this system does not say how many there may be"}
	case m.Files < need:
		return Finding{
			Warning, name, fmt.Sprintf("%d may be open; as many allocations and connections as the limits allow need %d", m.Files, need),
			"LimitNOFILE=65536 in the unit, or lower turn.limits.allocations and turn.limits.connections.",
		}
	}
	return Finding{Level: Good, Check: name, Says: fmt.Sprintf("%d may be open", m.Files)}
}

func (m Machine) clock() Finding {
	const name = "clock"
	switch {
	case m.ClockSynced == nil:
		return Finding{Level: Unknown, Check: name, Says: "this system does not say whether its clock is kept right"}
	case !*m.ClockSynced:
		return Finding{
			Warning, name, "nothing keeps it right, as far as the kernel knows",
			"Credentials expire by it: run systemd-timesyncd or chrony. In a container it is the host's business, and this may be a false alarm.",
		}
	}
	return Finding{Level: Good, Check: name, Says: "kept right by the system"}
}
