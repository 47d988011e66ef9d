package extract

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/callvault/callvault/extract/decide"
	"github.com/callvault/callvault/internal/span"
)

// Attributes of spans. None has a secret or names a user.
const (
	attrApp     = attribute.Key("callvault.app")
	attrRoom    = attribute.Key("callvault.room")
	attrCall    = attribute.Key("callvault.call")
	attrUsers   = attribute.Key("callvault.users")
	attrSamples = attribute.Key("callvault.samples")
	attrEvents  = attribute.Key("callvault.events")
)

// endSpan ends the span of a call with its result. A call that failed is an error of its
// span, and no error of the pass.
func (c *callPass) endSpan(s trace.Span, err error) {
	s.SetAttributes(attrUsers.Int(c.counts.users), attrSamples.Int(c.counts.samples), attrEvents.Int(c.counts.events))
	if failed := c.call.Failed; err == nil && len(failed) > 0 {
		s.SetStatus(codes.Error, decide.ReasonOf(failed))
	}
	span.End(s, err)
}
