package trtc

import (
	"fmt"
	"strconv"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Limits of the API that both dialects share.
const (
	MaxPageSize      = 100 // rooms or sessions a page
	MaxSeriesUsers   = 6   // users a series request, and its page size
	MaxUnusualEvents = 20  // DescribeUnusualEvent returns at most this many, arbitrary ones
	MaxSeriesWindow  = time.Hour
	MaxRoomsWindow   = 24 * time.Hour
)

// AllMetrics as DataType asks for every metric.
const AllMetrics = "all"

// Dialect is one of the two generations of the API. It knows the names of the actions and
// how numbers are written, and builds requests. It has no state.
type Dialect struct {
	Name           string
	RoomList       string
	Users          string
	Series         string
	UserEvents     string
	Unusual        string
	Scale          string
	MaxUsersWindow time.Duration // longest window of a user list
	stringNumbers  bool          // SdkAppId, PageNumber and PageSize are JSON strings
	eventsByApp    bool          // UserEvents takes an SdkAppId
	statistics     bool          // it has the vendor's statistics
	actionInterval map[string]time.Duration
	regions        map[string][]string
}

// Legacy returns the API as its pages of 2021 document it. User lists come from
// DescribeCallDetail without DataType, whose windows span at most one hour.
func Legacy() Dialect {
	return Dialect{
		Name:           "legacy",
		RoomList:       "DescribeRoomInformation",
		Users:          "DescribeCallDetail",
		Series:         "DescribeCallDetail",
		UserEvents:     "DescribeDetailEvent",
		Unusual:        "DescribeAbnormalEvent",
		Scale:          "DescribeHistoryScale",
		MaxUsersWindow: time.Hour,
		stringNumbers:  true,
		// The page of DescribeAbnormalEvent allows one request a second.
		actionInterval: map[string]time.Duration{"DescribeAbnormalEvent": time.Second},
	}
}

// Current returns the API as documented since 2023.
func Current() Dialect {
	return Dialect{
		Name:           "current",
		RoomList:       "DescribeRoomInfo",
		Users:          "DescribeUserInfo",
		Series:         "DescribeCallDetailInfo",
		UserEvents:     "DescribeUserEvent",
		Unusual:        "DescribeUnusualEvent",
		Scale:          "DescribeScaleInfo",
		eventsByApp:    true,
		statistics:     true,
		actionInterval: intervals(),
		MaxUsersWindow: 4 * time.Hour,
		// As the page of each action lists them. "" is tried where the page may list it.
		regions: map[string][]string{
			"DescribeRoomInfo":     {"", "ap-guangzhou", "ap-beijing", "ap-singapore", "ap-mumbai", "na-toronto"},
			"DescribeScaleInfo":    {"", "ap-guangzhou", "ap-beijing", "ap-singapore", "ap-mumbai", "na-toronto"},
			"DescribeUnusualEvent": {"ap-guangzhou", "ap-beijing", ""},
		},
	}
}

// ParseDialect returns the dialect with a name.
func ParseDialect(name string) (Dialect, error) {
	switch name {
	case "legacy":
		return Legacy(), nil
	case "current":
		return Current(), nil
	}
	return Dialect{}, fmt.Errorf("unknown API dialect %q", name)
}

// MinInterval returns the vendor's least distance between requests of an action that is
// slower than the account's quota, or zero.
func (d Dialect) MinInterval(action string) time.Duration { return d.actionInterval[action] }

// Regions returns the regions to ask for an action, the likeliest first. "" is the
// account's own region.
func (d Dialect) Regions(action string) []string {
	if listed := d.regions[action]; listed != nil {
		return listed
	}
	return []string{"", "ap-guangzhou", "ap-beijing", "ap-singapore", "ap-mumbai"}
}

// Rooms asks for one page, of size rows, of the calls that were alive in w (at most
// MaxRoomsWindow long). A roomID restricts it to one room.
func (d Dialect) Rooms(app call.AppID, w call.Window, roomID string, page, size int) Request {
	p := d.params(app, w)
	p.app(app)
	p.RoomId = optional(roomID)
	p.page(page, size)
	return Request{d.RoomList, p}
}

// UserList asks for one page, of size rows, of the sessions of a call that overlap w (at
// most MaxUsersWindow long): of at most MaxListedUsers users, or of all users if there are
// none.
func (d Dialect) UserList(app call.AppID, commID string, w call.Window, users []string, page, size int) Request {
	p := d.params(app, w)
	p.CommId = &commID
	p.app(app)
	p.UserIds = users
	p.page(page, size)
	return Request{d.Users, p}
}

// SeriesOf asks for all metrics of at most MaxSeriesUsers users within w (at
// most MaxSeriesWindow long).
func (d Dialect) SeriesOf(app call.AppID, commID string, w call.Window, users []string, page int) Request {
	p := d.params(app, w)
	p.CommId = &commID
	p.app(app)
	p.UserIds = users
	p.DataType = []string{AllMetrics}
	p.page(page, MaxSeriesUsers)
	return Request{d.Series, p}
}

// EventsOf asks for the events of one user of a call.
func (d Dialect) EventsOf(app call.AppID, commID, roomID, userID string, w call.Window) Request {
	p := d.params(app, w)
	p.CommId = &commID
	if d.eventsByApp {
		p.app(app)
	}
	p.UserId = &userID
	p.RoomId = &roomID
	return Request{d.UserEvents, p}
}

// EventsOfAll asks for the events of all users of a call. The vendor's pages require a user;
// an account that insists on it answers MissingParameter.
func (d Dialect) EventsOfAll(app call.AppID, commID, roomID string, w call.Window) Request {
	r := d.EventsOf(app, commID, roomID, "", w)
	r.params.UserId = nil
	return r
}

// UnusualEvents asks for at most MaxUnusualEvents arbitrary bad experiences within w (at
// most an hour long). A roomID restricts it to one room.
func (d Dialect) UnusualEvents(app call.AppID, w call.Window, roomID string) Request {
	p := d.params(app, w)
	p.app(app)
	p.RoomId = optional(roomID)
	return Request{d.Unusual, p}
}

// DailyScale asks for the daily counts of the whole days within w.
func (d Dialect) DailyScale(app call.AppID, w call.Window) Request {
	p := d.params(app, w)
	p.app(app)
	return Request{d.Scale, p}
}

func (d Dialect) params(app call.AppID, w call.Window) *params {
	return &params{account: app, StartTime: w.Start.Unix(), EndTime: w.End.Unix(), text: d.stringNumbers}
}

// number is an integer that the legacy dialect writes as a JSON string.
type number struct {
	value int64
	text  bool
}

func (n number) MarshalJSON() ([]byte, error) {
	b := strconv.AppendInt(nil, n.value, 10)
	if n.text {
		b = append(append([]byte{'"'}, b...), '"')
	}
	return b, nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
