package erased

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/call"
)

const app = call.AppID(1400353843)

var t0 = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

func setOf(kind Kind, before time.Time, ids ...string) *Set {
	var rows []Row
	for _, id := range ids {
		rows = append(rows, Row{App: app, Kind: kind, Key: [32]byte{7}, Hash: Hash([32]byte{7}, app, kind, id), Before: before})
	}
	return Of(rows)
}

// TestAnswers: which answers of the vendor may be kept.
func TestAnswers(t *testing.T) {
	alice := setOf(User, Always(), "alice", "ä/\"")
	for _, x := range []struct {
		name, request, body, kept string
		keep                      bool
	}{
		{"others", `{}`, `{"Response":{"Data":["bob"]}}`, `{"Response":{"Data":["bob"]}}`, true},
		{"in the body", `{}`, `{"Response":{"Data":["alice"]}}`, "", false},
		{"with escapes", `{}`, `{"Response":{"Data":["\u0061lice"]}}`, "", false},
		{"quotes", `{}`, `{"Response":{"Data":["\u00e4\/\""]}}`, "", false},
		{"in the request", `{"UserIds":["alice"]}`, `{}`, "", false},
		{"a part of a word", `{}`, `{"Response":{"Data":["alice2"]}}`, `{"Response":{"Data":["alice2"]}}`, true},
		{"cut", `{}`, `{"Response":{"Data":["ali`, "", false},
		{"no JSON", `{}`, `<html>alice</html>`, `<html>alice</html>`, true},
		{"a room list", `{}`, `{"Response":{"RoomList":[{"CommId":"c","CreateTime":5,"RoomString":"r","UserId":"alice"},{"UserId":"bob"}],"Total":2}}`,
			`{"Response":{"RoomList":[{"CommId":"c","CreateTime":5,"RoomString":"r","UserId":""},{"UserId":"bob"}],"Total":2}}`, true},
		{"a room of her name", `{}`, `{"Response":{"RoomList":[{"RoomString":"alice"}]}}`, "", false},
	} {
		kept, keep := alice.Answer(app, []byte(x.request), []byte(x.body), t0)
		if keep != x.keep || keep && string(kept) != x.kept || keep && x.name != "no JSON" && !json.Valid(kept) {
			t.Errorf("%s: %t %s", x.name, keep, kept)
		}
	}
	room := setOf(Room, Always(), "r")
	kept, keep := room.Answer(app, nil, []byte(`{"Response":{"RoomList":[{"RoomString":"r"},{"RoomString":"s"}]}}`), t0)
	if want := `{"Response":{"RoomList":[{"RoomString":"s"}]}}`; !keep || string(kept) != want {
		t.Errorf("a room: %t %s", keep, kept)
	}
	if _, keep := setOf(User, t0, "alice").Answer(app, nil, []byte(`["alice"]`), t0.Add(2*longestRetention)); !keep {
		t.Error("an answer long after the time is not kept")
	}
}

// TestText takes ids out of texts, and nothing else.
func TestText(t *testing.T) {
	s := setOf(User, Always(), "alice", "bob the first")
	for text, want := range map[string]string{
		"":                       "",
		"series alice rtt: torn": "series (erased) rtt: torn",
		"series alice: torn":     "series (erased): torn",
		"user bob the first, 2":  "user (erased), 2",
		"alice2 malice":          "alice2 malice",
		"alice":                  "(erased)",
	} {
		if got := s.Text(app, text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if got := s.Text(app+1, text); got != text {
			t.Errorf("another application: %q", got)
		}
	}
}

// TestTimes: an erasure counts for calls that began before its time.
func TestTimes(t *testing.T) {
	s := setOf(User, t0, "alice")
	if !s.Has(app, User, "alice", t0.Add(-time.Second)) || s.Has(app, User, "alice", t0) || s.Has(app, User, "bob", t0.Add(-time.Second)) || s.Has(app, Room, "alice", t0.Add(-time.Second)) || s.Has(app, User, "", time.Time{}) {
		t.Error("times")
	}
	var nobody *Set
	if nobody.Any(app) || nobody.Has(app, User, "alice", t0) {
		t.Error("nobody")
	}
}

// BenchmarkStrip is the cost for a part of 51,000 samples: while nobody is erased, and while
// somebody else is.
func BenchmarkStrip(b *testing.B) {
	for name, s := range map[string]*Set{"nobody": Of(nil), "somebody": setOf(User, Always(), "alice")} {
		b.Run(name, func(b *testing.B) {
			x := &call.Samples{}
			for _, user := range []string{"b", "c", "d", "e", "f", "g"} {
				for _, metric := range []string{"aBit", "aLoss", "rtt", "sysCpu", "appCpu"} {
					for i := range uint32(1700) {
						x.Append(call.Series{UserID: user, Metric: metric}, i, 1)
					}
				}
			}
			for b.Loop() {
				s.Strip(call.Unit{App: app, Kind: call.UnitCall}, &call.Part{}, &call.Rows{CreatedAt: t0, Samples: x})
			}
		})
	}
}
