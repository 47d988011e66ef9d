package embedded

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/words"
)

// errNotOurs is returned when another server answers on the port.
var errNotOurs = errors.New("another server answers")

func httpURL(port int) string { return "http://" + loopback + ":" + strconv.Itoa(port) }

// query runs one statement as User. It closes its connection: with an open connection a
// stop takes 5 s.
func query(ctx context.Context, s state, sql string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, httpURL(s.HTTPPort)+"/", strings.NewReader(sql))
	if err != nil {
		return "", fmt.Errorf("ask ClickHouse: %w", err)
	}
	req.Header.Set("X-ClickHouse-User", User)
	req.Header.Set("X-ClickHouse-Key", s.Password)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask ClickHouse: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", fmt.Errorf("read the answer of ClickHouse: %w", err)
	}
	text := strings.TrimSuffix(string(body), "\n")
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("ask ClickHouse: %s: %s", resp.Status, words.FirstLine(strings.TrimSpace(text)))
	}
	return text, nil
}

// verify fails unless the server at the state's HTTP port serves the data of dir.
func verify(ctx context.Context, dir string, s state) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	path, err := query(ctx, s, "SELECT path FROM system.disks WHERE name = 'default' FORMAT TSVRaw")
	if err != nil {
		return err
	}
	theirs, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("%w on port %d: it serves %q", errNotOurs, s.HTTPPort, path)
	}
	ours, err := os.Stat(dataPath(dir))
	if err != nil {
		return err
	}
	if !os.SameFile(theirs, ours) {
		return fmt.Errorf("%w on port %d: it serves %q", errNotOurs, s.HTTPPort, path)
	}
	return nil
}
