package embedded

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// credentials are the passwords of a data directory.
type credentials struct {
	Password        string `json:"password"`
	AnalystPassword string `json:"analyst_password"`
}

// state is the content of engine.json: how other processes reach the engine.
type state struct {
	OwnerPID  int    `json:"owner_pid"`  // the process that started the engine
	EnginePID int    `json:"engine_pid"` // the engine itself
	TCPPort   int    `json:"tcp_port"`
	HTTPPort  int    `json:"http_port"`
	Database  string `json:"database"`
	credentials
}

func statePath(dir string) string { return filepath.Join(dir, "engine.json") }

// loadCredentials returns the passwords of the data directory. It makes missing ones, and
// replaces that of User if password is not "".
func loadCredentials(dir, password string) (credentials, error) {
	path := filepath.Join(dir, "credentials.json")
	var c credentials
	if err := readJSON(path, &c); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("%w (remove the file to get new passwords)", err)
	}
	before := c
	c.Password = cmp.Or(password, c.Password, rand.Text())
	c.AnalystPassword = cmp.Or(c.AnalystPassword, rand.Text())
	if c == before {
		return c, nil
	}
	return c, writeJSON(path, c)
}

func readJSON(path string, into any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

func writeJSON(path string, value any) error {
	content, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return writePrivate(path, append(content, '\n'))
}

// writePrivate replaces a file in one step. Only the user may read it.
func writePrivate(path string, content []byte) error {
	if err := renameio.WriteFile(path, content, 0o600, renameio.WithTempDir(filepath.Dir(path))); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
