package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/config"
)

// typist answers what the program asks.
type typist struct {
	screen  *bytes.Buffer
	answers []func(screen string) string
	asked   []string
	shown   []bool
}

// Ask implements terminal.
func (p *typist) Ask(_ context.Context, prompt string, secret bool) ([]byte, error) {
	p.asked, p.shown = append(p.asked, prompt), append(p.shown, !secret)
	if len(p.answers) == 0 {
		return nil, errors.New("asked once more: " + prompt)
	}
	next := p.answers[0]
	p.answers = p.answers[1:]
	return []byte(next(p.screen.String())), nil
}

func types(text string) func(string) string { return func(string) string { return text } }

var eightWords = regexp.MustCompile(`(?m)^  ([a-z]+(?:-[a-z]+){7,})$`)

// proposal reads the passphrase from the screen.
func proposal(screen string) string {
	if m := eightWords.FindStringSubmatch(screen); m != nil {
		return m[1]
	}
	return "nothing was proposed"
}

func vaultSettings(t *testing.T) *config.Loaded {
	t.Helper()
	dir := t.TempDir()
	c, err := config.Load(config.Input{Flags: map[string]string{
		"data": filepath.Join(dir, "data"), "keys": filepath.Join(dir, "keys"), "key-iterations": "600000",
	}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func opens(t *testing.T, c *config.Loaded, environ []string, answers ...func(string) string) (screen string, who *typist, err error) {
	t.Helper()
	var out bytes.Buffer
	who = &typist{screen: &out, answers: answers}
	p := &process{stderr: &out, environ: environ}
	if answers != nil {
		p.terminal = who
	}
	v, err := openVault(t.Context(), p, c)
	if err == nil {
		err = v.Close()
	}
	return out.String(), who, err
}

func TestPassphraseIsProposedAndAskedFor(t *testing.T) {
	t.Parallel()
	c := vaultSettings(t)
	c.PassphraseFile = "-"
	var words string
	screen, who, err := opens(t, c, nil, types(""), func(screen string) string {
		words = proposal(screen)
		return words
	})
	if err != nil {
		t.Fatal(err)
	}
	if i, j := strings.Index(screen, "They are final"), strings.Index(screen, words); i < 0 || j < i {
		t.Errorf("that keys are final is not said before the passphrase is chosen:\n%s", screen)
	}
	if len(who.shown) != 2 || !who.shown[0] || who.shown[1] {
		t.Errorf("asked %q, shown %v", who.asked, who.shown)
	}
	if names, err := os.ReadDir(c.Keys); err != nil || len(names) != 2 {
		t.Errorf("the key folder holds %v (%v), want the keys and their lock: no passphrase", names, err)
	}
	if _, _, err := opens(t, c, nil, types(words)); err != nil {
		t.Errorf("a second start with the same words: %v", err)
	}
	if _, _, err := opens(t, c, nil, types(words+"x")); err == nil || !strings.Contains(err.Error(), "the passphrase does not open") {
		t.Errorf("a wrong passphrase: %v", err)
	}
	if _, _, err := opens(t, c, nil); !errors.Is(err, errNoTerminal) {
		t.Errorf("with nobody to ask: %v", err)
	}
}

func TestAnotherPassphraseIsTypedTwice(t *testing.T) {
	t.Parallel()
	c := vaultSettings(t)
	c.PassphraseFile = "-"
	const mine = "crisp lantern 84 orbit velvet quarry mango thistle"
	screen, _, err := opens(t, c, nil, types("yes"), types(mine), types(mine+"!"), types(mine), types(mine))
	if err != nil || !strings.Contains(screen, "These two differ") {
		t.Fatalf("%v\n%s", err, screen)
	}
	if _, _, err := opens(t, c, nil, types(mine)); err != nil {
		t.Error(err)
	}
}

func TestFirstStartCanBeStopped(t *testing.T) {
	t.Parallel()
	c := vaultSettings(t)
	if _, _, err := opens(t, c, nil, types("no")); err == nil {
		t.Error("keys were made against a no")
	}
	for _, dir := range []string{c.Keys, c.Data} {
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was made: %v", dir, err)
		}
	}
	weak := vaultSettings(t)
	weak.PassphraseFile = "-"
	if _, _, err := opens(t, weak, nil, types(""), types("letmein"), types("letmein")); err == nil || !strings.Contains(err.Error(), "too weak") {
		t.Errorf("a weak passphrase: %v", err)
	}
}

func TestPassphraseOfTheSystem(t *testing.T) {
	t.Parallel()
	c := vaultSettings(t)
	const words = "crisp-lantern-84-orbit-velvet-quarry-mango-thistle"
	dir := t.TempDir()
	file := filepath.Join(dir, credentialName)
	if err := os.WriteFile(file, []byte(words+"\n"), 0o440); err != nil {
		t.Fatal(err)
	}
	credential := []string{"CREDENTIALS_DIRECTORY=" + dir}
	screen, _, err := opens(t, c, credential)
	if err != nil || !strings.Contains(screen, "They are final") {
		t.Fatalf("%v\n%s", err, screen)
	}
	screen, _, err = opens(t, c, []string{"RINGFENCE_PASSPHRASE=" + words})
	if err != nil || !strings.Contains(screen, "RINGFENCE_PASSPHRASE") || strings.Contains(screen, words) || strings.Contains(screen, "final") {
		t.Errorf("from the environment: %v\n%s", err, screen)
	}
	if _, _, err := opens(t, c, nil); err == nil {
		t.Error("opened without a passphrase")
	}
	c.PassphraseFile = file
	if _, _, err := opens(t, c, nil); err == nil || !strings.Contains(err.Error(), "chmod 400 "+file) {
		t.Errorf("a passphrase file that others may read: %v", err)
	}
	if _, _, err := opens(t, c, credential); err != nil {
		t.Errorf("the same file as a credential that is named: %v", err)
	}
	if err := os.Chmod(file, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, _, err := opens(t, c, []string{"RINGFENCE_PASSPHRASE=other"}); err != nil {
		t.Errorf("a file that is set comes before the environment: %v", err)
	}
}

func TestWhatIsWrongWithKeysIsToldApart(t *testing.T) {
	t.Parallel()
	c := vaultSettings(t)
	const words = "RINGFENCE_PASSPHRASE=crisp-lantern-84-orbit-velvet-quarry-mango-thistle"
	if _, _, err := opens(t, c, []string{words}); err != nil {
		t.Fatal(err)
	}
	c.KeyIterations = 700_000
	if _, _, err := opens(t, c, []string{words + "x"}); err == nil || !strings.Contains(err.Error(), "fewer rounds than key_iterations") {
		t.Errorf("a wrong passphrase, or lowered rounds: %v", err)
	}
	if _, _, err := opens(t, c, []string{words}); err != nil {
		t.Errorf("keys of older settings: %v", err)
	}
	path := filepath.Join(c.Keys, "keyring")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := opens(t, c, []string{words}); err == nil || !strings.Contains(err.Error(), "has nothing to do with it") {
		t.Errorf("damage: %v", err)
	}
}
