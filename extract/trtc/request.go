package trtc

import (
	"encoding/json"

	"github.com/callvault/callvault/internal/call"
)

// Request is one call of one action. It does not change after it is built, and may be sent
// any number of times.
type Request struct {
	Action string
	params *params
}

// JSON returns the body of the request, without the common parameters (those are headers).
func (r Request) JSON() ([]byte, error) { return json.Marshal(r.params) }

// params are the parameters of all actions together, in the order of the vendor's pages.
// Absent parameters are not sent.
type params struct {
	CommId     *string  `json:"CommId,omitempty"`
	StartTime  int64    `json:"StartTime"` // unix seconds
	EndTime    int64    `json:"EndTime"`   // unix seconds, included
	SdkAppId   *number  `json:"SdkAppId,omitempty"`
	UserId     *string  `json:"UserId,omitempty"`
	RoomId     *string  `json:"RoomId,omitempty"`
	UserIds    []string `json:"UserIds,omitempty"`
	DataType   []string `json:"DataType,omitempty"`
	PageNumber *number  `json:"PageNumber,omitempty"`
	PageSize   *number  `json:"PageSize,omitempty"`

	text bool
}

func (p *params) app(id call.AppID) { p.SdkAppId = &number{int64(id), p.text} }

// page sets both paging parameters: if either is missing the vendor returns six (or ten)
// entries and does not report it.
func (p *params) page(n, size int) {
	p.PageNumber = &number{int64(n), p.text}
	p.PageSize = &number{int64(size), p.text}
}
