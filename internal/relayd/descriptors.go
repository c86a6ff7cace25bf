package relayd

import (
	"fmt"

	"github.com/ringfence/ringfence/internal/config"
)

// otherFiles is how many files a program has open besides clients and peers.
const otherFiles = 256

// descriptorNotes says where the limits of a relay are more than the system
// lets the process have. Each allocation and each connection takes a file, but for
// allocations of a closed relay.
func descriptorNotes(t config.TURN, open uint64) []string {
	need, by := uint64(t.Limits.Allocations)+uint64(t.Limits.Connections)+otherFiles, "turn.limits.allocations and turn.limits.connections ask"
	if t.IsClosed() {
		need, by = uint64(t.Limits.Connections)+otherFiles, "turn.limits.connections asks"
	}
	if open == 0 || open >= need {
		return nil
	}
	return []string{fmt.Sprintf("the system lets this program have %d open files, and %s for %d: set LimitNOFILE=%d in its unit, or lower that.", open, by, need, need)}
}
