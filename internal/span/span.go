// Package span makes spans of OpenTelemetry under the one that a context has. The
// tracer comes with that: where nobody traces, all of it costs a look-up.
package span

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Scope names this program's spans to whoever collects them.
const Scope = "github.com/callvault/callvault"

// Begin begins a span under that of ctx. It is nothing where ctx has none that
// records.
func Begin(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, noop.Span{}
	}
	return parent.TracerProvider().Tracer(Scope).Start(ctx, name, trace.WithAttributes(attributes...))
}

// End ends a span; err says what it failed with, if it did.
func End(s trace.Span, err error) {
	if err != nil && s.IsRecording() {
		s.RecordError(err)
		s.SetStatus(codes.Error, err.Error())
	}
	s.End()
}

// Do does something as a span.
func Do(ctx context.Context, name string, do func(context.Context) error) error {
	ctx, s := Begin(ctx, name)
	err := do(ctx)
	End(s, err)
	return err
}
