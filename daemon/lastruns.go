package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/schedules"
)

// lastRun is the last run of a schedule.
type lastRun struct {
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"`
	Error string    `json:"error,omitempty"`
}

// runsFile stores the last run of each schedule, by name, in the data directory. It shows
// which runs were missed while the daemon was down.
type runsFile string

func runsOf(cfg *config.Config) runsFile {
	return runsFile(filepath.Join(cfg.DataDir, "schedules.json"))
}

// read returns an empty map if nothing has run yet.
func (f runsFile) read() (map[string]lastRun, error) {
	runs := map[string]lastRun{}
	b, err := os.ReadFile(string(f))
	if errors.Is(err, os.ErrNotExist) {
		return runs, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &runs)
	}
	if err != nil {
		return map[string]lastRun{}, fmt.Errorf("read last runs: %s: %w", f, err)
	}
	return runs, nil
}

// note replaces the last run of a schedule. Only one goroutine may call it at a time.
func (f runsFile) note(e schedules.Ended) error {
	runs, _ := f.read() // a file that cannot be read is replaced
	r := lastRun{Began: e.Began.UTC(), Ended: e.At.UTC()}
	if e.Err != nil {
		r.Error = e.Err.Error()
	}
	runs[e.Name] = r
	b, err := json.MarshalIndent(runs, "", "  ")
	if err == nil {
		err = os.MkdirAll(filepath.Dir(string(f)), 0o700)
	}
	if err == nil {
		err = renameio.WriteFile(string(f), append(b, '\n'), 0o600, renameio.WithTempDir(filepath.Dir(string(f))))
	}
	if err != nil {
		return fmt.Errorf("write last runs: %w", err)
	}
	return nil
}

// try returns an error if the file cannot be written.
func (f runsFile) try() error {
	dir := filepath.Dir(string(f))
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		var tried *os.File
		if tried, err = os.CreateTemp(dir, ".try-*"); err == nil {
			err = errors.Join(tried.Close(), os.Remove(tried.Name()))
		}
	}
	if err != nil {
		return config.Error{Setting: "CALLVAULT_DATA_DIR", Problem: err.Error(), Try: "name a folder that this user can write to"}
	}
	return nil
}
