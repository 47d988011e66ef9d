// Package verify compares the archive with its source. It asks the vendor again with a pass
// that keeps only checksums. It compares these, for each unit and relation, with the
// checksums that ClickHouse computes from the views.
//
// It compares as much as possible:
//
//   - A unit whose archive is final is compared as a whole.
//   - A call that is provisional, has failed or is lost is compared as far as the ledger
//     says that it is held for good.
//   - A unit that began before the vendor's retention is compared from the edge of the
//     retention on, at a distance, because the edge moves during the check.
//   - A call, hour or day that the archive lacks is missing, unless the next pass brings
//     it: it has begun since the last listing, is still settling, or a running pass is
//     archiving it.
//
// It asks in another way than a pass that archives. So data that one way of asking does not
// show is not missing on both sides. Units that the vendor answers only in part are not
// compared. Besides, Scale compares the vendor's daily counts with the archive's, and
// Lacking names what the ledger knows to be missing.
//
// Each call in the window is compared with the room list. Sessions, samples and events are
// compared for the calls that are asked for: a sample or all.
package verify
