package load

import (
	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/retry"
)

const (
	// ErrClosed is returned after the Writer has been closed.
	ErrClosed = retry.Final("writer is closed")
	// ErrOvertaken is hidden.ErrOvertaken.
	ErrOvertaken = hidden.ErrOvertaken
)
