package transform

import "github.com/callvault/callvault/internal/call"

// Damage is a piece of an answer that is not as it should be. The rest of the
// answer is read as if it were not there.
type Damage struct {
	What    string // total, room, session, series, samples, events, event, experience, day
	User    string // whose it is, where that is known
	Key     string // names the piece, as far as it can be read: a CommId, a metric, a day
	Problem string // one line, without offsets: equal problems are equal texts
	Count   int    // pieces of which all of this is true; 1 or more
	Kept    bool   // the row is among the rows, without the value that is damaged

	Room    *call.Room    // of What room: what could be read of it
	Session *call.Session // of What session: what could be read of it
}

// mostDamage bounds the distinct damages that an answer tells; DamageCount
// counts all.
const mostDamage = 100
