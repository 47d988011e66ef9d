package load

import (
	"math"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/digest"
	"github.com/callvault/callvault/ledger"
	"github.com/callvault/callvault/load/visible"
)

// awkward are texts that a careless encoding confuses.
var awkward = []string{"", "a", "1:a", "ab", "é室\x00'\\", "it's, 5", string(make([]byte, 600))}

// TestDigestsAreTheSameOnBothSides compares checksums made in Go with those that ClickHouse
// makes from its rows.
func TestDigestsAreTheSameOnBothSides(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	w := NewWriter(s, "run", WriterOptions{})
	units := map[call.UnitKind]call.Unit{
		call.UnitCall:    {App: app, Kind: call.UnitCall, Key: "it's_call"},
		call.UnitUnusual: {App: app, Kind: call.UnitUnusual, Key: t0.Format(time.RFC3339)},
		call.UnitScale:   {App: app, Kind: call.UnitScale, Key: t0.Format(time.RFC3339)},
	}
	for _, s := range call.Statements() {
		units[s.Kind] = s.UnitOf(app, t0)
	}
	parts := awkwardParts(units[call.UnitCall].Key)
	for _, p := range parts {
		must(t, w.Add(t.Context(), units[p.kind], call.Part{Kind: call.PartRoom, Asked: t0, Settled: true}, p.rows))
	}
	for _, u := range units {
		must(t, w.End(t.Context(), ledger.Entry{Unit: u, State: ledger.Archived, StartsAt: t0}))
	}
	must(t, w.Close(t.Context()))
	second := uint32(t0.Unix())
	for _, span := range []visible.Span{{Since: 0, Until: call.Forever}, {Since: second + 10, Until: call.Forever}, {Since: second + 4, Until: second + 30}} {
		var want digest.Sums
		for _, p := range parts {
			sums := digest.Part(&p.rows, span.Since, span.Until)
			if p.kind.IsStatistics() {
				sums = digest.Statistics(p.kind, p.rows.Statistics)
			}
			want.Merge(&sums)
		}
		for i, r := range digest.Relations() {
			span.Key = units[call.UnitCall].Key
			if !r.ByCall() {
				span.Key = t0.Format(time.RFC3339)
			}
			for kind, u := range units {
				if relation, ok := digest.StatisticsOf(kind); ok && relation == i {
					span.Key = u.Key
				}
			}
			got, err := visible.Digests(t.Context(), s, app, r, []visible.Span{{Key: "another", Until: call.Forever}, span})
			must(t, err)
			if got[span.Key] != want[i] || len(got) > 1 {
				t.Errorf("%s in %+v: got %+v, want %+v", r.Name, span, got, want[i])
			}
			if span.Since == 0 && want[i].Rows == 0 {
				t.Errorf("%s: nothing compared", r.Name)
			}
		}
	}
}

type awkwardPart struct {
	kind call.UnitKind
	rows call.Rows
}

func awkwardParts(commID string) []awkwardPart {
	var out []awkwardPart
	add := func(kind call.UnitKind, r call.Rows) { out = append(out, awkwardPart{kind, r}) }
	at := func(i int) time.Time { return t0.Add(time.Duration(i*8) * time.Second) }
	add(call.UnitCall, call.Rows{CreatedAt: t0, Room: &call.Room{App: app, CommID: commID, RoomID: awkward[4], CreatedAt: t0, DestroyedAt: at(3), Finished: true, Creator: awkward[5]}})
	samples := &call.Samples{}
	var rows call.Rows
	for i, text := range awkward {
		left := at(i)
		if i == 2 {
			left = time.Time{}
		}
		rows.Sessions = append(rows.Sessions, call.Session{UserID: text, JoinedAt: t0, LeftAt: left, Finished: i != 2, DeviceType: text, SDKVersion: awkward[1], ClientIP: text})
		rows.Events = append(rows.Events, call.Event{UserID: text, PeerID: awkward[3], EventID: 1 << 31, Time: at(i).Add(999 * time.Millisecond), StreamType: 7, ParamOne: math.MinInt64, ParamTwo: int64(i)})
		samples.Series = append(samples.Series, call.Series{UserID: text, PeerID: awkward[len(awkward)-1-i], Metric: "aBit", Rows: 2})
		samples.Time = append(samples.Time, uint32(t0.Unix()), uint32(at(i+1).Unix()))
		samples.Value = append(samples.Value, 0.1*float64(i), -math.MaxFloat64)
		add(call.UnitUnusual, call.Rows{Unusual: []call.UnusualEvent{{RoomID: text, UserID: awkward[1], ExperienceID: 5, Time: at(i), AbnormalEventID: 2026, PeerID: text}}})
	}
	rows.RoomID, rows.CreatedAt, rows.Samples = awkward[2], t0, samples
	add(call.UnitCall, rows)
	for i, text := range awkward {
		add(call.UnitUsage, call.Rows{Statistics: []call.Statistic{{TimeKey: text, At: at(i), Name: "a", Value: -0.1 * float64(i)}, {TimeKey: "none", Name: text, Text: "x" + text}}})
		add(call.UnitRoomUsage, call.Rows{Statistics: []call.Statistic{{RoomID: text, Line: uint32(i), Name: "a", Value: 1 << 60}, {RoomID: "b", Line: 9, Name: text, Text: "x" + text}}})
		for _, kind := range []call.UnitKind{call.UnitMarket, call.UnitRealtime} {
			add(kind, call.Rows{Statistics: []call.Statistic{{At: t0, Name: text, Value: math.SmallestNonzeroFloat64}}})
		}
	}
	add(call.UnitScale, call.Rows{Day: &call.DailyScale{Start: t0, UserNumber: 7, UserCount: 1 << 40, RoomNumber: 0}})
	return out
}
