package ask

import (
	"cmp"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/span"
)

// Attributes of spans. None of them has a secret.
const (
	attrAction    = attribute.Key("callvault.action")
	attrRegion    = attribute.Key("callvault.region")
	attrAttempt   = attribute.Key("callvault.attempt") // from 1
	attrCode      = attribute.Key("callvault.code")    // of an error, as the vendor reports it
	attrRequestID = attribute.Key("callvault.request_id")
	attrBytes     = attribute.Key("callvault.bytes")
	attrNull      = attribute.Key("callvault.null") // null where data may be due
)

// endRequest ends the span of a request with its result. It reads the body.
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
	if errors.Is(err, ErrNull) {
		s.SetAttributes(attrNull.Bool(true))
		err = nil
	}
	span.End(s, err)
}
