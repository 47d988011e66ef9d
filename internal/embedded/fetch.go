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

// Errors a caller may want to tell apart; each message says what to try.
var (
	ErrPlatform  = errors.New("no embedded ClickHouse for this platform")
	ErrNoNPM     = errors.New("npm not found")
	ErrIntegrity = errors.New("the download is not the recorded one")
)

const otherWays = "set CALLVAULT_CLICKHOUSE_LIB to a libchdb.so, or CLICKHOUSE_DSN to a ClickHouse of your own"

// FetchOptions say where the library is kept.
type FetchOptions struct {
	// Library is a libchdb.so of the user's own: returned as it is, if it exists.
	Library string
	// CacheDir is where libraries are kept; empty: callvault in the user's cache folder.
	CacheDir string
	// Progress is told how much of the download is there, in bytes, from one
	// goroutine; it may be nil. It is not called when nothing is downloaded.
	Progress func(done, total int64)

	release *release // tests: another package than the recorded one
}

// Fetch returns the path of the verified library. It downloads it with the
// user's npm, so that their registry, proxy and credentials apply, unless it is
// in the cache. Any number of processes may fetch at once: one downloads, the
// others wait. Nothing half-done is left behind, and what a killed process left
// is removed by the next one.
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

// fetchInto looks into the cache before and after taking the lock: the usual
// start takes no lock at all.
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
	tarball, err := download(ctx, r, tmp, o.Progress)
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

// removeLeftovers of a fetch that was killed; the lock's holder calls it.
func removeLeftovers(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), tempPrefix) {
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}

// explain adds what to try to the errors that have a remedy.
func explain(err error, cacheDir string) error {
	switch {
	case errors.Is(err, syscall.ENOSPC), strings.Contains(err.Error(), "ENOSPC"):
		return fmt.Errorf("%w (the disk is full: %s needs 1 GB for the download; %s)", err, cacheDir, otherWays)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("%w (%s must be writable; %s)", err, cacheDir, otherWays)
	}
	return err
}
