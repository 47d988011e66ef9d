// Package simulator is a strict double of the call-monitoring API of Tencent RTC
// (TRTC), in both generations. Its account is full of calls that are computed from a
// seed. Tests, the demo and a user's first minute run against it. It shares no code with
// the client, so that one misreading of the vendor's pages cannot hide in both.
//
// # Sources
//
//   - The page of DescribeCallDetail: its parameters and their types (SdkAppId,
//     PageNumber and PageSize are strings), 6 users and 1 hour a request, pages of 100
//     or 6, the 13 metrics, error codes and their texts, 20 requests a second, the
//     example response with its order of fields (Content first), its samples every 2 s
//     from 2 s after JoinTs, both ends of a window included.
//   - The models of the vendor's Go SDK of 2021: the other legacy actions and their
//     fields (DescribeDetailEvent has no SdkAppId), which lists may be null, that Total
//     of a room list counts the page, that LeaveTs of a user still in the room is the
//     current time, 4 hours for a user list, 1 hour for bad experiences, a user counted
//     once for each room in the daily scale.
//   - The pages of the current actions: integers for SdkAppId and paging, 24
//     hours for a room list, 4 hours for DescribeUserInfo, 100 UserIds there,
//     the metrics aCapEnergy, aPlayEnergy, rtt and bigvRecFps, the regions, 20
//     arbitrary experiences, days that begin at 16:00 UTC, and success with null Data
//     for a series window over an hour.
//   - The pages on signatures and common errors: TC3-HMAC-SHA256 over POST JSON
//     or a GET query, HmacSHA1 and HmacSHA256 over a query or a form, five
//     minutes of skew, codes, errors under HTTP 200. A Host may be signed with its port
//     (the SDK for Go) or without (the SDK for Node).
//   - The page of event ids: the ids and the meaning of their parameters.
//
// # Inventions
//
// Where the vendor's pages say nothing, the simulator decides:
//
//   - The content: who calls whom, when, with what quality and which events.
//   - A series request pages over users, in the order of joining, not over sessions.
//     Its Total counts the users with a session in the window, its UserList has all
//     their sessions in it. A user list pages over sessions, and its Total counts them.
//   - If one of PageNumber and PageSize is missing, the other is checked and ignored:
//     the response is the first page of the default size.
//   - A room list is newest first, so new calls move older ones to later pages.
//   - For an unknown CommId the response is success without rows. A text that does not
//     look like a CommId is InvalidParameter.
//   - The event actions require UserId and RoomId, as their page says, although they
//     are optional in the SDK's model. Windows of events compare whole seconds.
//   - Actions of a missing dialect answer InvalidAction (legacy) or
//     UnsupportedOperation (current). Region is required. The legacy actions accept a
//     few more regions. DescribeHistoryScale has the account's retention and quota,
//     although its page of 2021 had five days and one request a minute.
//   - There are unknown fields (Ext, NetType, Unit), a metric bigvQp that only "all"
//     returns, numbers such as 1e-07, and strings in ASCII escapes: an API grows, and
//     writes what JSON allows. Empty lists are null or [], depending on the seed.
//   - RoomNumbers counts rooms by the day of their creation, UserCount entries by the
//     day of joining, UserNumber the distinct users of a room among these entries. No
//     user is in two rooms on one day. The first day is the first whole day after the
//     start of the oldest call.
//   - A downstream sample exists once both users have been in the room for 2 s. A user
//     without audio or video has no such metrics, and nobody receives from that user.
//     All users have appCpu, sysCpu and rtt, except the recorder that keeps a long call
//     open.
//
// # Time
//
// New plans the calls relative to Options.Now at that instant. None starts earlier than
// 20 minutes after the retention edge, and some are running. With Options.Ahead more
// calls begin after New, as many a day, and with Options.Long some last longer than the
// retention. Calls begin, continue and end by Options.Now, and the retention edge moves
// with it. Clients know of a call once it has started. Quotas, latency, pauses and the
// age of signatures use time.Now. Nothing runs between requests, so weeks of nights take
// no time under a virtual clock such as that of testing/synctest.
//
// # Truth
//
// Simulator.Truth is what an ideal archiver has at an instant, as rows of callvault's
// relations. RelationSummary has their checksums, which ClickHouse can compute, too. The
// archiver has watched all along, so it has what the vendor has forgotten since.
// Truth.Since, Asked and Except narrow it to an archiver that came later, was away, or
// lacks some calls. A call that runs at the instant is as a response at that instant
// says: rooms and sessions without an end, samples and events up to the instant.
//
// Over HTTP, without signature:
//
//	GET /truth                         counts and checksums, JSON
//	GET /truth/{relation}              rows, one JSON object a line
//	GET /truth/{relation}?format=tsv   rows, ClickHouse's TabSeparated
//	GET /stats                         the requests of clients so far, JSON
//	GET /troubles                      the troubles planted in calls, see below, JSON
//	GET /faults                        the faults in force, in the format of ParseFaults
//	POST /faults                       sets them; an empty body ends them
//	GET /mutations                     the changes made in responses, JSON
//
// /truth and /troubles accept at (unix seconds), since (unix seconds, see Truth.Since)
// and dialect (legacy: without the metrics of the current actions only).
//
// # Troubles
//
// Options.Troubles makes calls steady and plants trouble in three of four calls in which
// two users are together for three whole UTC minutes. A trouble has a kind, a troubled user, a
// time, and receivers who suffer from it. Simulator.Troubles lists them, so that grades
// of quality and answers to "whose fault was it" can be measured. In steady calls the
// average of a minute is: loss under 0.5 %, no stall, 15 frames a second or more, rtt
// under 100 ms, sysCpu under 60 %. Steady calls also have no network changes, lost
// connections and unusual events by chance, except the calls of five in the busy hour of
// MixAll, whose values are steady, too. The kinds are dealt evenly, sixteen calls at a
// time.
//
// With two Apps, a fifth of the calls of the second app have the user ids of a call of
// the first app on the same day; SharedUsers lists them. They are different people, so a
// count of user ids over both apps is too low.
//
// # Faults
//
// Options.Faults, Options.Fault and Simulator.SetFaults make the vendor misbehave; see
// Faults for the kinds. A request meets a fault only after it has passed every check of
// a healthy vendor, the quota included. The fault follows from the seed, the content of
// the request and how often that content was requested, so concurrent workers do not
// change it. The same request succeeds after at most Faults.InARow faults, and a repeated
// request gets what a fault withheld. Exceptions are poisoned and muted calls and habits.
// Stats counts the faults: cut, stall and reset separately from their other halves
// truncated, drop and reset-late.
//
// # Habits
//
// Habits are faults of a vendor that is odd but not out of order, as a search backend
// behind an API may be. They follow from the seed and the content and do not pass, except
// busy, gzip and down-for:
//
//	jumble=0.1          lists of several pages in another order each time
//	page-size=20        shorter pages than asked for
//	deep-pages=10000    an error for pages that begin at this row or later
//	same-page=ACTION    PageNumber has no effect
//	endless=ACTION      made-up rows on endless pages
//	twice=0.1           rows that are repeated and counted twice
//	listless=0.1        responses without any list
//	valueless=0.1       calls with a user whose every Value is null
//	text-values=0.1     calls whose Values are strings
//	date-times=0.1      calls whose samples have a date in Time
//	odd=0.01            rows with one impossible value
//	failing-days=0.1    UTC days whose room list always fails
//	too-large=1800      ResponseSizeLimitExceeded for longer windows, in seconds
//	code=ACTION:Code    an action that always answers this error
//	hang=ACTION         an action that does not answer for hang-for=60s
//	busy=0.1            HTTP 429 with Retry-After
//	gzip=0.1            responses compressed unasked, half of them without the header
//	flood=ACTION:KIND   too much: spaces, rows, deep, bomb, length
//	down-for=10s        at first only gateway pages, resets and half bodies
//
// None of this changes Truth. Drawn, Valueless and FailingDay return what was drawn, Odd
// the odd values that were sent.
//
// # Mutations
//
// mutate=0.1 changes one thing in a share of the healthy responses, another thing each
// time. mutate-sticky=0.1 changes the same thing in all responses to a share of the
// contents. The simulator draws a field, then one of its values, then the change: see
// MutationKinds, and fields for what a careful reader notices. It makes only changes
// that can be noticed, unless mutate-any=true. mutate-once=true changes the responses to
// a content at most once. mutate-kinds=type+key makes these kinds only. Mutations lists
// the changes, Touched what they have touched.
package simulator
