package extract_test

import (
	"fmt"
	"slices"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/ledger"
)

// difference returns how many more of each row of a unit the truth has than the vault.
func (l *law) difference(u call.Unit) map[any]int {
	count := map[any]int{}
	l.eachRow(l.vendor.sim, func(of call.Unit, _ int, row any) {
		if of == u {
			count[row]++
		}
	})
	if u.Kind == call.UnitCall {
		for r := range l.truth(l.vendor.sim).QualitySamples() {
			if r.CommID == u.Key {
				count[r]++
			}
		}
	}
	l.vault.subtract(u, count)
	return count
}

// partly returns what is wrong with a unit that is named as incomplete: it has rows that
// are not true, or lacks rows of a kind that is not missing.
func (l *law) partly(u call.Unit, e ledger.Entry) string {
	count := l.difference(u)
	kept, whole := map[any]bool{}, map[any][]any{}
	for row, n := range count {
		if n > 0 {
			whole[keptAs(row)] = append(whole[keptAs(row)], row)
		}
	}
	for row, n := range count {
		if n < 0 && (n < -1 || !isKept(row, whole[keptAs(row)])) && !l.isMadeUp(row) {
			return "it has rows that are not true: " + tell(count)
		}
		if n < 0 {
			kept[keptAs(row)] = true
		}
	}
	have, want := l.vault.contents()[u], l.want[u]
	for relation := range have {
		if len(l.odd.only) > 0 && have[relation] != want[relation] && !slices.Contains(l.odd.only, relation) {
			return relationNames[relation] + " are not touched and not right: " + tell(count)
		}
	}
	if len(e.Failed) >= 50 { // an entry names no more parts
		return ""
	}
	for row, n := range count {
		if n > 0 && !kept[keptAs(row)] && !l.excused(row, e) {
			return fmt.Sprintf("nothing says that it lacks a %T: %s", row, tell(count))
		}
	}
	return ""
}

// isKept reports whether a row is a true one without some of its attributes, or without its
// end.
func isKept(row any, whole []any) bool {
	for _, other := range whole {
		switch r := row.(type) {
		case simulator.Room:
			w, ok := other.(simulator.Room)
			if ok && less(r.RoomID, w.RoomID) && less(r.CreatorUserID, w.CreatorUserID) {
				r.RoomID, r.CreatorUserID = w.RoomID, w.CreatorUserID
				if r.DestroyedAt == 0 {
					r.DestroyedAt, r.IsFinished = w.DestroyedAt, w.IsFinished
				}
				if r == w {
					return true
				}
			}
		case simulator.QualitySample:
			w, ok := other.(simulator.QualitySample)
			if r.RoomID == "" && ok {
				r.RoomID = w.RoomID
			}
			if ok && r == w {
				return true
			}
		case simulator.UserEvent:
			w, ok := other.(simulator.UserEvent)
			if r.RoomID == "" && ok {
				r.RoomID = w.RoomID
			}
			if ok && r == w {
				return true
			}
		case simulator.UserSession:
			w, ok := other.(simulator.UserSession)
			if ok && less(r.RoomID, w.RoomID) && less(r.DeviceType, w.DeviceType) && less(r.SdkVersion, w.SdkVersion) && less(r.ClientIP, w.ClientIP) {
				r.RoomID, r.DeviceType, r.SdkVersion, r.ClientIP = w.RoomID, w.DeviceType, w.SdkVersion, w.ClientIP
				if r.LeftAt == 0 {
					r.LeftAt, r.IsFinished = w.LeftAt, w.IsFinished
				}
				if r == w {
					return true
				}
			}
		}
	}
	return false
}

func less(have, want string) bool { return have == want || have == "" }

// keptAs returns the identity of a row without the attributes that it may lack; nil if it
// may lack none.
func keptAs(row any) any {
	switch r := row.(type) {
	case simulator.Room:
		return simulator.Room{CommID: r.CommID}
	case simulator.UserSession:
		return simulator.UserSession{UserID: r.UserID, JoinedAt: r.JoinedAt}
	case simulator.QualitySample:
		r.RoomID = ""
		return r
	case simulator.UserEvent:
		r.RoomID = ""
		return r
	}
	return nil
}

// isMadeUp reports whether the vendor has made up a row.
func (l *law) isMadeUp(row any) bool {
	r, ok := row.(simulator.UserSession)
	return l.odd.madeUp && ok && r.RoomID == "nowhere"
}

// excused reports whether the missing parts of an entry explain a missing row.
func (l *law) excused(row any, e ledger.Entry) bool {
	may := func(kinds ...call.PartKind) bool {
		for _, f := range e.Failed {
			for _, k := range kinds {
				if f.Kind == k && !f.Gone() {
					return true
				}
			}
		}
		return e.State == ledger.Failed || len(e.Failed) == 0
	}
	switch row.(type) {
	case simulator.Room:
		return may(call.PartRoom)
	case simulator.UserSession:
		return may(call.PartUsers, call.PartRoom)
	case simulator.UserEvent:
		return may(call.PartEvents, call.PartUsers, call.PartRoom)
	case simulator.QualitySample:
		return may(call.PartSeries, call.PartUsers, call.PartRoom)
	}
	return true
}
