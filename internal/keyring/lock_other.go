//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package keyring

import (
	"context"
	"fmt"
	"os"
)

// lockFile makes the file only: here the lock of the data file is what keeps
// two processes apart.
func lockFile(_ context.Context, path string) (*os.File, error) {
	f, err := openPath(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock of the keys: %w", err)
	}
	return f, nil
}
