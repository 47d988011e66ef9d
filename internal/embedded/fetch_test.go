package embedded

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestFetchDownloadsOnce(t *testing.T) {
	f := newFakeNPM(t, servePackage)
	var last, total int64
	path, err := Fetch(testContext(t), FetchOptions{CacheDir: f.cache, release: &f.release,
		Progress: func(done, all int64) { last, total = done, all }})
	if err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(path); err != nil || !bytes.Equal(content, f.content) {
		t.Errorf("the library is not the package's: %v", err)
	}
	if last != f.release.Tarball || total != f.release.Tarball {
		t.Errorf("progress ended at %d of %d, want %d", last, total, f.release.Tarball)
	}
	again, err := f.fetch(testContext(t))
	if err != nil || again != path || f.calls() != 1 {
		t.Errorf("second fetch: %s, %v, %d calls of npm", again, err, f.calls())
	}
	f.noLeftovers(t)
}

func TestFetchRepairsTheCache(t *testing.T) {
	for name, damage := range map[string]struct {
		do    func(path string) error
		calls int
	}{
		"truncated":   {func(p string) error { return os.Truncate(p, 100) }, 2},
		"overwritten": {func(p string) error { return os.WriteFile(p, bytes.Repeat([]byte("x"), 300_000), 0o755) }, 2},
		"exchanged": {func(p string) error { // as if nobody had
			info, err := os.Stat(p)
			if err != nil {
				return err
			}
			return errors.Join(os.WriteFile(p, bytes.Repeat([]byte("x"), int(info.Size())), 0o755), os.Chtimes(p, info.ModTime(), info.ModTime()))
		}, 2},
		"marker lost": {func(p string) error { return os.Remove(markerPath(p)) }, 1},
		"killed fetch": {func(p string) error {
			return errors.Join(os.Mkdir(filepath.Join(filepath.Dir(p), tempPrefix+"1"), 0o755), os.Remove(p))
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeNPM(t, servePackage)
			path, err := f.fetch(testContext(t))
			if err != nil {
				t.Fatal(err)
			}
			if err := damage.do(path); err != nil {
				t.Fatal(err)
			}
			if _, err := f.fetch(testContext(t)); err != nil {
				t.Fatal(err)
			}
			if content, err := os.ReadFile(path); err != nil || !bytes.Equal(content, f.content) {
				t.Errorf("the library was not repaired: %v", err)
			}
			if f.calls() != damage.calls {
				t.Errorf("npm was called %d times, want %d", f.calls(), damage.calls)
			}
			f.noLeftovers(t)
		})
	}
}

func TestFetchTogether(t *testing.T) {
	f := newFakeNPM(t, "sleep 0.3; "+servePackage)
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			if _, err := f.fetch(testContext(t)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if f.calls() != 1 {
		t.Errorf("npm was called %d times, want once", f.calls())
	}
}

func TestFetchRefusesAnotherPackage(t *testing.T) {
	f := newFakeNPM(t, servePackage)
	good := f.release
	check := func(what string) {
		t.Helper()
		if _, err := f.fetch(testContext(t)); !errors.Is(err, ErrIntegrity) {
			t.Errorf("%s: error = %v, want ErrIntegrity", what, err)
		}
		if _, err := os.Stat(f.path()); err == nil {
			t.Errorf("%s: the library is in the cache", what)
		}
		f.noLeftovers(t)
	}
	f.release.SHA512 = "AAAA"
	check("tarball")
	f.release = good
	f.release.SHA256 = "0000"
	check("library")
	empty := packed(t, map[string][]byte{"package/package.json": []byte("{}")})
	f.write(t, "pkg.tgz", empty)
	f.release = recorded(empty, f.content)
	check("no library")
}

func TestFetchTellsWhatFailed(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		want   []string
	}{
		"unreachable": {`echo "npm error code ECONNREFUSED
npm error syscall connect
npm error errno ECONNREFUSED
npm error FetchError: request to http://npm.example/ failed, reason: connect ECONNREFUSED
npm error     at ClientRequest.<anonymous> (index.js:130:14)
npm error A complete log of this run can be found in: /x.log" >&2; exit 1`,
			[]string{"download @test/fake@1", "ECONNREFUSED FetchError: request to http://npm.example/ failed", "CLICKHOUSE_DSN"}},
		"silent":    {`exit 7`, []string{"exit status 7", "npm ping"}},
		"disk full": {`echo "npm error code ENOSPC" >&2; exit 1`, []string{"disk is full", "1 GB"}},
		"nothing":   {`exit 0`, []string{"0 tarballs"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFakeNPM(t, c.script)
			_, err := f.fetch(testContext(t))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not have %q", err, want)
				}
			}
			if strings.ContainsAny(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
			f.noLeftovers(t)
		})
	}
}

