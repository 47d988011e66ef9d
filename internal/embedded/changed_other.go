//go:build !linux

package embedded

import (
	"os"
	"time"
)

// changedAt is unknown.
func changedAt(os.FileInfo) time.Time { return time.Time{} }
