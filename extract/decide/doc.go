// Package decide decides about one call in one pass: what to ask, what of the
// answers is settled, and what the ledger shall say. It is pure: it asks nothing,
// stores nothing, reads no clock and starts no goroutine. What passes and replays read
// alike of room lists, hours and days is here, too.
//
// A Call begins with what is known of it. Then, in this order:
//
//	FirstWindow      one question that names no user; of a short call it brings nearly all
//	UserList         who was there and when: windows of the list, read and judged
//	UnnamedWindows   what is asked for without naming users, where the list cannot name them
//	TakeUsers        the list is known: whether the call has ended, what is settled
//	SeriesRequests   requests of samples; TakeSeries for each answer
//	EventWindow      one window for each of EventUsers; TakeEvents for each answer
//	Entry            what the ledger shall say
//
// # States
//
// What a pass comes to know of a call is in parts. A part is
//
//   - settled, if it came and no later answer can change it: no pass asks again.
//   - open, if it came and may still change: the next pass asks again and replaces it.
//   - missing, if it is due and has not come: it failed, it cannot be read, or it is
//     null. Later passes ask again. What is visible of it stays visible.
//   - lost, if the vendor has dropped it before it came.
//
// No second of a user is in two parts, and none that was answered is asked for
// again in the same pass. The fuzz test holds any sequence of answers to that.
package decide
