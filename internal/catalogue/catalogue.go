// Package catalogue lists what an archive is made of: the relations that
// analysts read and the tables that the program keeps. All other lists follow
// from it; the columns are in the migrations alone.
//
// An archive is two databases. The one that the DSN names holds the relations.
// The one beside it, StoreOf(name), holds the tables. Views of the first read the
// second with the rights of the user who made them, so whoever may read the first
// sees what is committed and nothing else.
package catalogue

import (
	"fmt"

	"github.com/callvault/callvault/internal/sqltext"
)

// StoreOf returns the database of an archive's tables, given that of its relations.
func StoreOf(database string) string { return database + "_store" }

// Grants returns the statements that give a user what an archive needs of its two
// databases.
func Grants(database, user string) string {
	const grant = "GRANT ALL ON %s.* TO %s"
	of := func(name string) string {
		return fmt.Sprintf(grant, sqltext.Identifier(name), sqltext.Identifier(user))
	}
	return of(database) + "; " + of(StoreOf(database))
}

// The loads that are not visible, and of these those that may still become visible
// and those that never will: for connections to the store. The views say the same
// of Hidden.
const (
	Hidden = mentioned + "!= 'committed'"
	Opened = mentioned + "= 'opened'"
	Gone   = mentioned + "IN ('replaced', 'abandoned')"

	mentioned = "SELECT load_id FROM " + HiddenLoads + " GROUP BY load_id HAVING max(step) "
)

// Kinds of units, as the ledger has them.
const (
	Call    = "call"
	Unusual = "unusual"
	Scale   = "scale"
)
