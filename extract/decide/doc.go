// Package decide makes the decisions about one call in one pass: what to ask, which answers
// are settled, and which entry the ledger gets. It is pure: it asks nothing, stores
// nothing, reads no clock and starts no goroutine. It also has the rules for room lists,
// hours and days that passes and replays share.
//
// A Call begins with what is known of it. Then, in this order:
//
//	FirstWindow      one question that names no user; for a short call it returns nearly everything
//	UserList         who was there and when: windows of the list, read and judged
//	UnnamedWindows   windows to ask about without naming users, where the list cannot name them
//	TakeUsers        the list is known: whether the call has ended, what is settled
//	SeriesRequests   requests of samples; TakeSeries for each answer
//	EventWindow      one window for each of EventUsers; TakeEvents for each answer
//	Entry            the entry for the ledger
//
// # States
//
// The data of a call is in parts. A part is
//
//   - settled, if it came and no later answer can change it: no pass asks again.
//   - open, if it came and may still change: the next pass asks again and replaces it.
//   - missing, if it is due and has not come: it failed, it cannot be read, or it is null.
//     Later passes ask again. Visible rows of it stay visible.
//   - lost, if the vendor has dropped it before it came.
//
// No second of a user is in two parts, and a pass asks for no second again that was
// answered. The fuzz test checks this for any sequence of answers.
package decide
