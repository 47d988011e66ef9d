package call

import (
	"math"
	"time"
)

// UnitKind says what a Unit is about.
type UnitKind string

const (
	UnitCall    UnitKind = "call"    // Key is a CommID
	UnitList    UnitKind = "list"    // Key is a UTC day, 2006-01-02: the list of the calls alive on it
	UnitUnusual UnitKind = "unusual" // Key is the start of the hour, RFC 3339
	UnitScale   UnitKind = "scale"   // Key is the start of the vendor's day, RFC 3339
)

// Unit is what is archived, replaced and made visible as a whole.
type Unit struct {
	App  AppID
	Kind UnitKind
	Key  string
}

// Window is a span of time with both ends included, as the vendor's windows are.
type Window struct {
	Start, End time.Time
}

// PartKind says what a Part is about.
type PartKind string

const (
	PartRoom    PartKind = "room"
	PartList    PartKind = "list"   // of the calls of a window; it brings no rows
	PartUsers   PartKind = "users"  // sessions
	PartSeries  PartKind = "series" // samples of some users
	PartEvents  PartKind = "events" // of one user
	PartUnusual PartKind = "unusual"
	PartScale   PartKind = "scale"
)

// Part is what one question about a unit, with its pages, brought. A unit is
// complete when its parts are.
type Part struct {
	Kind     PartKind
	Key      string // tells parts of one kind within a unit apart
	RoomID   string // of a call
	Window   Window // asked for
	Owned    []Owned
	Settled  bool      // the vendor's answer cannot change any more
	Reason   string    // why it is not whole; "": it is. Such a part is not settled
	Asked    time.Time // UTC
	Deadline time.Time // when the vendor begins to drop it
	// Responses are the ids of the raw responses it was made from. Those of an
	// unusual part go with Owned, one to one.
	Responses []uint64
}

// Owned are the unix seconds, both included, that are a part's and no other's:
// a user's in a series or events, everybody's (User "") elsewhere.
type Owned struct {
	User     string
	From, To uint32
}

// ErasedResponse stands for a response that was not kept, or deleted, because it names
// somebody who was erased. No response has this id.
const ErasedResponse uint64 = 1

// Forever is later than all the vendor's times, in unix seconds.
const Forever = math.MaxUint32

// Rows are the rows of one part.
type Rows struct {
	RoomID     string               // of samples, and of sessions and events that name none
	CreatedAt  time.Time            // of a call: when its room was created
	SessionsOf map[string][]Session // of the users that samples and events are of: they tell the device
	Room       *Room
	Sessions   []Session
	Samples    *Samples
	Events     []Event
	Unusual    []UnusualEvent
	Day        *DailyScale
}

// Known is what the archive holds of a unit for good.
type Known struct {
	Parts    []Part
	Sessions []Session
}
