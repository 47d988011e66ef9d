// Package quality tells what was good and bad in each minute of a call, and why:
// for everybody who was there, and for each pair of a receiver and a sender. The
// model is that of docs/quality.md.
//
// It goes three times through what was measured in each minute (Minutes), because
// whose fault a bad minute is shows only beside what others sent and received in
// it: Sent for what everybody sends, Heard for what everybody receives, then Pair
// and User.
//
// It has no limits of its own for what is good and bad: these are in the table
// quality_thresholds and apply when the archive is read. The constants here only
// weigh evidence.
//
// Sums are whole numbers of thousandths: in whatever order samples come, the
// minutes are the same to the last bit.
package quality
