// Package call has the domain types of a TRTC archive: the data of the vendor's monitoring
// API about a call, in the form that all other packages use.
//
// All times are UTC with the precision of the vendor: whole seconds, except user events,
// which have milliseconds.
package call

import "time"

// AppID is a TRTC application's SDKAppID, such as 1400353843.
type AppID uint32

// Room is one call. Room ids are reused; only CommID names a call. CommID is
// opaque: it looks like sdkappid_room_createTime but must not be taken apart.
type Room struct {
	App         AppID
	CommID      string
	RoomID      string
	CreatedAt   time.Time
	DestroyedAt time.Time // zero while the call is running
	Finished    bool
	Creator     string // user id of the creator
}

// Session is one presence of one user in a call, from entry to exit. A user who leaves and
// joins again has several sessions with the same UserID.
type Session struct {
	UserID     string
	RoomID     string
	JoinedAt   time.Time
	LeftAt     time.Time // zero while the user is in the room
	Finished   bool
	DeviceType string
	SDKVersion string
	ClientIP   string
}

// Event is one entry of a user's event log within a call.
type Event struct {
	UserID     string
	RoomID     string
	PeerID     string // "" when the event concerns the user alone
	EventID    uint32
	Time       time.Time // millisecond precision
	StreamType uint8     // 0 none, 2 big video, 3 small video, 7 side stream
	ParamOne   int64
	ParamTwo   int64
}

// UnusualEvent is one cause within one bad experience of one user. An
// experience with no causes is one row with AbnormalEventID 0.
type UnusualEvent struct {
	RoomID          string
	UserID          string
	ExperienceID    uint32
	Time            time.Time
	AbnormalEventID uint32
	PeerID          string // "" when no remote user caused it
}

// DailyScale is the vendor's own count of one day of one application.
type DailyScale struct {
	Start      time.Time // start of the day as the vendor reports it; its time zone is the vendor's, not UTC
	UserNumber uint64    // distinct users per room, summed
	UserCount  uint64    // room entries
	RoomNumber uint64    // rooms
}
