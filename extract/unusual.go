package extract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// unusualSearch finds all events of a span, although the vendor returns at most 20
// arbitrary experiences for one question. If 20 come back there may be more. Then the span
// is divided, down to one room in one second. An hour of which more is expected is divided
// before it is asked for.
type unusualSearch struct {
	pass       *Pass
	rep        *report
	due        bool                   // a call was alive then, so null may be a mistake
	expected   float64                // experiences in the hour; 0: unknown
	found      int                    // experiences that the hour has
	missed     []ask.Gap[call.Window] // windows that failed or are not whole
	begins     time.Time              // the first second that the vendor still had; zero: it had everything
	incomplete []string               // spans of which the vendor has more than it returns
	events     []call.UnusualEvent    // found
	owned      []call.Owned           // the seconds for which each of responses was kept
	responses  []uint64
}

// leastUnusual is the smallest span, in seconds, that is divided because it failed. A span
// that is full is divided down to one second.
const leastUnusual = 300

// unusualSpan is a question about the seconds from (included) to to (excluded), with its
// answer.
type unusualSpan struct {
	from, to int64  // unix seconds
	roomID   string // "": all rooms
	events   []call.UnusualEvent
	items    int  // experiences that came
	full     bool // there may be more
	response uint64
}

// halves returns the two halves of a span.
func (s *unusualSpan) halves() (a, b *unusualSpan) {
	middle := s.from + (s.to-s.from)/2
	return &unusualSpan{from: s.from, to: middle, roomID: s.roomID}, &unusualSpan{from: middle, to: s.to, roomID: s.roomID}
}

func (s *unusualSpan) owned() call.Owned {
	return call.Owned{From: uint32(s.from), To: uint32(s.to - 1)}
}

func (s *unusualSpan) window() call.Window {
	return call.Window{Start: time.Unix(s.from, 0).UTC(), End: time.Unix(s.to-1, 0).UTC()}
}

// hour finds the events of an hour, or of the rest that the vendor keeps. A pass that
// compares asks in two spans.
func (n *unusualSearch) hour(ctx context.Context, from, to int64) error {
	const first = 25 * 60
	if n.pass.Compare != nil && to-from > first {
		return n.both(ctx, &unusualSpan{from: from, to: from + first}, &unusualSpan{from: from + first, to: to})
	}
	var err error
	n.found, err = n.divided(ctx, plan.NewCrowd(from, to, trtc.MaxUnusualEvents, n.expected, nil), "")
	return err
}

// divided finds the events of a time, span by span. It returns how many experiences came.
func (n *unusualSearch) divided(ctx context.Context, c *plan.Crowd, roomID string) (found int, err error) {
	for {
		from, to, ok := c.Next()
		if !ok {
			return found, nil
		}
		s := &unusualSpan{from: from, to: to, roomID: roomID}
		if err := n.search(ctx, s); err != nil {
			return found, err
		}
		c.Saw(s.items)
		found += s.items
	}
}

// search finds the events of a span. A span that fails is divided as long as one of its
// halves succeeds; the rest is missed.
func (n *unusualSearch) search(ctx context.Context, s *unusualSpan) error {
	halves := func(s *unusualSpan) (a, b *unusualSpan, ok bool) {
		a, b = s.halves()
		return a, b, s.to-s.from >= 2*leastUnusual
	}
	gaps, err := ask.Divide(s, halves, func(s *unusualSpan) error {
		if err := n.ask(ctx, s, s.to); err != nil {
			return err
		}
		return n.look(ctx, s)
	})
	for _, gap := range gaps {
		if unavailable(gap.Err) {
			return gap.Err
		}
		n.miss(gap.Of, gap.Err)
		if gap.Of.events = nil; gap.Of.response != 0 { // it cannot be read, and is kept
			n.take(gap.Of)
		}
	}
	return err
}

// look takes the events of a span, and divides the span if there may be more.
func (n *unusualSearch) look(ctx context.Context, s *unusualSpan) error {
	switch {
	case !s.full:
		n.take(s)
		return nil
	case s.to-s.from > 1 && n.pass.Compare != nil:
		a, b := s.halves()
		return n.both(ctx, a, b)
	case s.to-s.from > 1:
		times := make([]int64, len(s.events))
		for i, e := range s.events {
			times[i] = e.Time.Unix()
		}
		found, err := n.divided(ctx, plan.NewCrowd(s.from, s.to, trtc.MaxUnusualEvents, 0, times), s.roomID)
		s.items = max(s.items, found)
		return err
	}
	return n.second(ctx, s)
}

