package extract_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/simulator"
)

// difference returns how many more of each row of a call the truth has than the vault.
func (t *truth) difference(truth *simulator.Truth, id string) map[any]int {
	count := map[any]int{}
	only := truth.Except(slices.DeleteFunc(t.calls(truth), func(other string) bool { return other == id })...)
	for r := range only.Rooms() {
		count[r]++
	}
	for r := range only.UserSessions() {
		count[r]++
	}
	for r := range only.UserEvents() {
		count[r]++
	}
	for r := range only.QualitySamples() {
		count[r]++
	}
	t.vault.subtract(call.Unit{App: t.app(), Kind: call.UnitCall, Key: id}, count)
	return count
}

func (t *truth) calls(truth *simulator.Truth) (ids []string) {
	for r := range truth.Rooms() {
		ids = append(ids, r.CommID)
	}
	return ids
}

func tell(count map[any]int) string {
	const most = 6
	var b strings.Builder
	missing, extra := map[string]int{}, map[string]int{}
	for row, n := range count {
		side, kind := missing, strings.TrimPrefix(fmt.Sprintf("%T", row), "simulator.")
		if n < 0 {
			side, n = extra, -n
		}
		if n > 0 {
			if side[kind]++; side[kind] <= most {
				fmt.Fprintf(&b, "\n  %+d× %+v", count[row], row)
			}
		}
	}
	return fmt.Sprintf("missing %v, extra %v; + is the truth's:%s", missing, extra, b.String())
}
