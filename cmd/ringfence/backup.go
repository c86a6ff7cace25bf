package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/ringfence/ringfence/internal/backup"
	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/store/bolt"
)

type adminBackup struct {
	Data   string `arg:"" name:"data-file" help:"File to write the backup of the data to. It must not exist."`
	KeysTo string `name:"keys-to" placeholder:"FILE" help:"Back the keys up, too, to this file in another folder. Data and keys are never in one file, and should never be on one disk."`
	JSON   bool   `name:"json" help:"Print the outcome as JSON."`
}

// backedUp is what became of one file.
type backedUp struct {
	Kind  string `json:"kind"`
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

const (
	keysOnly = "These are the data alone; without their keys nobody reads them. Back the keys up with --keys-to, to another place, and after each change of the keys.\n"
	keysToo  = "Take the two files to different places: who has both, and the passphrase where it is not in the key folder, reads everything. Delete copies of the keys after 30 days: what is erased is gone only with them.\n"
)

// Run makes a backup. The keys come last: keys that are older than the data do
// not open it.
func (a adminBackup) Run(ctx context.Context, p *process, in *config.Input) error {
	c, err := config.Load(*in)
	if err != nil {
		return err
	}
	if err := a.places(c); err != nil {
		return err
	}
	from, closeIt, err := openArchive(ctx, p, c)
	if err != nil {
		return err
	}
	done, err := a.write(ctx, p, from)
	if err = errors.Join(err, closeIt()); err != nil {
		return err
	}
	if a.JSON {
		return json.NewEncoder(p.stdout).Encode(done)
	}
	for _, f := range done {
		if _, err := fmt.Fprintf(p.stdout, "%s: %s, %d bytes, checked.\n", f.Kind, f.File, f.Bytes); err != nil {
			return err
		}
	}
	text := keysOnly
	if a.KeysTo != "" {
		text = keysToo
	}
	_, err = io.WriteString(p.stdout, text)
	return err
}

func (a adminBackup) write(ctx context.Context, p *process, from keeper) ([]backedUp, error) {
	before, err := from.Keys(ctx)
	if err != nil {
		return nil, err
	}
	one, err := writeBackup(ctx, p, from, backup.Data, a.Data)
	if err != nil || a.KeysTo == "" {
		return []backedUp{one}, err
	}
	two, err := writeBackup(ctx, p, from, backup.Keys, a.KeysTo)
	if err != nil {
		return nil, fmt.Errorf("the data is in %s, but the keys are not backed up: %w", a.Data, err)
	}
	after, err := from.Keys(ctx)
	if err == nil && after.Oldest != before.Oldest { // the keys of that data are destroyed
		err = errors.New("the keys were rotated meanwhile; nothing was kept, back up again")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("backup: %w", err), os.Remove(a.Data), os.Remove(a.KeysTo))
	}
	return []backedUp{one, two}, nil
}

// places refuses files that are there, and those that bring data and keys
// together.
func (a adminBackup) places(c *config.Loaded) error {
	files := []string{a.Data}
	if a.KeysTo != "" {
		files = append(files, a.KeysTo)
		if sameFolder(filepath.Dir(a.Data), filepath.Dir(a.KeysTo)) {
			return fmt.Errorf("backup: %s and %s lie in one folder; whoever takes it has both, so name another folder for the keys", a.Data, a.KeysTo)
		}
		if sameFolder(filepath.Dir(a.KeysTo), c.Data) {
			return fmt.Errorf("backup: %s lies in the data folder; name a file elsewhere for the keys", a.KeysTo)
		}
	}
	if sameFolder(filepath.Dir(a.Data), c.Keys) {
		return fmt.Errorf("backup: %s lies in the key folder; name a file elsewhere for the data", a.Data)
	}
	for _, f := range files {
		if _, err := os.Lstat(f); err == nil {
			return fmt.Errorf("backup: %s is there already; name a file that is not", f)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("backup: %w", err)
		}
	}
	return nil
}

func sameFolder(a, b string) bool {
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	two, err := os.Stat(b)
	return err == nil && os.SameFile(one, two)
}

// openArchive asks the server that runs over the data folder, or opens the
// folders where none does.
func openArchive(ctx context.Context, p *process, c *config.Loaded) (keeper, func() error, error) {
	if r, ok := dialSocket(ctx, c.Data); ok {
		return r, func() error { return nil }, nil
	}
	if there, err := bolt.Exists(filepath.Join(c.Data, dataName)); err == nil && !there {
		return nil, nil, noData(c)
	}
	v, err := openVault(ctx, p, c)
	if err != nil {
		return nil, nil, err
	}
	return v, v.Close, nil
}

// writeBackup writes one file under another name, reads it again from its
// beginning to its end, and only then gives it its name.
func writeBackup(ctx context.Context, p *process, from archive, kind backup.Kind, path string) (backedUp, error) {
	part := path + ".part"
	err := writeDurable(part, os.O_TRUNC, func(w io.Writer) error {
		return from.Backup(ctx, kind, &meter{err: ctx.Err, w: w, say: p.stderr, what: "backup of the " + kind.String()})
	})
	if err != nil {
		return backedUp{}, backupTrouble(path, err)
	}
	h, err := checkBackup(part, kind)
	if err == nil {
		err = os.Link(part, path) // a file that came there meanwhile stays
		if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) {
			err = os.Rename(part, path) // a file system without hard links
		} else if err == nil {
			err = os.Remove(part)
		}
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	if err != nil {
		_ = os.Remove(part) // the first error counts
		return backedUp{}, backupTrouble(path, err)
	}
	return backedUp{Kind: kind.String(), File: path, Bytes: h.Size + backup.Overhead}, nil
}

func checkBackup(path string, kind backup.Kind) (backup.Header, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return backup.Header{}, err
	}
	h, _, err := backup.Read(f, kind, io.Discard)
	return h, errors.Join(err, f.Close())
}

func backupTrouble(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return fmt.Errorf("backup: there is no room for %s: %w; nothing was kept of it", path, reason(err))
	case errors.Is(err, backup.ErrShort):
		return fmt.Errorf("backup: the server stopped before %s was whole; nothing was kept of it, try again", path)
	}
	return fmt.Errorf("backup: %s: %w", path, err)
}

// meter says how far a long copy is.
type meter struct {
	err  func() error // of what may end it
	w    io.Writer
	say  io.Writer
	what string
	n    int64
}

// meterStep is after how much there is something to say.
const meterStep = 64 << 20

// Write implements io.Writer.
func (m *meter) Write(b []byte) (int, error) {
	if err := m.err(); err != nil {
		return 0, err
	}
	n, err := m.w.Write(b)
	before := m.n / meterStep
	m.n += int64(n)
	if m.n/meterStep > before {
		_, _ = fmt.Fprintf(m.say, "%s: %d MiB so far\n", m.what, m.n>>20) // nothing depends on it
	}
	return n, err
}
