package simulator

// numbers is a set of odd numbers that can replace a number.
type numbers uint16

const (
	notANumber numbers = 1 << iota // NaN
	infinite                       // 1e400
	negative                       // -1
	zero                           // 0
	big                            // 2^40
	beyond63                       // 2^63
	beyond64                       // 2^64-1
	unit                           // seconds in place of milliseconds, or the reverse

	noNumber = notANumber | infinite
	anyOdd   = noNumber | negative | zero | big | beyond63 | beyond64 | unit
	notAnID  = noNumber | negative | big | beyond63 | beyond64 // an id has 32 bits, a type 8
)

// noticeable says which changes of a value a careful reader must notice. The reader
// knows that every documented key is in each row; that null is allowed where a page
// says so, for texts that are not ids, PeerId, lists, counters, parameters and values;
// that times lie in the window, a session lies within its call, and an end is not
// before its beginning; and that Total counts rows.
type noticeable struct {
	null    bool    // null is a mistake
	odd     numbers // these numbers are mistakes
	counted bool    // of a list: Total counts its rows
}

// fields has all documented values, by their paths. A change of any other value is
// harmless. A reader notices another type, another key or a repeated key of each of
// these values, and null, a text or a list in place of each row. A reader cannot notice
// another text, another plausible value, or a missing row that nothing counts. The code
// has these exceptions:
//
//   - a Total that ends the list with this page, and the Total of series, which counts
//     users: noticed only if it is absurd;
//   - the end of a room or session that is not finished: it has no meaning;
//   - null for a list: noticed if Total counts rows, and for series if they have 6 s of
//     samples; otherwise it may be true;
//   - lists of users in responses with series, which nothing counts;
//   - Data without DataType: it has no meaning.
var fields = map[string]noticeable{
	"Response":           {null: true},
	"Response.RequestId": {null: true},
	"Response.Total":     {null: true, odd: anyOdd},

	"Response.RoomList":               {counted: true},
	"Response.RoomList[]":             {null: true},
	"Response.RoomList[].CommId":      {null: true},
	"Response.RoomList[].RoomString":  {},
	"Response.RoomList[].CreateTime":  {null: true, odd: anyOdd},
	"Response.RoomList[].DestroyTime": {null: true, odd: anyOdd},
	"Response.RoomList[].IsFinished":  {null: true},
	"Response.RoomList[].UserId":      {},

	"Response.UserList":              {counted: true},
	"Response.UserList[]":            {null: true},
	"Response.UserList[].RoomStr":    {},
	"Response.UserList[].UserId":     {null: true},
	"Response.UserList[].JoinTs":     {null: true, odd: anyOdd},
	"Response.UserList[].LeaveTs":    {null: true, odd: anyOdd},
	"Response.UserList[].Finished":   {null: true},
	"Response.UserList[].DeviceType": {},
	"Response.UserList[].SdkVersion": {},
	"Response.UserList[].ClientIp":   {},

	"Response.Data":                      {},
	"Response.Data[]":                    {null: true},
	"Response.Data[].Content":            {},
	"Response.Data[].Content[]":          {null: true},
	"Response.Data[].Content[].Time":     {null: true, odd: anyOdd},
	"Response.Data[].Content[].Value":    {odd: noNumber},
	"Response.Data[].PeerId":             {},
	"Response.Data[].UserId":             {null: true},
	"Response.Data[].DataType":           {null: true},
	"Response.Data[].Content[].Type":     {odd: notAnID},
	"Response.Data[].Content[].EventId":  {null: true, odd: notAnID},
	"Response.Data[].Content[].ParamOne": {odd: noNumber | beyond63 | beyond64},
	"Response.Data[].Content[].ParamTwo": {odd: noNumber | beyond63 | beyond64},

	"Response.AbnormalExperienceList":                                       {counted: true},
	"Response.AbnormalExperienceList[]":                                     {null: true},
	"Response.AbnormalExperienceList[].UserId":                              {null: true},
	"Response.AbnormalExperienceList[].ExperienceId":                        {null: true, odd: notAnID},
	"Response.AbnormalExperienceList[].RoomId":                              {},
	"Response.AbnormalExperienceList[].EventTime":                           {null: true, odd: anyOdd},
	"Response.AbnormalExperienceList[].AbnormalEventList":                   {},
	"Response.AbnormalExperienceList[].AbnormalEventList[]":                 {null: true},
	"Response.AbnormalExperienceList[].AbnormalEventList[].AbnormalEventId": {null: true, odd: notAnID},
	"Response.AbnormalExperienceList[].AbnormalEventList[].PeerId":          {},

	"Response.ScaleList":               {counted: true},
	"Response.ScaleList[]":             {null: true},
	"Response.ScaleList[].Time":        {null: true, odd: anyOdd},
	"Response.ScaleList[].UserNumber":  {odd: noNumber | negative},
	"Response.ScaleList[].UserCount":   {odd: noNumber | negative},
	"Response.ScaleList[].RoomNumbers": {odd: noNumber | negative},
}

// spot is a value in a response, with its place.
type spot struct {
	up    *spot // nil: the whole response
	i     int   // among the items of up
	n     *node
	kinds string // path without numbers, as in fields
}

// spots returns all values of a response.
func spots(at *spot, all []*spot) []*spot {
	for i, item := range at.n.items {
		kinds := at.kinds + "[]"
		if at.n.kind == '{' {
			kinds = at.n.keys[i]
			if at.kinds != "" {
				kinds = at.kinds + "." + kinds
			}
		}
		sp := &spot{up: at, i: i, n: item, kinds: kinds}
		all = spots(sp, append(all, sp))
	}
	return all
}
