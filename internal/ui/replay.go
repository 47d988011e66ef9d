package ui

import (
	"fmt"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/extract/replay"
	"github.com/callvault/callvault/internal/words"
)

// Replayed prints what a replay has done.
func (c Screen) Replayed(r *archive.Replay, asJSON bool) {
	switch {
	case asJSON:
		_ = c.JSON(r) // the work is done in any case
	case !c.Quiet:
		fmt.Fprintf(c.Out, "replayed %s calls, %s samples, %s hours and days of the rest in %.1fs\n",
			words.Comma(r.Calls), words.Comma(r.Samples), words.Comma(r.Others), r.Seconds)
	}
	if r.Mended > 0 && !asJSON && !c.Quiet {
		fmt.Fprintf(c.Out, "  mended    %s parts that had been set aside\n", words.Comma(r.Mended))
	}
	if r.Erased > 0 && !asJSON && !c.Quiet {
		fmt.Fprintf(c.Out, "  erased    %s units stay as they are: their responses named somebody who was erased\n", words.Comma(r.Erased))
	}
	if r.Lacking > 0 {
		c.Errorf("%s units still have parts set aside; callvault status names them", words.Comma(r.Lacking))
	}
	for _, f := range r.Failures {
		c.Errorf("not replayed: %s: %s", f.Unit, f.Reason)
	}
	if r.NotKept > 0 {
		c.Errorf("%s units stay as they are: %v", words.Comma(r.NotKept), replay.ErrNotKept)
	}
}
