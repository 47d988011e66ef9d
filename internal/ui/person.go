package ui

import (
	"fmt"
	"time"

	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/person"
)

// Found prints where a person is.
func (c Screen) Found(f person.Found, asJSON bool) error {
	switch {
	case asJSON:
		return c.JSON(f)
	case c.Quiet:
		return nil
	case f.Nothing():
		fmt.Fprintln(c.Out, "the archive has nothing of it")
		return nil
	}
	fmt.Fprintf(c.Out, "in %s calls\n", words.Comma(int(f.Calls)))
	for _, p := range f.Relations {
		fmt.Fprintf(c.Out, "  %-24s %-16s %12s rows   %s … %s\n", p.Relation, p.As, words.Comma(int(p.Rows)), p.First.Format(time.DateOnly), p.Last.Format(time.DateOnly))
	}
	if n := len(f.Answers); n > 0 {
		fmt.Fprintf(c.Out, "  %s kept responses, asked for from %s to %s\n", words.Comma(n), f.Answers[0].Asked.Format(time.DateTime), f.Answers[n-1].Asked.Format(time.DateTime))
	}
	if n := len(f.Ledger); n > 0 {
		fmt.Fprintf(c.Out, "  %s calls, hours and days in the ledger\n", words.Comma(n))
	}
	return nil
}

// Erased is the report of an erasure.
type Erased struct {
	person.Done
	Backups Kept    `json:"backups"`
	Seconds float64 `json:"seconds"`
}

// Kept is what was made before an erasure and still has what was erased.
type Kept struct {
	Place string        `json:"place"` // "": no place of backups is set
	Notes []backup.Note `json:"-"`
}

// Erased prints what an erasure has done, and what still has it.
func (c Screen) Erased(r Erased, asJSON bool) error {
	switch {
	case asJSON:
		return c.JSON(r)
	case c.Quiet:
		return nil
	}
	d := r.Done
	fmt.Fprintf(c.Out, "erased in %.1fs: %s calls and %s hours of unusual events made anew\n", r.Seconds, words.Comma(d.Calls), words.Comma(d.Hours))
	fmt.Fprintf(c.Out, "  %s kept responses deleted, %s lists of rooms rewritten, %s entries of the ledger\n", words.Comma(d.Answers), words.Comma(d.Rewritten), words.Comma(d.Entries))
	if d.Waiting+d.Strays > 0 {
		fmt.Fprintf(c.Out, "  %s loads given up that waited, %s rows deleted that the ledger did not know\n", words.Comma(d.Waiting), words.Comma(d.Strays))
	}
	switch n := len(r.Backups.Notes); {
	case r.Backups.Place == "":
		fmt.Fprintln(c.Out, "backups: CALLVAULT_BACKUP_TO names no place; backups made elsewhere still have it")
	case n == 0:
		fmt.Fprintf(c.Out, "backups: none in %s\n", r.Backups.Place)
	default:
		fmt.Fprintf(c.Out, "backups: %s in %s still have it, the latest of %s; a restore from there erases it again\n", words.Comma(n), r.Backups.Place, r.Backups.Notes[n-1].Taken.Format(time.DateTime))
	}
	fmt.Fprintln(c.Out, "exports: the next callvault export to each folder replaces the days that have changed")
	return nil
}
