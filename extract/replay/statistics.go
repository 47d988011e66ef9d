package replay

import (
	"math"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// statistics returns the unit's numbers. Numbers that contradict each other remain a
// contradiction.
func (d *decoding) statistics(u call.Unit, p call.Part, bodies [][]byte) (all []call.Statistic) {
	s, ok := call.StatementOf(u)
	if !ok {
		d.problem = "there is no such statement"
		return nil
	}
	lines := transform.AllLines()
	if from, ok := decide.LinesFrom(p.Key); ok {
		lines = transform.Lines{From: from, To: min(from+decide.LinesAtOnce-1, math.MaxUint32)}
	}
	for _, body := range bodies {
		rows, info, err := d.Statistics(s, u.App, p.Window, lines, body, nil)
		var theirs []transform.Damage
		for _, x := range info.Damage {
			if of, ok := decide.DamagedUnit(s, u.App, x); !ok || of == u {
				theirs = append(theirs, x)
			}
		}
		if !d.note(err, info.List, theirs) {
			continue
		}
		for _, x := range rows {
			if of, ok := decide.StatisticsUnit(s, u.App, p.Window, x); ok && of == u {
				all = append(all, x)
			}
		}
	}
	if problem := decide.Contradiction(all); problem != "" {
		d.problem = problem
	}
	return all
}
