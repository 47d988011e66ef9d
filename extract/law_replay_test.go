package extract_test

import (
	"math/rand/v2"
	"reflect"
	"regexp"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/extract/replay"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/ledger"
)

// TestLongReplayOfOddAnswers replays an archive of answers that could not be read in full.
// With the same decoder nothing may change. With a decoder that can read them, the replay
// must add their data, even for units that are lost by now.
func TestLongReplayOfOddAnswers(t *testing.T) {
	for name, s := range map[string]seen{
		"times as dates":          {faults: "date-times=1", touches: everything},
		"some calls and pages":    {faults: "date-times=0.5,page-size=7", touches: everything, mix: simulator.MixOneToOne, calls: 12},
		"rows twice, and strings": {faults: "twice=0.5,text-values=1,date-times=1", touches: everything, mix: simulator.MixOneToOne, calls: 12},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := s.law(t)
				l.vault.bodies = map[uint64][]byte{}
				if report, _, err := l.passUnder(t.Context(), l.odd.faults); err != nil {
					t.Fatal(err)
				} else {
					l.checkOdd(report)
				}
				l.replay()
				l.learn()
			})
		})
	}
}

// replay replays everything that is visible, with the present decoder.
func (l *law) replay() {
	l.Helper()
	have, ledger := l.vault.contents(), l.entries()
	l.replayAll()
	if got := l.vault.contents(); !reflect.DeepEqual(got, have) {
		for u := range l.units(got) {
			if got[u] != have[u] {
				l.Errorf("%s %s is another one after the replay: %+v", u.Kind, u.Key, l.vault.ledger[u])
			}
		}
	}
	for u, e := range ledger {
		if now := l.vault.ledger[u]; now.State != e.State || !reflect.DeepEqual(now.Failed, e.Failed) {
			l.Errorf("after the replay: %+v\nbefore: %+v", now, e)
		}
	}
}

// learn replays with a decoder that has learnt to read dates. There is no such decoder:
// learn rewrites the kept answers into the form that it would understand.
func (l *law) learn() {
	l.Helper()
	for id, body := range l.vault.bodies {
		l.vault.bodies[id] = dates.ReplaceAllFunc(body, func(field []byte) []byte {
			at, err := time.Parse(time.DateTime, string(dates.FindSubmatch(field)[1]))
			if err != nil {
				l.Fatal(err)
			}
			return strconv.AppendInt([]byte(`"Time":`), at.Unix(), 10)
		})
	}
	lost := 0
	for u, e := range l.vault.ledger {
		if u.Kind == call.UnitCall && lacks(e) && l.chance.IntN(2) == 0 {
			e.State, e.Reason = ledger.Lost, "the vendor dropped it before all of it was archived: "+e.Reason
			l.vault.ledger[u], lost = e, lost+1
		}
	}
	l.replayAll()
	have := l.vault.contents()
	for u := range l.units(have) {
		if e := l.vault.ledger[u]; have[u] != l.want[u] || lacks(e) || l.over(u) && e.State != ledger.Archived && e.State != ledger.Empty {
			l.Errorf("after it was learnt: %+v: %s", e, tell(l.difference(u)))
		}
	}
	if lost == 0 {
		l.Error("no call was lost")
	}
}

var dates = regexp.MustCompile(`"Time":"([0-9: -]+)"`)

// entries returns the entries of units that have rows.
func (l *law) entries() map[call.Unit]ledger.Entry {
	all := map[call.Unit]ledger.Entry{}
	for u, e := range l.vault.ledger {
		if u.Kind != call.UnitList {
			all[u] = e
		}
	}
	return all
}

func (l *law) replayAll() {
	l.Helper()
	w := l.vault.writer(rand.New(rand.NewPCG(l.chance.Uint64(), 1)))
	r := replay.Replayer{From: l.vault, To: w, Settle: settle}
	for u, e := range l.entries() {
		if parts, err := l.vault.VisibleParts(l.Context(), u); err == nil && len(parts) == 0 {
			continue // a quiet hour, whose answer is not kept
		}
		if _, err := r.Unit(l.Context(), e); err != nil {
			l.Fatalf("replay %s %s: %v", u.Kind, u.Key, err)
		}
	}
	if err := w.Close(); err != nil {
		l.Fatal(err)
	}
}
