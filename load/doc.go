// Package load puts archived calls into ClickHouse exactly, and knows what it
// has: whatever is retried, killed or run again, a view shows every unit once
// and whole, and the ledger says how far the archive is with each.
//
// # Units, parts, loads
//
// A unit is what becomes visible and is replaced as a whole: a call, an hour of
// unusual events, a day of the daily scale. It is made of parts: what one
// question about it brought (the room, the users, the series of some users in a
// window, the events of a user). A part is settled when the vendor's answer can
// no longer change, open otherwise.
//
// Rows carry the id of a load: the settled or the open rows of one unit in one
// insert. An id is never used twice, so an insert whose outcome is unknown is
// made again under new ids and needs no deduplication. Which loads count is in
// hidden_loads:
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
// A call that is committed has one more load, its summary: what all its visible
// loads are together, in call_users_data, peer_quality_data and calls_data. Every
// commit of the call replaces it, and nobody goes on from it.
//
// The greatest step of a load counts, so inserts into hidden_loads may be
// repeated and arrive in any order. Order of writes, each acknowledged before
// the next:
//
//  1. hidden_loads: the new ids, opened
//  2. rows of all tables
//  3. ledger_parts: what each of these loads holds (so a load that is there is
//     complete)
//  4. the summaries of the calls, in the same three steps
//  5. hidden_loads, one block, only while the lease is held as the server sees
//     it: new loads committed, those they replace replaced, those nobody went on
//     from abandoned
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
// A unit of which something could not be had, or not whole, is provisional, too: the
// parts that are set aside are named in its entry, with reasons, and its deadline is
// theirs. An open part that is not whole has its reason in ledger_parts and knows its
// responses. Calls never fail: what was listed of them is visible.
//
// pending and failed units are not visible (but for what a failed one showed
// before it was asked again). provisional, archived and empty ones are, and so
// is what a lost one had. archived, empty and lost are final, until a replay mends
// what was lost. A unit's deadline is when the vendor begins to drop what of it is not
// archived for good: the retention after held_until or, if nothing is held, after its
// start.
//
// A killed unit leaves its settled parts behind, in loads that are opened and have
// their ledger_parts: Resume goes on from there. It takes only loads that hold no
// second which is held otherwise, because a process that has lost its lease unawares
// may still have written some.
//
// The archive lease (load/lease) must be held by whoever writes or purges.
package load
