// Package catalogue lists the relations and tables of an archive: the relations that
// analysts read and the tables that the program keeps. All other lists follow from it; the
// columns are only in the migrations.
//
// An archive is two databases. The one that the DSN names has the relations. The other one,
// StoreOf(name), has the tables. Views of the first read the second with the rights of the
// user who made them. So a user who may read the first sees committed data and nothing
// else.
package catalogue

import (
	"fmt"

	"github.com/callvault/callvault/internal/sqltext"
)

// StoreOf returns the database of an archive's tables, given that of its relations.
func StoreOf(database string) string { return database + "_store" }

// Grants returns the statements that give a user the rights that an archive needs in its
// two databases.
func Grants(database, user string) string {
	const grant = "GRANT ALL ON %s.* TO %s"
	of := func(name string) string {
		return fmt.Sprintf(grant, sqltext.Identifier(name), sqltext.Identifier(user))
	}
	return of(database) + "; " + of(StoreOf(database))
}

// Queries for the ids of loads that are not visible, and of these: for those that may still
// become visible, and for those that never will. They are for connections to the store. The
// views use the same query as Hidden.
const (
	Hidden = mentioned + "!= 'committed'"
	Opened = mentioned + "= 'opened'"
	Gone   = mentioned + "IN ('replaced', 'abandoned')"

	mentioned = "SELECT load_id FROM " + HiddenLoads + " GROUP BY load_id HAVING max(step) "
)

// Kinds of units, as text in the ledger.
const (
	Call    = "call"
	Unusual = "unusual"
	Scale   = "scale"

	Usage     = "usage"
	RoomUsage = "room_usage"
	Market    = "market"
	Realtime  = "realtime"
)
