package transform

import "fmt"

// UnreadableError is the code of a VendorError that came without one.
const UnreadableError = "UnreadableError"

// VendorError is the error the vendor sent in place of an answer.
type VendorError struct {
	Code      string
	Message   string
	RequestID string
}

func (e *VendorError) Error() string {
	return fmt.Sprintf("%s: %s (request %s)", e.Code, e.Message, e.RequestID)
}

// DecodeError tells where the structure of a body is broken.
type DecodeError struct {
	What    string // which response: "rooms", "call detail", …
	Offset  int    // bytes before the problem
	Problem string // what was expected there, or what is wrong
	Cut     bool   // the problem is that the body ends there
}

func (e *DecodeError) Error() string {
	return fmt.Sprintf("decode %s at byte %d: %s", e.What, e.Offset, e.Problem)
}
