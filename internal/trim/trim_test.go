package trim

import "testing"

func TestDue(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	for name, c := range map[string]struct {
		last, now state
		want      bool
	}{
		"at rest, much to spare":       {state{allocated: 900 * mb}, state{901 * mb, 70 * mb, 160 * mb}, true},
		"at rest, little to spare":     {state{allocated: 900 * mb}, state{901 * mb, 70 * mb, 90 * mb}, false},
		"at work":                      {state{allocated: 900 * mb}, state{950 * mb, 70 * mb, 160 * mb}, false},
		"small":                        {state{}, state{mb, 2 * mb, 3 * mb}, false},
		"less held than was found":     {state{}, state{mb, 20 * mb, 10 * mb}, false},
		"nothing ever":                 {},
		"a small one, much to give up": {state{}, state{mb, 2 * mb, 30 * mb}, true},
	} {
		if got := due(c.last, c.now); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What is read makes sense: a heap holds what lives in it.
func TestRead(t *testing.T) {
	t.Parallel()
	keep := make([]byte, 32<<20)
	s := read()
	if s.held < 32<<20 || s.allocated < 32<<20 {
		t.Errorf("read %+v with %d bytes in use", s, len(keep))
	}
}
