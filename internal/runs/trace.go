package runs

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/callvault/callvault/internal/span"
	"github.com/callvault/callvault/internal/traces"
)

// sendWithin bounds the sending of the last spans after the end of a run.
const sendWithin = 3 * time.Second

// Traces says whether spans of runs are sent to a collector, and with which headers of HTTP.
type Traces struct {
	On      bool
	Headers map[string]string // secrets are among them
}

// beginTrace begins the trace of the run. end sets the result of the run and sends the
// remaining spans, for at most sendWithin. If that fails, it calls Warn.
func (h *Record) beginTrace(ctx context.Context) (in context.Context, end func(error)) {
	if !h.traces.On {
		return ctx, func(error) {}
	}
	t, err := traces.New(ctx, h.Run.ID, h.Run.Version, h.traces.Headers)
	if err != nil {
		h.warn(err)
		return ctx, func(error) {}
	}
	in, root := t.Tracer().Start(ctx, h.Run.Command, trace.WithNewRoot(), trace.WithAttributes(beginningOf(h.Run)...))
	return in, func(err error) {
		root.SetAttributes(endOf(h.Run)...)
		span.End(root, err)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendWithin)
		defer cancel()
		if err := t.Close(ctx); err != nil {
			h.warn(err)
		}
	}
}

func beginningOf(r Run) []attribute.KeyValue {
	apps := make([]int64, len(r.Apps))
	for i, a := range r.Apps {
		apps[i] = int64(a)
	}
	return []attribute.KeyValue{
		attribute.String("callvault.run_id", r.ID), attribute.String("callvault.command", r.Command), attribute.String("callvault.schedule", r.Schedule),
		attribute.Int64Slice("callvault.apps", apps), attribute.Bool("callvault.whole", r.Whole),
	}
}

func endOf(r Run) []attribute.KeyValue {
	count := func(key string, n uint64) attribute.KeyValue { return attribute.Int64("callvault."+key, int64(n)) }
	return []attribute.KeyValue{
		attribute.String("callvault.outcome", string(r.Outcome)),
		count("calls", r.Counts.Calls), count("users", r.Counts.Users), count("samples", r.Counts.Samples), count("events", r.Counts.Events),
		count("failed", r.Counts.Failed), count("lost", r.Counts.Lost), count("bytes", r.Bytes),
	}
}
