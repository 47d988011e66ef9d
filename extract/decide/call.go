package decide

import (
	"slices"
	"time"

	"github.com/callvault/callvault/extract/plan"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/ledger"
)

// leftAfter is how long after a call has ended its users are taken to have left,
// whatever the vendor says of them.
const leftAfter = 24 * time.Hour

// Before is what is known of a call when a pass comes to it. Times are UTC and
// whole seconds.
type Before struct {
	Room       call.Room
	RowProblem string       // why the row that lists the call is not whole; "": it is
	NoCreation bool         // that row does not tell when the room was created: CreatedAt is when it was looked for
	Ledger     ledger.Entry // what the ledger says
	InLedger   bool         // it says something

	Asked     time.Time     // when the pass comes to the call: no answer is older
	Oldest    time.Time     // the first second that the vendor still tells about
	Settle    time.Duration // how long after a moment answers about it may change
	Retention time.Duration // how long the vendor keeps data
	Limits    plan.Limits   // of one request of series

	Privacy string // what is kept of persons now

	Again   bool // what the archive holds is asked for again, and replaced
	Compare bool // everything is asked for, to be compared with the archive
}

// Call is the decision about one call. TakeUsers sets what the other methods read:
// after it, those that only read may be called at the same time. Of the others
// (Take…, Miss, Begins, AcceptNull) none may.
type Call struct {
	Before
	Alive     call.Window // in which the call can have data, as far as the vendor still tells
	Replaces  bool        // what comes takes the place of all that the archive has
	Ended     bool        // no answer can change any more
	SettledTo uint32      // answers about the seconds up to this one no longer change
	Held      call.Known  // what the archive holds for good
	Sessions  Presence    // all that are known

	Failed       []ledger.FailedPart // missing: they failed, or cannot be read
	Cause        string              // of the first of these: the same for what failed in the same way
	Null         []ledger.FailedPart // missing: they are null where data is due
	NullAccepted bool                // null where data is due was taken for an answer

	present    Presence // Sessions, and where users were taken to be whose session cannot be read
	nullPasses int      // earlier passes in which something was null where data is due

	missingFrom time.Time // the first second of which something is to be asked for again; zero: none
	begins      time.Time // what was before had been dropped when it was asked for; zero: nothing had
}

// Begin begins with a call.
func Begin(b Before) *Call {
	c := &Call{Before: b, nullPasses: nullPasses(b.Ledger)}
	if c.NoCreation && c.InLedger {
		c.Room.CreatedAt = c.Ledger.StartsAt
	}
	if c.Alive = c.alive(); c.Compare {
		c.forget()
		return c
	}
	moved := c.InLedger && !c.Ledger.StartsAt.Equal(c.Room.CreatedAt)
	if c.Replaces = c.InLedger && c.inReach() && (c.Again || moved || c.Unlike() && c.Visible()); !c.Replaces && moved {
		c.Room.CreatedAt = c.Ledger.StartsAt // all rows of a call name one
	}
	return c
}

// Unlike says that what the archive has of the call names persons otherwise than what comes
// now: a user would have two names. A call that the vendor has not whole any more goes on.
func (c *Call) Unlike() bool {
	return c.InLedger && c.inReach() && c.Ledger.Privacy != c.Privacy && !c.Ledger.State.Final()
}

// forget makes nothing known of a call that is compared, but whether null is
// accepted: it is where the archive accepted it, or lacks nothing else.
func (c *Call) forget() {
	if c.nullPasses = c.Ledger.Attempts; c.Ledger.State.Final() || c.Ledger.Waits() {
		c.nullPasses = AcceptNullAfter
	}
	c.Ledger, c.InLedger, c.Replaces = ledger.Entry{}, false, c.inReach()
}

// alive is when the call can have data, as far as is known before its sessions are.
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

// inReach says whether the vendor still has the whole call. One that it has not
// must not be replaced.
func (c *Call) inReach() bool { return !c.Alive.Start.After(c.Room.CreatedAt) }

// Destroyed is the end of a call that has ended. Where the vendor does not tell
// it, the call is taken to have lasted for as long as most do at most.
func Destroyed(r call.Room) time.Time {
	if r.DestroyedAt.IsZero() {
		return r.CreatedAt.Add(leftAfter)
	}
	return r.DestroyedAt
}

// Visible says whether the archive may show something that it does not hold for good.
func (c *Call) Visible() bool { return c.InLedger && c.Ledger.State != ledger.Pending }

// settledAt is up to when answers that were asked for now no longer change.
func (c *Call) settledAt() time.Time { return c.Asked.Add(-c.Settle) }

// TakeUsers takes the list of users: it tells whether the call has ended, what is
// settled and, where the row that lists the call does not, the id of the room.
// Where nobody tells that, no row is held for good, as each has it.
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

// SetPresence takes who was there: the sessions, all of them, and those of the list
// that stand for sessions which cannot be read.
func (c *Call) SetPresence(all, unreadable []call.Session) {
	c.Sessions, c.present = PresenceOf(all), PresenceOf(slices.Concat(all, unreadable))
}

// Widen adds to the lifetime what the sessions say, as far as the vendor still
// tells about it.
func (c *Call) Widen(sessions []call.Session, oldest time.Time) {
	for _, s := range sessions {
		c.Alive.Start = Earlier(c.Alive.Start, s.JoinedAt)
		c.Alive.End = Later(c.Alive.End, s.LeftAt)
	}
	c.Alive.Start = Later(c.Alive.Start, oldest)
}

// Part is a part of the call.
func (c *Call) Part(kind call.PartKind, key string, w call.Window) call.Part {
	return call.Part{Kind: kind, Key: key, RoomID: c.Room.RoomID, Window: w, Asked: c.Asked, Deadline: w.Start.Add(c.Retention)}
}

// Later is the later of two times.
func Later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Earlier is the earlier of two times.
func Earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// second is a unix second.
func second(unix uint32) time.Time { return time.Unix(int64(unix), 0).UTC() }
