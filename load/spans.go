package load

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

const attrUnits = attribute.Key("callvault.units")

// inFlush puts a flush below the span of the run: one caller flushes for all callers.
func (w *Writer) inFlush(ctx context.Context) context.Context {
	if w.opt.Span == nil {
		return ctx
	}
	return trace.ContextWithSpan(ctx, w.opt.Span)
}
