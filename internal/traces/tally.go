package traces

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// tally is an exporter that counts the spans sent and keeps the first error. It reports
// errors only in missing. It gives up when life ends.
type tally struct {
	sdk.SpanExporter
	life context.Context

	mu          sync.Mutex
	ended, sent int
	err         error // the first
}

func (t *tally) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(t.life, cancel)()
	err := t.SpanExporter.ExportSpans(ctx, spans)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		t.sent += len(spans)
	}
	if t.err == nil {
		t.err = err
	}
	return nil
}

// errFull is the reason when spans are missing although every export succeeded.
var errFull = errors.New("the queue was full; raise OTEL_BSP_MAX_QUEUE_SIZE, or check whether the collector is slow")

// missing returns an error unless all spans were sent. end is the error of the
// provider's shutdown, if any.
func (t *tally) missing(end error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sent >= t.ended {
		return nil
	}
	why := cmp.Or(t.err, end, errFull)
	if errors.Is(why, context.DeadlineExceeded) {
		why = errors.New("the collector does not answer in time")
	}
	return fmt.Errorf("traces: %d of %d spans were not sent: %s; check OTEL_EXPORTER_OTLP_ENDPOINT (the archive is not affected)", t.ended-t.sent, t.ended, oneLine(why))
}

// oneLine returns an error in one short line.
func oneLine(err error) string {
	const most = 200
	s := strings.Join(strings.Fields(err.Error()), " ")
	if e, ok := errors.AsType[*url.Error](err); ok {
		s = e.Err.Error()
		if u, err := url.Parse(e.URL); err == nil {
			s = u.Host + ": " + s
		}
	}
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// counted counts the sampled spans that end.
type counted struct {
	sdk.SpanProcessor
	tally *tally
}

func (c counted) OnEnd(s sdk.ReadOnlySpan) {
	if s.SpanContext().IsSampled() {
		c.tally.mu.Lock()
		c.tally.ended++
		c.tally.mu.Unlock()
	}
	c.SpanProcessor.OnEnd(s)
}
