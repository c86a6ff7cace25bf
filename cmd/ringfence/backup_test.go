package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// folders are those of one server.
type folders struct{ data, keys string }

func newFolders(t *testing.T) folders {
	t.Helper()
	dir := t.TempDir()
	return folders{filepath.Join(dir, "data"), filepath.Join(dir, "keys")}
}

// admin runs an admin command over the folders.
func (f folders) admin(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	all := append([]string{"admin", "--data", f.data, "--keys", f.keys, "--key-iterations", "600000"}, args...)
	err := run(t.Context(), process{args: all, stdout: &out, stderr: &errs})
	return out.String() + errs.String(), err
}

// vault opens the folders; the test closes them.
func (f folders) vault(t *testing.T) *vault {
	t.Helper()
	c, err := config.Load(config.Input{Flags: map[string]string{"data": f.data, "keys": f.keys, "key-iterations": "600000"}})
	if err != nil {
		t.Fatal(err)
	}
	v, err := openVault(t.Context(), &process{stderr: &bytes.Buffer{}}, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	return v
}

// view looks at what is in the folders.
func (f folders) view(t *testing.T, fn func(store.Tx) error) error {
	t.Helper()
	v := f.vault(t)
	return errors.Join(v.db.View(t.Context(), fn), v.Close())
}

// writers change the data of a running program until they are told to end.
type writers struct {
	mu       sync.Mutex // guards following
	invites  []string
	accounts []id.Account
	wg       sync.WaitGroup
}

func (w *writers) run(ctx context.Context, t *testing.T, p *program) {
	r, ok := dialSocket(ctx, filepath.Join(p.dir, "data"))
	if !ok {
		t.Fatal("no socket")
	}
	a := api{base: "http://" + p.plain, client: testClient()}
	for i := range 2 {
		w.wg.Go(func() {
			for ctx.Err() == nil {
				if in, err := r.Invite(ctx); err == nil {
					w.mu.Lock()
					w.invites = append(w.invites, in.Token)
					w.mu.Unlock()
				}
			}
		})
		w.wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				in, err := r.Invite(ctx)
				if err != nil {
					continue
				}
				if who, err := a.signUp(ctx, in.Token, fmt.Sprintf("writer%c%d", 'a'+i, n)); err == nil {
					w.mu.Lock()
					w.accounts = append(w.accounts, who.ID)
					w.mu.Unlock()
				}
			}
		})
	}
}

// confirmed returns what was confirmed so far.
func (w *writers) confirmed() (invites []string, accounts []id.Account) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.invites), slices.Clone(w.accounts)
}

// taken is a backup, and what was confirmed before it began.
type taken struct {
	data, keys string
	invites    []string
	accounts   []id.Account
}

// await waits for so many accounts, and so many more invites.
func (w *writers) await(accounts, more int) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for before, _ := w.confirmed(); ; <-tick.C {
		if now, who := w.confirmed(); len(now) > len(before)+more && len(who) > accounts {
			return
		}
	}
}

// backup waits for something new and takes a backup.
func (w *writers) backup(t *testing.T, live folders, accounts int) taken {
	t.Helper()
	w.await(accounts, 20)
	b := taken{data: filepath.Join(t.TempDir(), "data.backup"), keys: filepath.Join(t.TempDir(), "keys.backup")}
	b.invites, b.accounts = w.confirmed()
	out, err := live.admin(t, "backup", b.data, "--keys-to", b.keys, "--json")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var said []backedUp
	if err := json.Unmarshal([]byte(out), &said); err != nil || len(said) != 2 {
		t.Fatalf("%v: %s", err, out)
	}
	for _, f := range said {
		info, err := os.Stat(f.File)
		if err != nil || info.Size() != f.Bytes || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.File, info, err)
		}
	}
	return b
}

