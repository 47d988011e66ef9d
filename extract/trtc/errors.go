package trtc

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Kind says what to do after a failed request.
type Kind int

const (
	Permanent   Kind = iota // the same request will fail again
	Retryable               // a fault of the network or of the vendor: ask again later
	Quota                   // more requests than the vendor allows: ask again, slower
	Denied                  // credentials or rights: nothing works until the user acts
	Unavailable             // the account does not have this action
	WrongRegion             // the action is not served in the region asked
	Expired                 // the window starts before the data that the vendor still keeps
	TooLarge                // the answer is larger than the vendor sends, or than the client reads: ask for less
	UnknownApp              // the account does not have this application
)

// Means returns what callvault does about a failure of this kind.
func (k Kind) Means() string {
	switch k {
	case Retryable:
		return "asks again, for about a minute"
	case Quota:
		return "asks again, later and slower"
	case Denied:
		return "ends the pass over the account"
	case Unavailable:
		return "leaves the action out"
	case WrongRegion:
		return "asks in the next region"
	case Expired:
		return "counts the data as gone"
	case TooLarge:
		return "asks for less at a time"
	case UnknownApp:
		return "ends the pass over the application"
	}
	return "notes that call, hour or day as failed; the next pass asks again"
}

// Error is the vendor's refusal of a request, or the failure to receive a whole answer. Its
// text is one line and never has a secret.
type Error struct {
	Action    string
	Code      string // the vendor's, or one of the Code constants
	Message   string
	RequestID string // the vendor's; empty if no answer came
	Kind      Kind
	After     time.Duration // how long the vendor asks to wait (Retry-After); 0: it does not ask
	Timeout   bool          // no whole answer came in time
	Cause     error
}

// Codes of failures for which the vendor has no code.
const (
	CodeNetwork  = "NetworkError"    // no whole answer came
	CodeHTTP     = "UnexpectedReply" // something answered that is not the API
	CodeTooLarge = "TooLarge"        // the answer is larger than the client reads
	CodeNameless = "UnknownName"     // a pseudonym for which no answer of this process has the id

	CodeProxy             = "ProxyRefuses"       // the proxy requires a user and a password
	CodeAuthority         = "UnknownAuthority"   // the certificate's issuer is not trusted
	CodeServerName        = "OtherServerName"    // the certificate is for another name
	CodeExpired           = "CertificateExpired" // the certificate is not valid now
	CodeClientCertificate = "ClientCertificate"  // the server refuses the client's certificate, or requires one
)

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s", e.Action, e.Code, e.Message)
	if e.RequestID != "" {
		fmt.Fprintf(&b, " (RequestId %s)", e.RequestID)
	}
	return printable(b.String())
}

func (e *Error) Unwrap() error { return e.Cause }

// NewError returns the Error of a refusal, classified by the vendor's code.
func NewError(action, code, message, requestID string) *Error {
	return &Error{
		Action: action, Code: short(cmp.Or(printable(code), "NoCode"), 100), Message: oneLine(message),
		RequestID: short(printable(requestID), 64), Kind: meaning(code).kind,
	}
}
