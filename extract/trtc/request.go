package trtc

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/callvault/callvault/extract/privacy"
	"github.com/callvault/callvault/internal/call"
)

// Request is one call of one action. It does not change after it is built, and may be sent
// any number of times.
type Request struct {
	Action string
	params *params
}

// JSON returns the body of the request, without the common parameters (those are headers).
func (r Request) JSON() ([]byte, error) {
	if r.params.fields != nil {
		return json.Marshal(r.params.fields)
	}
	return json.Marshal(r.params)
}

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

	text    bool
	account call.AppID     // also where SdkAppId is not sent
	fields  map[string]any // of statistics: all that is sent
	table   bool           // the answer has a CSV file
}

// named is what is sent: with the vendor's own names.
func (r Request) named(edge *privacy.Edge) (*params, *privacy.Exchange, error) {
	p, x := *r.params, edge.Begin(r.params.CommId != nil)
	if x == nil {
		return r.params, nil, nil
	}
	if p.table {
		x.Table()
	}
	unknown := ""
	name := func(text string) string {
		id, ok := x.Name(text)
		if !ok {
			unknown = text
		}
		return id
	}
	for _, field := range []**string{&p.CommId, &p.UserId, &p.RoomId} {
		if *field != nil {
			id := name(**field)
			*field = &id
		}
	}
	p.UserIds = slices.Clone(p.UserIds)
	for i, user := range p.UserIds {
		p.UserIds[i] = name(user)
	}
	if unknown != "" {
		return nil, nil, &Error{Action: r.Action, Code: CodeNameless, Message: "no answer has told whom " + unknown + " stands for", Kind: Permanent}
	}
	return &p, x, nil
}

// About is what a request is about, to ask for a list of it.
type About struct {
	App    call.AppID
	CommID string // "": no call
	Window call.Window
}

// About is what the request is about.
func (r Request) About() About {
	a := About{App: r.params.account, Window: call.Window{Start: time.Unix(r.params.StartTime, 0).UTC(), End: time.Unix(r.params.EndTime, 0).UTC()}}
	if r.params.CommId != nil {
		a.CommID = *r.params.CommId
	}
	return a
}

// OfRooms is the request without the users that it names.
func (r Request) OfRooms() Request {
	p := *r.params
	p.UserId, p.UserIds = nil, nil
	return Request{r.Action, &p}
}

func (p *params) app(id call.AppID) { p.SdkAppId = &number{int64(id), p.text} }

// page sets both paging parameters: if either is missing the vendor returns six (or ten)
// entries and does not report it.
func (p *params) page(n, size int) {
	p.PageNumber = &number{int64(n), p.text}
	p.PageSize = &number{int64(size), p.text}
}
