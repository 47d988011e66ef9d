package load

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

const attrUnits = attribute.Key("callvault.units")

// inFlush puts what is done for everybody under the span of the run, whoever of
// those who add happens to do it.
func (w *Writer) inFlush(ctx context.Context) context.Context {
	if w.opt.Span == nil {
		return ctx
	}
	return trace.ContextWithSpan(ctx, w.opt.Span)
}
