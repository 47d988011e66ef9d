// Package span makes OpenTelemetry spans as children of the span in a context, with
// the tracer of that span. Without tracing it costs one look-up in the context.
package span

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Scope is the instrumentation scope of this program's spans.
const Scope = "github.com/callvault/callvault"

// Begin begins a child of the span in ctx. If ctx has no recording span, the child does
// nothing.
func Begin(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, noop.Span{}
	}
	for i, a := range attributes { // a text that is not UTF-8 would keep all spans of a batch from being sent
		if a.Value.Type() == attribute.STRING {
			attributes[i].Value = attribute.StringValue(strings.ToValidUTF8(a.Value.AsString(), "\uFFFD"))
		}
	}
	return parent.TracerProvider().Tracer(Scope).Start(ctx, name, trace.WithAttributes(attributes...))
}

// End ends a span. A non-nil err marks it as failed.
func End(s trace.Span, err error) {
	if err != nil && s.IsRecording() {
		if text := err.Error(); !utf8.ValidString(text) {
			err = errors.New(strings.ToValidUTF8(text, "\uFFFD"))
		}
		s.RecordError(err)
		s.SetStatus(codes.Error, err.Error())
	}
	s.End()
}

// Do calls do within a span.
func Do(ctx context.Context, name string, do func(context.Context) error) error {
	ctx, s := Begin(ctx, name)
	err := do(ctx)
	End(s, err)
	return err
}
