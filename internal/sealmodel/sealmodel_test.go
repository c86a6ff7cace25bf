package sealmodel_test

import (
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/sealmodel"
	"github.com/ringfence/ringfence/internal/testenv"
)

// most states that a scenario may have. With every check in place the largest
// has about 32,000.
const most = 120_000

func explore(t *testing.T, sc sealmodel.Scenario, faults sealmodel.Faults) sealmodel.Result {
	t.Helper()
	r, err := sealmodel.Explore(sc, faults, most)
	if err != nil {
		t.Fatalf("%s: %v after %d", sc.Name, err, r.States)
	}
	return r
}

func TestNothingIsBrokenWithinTheBounds(t *testing.T) {
	t.Parallel()
	for _, sc := range sealmodel.Scenarios() {
		t.Run(sc.Name, func(t *testing.T) {
			t.Parallel()
			r := explore(t, sc, nil)
			if r.Broken != "" {
				t.Error(r)
			}
			// Mallory's own devices are not threads: whom she rings nobody else hears.
			if !r.Heard && sc.Name != "Anna rings two devices of Mallory" {
				t.Error("nobody was heard and seen: the scenario shows nothing")
			}
			t.Log(r)
		})
	}
}

// TestEveryCheckHoldsSomethingUp leaves one check out, or several that do the
// same, and wants the attack.
func TestEveryCheckHoldsSomethingUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		promise string
		faults  []sealmodel.Fault
	}{
		{"agreement", []sealmodel.Fault{sealmodel.NoSignature}},
		{"agreement", []sealmodel.Fault{sealmodel.OpenUnsigned}},
		{"agreement", []sealmodel.Fault{sealmodel.EncapUnsigned}},
		{"agreement", []sealmodel.Fault{sealmodel.BodyUnsigned}},
		{"stranger", []sealmodel.Fault{sealmodel.RevokedTaken}},
		{"stranger", []sealmodel.Fault{sealmodel.HubMakesFriends}},
		{"replay", []sealmodel.Fault{sealmodel.NoCache, sealmodel.NoCallIDs}},
		{"secrecy", []sealmodel.Fault{sealmodel.KeysStay}},
		{"secrecy", []sealmodel.Fault{sealmodel.PrekeyUnsigned}},
		{"secrecy", []sealmodel.Fault{sealmodel.PrekeyAnyDevice}},
		{"secrecy", []sealmodel.Fault{sealmodel.AnswerAnyDevice}},
		{"secrecy", []sealmodel.Fault{sealmodel.FirstKeyAlone}},
		{"secrecy", []sealmodel.Fault{sealmodel.EphemeralStays}},
		{"order", []sealmodel.Fault{sealmodel.NoDirection}},
		{"order", []sealmodel.Fault{sealmodel.NoSequence}},
		{"emoji", []sealmodel.Fault{sealmodel.AnswerTwice}},
		{"emoji", []sealmodel.Fault{sealmodel.NoCommitment}},
		{"emoji", []sealmodel.Fault{sealmodel.RevealEarly}},
		{"emoji", []sealmodel.Fault{sealmodel.RandomEarly}},
		{"emoji", []sealmodel.Fault{sealmodel.RevealTwice}},
		{"agreement", []sealmodel.Fault{sealmodel.TrackAtPress}},
		{"friends", []sealmodel.Fault{sealmodel.NoFriendMAC}},
		{"friends", []sealmodel.Fault{sealmodel.LogUnbound}},
	} {
		t.Run(name(c.faults), func(t *testing.T) {
			t.Parallel()
			r := attack(t, c.faults)
			if !strings.HasPrefix(r.Broken, c.promise+":") {
				t.Errorf("wanted an attack on %s, got %s", c.promise, r)
			}
			t.Log(r)
		})
	}
}

// TestWhatOthersHoldUp names the checks of which each alone may be missing: what
// they stop is stopped a second time. If one of them starts to matter, the table
// above gets it.
func TestWhatOthersHoldUp(t *testing.T) {
	testenv.OnlyLong(t) // it visits every state ten times over
	t.Parallel()
	for f, by := range map[sealmodel.Fault]string{
		sealmodel.AccountsUnsigned: "the names of devices, which are signed, are hashes of the account",
		sealmodel.NoRecipient:      "info names the account",
		sealmodel.NoDevice:         "info names the device",
		sealmodel.NoCache:          "the call id, and the one-time key that is gone",
		sealmodel.NoCallIDs:        "the replay cache",
		sealmodel.AnswerAnyRing:    "EKp is of one ring",
		sealmodel.SecondKeyAlone:   "EKp stands in the sealed ring alone",
		sealmodel.NoTranscript:     "what was sent is signed",
		sealmodel.OneRandom:        "one branch alone is revealed to",
	} {
		t.Run(string(f), func(t *testing.T) {
			t.Parallel()
			if r := attack(t, []sealmodel.Fault{f}); r.Broken != "" {
				t.Errorf("thought to be held up by this: %s. Yet %s", by, r)
			}
		})
	}
}

// TestTwoFoldDefencesFallTogether shows that what the table above calls a second
// defence is one.
func TestTwoFoldDefencesFallTogether(t *testing.T) {
	t.Parallel()
	for _, pair := range [][]sealmodel.Fault{
		{sealmodel.NoCache, sealmodel.NoCallIDs},
		{sealmodel.NoTranscript, sealmodel.BodyUnsigned},
		{sealmodel.OneRandom, sealmodel.RevealTwice},
	} {
		t.Run(name(pair), func(t *testing.T) {
			t.Parallel()
			if r := attack(t, pair); r.Broken == "" {
				t.Errorf("no attack: %s", r)
			}
		})
	}
}

func TestTheSameEachTime(t *testing.T) {
	t.Parallel()
	first := explore(t, sealmodel.Scenarios()[3], sealmodel.Faults{sealmodel.RevealEarly: true})
	for range 3 {
		if again := explore(t, sealmodel.Scenarios()[3], sealmodel.Faults{sealmodel.RevealEarly: true}); again.String() != first.String() {
			t.Fatalf("another way:\n%s\n%s", first, again)
		}
	}
}

// attack is the first that any scenario gives.
func attack(t *testing.T, out []sealmodel.Fault) sealmodel.Result {
	t.Helper()
	faults := sealmodel.Faults{}
	for _, f := range out {
		faults[f] = true
	}
	var last sealmodel.Result
	for _, sc := range sealmodel.Scenarios() {
		last = explore(t, sc, faults)
		if last.Broken != "" {
			break
		}
	}
	return last
}

func name(faults []sealmodel.Fault) string {
	var s []string
	for _, f := range faults {
		s = append(s, string(f))
	}
	return strings.Join(s, ", and ")
}
