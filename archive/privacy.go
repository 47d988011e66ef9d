package archive

import (
	"errors"
	"fmt"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/identity"
	"github.com/callvault/callvault/load/upkeep"
)

// checkPrivacy refuses a pass that lacks the key of its pseudonyms, and one over a room that
// is named by a pseudonym: only the vendor knows which calls a room has.
func checkPrivacy(p identity.Policy, room string) error {
	switch {
	case p.Lacking():
		return config.Error{Setting: "CALLVAULT_IDENTITY_KEY", Problem: "is not set, and CALLVAULT_IDENTITIES needs it", Try: "set the key of the passes before, or for a new archive one that openssl rand -hex 32 prints"}
	case p.Rooms && identity.IsPseudonym(room):
		return errors.New("--room is a pseudonym; name the room as the application does")
	}
	return nil
}

// warnPrivacy warns, once, that a pass keeps more or less of persons than the one before it.
func (j *Run) warnPrivacy(o upkeep.Outlook) {
	now := j.Options.Privacy.String()
	if j.Warn == nil || !o.Passed || o.Privacy == now {
		return
	}
	j.Warn(fmt.Errorf("from now on the archive keeps of persons: %s; before: %s. Calls that are final stay as they are", identity.InWords(now), identity.InWords(o.Privacy)))
}
