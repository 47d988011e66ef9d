package embeddedtest

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// An engine makes and removes many small files, which costs a disk's file system an
// eighth of all the time that tests take. So their data is in memory where there is room.
const (
	memory = "/dev/shm"
	room   = 4 << 30
)

// Dir makes a folder for the data of an engine, and removes it at the end of the test.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := makeDir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func makeDir() (string, error) {
	var fs syscall.Statfs_t
	parent := ""
	if err := syscall.Statfs(memory, &fs); err == nil && uint64(fs.Bavail)*uint64(fs.Bsize) >= room {
		parent = memory
	}
	return os.MkdirTemp(parent, "callvault-test-")
}

// TidyDir is Dir for an engine that looks each second for old parts to remove. By default it
// looks each 30 to 40 seconds.
func TidyDir(t testing.TB) string {
	t.Helper()
	const tidy = `<clickhouse><merge_tree>
		<cleanup_delay_period>1</cleanup_delay_period><max_cleanup_delay_period>1</max_cleanup_delay_period><cleanup_delay_period_random_add>0</cleanup_delay_period_random_add>
	</merge_tree></clickhouse>`
	dir := Dir(t)
	err := os.Mkdir(filepath.Join(dir, "config.d"), 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "config.d", "tidy.xml"), []byte(tidy), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
