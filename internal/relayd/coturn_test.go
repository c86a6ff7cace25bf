package relayd

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/relay"
)

func conf(t *testing.T, text string) config.Input {
	t.Helper()
	path := filepath.Join(t.TempDir(), "turnserver.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Input{Flags: map[string]string{"coturn-config": path}}
}

// The files of the documents make a relay's settings as they are: whatever the
// reader of such files says, the settings know.
func TestFilesOfTheDocumentsAreTaken(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "coturn", "testdata", "*.conf"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		c, other, err := Load(config.Input{Flags: map[string]string{"coturn-config": file}})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		d, err := OpenDoors(c.TURN, other)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if err := d.Usable(c); err != nil || (len(d.Secrets) == 0) != d.STUNOnly || d.STUNOnly != strings.Contains(file, "debian") {
			t.Errorf("%s: %d secrets, STUN only %v, %v", file, len(d.Secrets), d.STUNOnly, err)
		}
		n := Node{Settings: c.TURN, Doors: d, Keys: &relay.Keys{}, Now: time.Now, External: &PublicIP{}, External6: &PublicIP{}}
		if _, err := relay.Advertised(n.config()); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

// Every setting that the reader of such files can name exists here.
func TestSettingsOfCoturnFilesExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, s := range config.RelaySettings() {
		known[s.Key] = true
	}
	files, _ := filepath.Glob(filepath.Join("..", "coturn", "*.go"))
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"((?:turn|log)\.[a-z0-9_.]+|admin_listen)"`).FindAllStringSubmatch(string(text), -1) {
			found++
			if !known[m[1]] {
				t.Errorf("%s: there is no setting %s", file, m[1])
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d found: the pattern is not what it should be", found)
	}
}

func TestUsersOfACoturnFile(t *testing.T) {
	t.Parallel()
	c, other, err := Load(conf(t, "lt-cred-mech\nrealm=r\nuser=ann:pass word\nuser=bob:0x0123456789abcdef0123456789abcdef\nrest-api-separator=|\n"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := OpenDoors(c.TURN, other)
	if err != nil || len(d.Users) != 2 || d.Own || d.Usable(c) != nil {
		t.Errorf("got %d users, own %v, %v", len(d.Users), d.Own, err)
	}
}

func TestRefusalsOfACoturnFile(t *testing.T) {
	t.Parallel()
	in := conf(t, "static-auth-secret=0123456789abcdef\nno-auth\nserver-relay\n")
	_, _, err := Load(in)
	refused, ok := errors.AsType[*CoturnError](err)
	if !ok || len(refused.Lines) != 2 || !strings.HasPrefix(refused.Lines[0], "line 2: no-auth") || strings.Contains(err.Error(), "0123456789abcdef") {
		t.Errorf("got %v", err)
	}
}

// What the file of coturn's says of the separator holds, unless ours says
// something else.
func TestSeparatorOfACoturnFile(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]byte{"": '|', "!": '!'} {
		in := conf(t, "use-auth-secret\nstatic-auth-secret=0123456789abcdef\nrest-api-separator=|\n")
		if flag != "" {
			in.Flags["turn-separator"] = flag
		}
		c, other, err := Load(in)
		if err != nil {
			t.Fatal(err)
		}
		d, err := OpenDoors(c.TURN, other)
		if err != nil || d.Separator != want {
			t.Errorf("%q: got %q, %v", flag, d.Separator, err)
		}
	}
}
