package embeddedtest

import (
	"os"
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
