package decide

import (
	"cmp"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// leftAfter is the time after the end of a call when all users count as having left,
// whatever the vendor reports.
const leftAfter = 24 * time.Hour

// Before is what is known of a call before a pass asks about it. Times are UTC and whole
// seconds.
type Before struct {
	Room       call.Room
	RowProblem string       // why the row that lists the call is not whole; "": it is whole
	NoCreation bool         // the row lacks the time when the room was created: CreatedAt is the time of the question
	Ledger     ledger.Entry // the call's entry in the ledger
	InLedger   bool         // Ledger is set

	Asked     time.Time     // when the pass begins with the call; every answer is newer
	Oldest    time.Time     // the first second that the vendor still keeps
	Settle    time.Duration // how long after a moment answers about it may still change
	Retention time.Duration // how long the vendor keeps data
	Limits    plan.Limits   // of one request of series

	Privacy  string          // what is kept of persons now
	EventsOf ledger.EventsOf // whose events the pass asks for; "": all
	Follows  bool            // when the calls are archived, the pass asks for the events of users who had trouble

	Again   bool // data that the archive has is asked for again, and replaced
	Compare bool // everything is asked for, to be compared with the archive
}

// Call is the decision about one call. TakeUsers sets the fields that the other methods
// read. After it, methods that only read may be called at the same time. The others (Take…,
// Miss, Begins, AcceptNull) must be called one at a time.
type Call struct {
	Before
	Alive     call.Window // when the call can have data, as far as the vendor keeps it
	Replaces  bool        // the new data replaces everything that the archive has
	Ended     bool        // no answer can change any more
	SettledTo uint32      // answers about the seconds up to this one can no longer change
	Held      call.Known  // the settled parts that the archive has
	Sessions  Presence    // all known sessions

	Failed       []ledger.FailedPart // missing parts that failed or cannot be read
	Cause        string              // of the first of Failed: the same for all failures of one kind
	Null         []ledger.FailedPart // missing parts that are null where data is due
	NullAccepted bool                // null where data is due was accepted as an answer

	completes  bool     // the call is archived, and events that were not asked for are added
	present    Presence // Sessions, and the assumed presence of users whose sessions cannot be read
	nullPasses int      // earlier passes in which something was null where data is due

	missingFrom time.Time // the first second of a missing part; zero: none is missing
	cut         bool      // the vendor no longer keeps the beginning of its sessions
	begins      time.Time // the first second that the vendor still had; zero: it had everything
}

// Begin returns the decision about a call at the beginning of a pass.
func Begin(b Before) *Call {
	c := &Call{Before: b, nullPasses: nullPasses(b.Ledger)}
	if c.NoCreation && c.InLedger {
		c.Room.CreatedAt = c.Ledger.StartsAt
	}
	if c.Alive = c.alive(); c.Compare {
		c.EventsOf = cmp.Or(c.EventsOf, ledger.EventsOfAll)
		c.forget()
		return c
	}
	moved := c.InLedger && !c.Ledger.StartsAt.Equal(c.Room.CreatedAt)
	if c.Replaces = c.InLedger && c.inReach() && (c.Again || moved || c.Unlike() && c.Visible()); !c.Replaces && moved {
		c.Room.CreatedAt = c.Ledger.StartsAt // all rows of a call have the same creation time
	}
	c.EventsOf = c.eventsOf()
	return c
}

// Unlike says that what the archive has of the call names persons otherwise than what comes
// now: a user would have two names. A call that the vendor has not whole any more goes on.
func (c *Call) Unlike() bool {
	return c.InLedger && c.inReach() && c.Ledger.Privacy != c.Privacy && !c.Ledger.State.Final()
}

// forget makes a call that is compared unknown, except whether null is accepted: it is if
// the archive accepted it, or if the call lacks nothing else.
func (c *Call) forget() {
	if c.nullPasses = c.Ledger.Attempts; c.Ledger.State.Final() || c.Ledger.Waits() {
		c.nullPasses = AcceptNullAfter
	}
	c.Ledger, c.InLedger, c.Replaces = ledger.Entry{}, false, c.inReach()
}

// alive returns when the call can have data, before its sessions are known.
func (c *Call) alive() call.Window {
	w := call.Window{Start: c.Room.CreatedAt, End: c.Asked}
	if c.Room.Finished || c.RowProblem != "" && !c.Room.DestroyedAt.IsZero() {
		w.End = Earlier(Destroyed(c.Room), c.Asked)
	}
	if w.Start = Later(w.Start, c.Oldest); !w.Start.Before(w.End) {
		w.End = w.Start.Add(time.Second)
	}
	return w
}

// inReach reports whether the vendor still has the whole call. A call that it no longer has
// in full must not be replaced.
func (c *Call) inReach() bool { return !c.Alive.Start.After(c.Room.CreatedAt) }

// Destroyed returns the end of a call that has ended. If the vendor does not report it, the
// call counts as long as almost all calls.
func Destroyed(r call.Room) time.Time {
	if r.DestroyedAt.IsZero() {
		return r.CreatedAt.Add(leftAfter)
	}
	return r.DestroyedAt
}

// Visible reports whether the archive may have visible rows of the call that are not
// settled.
func (c *Call) Visible() bool { return c.InLedger && c.Ledger.State != ledger.Pending }

// settledAt returns the time up to which answers to questions of now can no longer change.
func (c *Call) settledAt() time.Time { return c.Asked.Add(-c.Settle) }

// TakeUsers takes the list of users. The list decides whether the call has ended and what
// is settled. It also has the id of the room if the row that lists the call lacks it. If
// neither has it, no row is settled, because each row names the room.
func (c *Call) TakeUsers(l *UserList) {
	all := MergeSessions(c.Held.Sessions, l.Sessions)
	over := c.RowProblem == "" && c.Room.Finished && c.Room.DestroyedAt.Before(c.settledAt())
	left := len(l.Unnamed) == 0 && AllLeft(all)
	if c.Ended = over && (left || c.Room.DestroyedAt.Add(leftAfter).Before(c.Asked)); c.Ended {
		c.SettledTo = call.Forever
	} else {
		c.SettledTo = uint32(c.settledAt().Unix())
	}
	if c.RowProblem == "" || c.Room.RoomID != "" {
		return
	}
	for _, s := range l.Sessions {
		if c.Room.RoomID = s.RoomID; s.RoomID != "" {
			return
		}
	}
	c.SettledTo = 0
}

// SetPresence sets who was present: all sessions, and the entries of the list that stand
// for unreadable sessions.
func (c *Call) SetPresence(all, unreadable []call.Session) {
	c.Sessions, c.present = PresenceOf(all), PresenceOf(slices.Concat(all, unreadable))
}

// Widen extends the call's lifetime to that of the sessions, as far as the vendor keeps it.
func (c *Call) Widen(sessions []call.Session, oldest time.Time) {
	for _, s := range sessions {
		c.Alive.Start = Earlier(c.Alive.Start, s.JoinedAt)
		c.Alive.End = Later(c.Alive.End, s.LeftAt)
	}
	c.cut = c.cut || c.Alive.Start.Before(oldest)
	c.Alive.Start = Later(c.Alive.Start, oldest)
}

// Part returns a part of the call.
func (c *Call) Part(kind call.PartKind, key string, w call.Window) call.Part {
	return call.Part{Kind: kind, Key: key, RoomID: c.Room.RoomID, Window: w, Asked: c.Asked, Deadline: w.Start.Add(c.Retention)}
}

// Later returns the later of two times.
func Later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Earlier returns the earlier of two times.
func Earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// second returns the time of a unix second.
func second(unix uint32) time.Time { return time.Unix(int64(unix), 0).UTC() }
