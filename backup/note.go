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

// Note describes a complete backup.
type Note struct {
	Name     string     `json:"name"`
	Kind     Kind       `json:"kind"`
	Base     string     `json:"base,omitempty"` // the full backup that an incremental one is based on
	Database string     `json:"database"`       // the name it had
	Began    time.Time  `json:"began"`
	Taken    time.Time  `json:"taken"` // the moment of the archive that it has
	Ended    time.Time  `json:"ended"`
	Schema   int        `json:"schema"`            // version
	Version  string     `json:"version"`           // of the program
	Bytes    uint64     `json:"bytes"`             // that it takes in its place, without its base
	Whole    uint64     `json:"bytes_in_full"`     // that a restore reads, base included
	Verified *time.Time `json:"verified"`          // when it was last restored and compared; null: never
	Differs  []string   `json:"differs,omitempty"` // what differed then
	Gone     string     `json:"gone,omitempty"`    // which of its files were removed: its own, or those of its base; set by List
	Lost     string     `json:"lost,omitempty"`    // a later full backup that would have been its base, and was removed
	Shards   uint64     `json:"shards,omitempty"`  // of the cluster; 0: one server
	Content  []Content  `json:"content"`
}

// Content is the expected content of a table or a relation, or of a part of one.
type Content struct {
	Of       string `json:"of"`
	Rows     uint64 `json:"rows"`
	Checksum string `json:"checksum"` // of the rows in any order, hexadecimal
}

// names have the time when a backup began (UTC) and its kind. They sort by time.
const nameTime = "2006-01-02T15-04-05Z"

var backupName = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-(full|incremental)$`)

func nameOf(began time.Time, k Kind) string { return began.UTC().Format(nameTime) + "-" + string(k) }

// chain returns the full backup that a backup belongs to.
func (n Note) chain() string { return cmp.Or(n.Base, n.Name) }

// sound reports whether no fault of the backup is known.
func (n Note) sound() bool { return len(n.Differs) == 0 && n.Gone == "" }

// sortNotes sorts by time.
func sortNotes(notes []Note) {
	slices.SortFunc(notes, func(a, b Note) int { return cmp.Compare(a.Name, b.Name) })
}

// Find returns the note with a name, or the latest one if name is empty.
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
			return n, fmt.Errorf("%w: %s is based on %s, whose files were removed; callvault backup list shows the others", ErrGone, name, n.Gone)
		default:
			return n, nil
		}
	}
	return Note{}, fmt.Errorf("%w named %q that is complete; callvault backup list shows all", ErrNone, name)
}

// latestFull returns the base for an incremental backup: the latest full one, if it began
// after since. lost is a later one that would serve and is gone.
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
