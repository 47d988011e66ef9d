package store

import (
	"fmt"
	"slices"
)

// Oldest is the oldest ClickHouse that callvault works with: the oldest one that has
// passed its tests (make test-versions).
const Oldest = "24.8"

// newEnough returns ErrTooOld, with both versions, where a server's is below Oldest.
func newEnough(version string) error {
	if slices.Compare(majorMinor(version), majorMinor(Oldest)) >= 0 {
		return nil
	}
	return fmt.Errorf("%w: it is version %s; use %s or newer", ErrTooOld, version, Oldest)
}

// majorMinor reads the two numbers that a version begins with. What is no number is 0.
func majorMinor(version string) []int {
	n := []int{0, 0}
	_, _ = fmt.Sscanf(version, "%d.%d", &n[0], &n[1])
	return n
}
