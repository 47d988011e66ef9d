package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTry checks that a daemon that cannot store its last runs does not start. It makes the
// folder, and leaves no file in it.
func TestTry(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	if err := runsFile(filepath.Join(dir, "schedules.json")).try(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{"/proc/callvault", file, filepath.Join(file, "below")} {
		err := runsFile(filepath.Join(in, "schedules.json")).try()
		if err == nil || !strings.HasPrefix(err.Error(), "CALLVAULT_DATA_DIR: ") {
			t.Errorf("%s: %v", in, err)
		}
	}
}
