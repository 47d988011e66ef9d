package simulator

import (
	"io"
	"net/http"
	"slices"
	"time"
)

// setHabitError sets the trouble of a request whose response a habit replaces with an
// error or with nothing.
func (s *Simulator) setHabitError(f *Faults, q *query, t *trouble) {
	switch {
	case f.DownFor > 0 && time.Now().UnixNano() < s.downUntil.Load():
		t.down(hash2(saltDown, t.draw))
	case f.Code[q.name] != "":
		t.kind, t.code = FaultCode, f.Code[q.name]
	case f.TooLarge > 0 && q.family() <= familyUsers && q.to-q.from > f.TooLarge:
		t.kind, t.code = FaultTooLarge, codeTooLarge
	case q.family() == familyRooms && f.fails(q.app, q.from, q.to):
		t.kind, t.code = FaultFailingDay, codeES
	case f.tooDeep(q):
		t.kind, t.code = FaultDeepPage, codeES
	case f.Flood[q.name] != "":
		t.kind = FaultFlood
	}
	if slices.Contains(f.Hang, q.name) {
		t.hang = f.HangFor
	}
}

// down draws how a request fails while everything is down.
func (t *trouble) down(draw uint64) {
	t.kind = [...]FaultKind{FaultHTML, FaultHTML, FaultReset, FaultCut}[draw%4]
	if draw%4 == 0 {
		t.draw = 0 // 502
	}
	if draw%4 == 1 {
		t.draw = 3 << 4 // HTML under 200
	}
}

// fails reports whether a window has more than an instant of a failing day.
func (f *Faults) fails(app uint32, from, to int64) bool {
	if f.FailingDays == 0 {
		return false
	}
	for start := from - from%day; start <= to; start += day {
		if (start < to || from == to) && f.draws(f.FailingDays, saltFailingDay, hash2(uint64(app), uint64(start/day))) {
			return true
		}
	}
	return false
}

// FailingDay reports whether the room list of an app fails on the UTC day of an
// instant.
func (s *Simulator) FailingDay(app uint32, at time.Time) bool {
	return s.faults.Load().fails(app, at.Unix(), at.Unix())
}

// tooDeep reports whether a page begins at DeepPages or later.
func (f *Faults) tooDeep(q *query) bool {
	if f.DeepPages == 0 || q.family() > familyUsers || q.size == 0 {
		return false
	}
	size := q.size
	if f.PageSize > 0 {
		size = min(size, f.PageSize)
	}
	return q.page*size >= f.DeepPages
}

// busyPage answers 429 like a gateway.
func busyPage(w http.ResponseWriter) int64 {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusTooManyRequests)
	n, _ := io.WriteString(w, "<html><body><h1>429 Too Many Requests</h1></body></html>\r\n") // the client has gone: nothing to tell it
	return int64(n)
}
