// Package quota decides how fast and how many: it paces the requests of an
// account and bounds the memory that their answers take.
//
// The vendor allows an account 20 requests a second of each action, counted
// over all its applications (https://www.tencentcloud.com/document/product/647,
// each action's page), and over the account's other programs.
//
// # Pace
//
// Each action has a turnstile. Requests wait in a queue, first come, first
// served, and leave one by one. Three rules say when the first may leave:
//
//   - Evenly: one departure each 51 ms at 20 a second, which is the second and
//     [slack] for each 20. Who leaves late does not delay the others: they leave
//     a little closer to each other until the even pace is reached again.
//   - Never over: a departure leaves at least a second and [guard] after the one
//     20 before it, whatever happened in between. Both are counted from when
//     they left and not from when they should have, and from when they were on
//     the wire if the caller says so ([Pass.Sent]).
//   - Not at once: catching up never takes more than four times the rate.
//
// The first rule is what fills the quota, 98 % of it; the second is what the
// vendor sees, and holds after late timers, slow handshakes and a machine that
// stood still.
//
// # Others
//
// When the vendor refuses a request because others use the account as well,
// the rate of its action falls by a fifth and climbs back within the minute.
//
// # In flight
//
// There is no limit to the number of requests under way: the rate times the
// latency is what it takes to fill the quota, however slow the vendor is. What
// is bounded is memory. A [Budget] of bytes is shared by all actions, accounts
// and applications of the process, and [Sizes] learns what an answer takes.
// Only the first in a queue reserves, when its time has come, so the budget is
// held by requests under way and not by those that wait.
package quota
