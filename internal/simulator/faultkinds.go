package simulator

// FaultKind is one way in which an answer goes wrong.
type FaultKind string

// Kinds of faults. A script may use those up to FaultSlow.
const (
	NoFault        FaultKind = ""
	FaultError     FaultKind = "error"      // HTTP 200 with an InternalError inside
	FaultHTML      FaultKind = "html"       // a gateway's page under 502, 503, 504 or 200
	FaultCut       FaultKind = "cut"        // half the body under the Content-Length of the whole
	FaultTruncated FaultKind = "truncated"  // half the body with its own Content-Length: JSON that breaks off
	FaultStall     FaultKind = "stall"      // half the body, a pause, the rest
	FaultDrop      FaultKind = "drop"       // half the body, a pause, the connection closed
	FaultReset     FaultKind = "reset"      // TCP reset in place of a response
	FaultResetLate FaultKind = "reset-late" // TCP reset after the headers and half the body
	FaultNull      FaultKind = "null"       // success with null in place of rows
	FaultLimit     FaultKind = "limit"      // RequestLimitExceeded within the quota
	FaultSlow      FaultKind = "slow"       // the right response, after a pause

	FaultShift  FaultKind = "shift"  // new rows move others to a later page of the list
	FaultPoison FaultKind = "poison" // an action that always fails for a call
	FaultMute   FaultKind = "mute"   // series of a user that are null
)

// Kinds of habits; see the fields of Faults of the same names.
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

// scriptable reports whether a script may use a kind.
func scriptable(kind FaultKind) bool {
	switch kind {
	case FaultError, FaultHTML, FaultCut, FaultTruncated, FaultStall, FaultDrop, FaultReset, FaultResetLate, FaultNull, FaultLimit, FaultSlow, FaultBusy:
		return true
	}
	return false
}
