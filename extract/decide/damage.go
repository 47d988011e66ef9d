package decide

import (
	"cmp"
	"fmt"

	"github.com/callvault/callvault/transform"
)

// DamageText tells a damage with what it is of.
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

// Damaged returns why a piece of an answer is missing.
func Damaged(d transform.Damage) Failure {
	return Failure{Reason: DamageText(d), Cause: d.What + ": " + d.Problem, Kept: true}
}
