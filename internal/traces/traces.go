// Package traces sends the spans of a run to an OpenTelemetry collector, by OTLP over
// HTTP. The exporter and the SDK read OpenTelemetry's standard variables from the
// environment.
package traces

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/callvault/callvault/internal/span"
)

// service is the default of OTEL_SERVICE_NAME.
const service = "callvault"

// Trace is the trace of one run. Spans wait in a queue of OTEL_BSP_MAX_QUEUE_SIZE
// (2048). A full queue drops further spans.
type Trace struct {
	provider *sdk.TracerProvider
	tally    *tally
	giveUp   context.CancelFunc // cancels the current export
}

// ID returns the id of a run's trace: the first half of the SHA-256 of the run's id.
func ID(runID string) trace.TraceID {
	sum := sha256.Sum256([]byte(runID))
	return trace.TraceID(sum[:16])
}

// New returns the trace of a run, whose spans are sent with headers, too. It does not connect yet.
func New(ctx context.Context, runID, version string, headers map[string]string) (*Trace, error) {
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", service), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("traces: %w; check OTEL_RESOURCE_ATTRIBUTES", err)
	}
	var options []otlptracehttp.Option
	if len(headers) > 0 { // with them the exporter leaves those of the environment out
		options = append(options, otlptracehttp.WithHeaders(headers))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	life, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	t := &tally{SpanExporter: exporter, life: life}
	p := sdk.NewTracerProvider(sdk.WithResource(about), sdk.WithIDGenerator(ids{ID(runID)}),
		sdk.WithSpanProcessor(counted{sdk.NewBatchSpanProcessor(t), t}))
	return &Trace{provider: p, tally: t, giveUp: giveUp}, nil
}

// Tracer returns the tracer of the trace.
func (t *Trace) Tracer() trace.Tracer { return t.provider.Tracer(span.Scope) }

// Close sends the spans in the queue until ctx ends. Its error says in one line how
// many spans of the trace were not sent, and why.
func (t *Trace) Close(ctx context.Context) error {
	err := t.provider.Shutdown(ctx)
	t.giveUp()
	return t.tally.missing(err)
}

// ids makes the ids of the spans of one trace.
type ids struct{ trace trace.TraceID }

func (i ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	return i.trace, i.NewSpanID(ctx, i.trace)
}

func (ids) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	for !id.IsValid() {
		rand.Read(id[:]) // never fails
	}
	return id
}
