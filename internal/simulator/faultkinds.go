package simulator

// FaultKind is one way in which an answer goes wrong.
type FaultKind string

// The kinds of faults. Those up to FaultSlow a script may ask for.
const (
	NoFault        FaultKind = ""
	FaultError     FaultKind = "error"      // HTTP 200 with an InternalError inside
	FaultHTML      FaultKind = "html"       // a gateway's page under 502, 503, 504 or 200
	FaultCut       FaultKind = "cut"        // half the body under the Content-Length of the whole
	FaultTruncated FaultKind = "truncated"  // half the body, well framed: JSON that breaks off
	FaultStall     FaultKind = "stall"      // half the body, a pause, the rest
	FaultDrop      FaultKind = "drop"       // half the body, a pause, the connection closed
	FaultReset     FaultKind = "reset"      // TCP reset in place of an answer
	FaultResetLate FaultKind = "reset-late" // TCP reset after the headers and half the body
	FaultNull      FaultKind = "null"       // success, and null where rows were due
	FaultLimit     FaultKind = "limit"      // RequestLimitExceeded within the quota
	FaultSlow      FaultKind = "slow"       // the truth, after a pause

	FaultShift  FaultKind = "shift"  // rows that were not on an earlier page of the list push others on
	FaultPoison FaultKind = "poison" // an action that never succeeds for a call
	FaultMute   FaultKind = "mute"   // series of a user that are null
)

// The kinds of habits: see the fields of Faults of the same names.
const (
	FaultBusy       FaultKind = "busy"
	FaultDown       FaultKind = "down-for"
	FaultHang       FaultKind = "hang"
	FaultCode       FaultKind = "code"
	FaultTooLarge   FaultKind = "too-large"
	FaultFailingDay FaultKind = "failing-days"
	FaultDeepPage   FaultKind = "deep-pages"
	FaultFlood      FaultKind = "flood"
	FaultPageSize   FaultKind = "page-size"
	FaultSamePage   FaultKind = "same-page"
	FaultEndless    FaultKind = "endless"
	FaultJumble     FaultKind = "jumble"
	FaultTwice      FaultKind = "twice"
	FaultListless   FaultKind = "listless"
	FaultValueless  FaultKind = "valueless"
	FaultTextValues FaultKind = "text-values"
	FaultDateTimes  FaultKind = "date-times"
	FaultOdd        FaultKind = "odd"
	FaultGzip       FaultKind = "gzip"
	FaultMutate     FaultKind = "mutate"
)

// scriptable tells whether a script may ask for a kind.
func scriptable(kind FaultKind) bool {
	switch kind {
	case FaultError, FaultHTML, FaultCut, FaultTruncated, FaultStall, FaultDrop, FaultReset, FaultResetLate, FaultNull, FaultLimit, FaultSlow, FaultBusy:
		return true
	}
	return false
}