func TestFetchWithoutNPM(t *testing.T) {
	f := newFakeNPM(t, servePackage)
	t.Setenv("PATH", t.TempDir())
	_, err := f.fetch(testContext(t))
	if !errors.Is(err, ErrNoNPM) || !strings.Contains(err.Error(), "CALLVAULT_CLICKHOUSE_LIB") {
		t.Errorf("error = %v", err)
	}
	own := filepath.Join(f.dir, "pkg.tgz")
	if path, err := Fetch(testContext(t), FetchOptions{Library: own}); err != nil || path != own {
		t.Errorf("own library: %s, %v", path, err)
	}
	if _, err := Fetch(testContext(t), FetchOptions{Library: own + ".no"}); err == nil {
		t.Error("a missing library of the user's own was accepted")
	}
}

func TestFetchCancelled(t *testing.T) {
	f := newFakeNPM(t, `sleep 60 & echo $! > "$self/grandchild"; wait`)
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	result := make(chan error, 1)
	go func() {
		_, err := f.fetch(ctx)
		result <- err
	}()
	pidFile := filepath.Join(f.dir, "grandchild")
	var pid int
	eventually(t, 10*time.Second, "npm runs", func() bool {
		content, _ := os.ReadFile(pidFile)
		pid, _ = strconv.Atoi(strings.TrimSpace(string(content)))
		return pid > 0
	})
	cancel()
	select {
	case err := <-result:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error = %v, want the context's", err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("fetch did not end with its context")
	}
	eventually(t, 5*time.Second, "npm's child is gone", func() bool { return gone(pid) })
	f.noLeftovers(t)
}

// gone reports whether a process has ended, reaped by its parent or not.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestFetchWaitingIsCancelled(t *testing.T) {
	f := newFakeNPM(t, servePackage)
	dir := filepath.Dir(f.path())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := tryLock(filepath.Join(dir, "lock"))
	if err != nil || lock == nil {
		t.Fatal("no lock", err)
	}
	defer lock.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := f.fetch(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error = %v, want the context's", err)
	}
}

// TestNPMGetsNoSecrets: npm has the user's environment without the secrets in it.
func TestNPMGetsNoSecrets(t *testing.T) {
	f := newFakeNPM(t, `env > "$self/env"; `+servePackage)
	t.Setenv("TENCENTCLOUD_SECRET_KEY", "marked-secret")
	t.Setenv("npm_config_proxy", "http://proxy.example")
	if _, err := Fetch(testContext(t), FetchOptions{CacheDir: f.cache, release: &f.release, Hidden: []string{"TENCENTCLOUD_SECRET_KEY"}}); err != nil {
		t.Fatal(err)
	}
	env, err := os.ReadFile(filepath.Join(f.dir, "env"))
	if err != nil || strings.Contains(string(env), "marked-secret") || !strings.Contains(string(env), "npm_config_proxy=http://proxy.example") {
		t.Errorf("%v\n%s", err, env)
	}
}
