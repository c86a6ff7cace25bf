package relayd

import (
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/config"
)

func TestLimitsThatDoNotFitAreTold(t *testing.T) {
	t.Parallel()
	l := config.Limits{Allocations: 1000, Connections: 500}
	for open, told := range map[uint64]bool{0: false, 1024: true, 1755: true, 1756: false, 1 << 20: false} {
		got := descriptorNotes(config.TURN{Limits: l}, open)
		if (len(got) == 1) != told {
			t.Errorf("%d files: got %q", open, got)
		}
		if told && !strings.Contains(got[0], "LimitNOFILE=1756") {
			t.Errorf("got %q, want what to set", got[0])
		}
	}
	for open, told := range map[uint64]bool{755: true, 756: false} {
		if got := descriptorNotes(config.TURN{Limits: l, Closed: "on"}, open); (len(got) == 1) != told {
			t.Errorf("a closed relay, %d files: got %q", open, got)
		}
	}
}
