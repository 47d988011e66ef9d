package extract

import (
	"cmp"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/span"
)

// Attributes of spans. None of them holds anything that the vendor keeps secret
// or that names a user.
const (
	attrApp     = attribute.Key("callvault.app")
	attrRoom    = attribute.Key("callvault.room")
	attrCall    = attribute.Key("callvault.call")
	attrUsers   = attribute.Key("callvault.users")
	attrSamples = attribute.Key("callvault.samples")
	attrEvents  = attribute.Key("callvault.events")

	attrAction    = attribute.Key("callvault.action")
	attrRegion    = attribute.Key("callvault.region")
	attrAttempt   = attribute.Key("callvault.attempt") // from 1
	attrCode      = attribute.Key("callvault.code")    // the vendor's, of an error
	attrRequestID = attribute.Key("callvault.request_id")
	attrBytes     = attribute.Key("callvault.bytes")
	attrNull      = attribute.Key("callvault.null") // null where data may be due
)

// endSpan says what came of the call. A call that could not be had is an error
// of its span, though none of the pass.
func (c *callPass) endSpan(s trace.Span, err error) {
	s.SetAttributes(attrUsers.Int(c.counts.users), attrSamples.Int(c.counts.samples), attrEvents.Int(c.counts.events))
	if failed := c.call.Failed; err == nil && len(failed) > 0 {
		s.SetStatus(codes.Error, decide.ReasonOf(failed))
	}
	span.End(s, err)
}

// endRequest says what came of a request. It looks at the body.
func endRequest(s trace.Span, body []byte, err error) {
	if !s.IsRecording() {
		return
	}
	id := trtc.RequestID(body)
	if e, ok := errors.AsType[*trtc.Error](err); ok {
		id = cmp.Or(e.RequestID, id)
		s.SetAttributes(attrCode.String(e.Code))
	}
	s.SetAttributes(attrBytes.Int(len(body)), attrRequestID.String(id))
	if errors.Is(err, errNull) {
		s.SetAttributes(attrNull.Bool(true))
		err = nil
	}
	span.End(s, err)
}
