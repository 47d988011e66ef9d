// Package quota decides how fast requests leave and how many are under way: it paces the
// requests of an account and bounds the memory that their answers take.
//
// The vendor allows an account 20 requests a second of each action, counted over all its
// applications and over the account's other programs
// (https://www.tencentcloud.com/document/product/647, each action's page).
//
// # Pace
//
// Each action has a turnstile. Requests wait in a queue in the order of arrival and leave
// one by one. Three rules decide when the first may leave:
//
//   - Evenly: at 20 a second one request leaves every 51 ms, which is a second and [slack]
//     for 20 requests. A request that leaves late does not delay the others: they leave a
//     little closer to each other until the even pace is reached again.
//   - Never over: a request leaves at least a second and [guard] after the one 20 before
//     it. Both are counted from the time they really left, or from the time they were on
//     the wire if the caller reports it ([Pass.Sent]).
//   - Not at once: catching up never exceeds four times the rate.
//
// The first rule uses 98 % of the quota. The second one is what the vendor can observe. It
// holds after late timers, slow handshakes and a machine that stood still.
//
// # Others
//
// When the vendor refuses a request because others use the account as well, the rate of its
// action falls by a fifth. It climbs to the full rate again within a minute.
//
// # In flight
//
// There is no limit to the number of requests under way: filling the quota takes the rate
// times the latency, however slow the vendor is. Only memory is bounded. All actions,
// accounts and applications of the process share a [Budget] of bytes, and [Sizes] learns
// how many bytes an answer takes. Only the first request in a queue reserves bytes, when
// its time has come. So requests under way use the budget, and waiting requests do not.
package quota
