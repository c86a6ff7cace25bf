package relayd

import (
	"fmt"

	"github.com/ringfence/ringfence/internal/config"
)

// otherFiles is how many files a program has open besides clients and peers.
const otherFiles = 256

// descriptorNotes says where the limits of a relay are more than the system
// lets the process have. Each allocation and each connection takes a file.
func descriptorNotes(l config.Limits, open uint64) []string {
	need := uint64(l.Allocations) + uint64(l.Connections) + otherFiles
	if open == 0 || open >= need {
		return nil
	}
	return []string{fmt.Sprintf("the system lets this program have %d open files, and turn.limits.allocations and turn.limits.connections ask for %d: set LimitNOFILE=%d in its unit, or lower them.", open, need, need)}
}
