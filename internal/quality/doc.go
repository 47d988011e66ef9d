// Package quality judges each minute of a call: how good it was and why, for each user and
// for each pair of a receiver and a sender. docs/quality.md describes the model.
//
// It reads the minutes of a call (Minutes) three times, because the cause of a bad minute
// depends on what others sent and received in it: Call.Sent for what each user sends,
// Call.Received for what each user receives, then Call.Pair and Call.User.
//
// The limits between good and bad are not here: the table quality_thresholds has them, and
// they apply when the archive is read. The constants here only weigh evidence.
//
// Sums are whole numbers of thousandths, so the result for a minute does not depend on the
// order of samples.
package quality
