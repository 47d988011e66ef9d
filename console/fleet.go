package console

import "time"

// fleetDay is a day of all calls.
type fleetDay struct {
	Day      time.Time `ch:"day"`
	Calls    uint64    `ch:"calls"`
	Presence uint64    `ch:"presence"`
	Judged   uint64    `ch:"judged"`
	Bad      uint64    `ch:"bad"`
	Users    uint64
	gradeCounts
}

type dayUsers struct {
	Day   time.Time `ch:"midnight"`
	Users uint64    `ch:"users"`
}

// kind is an SDK version, or a device, of users.
type kind struct {
	Name    string `ch:"name"`
	Version bool   `ch:"is_version"`
	Users   uint64 `ch:"users"`
	Calls   uint64 `ch:"calls"`
	Judged  uint64 `ch:"judged"`
	Bad     uint64 `ch:"bad"`
}

// health is how far an application is archived.
type health struct {
	App    uint32     `ch:"sdk_app_id"`
	Last   *time.Time `ch:"last"`
	Risk   uint64     `ch:"risk"`
	Failed uint64     `ch:"failed"`
	Lost   uint64     `ch:"lost"`
	Late   bool       // the last success is old
}

// fleet is the page of all calls.
type fleet struct {
	search
	Apps              []anApp
	Days              []fleetDay
	Health            []health
	Versions, Devices []kind
	Total             fleetDay
	Most              uint64 // calls of the busiest day
	Lengths           []int
}

// late is the age at which a last success is old: archives are made every night.
const late = 36 * time.Hour

// fleet shows calls by day, the worst versions and devices, and the archive's health.
func (c *console) fleet(q *request) (*page, error) {
	f := fleet{search: q.search(), Lengths: []int{7, 30, 90}}
	params := map[string]any{"app": f.App, "from": f.Window.From.Truncate(24 * time.Hour), "to": f.Window.To, "now": q.now}
	const within = `({app:UInt32} = 0 OR sdk_app_id = {app:UInt32}) AND call_created_at >= {from:DateTime('UTC')} AND call_created_at < {to:DateTime('UTC')} `
	var users []dayUsers
	var kinds []kind
	err := together(q.apps(&f.Apps), func() error {
		return q.rows(&f.Days, `SELECT toDateTime(toDate(created_at), 'UTC') AS day, count() AS calls, sum(presence_seconds) AS presence, sum(judged_minutes) AS judged, sum(bad_minutes) AS bad, `+gradeSums+`
			FROM calls WHERE `+inWindow+` GROUP BY day ORDER BY day DESC`, params)
	}, func() error {
		return q.rows(&users, `SELECT toDateTime(day, 'UTC') AS midnight, uniqExact(sdk_app_id, user_id) AS users FROM session_days
			WHERE day >= toDate({from:DateTime('UTC')}) AND day <= toDate({to:DateTime('UTC')}) AND ({app:UInt32} = 0 OR sdk_app_id = {app:UInt32}) GROUP BY midnight`, params)
	}, func() error {
		return q.rows(&kinds, `SELECT k.1 AS is_version, k.2 AS name, uniqExact(sdk_app_id, user_id) AS users, uniqExact(comm_id) AS calls, sum(judged_minutes) AS judged, sum(bad_minutes) AS bad
			FROM (SELECT sdk_app_id, comm_id, user_id, judged_minutes, bad_minutes, arrayJoin([(true, toString(sdk_version)), (false, toString(device_type))]) AS k FROM call_users WHERE `+within+`)
			GROUP BY k HAVING judged >= 30 ORDER BY bad / judged DESC, judged DESC, name LIMIT 10 BY is_version`, params)
	}, f.readHealth(q, params))
	if err != nil {
		return nil, err
	}
	f.sum(users)
	for _, k := range kinds {
		if k.Version {
			f.Versions = append(f.Versions, k)
		} else {
			f.Devices = append(f.Devices, k)
		}
	}
	return &page{Name: "fleet", Title: "All calls", Body: f}, nil
}

// readHealth reads when each application was archived in full, and what is open.
func (f *fleet) readHealth(q *request, params map[string]any) func() error {
	return func() error {
		var last []health
		err := together(func() error {
			return q.rows(&f.Health, `SELECT sdk_app_id, countIf(state IN ('pending', 'failed', 'provisional') AND deadline >= {now:DateTime('UTC')} AND deadline < {now:DateTime('UTC')} + 86400) AS risk,
				countIf(state = 'failed') AS failed, countIf(state = 'lost') AS lost, CAST(NULL, 'Nullable(DateTime(\'UTC\'))') AS last
				FROM ledger WHERE part = '' AND ({app:UInt32} = 0 OR sdk_app_id = {app:UInt32}) GROUP BY sdk_app_id ORDER BY sdk_app_id`, params)
		}, func() error {
			return q.rows(&last, `SELECT arrayJoin(complete_app_ids) AS sdk_app_id, toDateTime(max(ended_at), 'UTC') AS last FROM archive_runs
				WHERE command = 'archive' AND is_whole AND outcome IN ('done', 'partial') GROUP BY sdk_app_id`, nil)
		})
		for i := range f.Health {
			h := &f.Health[i]
			h.Late = true
			for _, l := range last {
				if l.App == h.App && l.Last != nil {
					h.Last, h.Late = l.Last, q.now.Sub(*l.Last) > late
				}
			}
		}
		return err
	}
}

// sum adds the users of each day, and the days.
func (f *fleet) sum(users []dayUsers) {
	for i := range f.Days {
		d := &f.Days[i]
		for _, u := range users {
			if u.Day.Equal(d.Day) {
				d.Users = u.Users
			}
		}
		f.Most = max(f.Most, d.Calls)
		t := &f.Total
		t.Calls, t.Presence, t.Judged, t.Bad = t.Calls+d.Calls, t.Presence+d.Presence, t.Judged+d.Judged, t.Bad+d.Bad
		t.Good, t.Fair, t.Poor, t.Serious, t.Unknown = t.Good+d.Good, t.Fair+d.Fair, t.Poor+d.Poor, t.Serious+d.Serious, t.Unknown+d.Unknown
	}
}