// all demands that everything is there that was confirmed.
func (b taken) all(t *testing.T, tx store.Tx, owner id.Account) error {
	t.Helper()
	for _, token := range b.invites {
		if _, err := tx.Invites.Invite(t.Context(), store.HashToken(token)); err != nil {
			return fmt.Errorf("an invite that was confirmed: %w", err)
		}
	}
	for _, a := range append(b.accounts, owner) {
		if _, err := tx.Accounts.Account(t.Context(), a); err != nil {
			return fmt.Errorf("an account that was confirmed: %w", err)
		}
	}
	return nil
}

// TestBackupUnderLoadComesBack makes backups while four writers change the
// data: each is restored by itself and holds all that was confirmed before it
// began.
func TestBackupUnderLoadComesBack(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	owner, err := api{base: "http://" + p.plain, client: testClient()}.signUp(ctx, p.invite(), "owner")
	if err != nil {
		t.Fatal(err)
	}
	live := folders{filepath.Join(p.dir, "data"), filepath.Join(p.dir, "keys")}
	var w writers
	w.run(ctx, t, p)
	var made []taken
	for i := range 4 {
		made = append(made, w.backup(t, live, i))
	}
	stop()
	w.wg.Wait()
	for _, b := range made {
		to := newFolders(t)
		if out, err := to.admin(t, "restore", b.data, "--keys-from", b.keys); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if err := to.view(t, func(tx store.Tx) error { return b.all(t, tx, owner.ID) }); err != nil {
			t.Error(err)
		}
	}
	last := made[len(made)-1]
	t.Logf("%d invites and %d accounts in the last backup", len(last.invites), len(last.accounts))
}

// backedUpFolders returns folders with something in them, and their backups.
func backedUpFolders(t *testing.T) (f folders, data, keys string) {
	t.Helper()
	f = newFolders(t)
	if out, err := f.admin(t, "invite"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, keys = filepath.Join(t.TempDir(), "data.backup"), filepath.Join(t.TempDir(), "keys.backup")
	out, err := f.admin(t, "backup", data, "--keys-to", keys)
	if err != nil || !strings.Contains(out, "different places") {
		t.Fatalf("%v\n%s", err, out)
	}
	return f, data, keys
}

// restoreRefused demands that a restore is refused with words, and leaves nothing.
func restoreRefused(t *testing.T, words, data, keys string) {
	t.Helper()
	to := newFolders(t)
	out, err := to.admin(t, "restore", data, "--keys-from", keys)
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("restore = %v, want %q\n%s", err, words, out)
	}
	left := 0
	for _, dir := range []string{to.data, to.keys} {
		_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				left++
				t.Errorf("left behind: %s", path)
			}
			return nil
		})
	}
}

