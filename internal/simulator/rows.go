package simulator

// Room is a row of rooms. Times are unix seconds; DestroyedAt is 0 while the
// call is running.
type Room struct {
	SdkAppID               uint32
	CommID, RoomID         string
	CreatedAt, DestroyedAt int64
	IsFinished             bool
	CreatorUserID          string
}

// UserSession is a row of user_sessions. Times are unix seconds; LeftAt is 0
// while the user is in the room.
type UserSession struct {
	SdkAppID                         uint32
	CommID, RoomID, UserID           string
	JoinedAt, LeftAt                 int64
	IsFinished                       bool
	DeviceType, SdkVersion, ClientIP string
}

// QualitySample is a row of quality_samples; TS is in unix seconds.
type QualitySample struct {
	SdkAppID                               uint32
	CommID, RoomID, UserID, PeerID, Metric string
	TS                                     int64
	Value                                  float64
}

// UserEvent is a row of user_events; TS is in unix milliseconds.
type UserEvent struct {
	SdkAppID                       uint32
	CommID, RoomID, UserID, PeerID string
	EventID, TS, StreamType        int64
	ParamOne, ParamTwo             int64
}

// UnusualEvent is a row of unusual_events: a cause of an experience. An experience
// without causes has one row with AbnormalEventID 0 and PeerID "". TS is in unix
// seconds.
type UnusualEvent struct {
	SdkAppID         uint32
	RoomID, UserID   string
	ExperienceID, TS int64
	AbnormalEventID  int64
	PeerID           string
}

// DayScale is a row of daily_scale. Day is the date in Beijing. DayStart is its
// beginning in unix seconds: 16:00 UTC of the date before.
type DayScale struct {
	SdkAppID                           uint32
	Day                                string
	DayStart                           int64
	UserNumber, UserCount, RoomNumbers int64
}

// write gives a row's columns, in the order of the relation, to a writer.

func (r Room) write(c *columns) {
	c.integer("sdk_app_id", int64(r.SdkAppID))
	c.text("comm_id", r.CommID)
	c.text("room_id", r.RoomID)
	c.integer("created_at", r.CreatedAt)
	c.nullable("destroyed_at", r.DestroyedAt)
	c.boolean("is_finished", r.IsFinished)
	c.text("creator_user_id", r.CreatorUserID)
}

func (r UserSession) write(c *columns) {
	c.integer("sdk_app_id", int64(r.SdkAppID))
	c.text("comm_id", r.CommID)
	c.text("room_id", r.RoomID)
	c.text("user_id", r.UserID)
	c.integer("joined_at", r.JoinedAt)
	c.nullable("left_at", r.LeftAt)
	c.boolean("is_finished", r.IsFinished)
	c.text("device_type", r.DeviceType)
	c.text("sdk_version", r.SdkVersion)
	c.text("client_ip", r.ClientIP)
}

func (r QualitySample) write(c *columns) {
	c.integer("sdk_app_id", int64(r.SdkAppID))
	c.text("comm_id", r.CommID)
	c.text("room_id", r.RoomID)
	c.text("user_id", r.UserID)
	c.text("peer_id", r.PeerID)
	c.text("metric", r.Metric)
	c.integer("ts", r.TS)
	c.real("value", r.Value)
}

func (r UserEvent) write(c *columns) {
	c.integer("sdk_app_id", int64(r.SdkAppID))
	c.text("comm_id", r.CommID)
	c.text("room_id", r.RoomID)
	c.text("user_id", r.UserID)
	c.text("peer_id", r.PeerID)
	c.integer("event_id", r.EventID)
	c.integer("ts", r.TS)
	c.integer("stream_type", r.StreamType)
	c.integer("param_one", r.ParamOne)
	c.integer("param_two", r.ParamTwo)
}

func (r UnusualEvent) write(c *columns) {
	c.integer("sdk_app_id", int64(r.SdkAppID))
	c.text("room_id", r.RoomID)
	c.text("user_id", r.UserID)
	c.integer("experience_id", r.ExperienceID)
	c.integer("ts", r.TS)
	c.integer("abnormal_event_id", r.AbnormalEventID)
	c.text("peer_id", r.PeerID)
}

func (r DayScale) write(c *columns) {
	c.integer("sdk_app_id", int64(r.SdkAppID))
	c.text("day", r.Day)
	c.integer("user_number", r.UserNumber)
	c.integer("user_count", r.UserCount)
	c.integer("room_numbers", r.RoomNumbers)
}
