// Package extract makes one archiving pass over the vendor's retention window.
//
// A pass lists the calls of each application, oldest first because those expire first. For
// each call that the archive lacks it asks for the users, the metric series and the users'
// events, passes the rows to the archive and commits the call as one unit. At the same time
// it archives the hours of unusual events and the days of the daily scale.
//
// If a unit cannot be archived, the pass abandons and reports it, and the next pass tries
// again; the other units go on. A pass ends early only if further work is pointless: the
// credentials are refused, the archive cannot be reached, or the context has ended.
package extract
