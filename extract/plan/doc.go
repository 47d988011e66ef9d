// Package plan decides what to ask for: which windows, which users together.
// It is pure: the same calls, sessions, limits and time give the same requests.
//
// # Series
//
// A request of metric series has a window of at most so long and at most so
// many users. A plan seats users in windows until all presence is covered, with
// as few windows as it can. Three things make that easy to do well:
//
//   - A window may begin with the first second not yet covered: in any plan the
//     first window can be moved there, and all whom it serves are served as far
//     or farther.
//   - Then only the choice of who gets its seats is left. Where nobody needs
//     more than one window, the most urgent is the right choice, and the plan
//     is the best there is.
//   - Who needs several windows has a turn: the second that a window must reach
//     if the user is not to need another one. Who is seated before its turn
//     wastes a seat, unless the seat were empty; who waits too long makes
//     the next window begin early. So who is before its turn counts as later by
//     half a window when the seats are given out.
//
// Of that plan and the usual one, which walks the call hour by hour, the one with
// fewer requests is taken. Tests hold it against a number of requests that no plan
// can do without (least_test.go).
//
// # Ends
//
// The vendor's windows include both ends. Where a user stays on past the end of
// a window, the user's next window begins with that second or before it, and
// owns the second: nothing is lost should the vendor leave a window's last
// second out. Every second of every session is owned exactly once.
package plan
