package extract

import (
	"errors"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/transform"
)

// problemIn says what is not whole in an answer that is all of a list; "": nothing.
func problemIn(info transform.Info) string {
	if rows := ask.DamagedRows(info.Damage); len(rows) > 0 {
		return decide.DamageText(rows[0])
	}
	if err := ask.ShortAnswer(info); err != nil {
		return err.Error()
	}
	return ""
}

// failureOf is an error as why something is missing.
func failureOf(err error) decide.Failure {
	return decide.Failure{Reason: err.Error(), Cause: causeOf(err), Kept: ask.IsUnreadable(err) || ask.IsDamage(err)}
}

// causeOf is what errors have in common that come from the same cause.
func causeOf(err error) string {
	if e, ok := errors.AsType[*trtc.Error](err); ok {
		return e.Action + ": " + e.Code
	}
	return err.Error()
}
