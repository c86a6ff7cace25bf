package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringfence/ringfence/internal/backup"
	"github.com/ringfence/ringfence/store"
	"github.com/ringfence/ringfence/store/sealed"
)

// TestRotationUnderLoad rotates the keys of a running program again and again
// while it is written to, and kills it in the middle of one.
func TestRotationUnderLoad(t *testing.T) {
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
	for i := range 4 {
		w.await(i, 40)
		out, err := live.admin(t, "keys", "rotate")
		if err != nil || !strings.Contains(out, "the old keys are destroyed") {
			t.Fatalf("%v\n%s", err, out)
		}
	}

	// Killed at the first word of how far it is. Those who write come back.
	r, ok := dialSocket(ctx, live.data)
	if !ok {
		t.Fatal("no socket")
	}
	for try := 0; ; try++ {
		_ = r.Rotate(ctx, func(sealed.Progress) {
			if p.cmd != nil {
				p.kill()
			}
		})
		if p.cmd != nil {
			continue // it was through without a word
		}
		p.sameAgain()
		p.start()
		state, err := r.Keys(t.Context())
		if err != nil || try >= 10 {
			t.Fatalf("no kill came amid a rotation, or %v", err)
		}
		if state.Rotating {
			break
		}
	}
	w.await(0, 20)
	invites, accounts := w.confirmed()
	stop()
	w.wg.Wait()
	out, err := live.admin(t, "keys", "rotate")
	if err != nil || !strings.Contains(out, "it goes on") {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := live.admin(t, "keys", "rotate", "--json"); err != nil || !strings.Contains(out, `{"rows":`) {
		t.Errorf("%v\n%s", err, out)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	all := taken{invites: invites, accounts: accounts}
	if err := live.view(t, func(tx store.Tx) error { return all.all(t, tx, owner.ID) }); err != nil {
		t.Error(err)
	}
}

// TestRotationWithoutAServer rotates the folders themselves; a backup from
// before needs its own keys.
func TestRotationWithoutAServer(t *testing.T) {
	t.Parallel()
	f, data, keys := backedUpFolders(t)
	out, err := f.admin(t, "keys", "rotate")
	if err != nil || !strings.Contains(out, "Back up data and keys now") {
		t.Fatalf("%v\n%s", err, out)
	}
	var entries []store.AuditEntry
	err = f.view(t, func(tx store.Tx) (err error) {
		entries, err = tx.Audit.Entries(t.Context(), 0, store.MaxPage)
		return err
	})
	if err != nil || len(entries) == 0 || entries[len(entries)-1].Action != store.AuditKeysRotated {
		t.Errorf("the log does not say so: %+v, %v", entries, err)
	}
	newKeys := filepath.Join(t.TempDir(), "keys.backup")
	if out, err := f.admin(t, "backup", filepath.Join(t.TempDir(), "data.backup"), "--keys-to", newKeys); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	restoreRefused(t, "do not go together", data, newKeys)
	if out, err := newFolders(t).admin(t, "restore", data, "--keys-from", keys); err != nil {
		t.Errorf("the pair of before: %v\n%s", err, out)
	}
	if _, err := newFolders(t).admin(t, "keys", "rotate"); err == nil {
		t.Error("rotated nothing")
	}
}

// late is a vault whose keys are rotated between the two halves of a backup.
type late struct {
	*vault
	t *testing.T
}

func (l late) Backup(ctx context.Context, kind backup.Kind, w io.Writer) error {
	if kind == backup.Keys {
		if err := l.Rotate(ctx, nil); err != nil {
			l.t.Error(err)
		}
	}
	return l.vault.Backup(ctx, kind, w)
}

func TestBackupNoticesARotation(t *testing.T) {
	t.Parallel()
	f, _, _ := backedUpFolders(t)
	v := f.vault(t)
	a := adminBackup{Data: filepath.Join(t.TempDir(), "d"), KeysTo: filepath.Join(t.TempDir(), "k")}
	_, err := a.write(t.Context(), &process{stderr: io.Discard}, late{v, t})
	if err == nil || !strings.Contains(err.Error(), "back up again") {
		t.Errorf("backup across a rotation: %v", err)
	}
	for _, file := range []string{a.Data, a.KeysTo} {
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s was kept: %v", file, err)
		}
	}
	if _, err := a.write(t.Context(), &process{stderr: io.Discard}, v); err != nil {
		t.Error(err)
	}
}

// slow is a keeper that is halfway through.
type slow struct{ keeper }

func (slow) Keys(context.Context) (keysState, error) { return keysState{Rotating: true}, nil }

func (slow) Rotate(_ context.Context, report func(sealed.Progress)) error {
	for n := range 4 {
		<-time.After(time.Second)
		report(sealed.Progress{Done: (n + 1) * 250, Total: 1000})
	}
	return context.Canceled
}

func TestRotationSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out, errs bytes.Buffer
		err := adminRotate{}.rotate(t.Context(), &process{stdout: &out, stderr: &errs}, slow{})
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "it goes on") {
			t.Errorf("ended early: %v", err)
		}
		want := goingOn + "250 of 1000 rows (25 %), about 3s left\n500 of 1000 rows (50 %), about 2s left\n" +
			"750 of 1000 rows (75 %), about 1s left\n1000 of 1000 rows (100 %), about 0s left\n"
		if errs.String() != want || out.Len() > 0 {
			t.Errorf("said %q and %q, want %q", errs.String(), out.String(), want)
		}
		errs.Reset()
		_ = adminRotate{JSON: true}.rotate(t.Context(), &process{stdout: &out, stderr: &errs}, slow{})
		var now sealed.Progress
		if err := json.NewDecoder(&out).Decode(&now); err != nil || now.Done != 250 || errs.Len() > 0 {
			t.Errorf("JSON: %+v, %v, and %q", now, err, errs.String())
		}
	})
}
