// Package simulator is a strict double of the call-monitoring API of Tencent
// RTC (TRTC), both generations of it, with an account full of calls that are
// computed from a seed. Tests, the demo and a user's first minute run against
// it. It shares no code with the client, on purpose: a misreading of the
// vendor's pages must not be able to hide in both.
//
// # Where its facts come from
//
//   - The page of DescribeCallDetail: its parameters and their types (SdkAppId,
//     PageNumber and PageSize are strings), 6 users and 1 hour a request, pages
//     of 100 or 6, the 13 metrics, error codes and their texts, 20 requests a
//     second, the example answer with its order of fields (Content first), its
//     samples every 2 s beginning 2 s after JoinTs, both window ends inclusive.
//   - The models of the vendor's Go SDK of 2021: the other legacy actions and
//     their fields (DescribeDetailEvent has no SdkAppId), which lists may be
//     null, that Total of a room list counts the page, that LeaveTs of a user
//     who is still there is now, 4 hours for a user list, 1 hour for bad
//     experiences, a user counted once a room in the daily scale.
//   - The pages of the current actions: integers for SdkAppId and paging, 24
//     hours for a room list, 4 hours for DescribeUserInfo, 100 UserIds there,
//     the metrics aCapEnergy, aPlayEnergy, rtt and bigvRecFps, the regions, 20
//     arbitrary experiences, days that begin at 16:00 UTC, and that a series
//     window over an hour is answered with success and null Data.
//   - The pages on signatures and common errors: TC3-HMAC-SHA256 over POST JSON
//     or a GET query, HmacSHA1 and HmacSHA256 over a query or a form, five
//     minutes of skew, codes, errors under HTTP 200. A Host may be signed with
//     its port (the SDK for Go) or without (the SDK for Node).
//   - The page of event ids: which ids there are and what their parameters say.
//
// # What is invention, where the pages are silent
//
//   - The content: who calls whom, when, with what quality and which events.
//   - A series request pages over users, in the order of joining, not over
//     sessions. Its Total counts the users with a session in the window, its
//     UserList has all their sessions in it. A user list pages over sessions,
//     and its Total counts them.
//   - Where one of PageNumber and PageSize is left out, the other is checked
//     and ignored: the answer is the first page of the default size.
//   - A room list is newest first, so that new calls push older ones on.
//   - A CommId that the app has not is answered with success and no rows; one
//     that does not look like a CommId is InvalidParameter.
//   - UserId and RoomId are required by the event actions, as their page has
//     it, though the SDK's model has them optional. An event's window is
//     compared in whole seconds.
//   - Missing dialects answer InvalidAction (legacy) or UnsupportedOperation
//     (current). Region is required. The legacy actions take a few regions
//     more, and DescribeHistoryScale has the account's retention and quota,
//     although its page of 2021 had five days and once a minute.
//   - Unknown fields (Ext, NetType, Unit), the metric bigvQp that only "all"
//     returns, numbers such as 1e-07, strings in ASCII escapes: an API grows,
//     and writes what JSON allows. Empty lists are null or [] by the seed.
//   - RoomNumbers counts rooms by the day of their creation, UserCount entries
//     by the day of joining, UserNumber the distinct users of a room among
//     these entries; no user is in two rooms on one day. The first day is the
//     first that lies behind the oldest call in full.
//   - A sample of what is received from a peer exists where both have been in
//     the room for 2 s. Who sends no audio or video has no such metrics and
//     nobody receives from them; appCpu, sysCpu and rtt everyone has, save the
//     recorder that keeps a long call open.
//
// # Time
//
// Calls are laid out when New is called, relative to Options.Now at that
// instant: none starts before retention − 20 minutes ago, some are running.
// With Options.Ahead more calls begin after it, as many a day, and with
// Options.Long some outlive the retention. Nobody is told of a call before it
// starts by Options.Now, by which calls go on and end, too; the retention edge
// moves with it. Quotas, latency, pauses and the age of signatures go by
// time.Now. Nothing runs between requests, so that weeks of nights pass in no
// time under a virtual clock, that of testing/synctest included.
//
// # Truth
//
// Simulator.Truth holds what an ideal archiver has at an instant, in rows of
// the relations that callvault offers; see RelationSummary for the checksums,
// which ClickHouse can compute, too. It has watched all along, so it has what
// the vendor has forgotten since; Truth.Since, Asked and Except narrow it to
// what an archiver can have that came later, was away, or had to leave calls
// out. What is under way at the instant is as an answer at that instant says:
// rooms and sessions without an end, samples and events up to it.
//
// Over HTTP, without signature:
//
//	GET /truth                         counts and checksums, JSON
//	GET /truth/{relation}              rows, one JSON object a line
//	GET /truth/{relation}?format=tsv   rows, ClickHouse's TabSeparated
//	GET /stats                         what clients have asked so far, JSON
//	GET /troubles                      what is planted in calls, see below, JSON
//	GET /faults                        the faults in force, as ParseFaults reads them
//	POST /faults                       sets them; an empty body ends them
//	GET /mutations                     what has been changed in answers, JSON
//
// /truth and /troubles take at (unix seconds), since (unix seconds, see Truth.Since) and
// dialect (legacy: without the metrics that only the current actions have).
//
// # Troubles
//
// Options.Troubles makes calls calm and plants something in three of four in
// which two users are together for three whole UTC minutes: a kind of trouble,
// who has it, from when to when, and who suffers from it. Simulator.Troubles
// tells, so that grades of quality and answers to "whose fault was it" can be
// measured. What an average of a minute is in calm calls: loss under 0.5 %, no
// stall, 15 frames a second or more, rtt under 100 ms, sysCpu under 60 %. Calm
// calls also have no network changes, lost connections and unusual events by
// chance, but for the very bad hour of MixAll (calls of five, in whose values
// nothing shows of it). The kinds are dealt evenly, sixteen calls at a time.
//
// Where there are two Apps, a fifth of the calls of the second have the user
// ids of a call of the first on the same day: SharedUsers lists them. They are
// different people, so that who counts users over both apps counts too few.
//
// # Faults
//
// Options.Faults, Options.Fault and Simulator.SetFaults make the vendor
// misbehave: see Faults for the kinds. A request meets a fault only after it
// has passed every check that a healthy vendor makes, the quota included.
// Which one follows from the seed, the content of the request and the number
// of times it was asked, so that the order in which many workers ask does not
// matter. The same request is answered after at most Faults.InARow faults, and
// what a fault withheld comes when it is asked for again; poisoned and muted calls are
// the exception, and habits, see below. Stats counts what was met: cut, stall and reset with their
// other halves truncated, drop and reset-late.
//
// # Habits
//
// Faults are also how the vendor is odd without being out of order, as a search
// backend behind an API may be. They follow from the seed and the content and
// do not pass, save busy, gzip and down-for:
//
//	jumble=0.1          lists of several pages in another order each time
//	page-size=20        shorter pages than asked for
//	deep-pages=10000    an error for pages that begin at this row or later
//	same-page=ACTION    PageNumber has no effect
//	endless=ACTION      pages of made-up rows follow for ever
//	twice=0.1           rows that come twice and are counted twice
//	listless=0.1        answers without any list
//	valueless=0.1       calls of one user of whom every Value is null
//	text-values=0.1     calls whose Values are strings
//	date-times=0.1      calls whose samples have a date as text for Time
//	odd=0.01            rows with one value that cannot be
//	failing-days=0.1    UTC days whose room list always fails
//	too-large=1800      ResponseSizeLimitExceeded for longer windows, in seconds
//	code=ACTION:Code    an error that an action always answers
//	hang=ACTION         an action without answer for hang-for=60s
//	busy=0.1            HTTP 429 with Retry-After
//	gzip=0.1            compressed unasked, half of it without saying so
//	flood=ACTION:KIND   too much: spaces, rows, deep, bomb, length
//	down-for=10s        nothing but gateway pages, resets and halves at first
//
// Truth has nothing of all this. Drawn, Valueless and FailingDay tell what was
// drawn, Odd the odd values that were told.
//
// # Mutations
//
// mutate=0.1 changes one thing in a share of the answers that are healthy
// otherwise, another one each time; mutate-sticky=0.1 the same thing in all
// answers to a share of the contents. A field is drawn first, then one of its
// values, then what becomes of it: see MutationKinds, and fields for what a
// careful reader notices of it. What nobody could notice is left out without
// mutate-any=true; mutate-once=true changes the answers to a content once at
// most; mutate-kinds=type+key has these kinds only. Mutations lists the changes,
// Touched what they have touched.
package simulator
