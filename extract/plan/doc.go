// Package plan decides which windows to ask for, and which users together. It is pure: the
// same calls, sessions, limits and time give the same requests.
//
// # Series
//
// A request of metric series has a window of limited length and a limited number of users.
// A plan seats users in windows until all presence is covered, with as few windows as it
// can. Three facts make that easy to do well:
//
//   - A window may begin with the first second that is not covered yet. In any plan the
//     first window can be moved there, and each of its users is then covered as far as
//     before or farther.
//   - So the only choice left is who gets the seats of the window. If nobody needs more
//     than one window, the most urgent users are the right choice, and no plan is better.
//   - A user who needs several windows has a turn: the second that a window must reach so
//     that the user needs no further window. A user who is seated before that turn wastes a
//     seat, unless the seat would be empty. A user who waits too long makes the next window
//     begin early. So when the plan gives out seats, a user before the turn counts as half
//     a window later.
//
// Series compares this plan with the usual one, which walks through the call hour by hour,
// and takes the one with fewer requests. Tests compare it with a number of requests that
// every plan needs (least_test.go).
//
// # Ends
//
// The vendor's windows include both ends. If a user is present beyond the end of a window,
// the user's next window begins with that second or earlier, and owns that second. So no
// data is lost even if the vendor leaves out the last second of a window. Every second of
// every session has exactly one owner.
package plan
