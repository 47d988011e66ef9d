// Package load puts archived calls into ClickHouse exactly. Whatever is retried, killed or
// run again, a view shows every unit once and whole, and the ledger says how far the archive
// is with each.
//
// # Units, parts, loads
//
// A unit becomes visible, and is replaced, as a whole: a call, an hour of unusual events, a
// day of the daily scale. It consists of parts. A part is what one question about the unit
// brought: the room, the users, the series of some users in a window, the events of a user.
// A part is settled when the vendor's answer can no longer change. Otherwise it is open.
//
// Each row has the id of a load. A load is the settled, or the open, rows of one unit in one
// insert. An id is never used twice. So an insert whose outcome is unknown is made again
// under new ids, and needs no deduplication. hidden_loads says which loads count (package
// hidden):
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
// A call that is committed has one more load, its summary: what all its visible loads are
// together, in call_users_data, peer_quality_data and calls_data. Every commit of the call
// replaces the summary, and nobody goes on from it.
//
// The Writer writes in this order, and waits for each acknowledgement:
//
//  1. hidden_loads: the new ids, opened
//  2. rows of all tables
//  3. ledger_parts: what each of these loads has. So a load that is there is complete.
//  4. the summaries of the calls, in the same three steps
//  5. hidden_loads, in one block, and only while the server sees the lease held: the new
//     loads are committed, the loads that they replace are replaced, and the loads that
//     nobody went on from are abandoned
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
// A unit of which something could not be had whole is provisional, too. Its entry names the
// parts that are set aside, with reasons, and its deadline is theirs. An open part that is
// not whole has its reason in ledger_parts, and knows its responses. A call never fails:
// what was listed of it is visible.
//
// Provisional, archived and empty units are visible, and so is what a lost one had. Pending
// and failed units are not. What a unit showed before it was asked for again, and failed,
// stays visible. Archived, empty and lost are final; only a replay changes that, if it mends
// what was lost. The deadline of a unit is when the vendor begins to drop what is not
// archived for good: the retention after held_until or, if nothing is held, after the start.
//
// When a Writer is killed, the settled parts of its units stay in loads that are opened and
// have their ledger_parts. Resume goes on from these. It takes only loads without a second
// that is held otherwise: a process that did not know that it had lost its lease may have
// written some.
//
// Whoever writes or purges holds the archive lease (load/lease).
package load
