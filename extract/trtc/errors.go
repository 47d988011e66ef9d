package trtc

import (
	"fmt"
	"strings"
	"time"
)

// Kind says what a failed request means for what to do next.
type Kind int

const (
	Permanent   Kind = iota // the same request will fail again
	Retryable               // a fault of the network or of the vendor: ask again later
	Quota                   // more requests than the vendor allows: ask again, slower
	Denied                  // credentials or rights: nothing will work until the user acts
	Unavailable             // the account does not have this action
	WrongRegion             // the action is not served in the region asked
	Expired                 // the window starts before what the vendor still keeps
	TooLarge                // the answer is larger than the vendor sends, or than is read: ask for less
	UnknownApp              // the account does not have this application
)

// Error is the vendor's refusal of a request, or the failure to get a whole
// answer. Its text is one line and never holds a secret.
type Error struct {
	Action    string
	Code      string // the vendor's, or one of the Code constants
	Message   string
	RequestID string // the vendor's; empty when no answer came
	Kind      Kind
	After     time.Duration // how long the vendor asks to wait (Retry-After); 0: it does not say
	Timeout   bool          // no whole answer came in time
	Cause     error
}

// Codes of failures that have no code of the vendor's.
const (
	CodeNetwork = "NetworkError"    // no whole answer came
	CodeHTTP    = "UnexpectedReply" // something answered that is not the API
)

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s", e.Action, e.Code, e.Message)
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (RequestId %s)", e.RequestID)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// NewError classifies a refusal by the vendor's code.
func NewError(action, code, message, requestID string) *Error {
	return &Error{Action: action, Code: code, Message: oneLine(message), RequestID: requestID, Kind: kindOf(code)}
}

// Codes: https://www.tencentcloud.com/document/product/647/35130 (error codes)
// and the common ones of API 3.0. A code's family is its part before the dot.
func kindOf(code string) Kind {
	switch code {
	case "RequestLimitExceeded", "LimitExceeded":
		return Quota
	case "InvalidParameter.StartTsOversize", "InvalidParameter.StartTimeOversize", "InvalidParameter.StartTimeExpire",
		"StartTsOversize", "StartTimeOversize", "StartTimeExpire":
		return Expired
	case "UnsupportedRegion":
		return WrongRegion
	case "AuthFailure.SignatureExpire":
		return Denied // the clock of this machine is off; asking again will not help
	case "AuthFailure.UnauthorizedOperation", "UnauthorizedOperation":
		return Unavailable
	}
	family, _, _ := strings.Cut(code, ".")
	switch family {
	case "RequestLimitExceeded":
		return Quota
	case "InternalError", "ServerError", "FailedOperation":
		return Retryable
	case "AuthFailure":
		return Denied
	case "InvalidAction", "UnsupportedOperation", "ResourceUnavailable", "ActionOffline", "UnauthorizedOperation", "OperationDenied":
		return Unavailable
	}
	return Permanent
}

// oneLine cuts a message to something a terminal can show.
func oneLine(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}
