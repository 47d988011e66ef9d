package extract

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/callvault/callvault/extract/decide"
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
