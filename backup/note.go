package backup

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Kind of a backup.
type Kind string

const (
	Full        Kind = "full"
	Incremental Kind = "incremental"
)

// Note is what is known of a backup that is complete.
type Note struct {
	Name     string     `json:"name"`
	Kind     Kind       `json:"kind"`
	Base     string     `json:"base,omitempty"` // the full backup that an incremental one stands on
	Database string     `json:"database"`       // the name it had
	Began    time.Time  `json:"began"`
	Taken    time.Time  `json:"taken"` // what it holds is the archive as it was then
	Ended    time.Time  `json:"ended"`
	Schema   int        `json:"schema"`            // version
	Version  string     `json:"version"`           // of the program
	Bytes    uint64     `json:"bytes"`             // it takes in its place, without its base
	Whole    uint64     `json:"bytes_in_full"`     // that a restore reads, base included
	Verified *time.Time `json:"verified"`          // when it was restored and compared last; null: never
	Differs  []string   `json:"differs,omitempty"` // what was not as it must be then
	Gone     string     `json:"gone,omitempty"`    // what of it was removed: it, or the backup it stands on; told by List
	Lost     string     `json:"lost,omitempty"`    // a later full backup than its base, which it would have stood on and which was removed
	Content  []Content  `json:"content"`
}

// Content is a table or a relation, or a part of one, as it must be.
type Content struct {
	Of       string `json:"of"`
	Rows     uint64 `json:"rows"`
	Checksum string `json:"checksum"` // of the rows in any order, hexadecimal
}

// names tell when a backup began (UTC) and its kind, and sort by time.
const nameTime = "2006-01-02T15-04-05Z"

var backupName = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-(full|incremental)$`)

func nameOf(began time.Time, k Kind) string { return began.UTC().Format(nameTime) + "-" + string(k) }

// chain is the full backup that a backup belongs to.
func (n Note) chain() string { return cmp.Or(n.Base, n.Name) }

// sound says that nothing is known against it.
func (n Note) sound() bool { return len(n.Differs) == 0 && n.Gone == "" }

// sortNotes sorts by time.
func sortNotes(notes []Note) {
	slices.SortFunc(notes, func(a, b Note) int { return cmp.Compare(a.Name, b.Name) })
}

// Find is the note of a name, or the latest one if name is empty.
func Find(notes []Note, name string) (Note, error) {
	if len(notes) == 0 {
		return Note{}, ErrNone
	}
	if name == "" {
		name = notes[len(notes)-1].Name
	}
	for _, n := range notes {
		switch {
		case n.Name != name:
		case n.Gone == name:
			return n, fmt.Errorf("%w: the files of %s were removed, only its note is left; callvault backup list shows the others", ErrGone, name)
		case n.Gone != "":
			return n, fmt.Errorf("%w: %s stands on %s, whose files were removed; callvault backup list shows the others", ErrGone, name, n.Gone)
		default:
			return n, nil
		}
	}
	return Note{}, fmt.Errorf("%w of the name %q that is complete; callvault backup list shows them", ErrNone, name)
}

// latestFull is the full backup to stand on: the latest one, if it began after
// since. lost is a later one that would serve and is gone.
func latestFull(notes []Note, since time.Time) (base Note, ok bool, lost string) {
	for _, n := range slices.Backward(notes) {
		switch {
		case n.Kind != Full:
		case n.sound():
			return n, n.Began.After(since), lost
		case n.Gone != "" && n.Began.After(since):
			lost = cmp.Or(lost, n.Name)
		}
	}
	return Note{}, false, lost
}
