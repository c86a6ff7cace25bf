package relayd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/relay"
)

func secretFile(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

const goodSecret = "0123456789abcdef0123456789abcdef"

// The key of calls follows from the first secret, so that who mints elsewhere
// with the same file is believed; without a secret nobody else can have it.
func TestKeyOfCallsFollowsFromTheFirstSecret(t *testing.T) {
	t.Parallel()
	open := func(text string) Doors {
		turn := config.DefaultRelay().TURN
		turn.SecretFile = secretFile(t, text, 0o600)
		d, err := OpenDoors(turn, nil)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	one, same, other := open(goodSecret), open(goodSecret+"\nsecond:fedcba9876543210fedcba9876543210"), open("first:fedcba9876543210fedcba9876543210")
	if !one.Own || one.Call.ID != same.Call.ID || one.Call.Secret.Reveal() != same.Call.Secret.Reveal() || one.Call.ID == other.Call.ID {
		t.Errorf("got keys %s, %s and %s", one.Call.ID, same.Call.ID, other.Call.ID)
	}
	a, err := OpenDoors(config.DefaultRelay().TURN, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenDoors(config.DefaultRelay().TURN, nil)
	if err != nil || a.Own || a.Call.Secret.Reveal() == b.Call.Secret.Reveal() {
		t.Errorf("own %v, %v; want keys that nobody else has", a.Own, err)
	}
	short := &Coturn{}
	s, err := relay.NewNamedSecret("coturn-1", "short", 0)
	if err != nil {
		t.Fatal(err)
	}
	short.Secrets = append(short.Secrets, s)
	if d, err := OpenDoors(config.DefaultRelay().TURN, short); err != nil || d.Own || len(d.Secrets) != 1 {
		t.Errorf("a short secret of coturn's: own %v, %v", d.Own, err)
	}
}

func TestFilesOfSecretsAreLookedAt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		note string // empty: none
		want string // in the fault; empty: none
	}{
		"as it should be":         {goodSecret, 0o600, "", ""},
		"a group may read":        {goodSecret, 0o640, "", ""},
		"everyone may read":       {goodSecret, 0o644, "every user of this machine can read", ""},
		"everyone may write":      {goodSecret, 0o602, "", "can be changed by every user"},
		"short, and said so":      {"0123456789abcdef", 0o600, "is short", ""},
		"too short":               {"0123456789abcde", 0o600, "", "at least 16 bytes"},
		"empty":                   {"\n# nothing\n", 0o600, "", "no secret in it"},
		"too large":               {strings.Repeat("x", 1<<20+1), 0o600, "", "1 MiB"},
		"two wrong lines at once": {"a:" + goodSecret + " x\nb:short\n", 0o600, "", "line 1: "},
	} {
		turn := config.DefaultRelay().TURN
		turn.SecretFile = secretFile(t, c.text, c.mode)
		d, err := OpenDoors(turn, nil)
		if notes := strings.Join(d.Notes, "\n"); (notes == "") != (c.note == "") || !strings.Contains(notes, c.note) {
			t.Errorf("%s: got notes %q, want %q", name, notes, c.note)
		}
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "turn.secret_file = ") || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), goodSecret) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestRevokeKeyIsOneWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		goodSecret + "\n": "", "  " + goodSecret + "  ": "", "": "fewer than 16", "short": "fewer than 16",
		goodSecret + "\n" + goodSecret: "more than one key", strings.Repeat("x", 5000): "more than one key",
	} {
		turn := config.DefaultRelay().TURN
		turn.RevokeKeyFile = secretFile(t, text, 0o600)
		d, err := OpenDoors(turn, nil)
		switch {
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%.20q: got %v, want %q", text, err, want)
		case want == "" && (err != nil || d.RevokeKey.Reveal() != goodSecret):
			t.Errorf("%.20q: got %v", text, err)
		}
	}
}
