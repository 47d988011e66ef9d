// Package extract makes one archiving pass over the vendor's retention window.
//
// A pass lists the calls of each application, oldest first because those
// expire first, and for each call that the archive does not already hold it
// asks for the users, the metric series and the users' events, hands the rows
// to the archive and commits the call as one unit. Beside the calls it
// archives the hours of unusual events and the days of the daily scale.
//
// A unit that cannot be archived is abandoned, reported and left for the next
// pass; the others go on. Only what makes further work pointless (credentials
// refused, the archive unreachable, the context ended) ends a pass early.
package extract
