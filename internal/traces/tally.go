package traces

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"

	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// tally is an exporter that keeps count of what was sent and why some was not,
// which it tells nobody until it is asked. It gives up when life ends.
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

// errFull is why spans are missing of which none could not be sent.
var errFull = errors.New("more came than could be sent; raise OTEL_BSP_MAX_QUEUE_SIZE, or see whether the collector is slow")

// missing says what was not sent. end is why the last of it was given up.
func (t *tally) missing(end error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sent >= t.ended {
		return nil
	}
	why := t.err
	if why == nil {
		why = end
	}
	if why == nil {
		why = errFull
	}
	if errors.Is(why, context.DeadlineExceeded) {
		why = errors.New("the collector does not answer in time")
	}
	return fmt.Errorf("traces: %d of %d spans were not sent, which harms nothing else: %s; check OTEL_EXPORTER_OTLP_ENDPOINT", t.ended-t.sent, t.ended, oneLine(why))
}

// oneLine is what a terminal can show of an error.
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

// counted counts the spans that have ended.
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
