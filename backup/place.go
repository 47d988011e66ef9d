package backup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/export"
)

var (
	// ErrNone is returned when there is no such backup.
	ErrNone = errors.New("there is no backup")
	// ErrGone is returned when files of the backup were removed.
	ErrGone = errors.New("the backup is gone")
	// ErrPlace is returned when the place cannot be used as it was given.
	ErrPlace = errors.New("cannot back up there")
)

// Place is where backups are.
type Place interface {
	String() string
	// expression returns the argument of BACKUP TO and RESTORE FROM.
	expression(name string) string
	// onBase returns the settings that name the base of an incremental backup.
	onBase(base string) []string
	// notes reads the files of notes, in any order.
	notes(ctx context.Context) ([][]byte, error)
	// there returns the names of the backups whose files exist.
	there(ctx context.Context) (map[string]bool, error)
	// begun reports whether a server of a cluster has begun to write a backup. It reports
	// false if it cannot find out.
	begun(ctx context.Context, name string) bool
	write(ctx context.Context, name string, note []byte) error
	// read returns the file of a note, or nil if there is none.
	read(ctx context.Context, name string) ([]byte, error)
	// complete checks, before the note is written, that its folder has the files of
	// ClickHouse.
	complete(ctx context.Context, name string) error
	// mask hides the keys in a text.
	mask(text string) string
}

// Open opens a Place: a folder that ClickHouse and this program see under the same path,
// or s3://bucket/folder or https://host/bucket/folder.
func Open(conn driver.Conn, place string, keys export.Keys) (Place, error) {
	if !export.IsS3(place) {
		abs, err := filepath.Abs(place)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPlace, err)
		}
		return folder(abs), nil
	}
	if _, err := export.NewS3(conn, place, keys); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPlace, err)
	}
	if keys.Token != "" {
		return nil, fmt.Errorf("%w: ClickHouse takes no AWS_SESSION_TOKEN for backups; use keys that need none, or unset them and give the server a role", ErrPlace)
	}
	return &bucket{conn, strings.TrimRight(place, "/"), keys}, nil
}

// listOf is the file that ClickHouse writes last into a backup: the list of its files.
const listOf = ".backup"

// ofShards is the folder in a backup of a cluster that has what the servers write.
const ofShards = "shards"

// List reads the notes of a place, ordered by time, and checks which backups still exist.
func List(ctx context.Context, p Place) ([]Note, error) {
	files, err := p.notes(ctx)
	var there map[string]bool
	if err == nil && len(files) > 0 {
		there, err = p.there(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("list backups in %s: %s", p, oneLine(p, err))
	}
	notes := make([]Note, len(files))
	for i, f := range files {
		if err := json.Unmarshal(f, &notes[i]); err != nil {
			return nil, fmt.Errorf("list backups in %s: a note cannot be read: %w; remove it and its backup", p, err)
		}
		if n := notes[i]; !backupName.MatchString(n.Name) || n.Base != "" && !backupName.MatchString(n.Base) {
			return nil, fmt.Errorf("list backups in %s: %q is not the name of a backup; remove its note", p, n.Name)
		}
		for _, name := range []string{notes[i].Base, notes[i].Name} {
			if name != "" && !there[name] {
				notes[i].Gone = name
			}
		}
	}
	sortNotes(notes)
	return notes, nil
}

func writeNote(ctx context.Context, p Place, n Note) error {
	n.Gone = ""
	if err := p.complete(ctx, n.Name); err != nil {
		return err
	}
	text, err := json.MarshalIndent(n, "", "  ")
	if err == nil {
		err = p.write(ctx, n.Name, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("note backup %s: %s", n.Name, oneLine(p, err))
	}
	return nil
}

// oneLine returns an error in one line and without keys.
func oneLine(p Place, err error) string {
	return p.mask(strings.Join(strings.Fields(err.Error()), " "))
}
