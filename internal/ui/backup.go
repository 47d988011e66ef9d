package ui

import (
	"errors"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/internal/words"
)

// Backup prints the backup, if one was made.
func (c Screen) Backup(j *backup.Run, asJSON bool, err error) {
	for _, d := range j.Differences {
		c.Errorf("differs: %s", d)
	}
	if err != nil && !errors.Is(err, backup.ErrDiffers) {
		return
	}
	switch {
	case asJSON:
		_ = c.JSON(j.Note) // the backup is made in any case
	case !c.Quiet:
		fmt.Fprintf(c.Out, "%s: %s, %s\n", j.Note.Name, sizeOf(j.Note), verifiedAs(j.Note, time.Now()))
		if j.Note.Lost != "" {
			c.Errorf("the files of %s, which would have been its base, were removed", j.Note.Lost)
		}
		for _, name := range j.Removed {
			fmt.Fprintf(c.Out, "removed %s\n", name)
		}
	}
}

// Backups lists backups.
func (c Screen) Backups(notes []backup.Note, asJSON bool) error {
	if asJSON {
		return c.JSON(append([]backup.Note{}, notes...))
	}
	if len(notes) == 0 {
		fmt.Fprintln(c.Out, "no backup is complete yet")
	}
	now := time.Now()
	for _, n := range notes {
		fmt.Fprintf(c.Out, "%s, as of %s\n  %s, %s\n", n.Name, Moment(n.Taken, now), sizeOf(n), verifiedAs(n, now))
		if n.Base != "" {
			fmt.Fprintf(c.Out, "  stands on %s\n", n.Base)
		}
	}
	return nil
}

func sizeOf(n backup.Note) string {
	if n.Kind == backup.Incremental {
		return humanize.IBytes(n.Bytes) + " of " + humanize.IBytes(n.Whole)
	}
	return humanize.IBytes(n.Bytes)
}

func verifiedAs(n backup.Note, now time.Time) string {
	switch {
	case n.Gone == n.Name:
		return "gone: its files were removed"
	case n.Gone != "":
		return "unusable: its base is gone"
	case n.Verified == nil:
		return "not verified"
	case len(n.Differs) > 0:
		return words.Plural(len(n.Differs), "difference")
	}
	return "verified " + humanize.RelTime(*n.Verified, now, "ago", "from now")
}
