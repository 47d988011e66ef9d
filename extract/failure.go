package extract

import (
	"errors"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/transform"
)

// problemIn returns what is not whole in an answer that is a whole list, or "".
func problemIn(info transform.Info) string {
	if rows := ask.DamagedRows(info.Damage); len(rows) > 0 {
		return decide.DamageText(rows[0])
	}
	if err := ask.ShortAnswer(info); err != nil {
		return err.Error()
	}
	return ""
}

// failureOf returns the Failure of an error.
func failureOf(err error) decide.Failure {
	return decide.Failure{Reason: err.Error(), Cause: causeOf(err), Kept: ask.IsUnreadable(err) || ask.IsDamage(err)}
}

// causeOf returns a text that is the same for all errors of one cause.
func causeOf(err error) string {
	if e, ok := errors.AsType[*trtc.Error](err); ok {
		return e.Action + ": " + e.Code
	}
	return err.Error()
}
