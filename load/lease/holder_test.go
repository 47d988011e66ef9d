package lease

import "testing"

// TestDeadHolder checks that Dead recognizes a holder that was a process of this machine and
// has ended.
func TestDeadHolder(t *testing.T) {
	for name, want := range map[string]bool{
		Holder():                        false,
		holderOf(1 << 30):               true,
		Holder() + "0":                  true, // our number, started later
		"elsewhere, process 1073741824": false,
		"something else":                false,
	} {
		if got := Dead(name); got != want {
			t.Errorf("dead(%q) = %v", name, got)
		}
	}
}
