package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Errors of Fetch. The full message says what to try.
var (
	// ErrPlatform is returned when there is no library for this machine.
	ErrPlatform = errors.New("no embedded ClickHouse for this platform")
	// ErrNoNPM is returned when npm is not installed.
	ErrNoNPM = errors.New("npm not found")
	// ErrIntegrity is returned when a download does not have the recorded hash.
	ErrIntegrity = errors.New("the download does not match its recorded hash")
)

const otherWays = "set CALLVAULT_CLICKHOUSE_LIB to a libchdb.so, or CLICKHOUSE_DSN to a ClickHouse of your own"

// FetchOptions are the options of Fetch.
type FetchOptions struct {
	// Library is the user's own libchdb.so. If it is set and exists, Fetch returns it.
	Library string
	// CacheDir keeps the libraries; empty: callvault in the user's cache folder.
	CacheDir string
	// Hidden are variables of the environment that npm does not get: those with secrets.
	Hidden []string
	// Progress is called during a download with the bytes so far, from one goroutine.
	// It may be nil.
	Progress func(done, total int64)

	release *release // for tests: another release
}

// Fetch returns the path of the verified library. Unless it is in the cache, Fetch
// downloads it with the user's npm, so that their registry, proxy and credentials apply.
// If several processes fetch at once, one downloads and the others wait. A failed fetch
// removes its files; the next fetch removes those of a killed one.
func Fetch(ctx context.Context, o FetchOptions) (string, error) {
	if o.Library != "" {
		return ownLibrary(o.Library)
	}
	r := o.release
	if r == nil {
		var err error
		if r, err = thisPlatform(); err != nil {
			return "", err
		}
	}
	if o.CacheDir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("fetch ClickHouse: find the cache folder: %w (%s)", err, otherWays)
		}
		o.CacheDir = filepath.Join(base, "callvault")
	}
	path, err := fetchInto(ctx, o, *r)
	if err != nil {
		return "", fmt.Errorf("fetch ClickHouse: %w", explain(err, o.CacheDir))
	}
	return path, nil
}

// fetchInto checks the cache before and after it takes the lock, so that a usual start
// needs no lock.
func fetchInto(ctx context.Context, o FetchOptions, r release) (string, error) {
	dir := filepath.Join(o.CacheDir, r.folder())
	path := filepath.Join(dir, libraryName)
	if trusted(path, r) {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	lock, err := waitLock(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer lock.Close()
	if trusted(path, r) || adopt(path, r) {
		return path, nil
	}
	removeLeftovers(dir)
	tmp, err := os.MkdirTemp(dir, tempPrefix)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	tarball, err := download(ctx, r, tmp, o.Hidden, o.Progress)
	if err != nil {
		return "", err
	}
	if err := install(ctx, r, tarball, tmp, path); err != nil {
		return "", err
	}
	return path, nil
}

func ownLibrary(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("find the ClickHouse library: %w (check CALLVAULT_CLICKHOUSE_LIB)", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("find the ClickHouse library: %s is not a file (check CALLVAULT_CLICKHOUSE_LIB)", path)
	}
	return filepath.Abs(path)
}

// removeLeftovers removes the files of a killed fetch. The caller must hold the lock.
func removeLeftovers(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix) {
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}

// explain adds what to try to an error that has a remedy.
func explain(err error, cacheDir string) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), strings.Contains(err.Error(), "ENOSPC"):
		return fmt.Errorf("%w (the disk is full: %s needs 1 GB for the download; %s)", err, cacheDir, otherWays)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%w (%s must be writable; %s)", err, cacheDir, otherWays)
	}
	return err
}
