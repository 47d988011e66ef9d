package call

import (
	"math"
	"time"
)

// UnitKind is the kind of a Unit.
type UnitKind string

const (
	UnitCall    UnitKind = "call"    // Key is a CommID
	UnitList    UnitKind = "list"    // Key is a UTC day, 2006-01-02: the list of the calls that were alive on it
	UnitUnusual UnitKind = "unusual" // Key is the start of the hour, RFC 3339
	UnitScale   UnitKind = "scale"   // Key is the start of the vendor's day, RFC 3339

	// Kinds of statistics (Statement). Key is a statement and a day, "trtc 2006-01-02", or for
	// UnitRealtime a statement and the start of an hour, RFC 3339.
	UnitUsage     UnitKind = "usage"
	UnitRoomUsage UnitKind = "room_usage"
	UnitMarket    UnitKind = "market"
	UnitRealtime  UnitKind = "realtime"
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

// PartKind is the kind of a Part.
type PartKind string

const (
	PartRoom    PartKind = "room"
	PartList    PartKind = "list"   // of the calls of a window; it has no rows
	PartUsers   PartKind = "users"  // sessions
	PartSeries  PartKind = "series" // samples of some users
	PartEvents  PartKind = "events" // of one user
	PartUnusual PartKind = "unusual"
	PartScale   PartKind = "scale"

	// PartStatistics is of a unit of statistics. Its Key is "", or the first line of a table that
	// comes in several parts.
	PartStatistics PartKind = "statistics"
)

// Part is the data of one question about a unit, with its pages. A unit is complete when
// its parts are.
type Part struct {
	Kind     PartKind
	Key      string // distinguishes the parts of one kind in a unit
	RoomID   string // of a call
	Window   Window // of the question
	Owned    []Owned
	Settled  bool      // the vendor's answer can no longer change
	Reason   string    // why it is not whole; "": it is whole. Such a part is not settled
	Asked    time.Time // UTC
	Deadline time.Time // when the vendor begins to drop it
	// Responses are the ids of the raw responses that it was made from. Those of an unusual
	// part belong to the elements of Owned, one to one.
	Responses []uint64
}

// Owned are unix seconds, both ends included, that belong to one part and to no other:
// those of a user in series and events, those of all users (User "") in other parts.
type Owned struct {
	User     string
	From, To uint32
}

// ErasedResponse stands for a response that was not kept, or deleted, because it names
// somebody who was erased. No response has this id.
const ErasedResponse uint64 = 1

// Forever is later than all of the vendor's times, in unix seconds.
const Forever = math.MaxUint32

// Rows are the rows of one part.
type Rows struct {
	RoomID     string               // of samples, and of sessions and events without a room id
	CreatedAt  time.Time            // of a call: when its room was created
	SessionsOf map[string][]Session // sessions of the users of samples and events, for their devices
	Room       *Room
	Sessions   []Session
	Samples    *Samples
	Events     []Event
	Unusual    []UnusualEvent
	Day        *DailyScale
	Statistics []Statistic
}

// Known is the settled data of a unit that the archive has.
type Known struct {
	Parts    []Part
	Sessions []Session
}
