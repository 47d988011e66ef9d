package load

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/callvault/callvault/load/hidden"
	"github.com/callvault/callvault/load/native"
)

// TestSpansOfInserts checks that the span of an INSERT ends and shows whether the INSERT was
// sent.
func TestSpansOfInserts(t *testing.T) {
	t.Parallel()
	s := open(t, database(t))
	spans := tracetest.NewSpanRecorder()
	ctx, root := trace.NewTracerProvider(trace.WithSpanProcessor(spans)).Tracer("").Start(t.Context(), "root")
	defer root.End()
	gone, cancel := context.WithCancel(ctx)
	cancel()
	load := func(in *native.Columns) {
		in.Add([]uint64{1})
		in.Add([]string{hidden.Opened})
	}
	for _, c := range []struct {
		name    string
		ctx     context.Context
		columns string
		fill    func(*native.Columns)
		sent    bool
	}{
		{"sent", ctx, "load_id, step", load, true},
		{"no such column", ctx, "load_id, stop", load, false},
		{"no such value", ctx, "load_id, step", func(in *native.Columns) { in.Add([]string{"one"}) }, false},
		{"nobody waits", gone, "load_id, step", load, false},
	} {
		before := len(spans.Ended())
		if err := native.Insert(c.ctx, s.StoreConn(), "hidden_loads", c.columns, c.fill); (err == nil) != c.sent {
			t.Errorf("%s: %v", c.name, err)
		}
		ended := spans.Ended()[before:]
		if len(ended) != 1 || ended[0].Name() != "insert hidden_loads" || (ended[0].Status().Code == codes.Error) == c.sent {
			t.Errorf("%s: %d spans ended", c.name, len(ended))
		}
	}
	value(t, s, "SELECT count() FROM hidden_loads", 1)
}
