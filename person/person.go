// Package person finds a person in an archive, and erases one.
//
// # Where a person is
//
// A person is one id or more of an application, or of all: what the vendor calls a user. Rows
// are a person's if they name the person as the user, as the peer, or as the creator of a
// room. The relations, and the columns of each, are in internal/catalogue. Besides, the
// responses that are kept name a person, and so does the ledger.
//
// # What an erasure leaves
//
// An archive that never saw the person's rows: the same calls, in which the others have what
// they had without the person. What others received from the person goes with the person:
// those rows name the person as the peer. Counts of users and of time count who is left, and
// grades and causes are judged from what is left. The vendor's own counts of a day
// (daily_scale) and its statistics name nobody and stay, except usage by room (usage_rooms),
// which goes with a room.
//
// # How
//
//  1. erased remembers a keyed hash of each id. From now on the Writer adds no such rows.
//  2. Each call and each hour of unusual events that has the person is written once more from
//     its own visible rows, by the same Writer, and so without the person. Loads that wait for
//     a commit and have the person are given up: the next pass asks for their data again.
//  3. One commit shows all that was written and hides what it replaces.
//  4. Purge deletes the hidden rows and their parts in the ledger. Texts of the ledger lose
//     the ids. Responses that name the person are deleted; lists of rooms are kept without.
//  5. Parts on disk are written anew without the deleted rows.
//
// Every step may be repeated, and the whole may be: a step that finds nothing to do does
// nothing. What ends before the commit has changed no relation.
package person

import (
	"context"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/hidden"
)

// Who is a person, or rooms. Users and Rooms are not both empty.
type Who struct {
	Users  []string     // ids of one person
	Rooms  []string     // ids of rooms, whose calls are meant
	Apps   []call.AppID // none: all
	Before time.Time    // only calls that began before it; zero: all
}

// Archive is the archive to look in: a store.Store.
type Archive interface {
	Conn() driver.Conn      // to the database of the relations
	StoreConn() driver.Conn // to that of the tables
	Database() string       // of the relations
	IDs() *hidden.IDs
	Retry(context.Context, func(context.Context) error) error
}

// Store is an archive to erase from: a store.Store.
type Store interface {
	Archive
	load.Archive
}

// condition is a condition of SQL with its arguments.
type condition struct {
	text string
	args []any
}

// any joins conditions of which one must hold.
func anyOf(all ...condition) condition { return joined(all, " OR ", "0") }

// allOf joins conditions that must all hold.
func allOf(all ...condition) condition { return joined(all, " AND ", "1") }

func joined(all []condition, with, none string) (c condition) {
	var texts []string
	for _, x := range all {
		if x.text != "" {
			texts, c.args = append(texts, x.text), append(c.args, x.args...)
		}
	}
	if c.text = none; len(texts) > 0 {
		c.text = "(" + strings.Join(texts, with) + ")"
	}
	return c
}

// inApps is the condition on the application.
func (w Who) inApps() condition {
	if len(w.Apps) == 0 {
		return condition{}
	}
	apps := make([]uint32, len(w.Apps))
	for i, a := range w.Apps {
		apps[i] = uint32(a)
	}
	return condition{"sdk_app_id IN (?)", []any{apps}}
}

// named is the condition that one of the columns has a user, or that the column of the room
// has a room.
func (w Who) named(users []string, room string) condition {
	var all []condition
	for _, column := range users {
		if len(w.Users) > 0 {
			all = append(all, condition{column + " IN (?)", []any{w.Users}})
		}
	}
	if room != "" && len(w.Rooms) > 0 {
		all = append(all, condition{room + " IN (?)", []any{w.Rooms}})
	}
	return allOf(w.inApps(), anyOf(all...))
}

// apps are the applications to remember.
func (w Who) apps() []call.AppID {
	if len(w.Apps) == 0 {
		return []call.AppID{erased.All}
	}
	return w.Apps
}

// set is the person as a set that tells texts which name the person, as erased does later.
func (w Who) set() *erased.Set {
	var rows []erased.Row
	add := func(app call.AppID, kind erased.Kind, ids []string) {
		for _, id := range ids {
			rows = append(rows, erased.Row{App: app, Kind: kind, Hash: erased.Hash([32]byte{}, app, kind, id), Before: erased.Always()})
		}
	}
	for _, app := range w.apps() {
		add(app, erased.User, w.Users)
		add(app, erased.Room, w.Rooms)
	}
	return erased.Of(rows)
}
