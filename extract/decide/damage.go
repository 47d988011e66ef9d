package decide

import (
	"cmp"
	"fmt"

	"github.com/callvault/callvault/transform"
)

// DamageText returns the text of a damage, with what is damaged.
func DamageText(d transform.Damage) string {
	name := cmp.Or(d.Key, d.User)
	if d.Key != "" && d.User != "" {
		name = d.User + " " + d.Key
	}
	text := d.What
	if name != "" {
		text += " " + name
	}
	if d.Count > 1 {
		return fmt.Sprintf("%s: %s (%d times)", text, d.Problem, d.Count)
	}
	return text + ": " + d.Problem
}

// Damaged returns the Failure of a damaged piece of an answer.
func Damaged(d transform.Damage) Failure {
	return Failure{Reason: DamageText(d), Cause: d.What + ": " + d.Problem, Kept: true}
}
