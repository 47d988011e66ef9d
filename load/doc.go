// Package load puts archived calls into ClickHouse exactly. Whatever is retried, killed or
// run again, a view shows every unit once and whole, and the ledger says how far the archive
// is with each.
//
// # Units, parts, loads
//
// A unit becomes visible and is replaced as a whole: a call, an hour of unusual events, a
// day of the daily scale, a day of the vendor's statistics. It consists of parts. A part is the data that one question about
// the unit brought: the room, the users, the series of some users in a window, the events of
// a user. A part is settled when the vendor's answer can no longer change. Otherwise it is
// open.
//
// Each row has the id of a load. A load is the settled or the open rows of one unit in one
// insert. No id is used twice. So an insert whose outcome is unknown is repeated under new
// ids, and needs no deduplication. hidden_loads says which loads count (package hidden):
//
//	         insert                   commit of the unit
//	(none) ─────────► opened ────────────────────────────► committed ─► (none)
//	                    │ hidden                            visible    │ visible
//	                    │                                              │ replaced by
//	                    │ given up                                     │ a later commit
//	                    ▼                                              ▼
//	                 abandoned ─► rows deleted, (none) ◄──────────  replaced
//	                    hidden                                       hidden
//
// A committed call has one more load, its summary. It sums up all visible loads of the call,
// in call_users_data, peer_quality_data and calls_data. Every commit of the call replaces
// the summary, and no pass goes on from it.
//
// The Writer writes in this order, and waits for each acknowledgement:
//
//  1. hidden_loads: the new ids, opened
//  2. rows of all tables
//  3. ledger_parts: the parts of these loads. So a load with parts is complete.
//  4. the summaries of the calls, in the same three steps
//  5. hidden_loads, in one block, and only while the server sees the lease held: the new
//     loads are committed, the loads that they replace are replaced, and the loads that
//     no pass went on from are abandoned
//  6. ledger_units: the unit's state
//
// # States of a unit
//
//	            listed              not settled, or something is set aside
//	(unknown) ─────────► pending ───────────────────────────► provisional ◄─┐
//	                      │  │ ▲                               │  │  └──────┘ archived
//	      nothing could   │  │ │ ...the next pass              │  │           again
//	      be had          ▼  │ │    tries again                │  │
//	                   failed┘─┘◄──────────────────────────────┘  │
//	                      │  │  all parts came, whole and settled │
//	                      │  └──────────────► archived ◄──────────┘
//	     the vendor       ▼                   (or empty: no rows)
//	     dropped it      lost ◄── pending, provisional that are overdue
//
// A unit with a part that could not be fetched whole is provisional, too. Its entry names the
// parts that are set aside, with reasons, and has their deadline. An open part that is not
// whole has its reason and its responses in ledger_parts. A call never fails: the row of its
// room is visible.
//
// Provisional, archived and empty units are visible, and so are the rows of lost units.
// Pending and failed units are not visible. If a unit is asked for again and fails, the rows
// that it showed before stay visible. Archived, empty and lost are final; only a replay
// changes that, if it mends what was lost, and a pass that adds events to an archived call
// and does not get all of them. The deadline of a unit is when the vendor begins
// to drop data that is not archived for good: the retention after held_until or, if nothing
// is held, after the start.
//
// When a Writer is killed, the settled parts of its units stay in loads that are opened and
// have their ledger_parts. Resume goes on from these loads. It takes only loads that share
// no second with other loads: a process that had lost its lease without knowing it may have
// written such a load.
//
// A process that writes or purges holds the archive lease (load/lease).
package load
