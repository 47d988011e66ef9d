// Package verify holds the archive against its source: it asks the vendor again
// with a pass that keeps nothing but checksums, and compares these, unit by unit
// and relation by relation, with those that ClickHouse makes of the views.
//
// What is compared is what can be:
//
//   - of a unit the archive holds for good, all of it;
//   - of a call that is provisional, has failed or is lost, what the ledger says
//     is held for good;
//   - of what reaches beyond the vendor's retention, what came after its edge,
//     which is kept at a distance because it moves while the vendor is asked;
//   - calls, hours and days that the archive does not have are missing, unless
//     the next pass is to bring them: what has begun since the last listing, is
//     still settling, or is being archived by a pass that is running.
//
// It asks in another way than a pass that archives does, so that what the vendor
// does not show to one way of asking is not missing on both sides. What it tells
// only in part is not compared. Apart from the rows, Scale holds its daily counts
// against the archive's, and Lacking names what the ledger knows to be missing.
//
// Each call in the window is held against the room list. Sessions, samples and
// events are compared for the calls that are asked for: a sample or all.
package verify
