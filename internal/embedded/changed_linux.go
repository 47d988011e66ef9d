package embedded

import (
	"os"
	"syscall"
	"time"
)

// changedAt is when the system last changed a file or what it knows of it. Unlike the time of
// modification, no program can set it.
func changedAt(info os.FileInfo) time.Time {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(s.Ctim.Unix()).UTC()
	}
	return time.Time{}
}
