//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package keyring

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// How long Open waits for another process, and how often it looks.
const (
	lockWait  = time.Second
	lockRetry = 50 * time.Millisecond
)

// lockFile takes the key folder for this process. The lock ends with the
// returned file, or with the process.
func lockFile(ctx context.Context, path string) (*os.File, error) {
	f, err := openPath(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the keys: %w", err)
	}
	wait, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	tick := time.NewTicker(lockRetry)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock the keys: %w", err), f.Close())
		}
		select {
		case <-tick.C:
		case <-wait.Done():
			if err := ctx.Err(); err != nil {
				return nil, errors.Join(err, f.Close())
			}
			return nil, errors.Join(fmt.Errorf("%s: %w", path, ErrLocked), f.Close())
		}
	}
}
