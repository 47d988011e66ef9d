package embedded

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// credentials live as long as the data directory.
type credentials struct {
	Password        string `json:"password"`
	AnalystPassword string `json:"analyst_password"`
}

// state is what engine.json tells other processes about a running engine.
type state struct {
	OwnerPID  int    `json:"owner_pid"`  // the process that started the engine
	EnginePID int    `json:"engine_pid"` // the engine itself
	TCPPort   int    `json:"tcp_port"`
	HTTPPort  int    `json:"http_port"`
	Database  string `json:"database"`
	credentials
}

func statePath(dir string) string { return filepath.Join(dir, "engine.json") }

// loadCredentials returns the data directory's passwords, made if there are
// none, with the given one in force from now on.
func loadCredentials(dir, password string) (credentials, error) {
	path := filepath.Join(dir, "credentials.json")
	var c credentials
	if err := readJSON(path, &c); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("%w (remove the file to have new passwords made)", err)
	}
	before := c
	if password != "" {
		c.Password = password
	}
	if c.Password == "" {
		c.Password = rand.Text()
	}
	if c.AnalystPassword == "" {
		c.AnalystPassword = rand.Text()
	}
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

// writePrivate replaces the file in one step; only the user may read it.
func writePrivate(path string, content []byte) error {
	if err := renameio.WriteFile(path, content, 0o600, renameio.WithTempDir(filepath.Dir(path))); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
