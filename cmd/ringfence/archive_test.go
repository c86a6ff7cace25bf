package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/ringfence/ringfence/internal/backup"
	"github.com/ringfence/ringfence/internal/id"
	"github.com/ringfence/ringfence/store"
)

// FuzzUnpackKeys holds that a backup of the keys makes no file but those that
// belong there.
func FuzzUnpackKeys(f *testing.F) {
	dir := f.TempDir()
	for _, name := range keptKeys {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	whole, err := packKeys(dir)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(bytes.Replace(whole, []byte("passphrase"), []byte("../assword"), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		around := t.TempDir()
		in := filepath.Join(around, "in")
		if err := os.Mkdir(in, 0o700); err != nil {
			t.Fatal(err)
		}
		err := unpackKeys(bytes.NewReader(b), in)
		if names, rerr := os.ReadDir(around); rerr != nil || len(names) != 1 {
			t.Fatalf("beside the folder: %v, %v", names, rerr)
		}
		names, rerr := os.ReadDir(in)
		if rerr != nil {
			t.Fatal(rerr)
		}
		for _, n := range names {
			if !slices.Contains(keptKeys, n.Name()) {
				t.Fatalf("made %q", n.Name())
			}
		}
		if err == nil && len(names) == 0 {
			t.Fatal("no keys, and no error")
		}
	})
}

// TestKeyFolderIsPackedWhole holds that everything worth keeping comes back.
func TestKeyFolderIsPackedWhole(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	for _, name := range append(slices.Clone(keptKeys), "lock") {
		if err := os.WriteFile(filepath.Join(from, name), []byte("of "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b, err := packKeys(from)
	if err != nil {
		t.Fatal(err)
	}
	if len(b)%512 != 0 || !bytes.HasSuffix(b, make([]byte, 1024)) {
		t.Error("the end of the archive is missing")
	}
	if err := unpackKeys(bytes.NewReader(b), to); err != nil {
		t.Fatal(err)
	}
	for _, name := range keptKeys {
		got, err := os.ReadFile(filepath.Join(to, name))
		if err != nil || string(got) != "of "+name {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if names, _ := os.ReadDir(to); len(names) != len(keptKeys) {
		t.Errorf("restored %v", names)
	}
}

// busy is a server where somebody signs up between two backups.
type busy struct {
	*vault
	done bool
}

// Backup implements archive.
func (b *busy) Backup(ctx context.Context, kind backup.Kind, w io.Writer) error {
	err := b.vault.Backup(ctx, kind, w)
	if err != nil || b.done {
		return err
	}
	b.done = true
	who := id.NewAccount()
	if err := b.keys.CreateAccount(ctx, who); err != nil {
		return err
	}
	return b.db.Update(ctx, func(tx store.Tx) error {
		return tx.Accounts.PutAccount(ctx, store.Account{ID: who, Handle: "late.0001"})
	})
}

// TestKeysAreBackedUpAfterTheData holds that a pair of backups fits whatever
// happens between the two.
func TestKeysAreBackedUpAfterTheData(t *testing.T) {
	t.Parallel()
	c := vaultSettings(t)
	p := &process{stderr: &bytes.Buffer{}}
	v, err := openVault(t.Context(), p, c)
	if err != nil {
		t.Fatal(err)
	}
	a := adminBackup{Data: filepath.Join(t.TempDir(), "data"), KeysTo: filepath.Join(t.TempDir(), "keys")}
	_, err = a.write(t.Context(), p, &busy{vault: v})
	if err = errors.Join(err, v.Close()); err != nil {
		t.Fatal(err)
	}
	if out, err := newFolders(t).admin(t, "restore", a.Data, "--keys-from", a.KeysTo); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