func changed(t *testing.T, path string, change func([]byte) []byte) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "changed")
	if err := os.WriteFile(to, change(b), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

func TestDamagedBackupIsRefused(t *testing.T) {
	t.Parallel()
	_, data, keys := backedUpFolders(t)
	_, otherData, otherKeys := backedUpFolders(t)
	cut := func(n int) func([]byte) []byte { return func(b []byte) []byte { return b[:len(b)-n] } }
	flip := func(part, of int) func([]byte) []byte {
		return func(b []byte) []byte { b[(len(b)-1)*part/of] ^= 4; return b }
	}
	restoreRefused(t, "cut short", changed(t, data, cut(1)), keys)
	restoreRefused(t, "cut short", changed(t, data, func(b []byte) []byte { return b[:len(b)/2] }), keys)
	restoreRefused(t, "cut short", data, changed(t, keys, cut(70)))
	for part := 1; part < 8; part++ {
		restoreRefused(t, "damaged", changed(t, data, flip(part, 8)), keys)
		restoreRefused(t, "damaged", data, changed(t, keys, flip(part, 8)))
	}
	restoreRefused(t, "not of these keys", changed(t, data, flip(1, 1)), keys)
	restoreRefused(t, "not of these keys", data, changed(t, keys, flip(1, 1)))
	restoreRefused(t, "not a backup of Ringfence", changed(t, data, flip(0, 1)), keys)
	restoreRefused(t, "it holds keys and data was asked for", keys, keys)
	restoreRefused(t, "it holds data and keys was asked for", keys, data) // swapped
	restoreRefused(t, "do not go together", otherData, keys)
	restoreRefused(t, "do not go together", data, otherKeys)
	restoreRefused(t, "no such file", data+".not", keys)
}

func TestRestoreTakesNobodysPlace(t *testing.T) {
	t.Parallel()
	f, data, keys := backedUpFolders(t)
	if _, err := f.admin(t, "restore", data, "--keys-from", keys); err == nil || !strings.Contains(err.Error(), "ringfence.bolt already") {
		t.Errorf("restore over data: %v", err)
	}
	fresh := folders{filepath.Join(t.TempDir(), "data"), f.keys}
	if _, err := fresh.admin(t, "restore", data, "--keys-from", keys); err == nil || !strings.Contains(err.Error(), "keyring already") {
		t.Errorf("restore over keys: %v", err)
	}
	if out, err := fresh.admin(t, "restore", data); err != nil { // the keys are still there
		t.Errorf("restore with the keys that are there: %v\n%s", err, out)
	}
	if _, err := fresh.admin(t, "list-users"); err != nil {
		t.Error(err)
	}
	none := newFolders(t)
	if _, err := none.admin(t, "restore", data); err == nil {
		t.Error("restored without keys")
	}
	if _, err := os.Stat(filepath.Join(none.keys, "keyring")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("new keys were made for a restore: %v", err)
	}
}

func TestBackupKeepsKeysApart(t *testing.T) {
	t.Parallel()
	f, data, keys := backedUpFolders(t)
	dir := t.TempDir()
	for _, c := range []struct{ words, data, keys string }{
		{"is there already", data, filepath.Join(dir, "k")},
		{"is there already", filepath.Join(t.TempDir(), "d"), keys},
		{"lie in one folder", filepath.Join(dir, "d"), filepath.Join(dir, "k")},
		{"lies in the data folder", filepath.Join(dir, "d"), filepath.Join(f.data, "k")},
		{"lies in the key folder", filepath.Join(f.keys, "d"), filepath.Join(dir, "k")},
	} {
		if out, err := f.admin(t, "backup", c.data, "--keys-to", c.keys); err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("backup to %s and %s: %v, want %q\n%s", c.data, c.keys, err, c.words, out)
		}
	}
	b, err := os.ReadFile(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range keptKeys {
		key, err := os.ReadFile(filepath.Join(f.keys, name))
		if err == nil && bytes.Contains(b, bytes.TrimSpace(key)) {
			t.Errorf("the backup of the data holds %s", name)
		}
	}
	if _, err := (folders{filepath.Join(dir, "no-data"), filepath.Join(dir, "no-keys")}).admin(t, "backup", filepath.Join(dir, "x")); err == nil {
		t.Error("a backup of nothing")
	}
}

// TestBackupOnAFullDisk lets the file be no longer than a few blocks.
func TestBackupOnAFullDisk(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.start()
	path, err := exec.LookPath("ringfence")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", `ulimit -f 8 && exec "$0" "$@"`, path, "admin", "backup", filepath.Join(dir, "d"),
		"--data", filepath.Join(p.dir, "data"), "--keys", filepath.Join(p.dir, "keys"))
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "there is no room for") {
		t.Errorf("backup on a full disk: %v\n%s", err, out)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("left behind: %v, %v", names, err)
	}
	live := folders{filepath.Join(p.dir, "data"), filepath.Join(p.dir, "keys")}
	if out, err := live.admin(t, "backup", filepath.Join(dir, "d")); err != nil { // the server lives on
		t.Errorf("%v\n%s", err, out)
	}
}