func (n *unusualSearch) both(ctx context.Context, a, b *unusualSpan) error {
	if err := n.search(ctx, a); err != nil {
		return err
	}
	return n.search(ctx, b)
}

// miss notes a span that failed or is not whole.
func (n *unusualSearch) miss(s *unusualSpan, err error) {
	n.missed = append(n.missed, ask.Gap[call.Window]{Of: s.window(), Err: err})
}

// take takes the events of an answer.
func (n *unusualSearch) take(s *unusualSpan) {
	n.owned = append(n.owned, s.owned())
	n.responses = append(n.responses, s.response)
	n.events = append(n.events, s.events...)
}

// reason returns why the hour is not whole, or "".
func (n *unusualSearch) reason() string {
	if len(n.missed) == 0 {
		return ""
	}
	return n.missed[0].Err.Error()
}

// second searches one second of which the vendor has more events than it has shown.
func (n *unusualSearch) second(ctx context.Context, seen *unusualSpan) error {
	at := seen.from
	alone := &unusualSpan{from: at, to: seen.to, roomID: seen.roomID}
	err := n.ask(ctx, alone, at)
	switch {
	case ask.Fatal(err):
		return err
	case err == nil && !alone.full && len(alone.events) >= len(seen.events):
		n.take(alone)
		return nil
	case seen.roomID != "":
		n.incomplete = append(n.incomplete, fmt.Sprintf("room %q at %s", seen.roomID, time.Unix(at, 0).UTC().Format(time.RFC3339)))
		n.take(seen)
		return nil
	}
	rooms, err := n.rooms(ctx, at, append(seen.events, alone.events...))
	for _, room := range rooms {
		if err == nil {
			err = n.search(ctx, &unusualSpan{from: at, to: at + 1, roomID: room})
		}
	}
	return err
}

// rooms returns the ids of the rooms that may have events in a second: those seen, and
// those of calls that were alive around it.
func (n *unusualSearch) rooms(ctx context.Context, at int64, seen []call.UnusualEvent) ([]string, error) {
	around := call.Window{Start: time.Unix(at, 0).Add(-time.Minute), End: time.Unix(at, 0).Add(time.Minute)}
	w, _ := n.pass.inReach(around)
	listed, err := n.pass.listSlice(ctx, slice{w, true})
	if err != nil {
		return nil, err
	}
	for _, gap := range listed.gaps {
		n.incomplete = append(n.incomplete, "rooms "+between(gap.Of)) // possibly
	}
	var ids []string
	for _, r := range listed.all.Rooms {
		ids = append(ids, r.RoomID)
	}
	for _, e := range seen {
		ids = append(ids, e.RoomID)
	}
	slices.Sort(ids)
	return slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" }), nil
}

// ask asks for a span, from its first second to end, both included, and sets the result.
func (n *unusualSearch) ask(ctx context.Context, s *unusualSpan, end int64) error {
	p := n.pass
	var info transform.Info
	reply, err := p.ask(ctx, question{
		window: call.Window{Start: time.Unix(s.from, 0), End: time.Unix(min(end, p.now().Unix()), 0)},
		build:  func(w call.Window) trtc.Request { return p.Asker.Dialect().UnusualEvents(p.App, w, s.roomID) },
		decode: func(body []byte) (err error) {
			var d transform.Decoder
			var got []call.UnusualEvent
			got, info, err = d.UnusualEvents(body, nil)
			s.items, s.full = info.Items, info.Items >= trtc.MaxUnusualEvents
			s.events = decide.UnusualIn(got, s.owned())
			null := ask.When(n.due && info.List != transform.ListPresent, ask.ErrNull)
			return cmp.Or(ask.AnswerError(err, "AbnormalExperienceList", info, null), ask.ShortAnswer(info))
		},
	})
	s.response, n.begins = reply.response, decide.Later(n.begins, reply.begins)
	if err != nil || s.full {
		return err
	}
	if problem := problemIn(info); problem != "" {
		n.miss(s, ask.DamageError{Problem: problem})
	}
	n.rep.repeated(info.Repeated)
	return nil
}
