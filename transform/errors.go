package transform

import "fmt"

// UnreadableError is the code of a VendorError without a readable code.
const UnreadableError = "UnreadableError"

// VendorError is returned when the vendor sends an error in place of a result.
type VendorError struct {
	Code      string
	Message   string
	RequestID string
}

func (e *VendorError) Error() string {
	return fmt.Sprintf("%s: %s (request %s)", e.Code, e.Message, e.RequestID)
}

// DecodeError is returned when the structure of a body is broken.
type DecodeError struct {
	What      string // which response: "rooms", "call detail", …
	Offset    int    // bytes before the problem
	Problem   string // what was expected there, or what is wrong
	Truncated bool   // the body ends too early, here
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("decode %s at byte %d: %s", e.What, e.Offset, e.Problem)
}
