package simulator

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// reply answers a valid request, or fails to.
func (s *Simulator) reply(w http.ResponseWriter, r *http.Request, e *envelope, q *query) {
	t := s.trouble(e, q)
	if t.late > 0 {
		s.meter.fault(e.action, FaultSlow)
		if !pause(r.Context(), t.late) {
			return
		}
	}
	if t.hang > 0 {
		s.meter.fault(e.action, FaultHang)
		if !pause(r.Context(), t.hang) {
			return
		}
	}
	defer s.close(r, q, &t) // deferred: answer panics if there is no connection to reset
	s.answer(w, r, e, q, t)
}

// close notes the faults that a request has met.
func (s *Simulator) close(r *http.Request, q *query, t *trouble) {
	met := t.kind
	if met == NoFault && q.shifted {
		met = FaultShift
	}
	if met == NoFault && q.muted {
		met = FaultMute
	}
	if met == NoFault && q.habit != NoFault {
		met = q.habit
	}
	if met == FaultNull && !q.withheld {
		met = NoFault
	}
	if t.poison && met != NoFault {
		met = FaultPoison
	}
	if met != NoFault && met != FaultSlow {
		s.meter.fault(q.name, met)
	}
	if whole := met == NoFault || met == FaultSlow || met == FaultStall; !whole || r.Context().Err() == nil {
		s.history.close(t.content, met)
	}
}

// answer sends the response to a request, with its trouble.
func (s *Simulator) answer(w http.ResponseWriter, r *http.Request, e *envelope, q *query, t trouble) {
	switch t.kind {
	case FaultHTML:
		s.meter.sent(gatewayPage(w, t.draw))
	case FaultReset:
		reset(w, nil)
	case FaultBusy:
		s.meter.sent(busyPage(w))
	case FaultFlood:
		s.meter.sent(s.flood(w, r, q))
	case FaultCode, FaultTooLarge, FaultFailingDay, FaultDeepPage:
		out := newAnswer(w, s.requestID())
		out.fault(&fault{code: t.code}, e.english)
		s.meter.fail(e.action, t.code)
		s.meter.sent(out.finish())
	case FaultError, FaultLimit:
		f := &fault{code: internalErrors[t.draw>>4%uint64(len(internalErrors))]}
		if t.kind == FaultLimit {
			f = &fault{codeRequestLimit, strconv.Itoa(max(s.options.QPS, 1))}
		}
		out := newAnswer(w, s.requestID())
		out.fault(f, e.english)
		s.meter.fail(e.action, f.code)
		s.meter.sent(out.finish())
	case FaultCut, FaultTruncated, FaultStall, FaultDrop, FaultResetLate:
		whole := &capture{header: http.Header{}}
		out := newAnswer(whole, s.requestID())
		q.serve(s, q, out)
		out.finish()
		s.meter.sent(t.deliver(r.Context(), w, whole.body))
	default:
		if q.habits != nil {
			s.meter.sent(s.answerByHabit(r.Context(), w, q))
			return
		}
		out := newAnswer(w, s.requestID())
		q.serve(s, q, out)
		s.meter.sent(out.finish())
	}
}

var internalErrors = [...]string{codeInternal, codeDB, codeES}

// capture is a ResponseWriter that keeps the body.
type capture struct {
	header http.Header
	body   []byte
}

func (c *capture) Header() http.Header { return c.header }
func (c *capture) WriteHeader(int)     {}
func (c *capture) Write(p []byte) (int, error) {
	c.body = append(c.body, p...)
	return len(p), nil
}

// deliver sends a body with its fault and returns the number of bytes sent. When a
// handler returns before it has sent its Content-Length, net/http closes the
// connection.
func (t trouble) deliver(ctx context.Context, w http.ResponseWriter, body []byte) int64 {
	part := len(body)/4 + int(t.draw>>8%uint64(len(body)/2))
	promised := len(body)
	if t.kind == FaultTruncated {
		promised = part
	}
	if t.kind == FaultResetLate {
		reset(w, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", promised, body[:part]))
		return int64(part)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(promised))
	_, err := w.Write(body[:part])
	if err != nil || t.kind == FaultCut || t.kind == FaultTruncated {
		return int64(part)
	}
	_ = http.NewResponseController(w).Flush() // without a flush the whole body stalls
	if !pause(ctx, t.pause) || t.kind == FaultDrop {
		return int64(part)
	}
	_, _ = w.Write(body[part:]) // fails if the client has gone
	return int64(len(body))
}

// gatewayPage answers like a gateway in front of the API that is in trouble.
func gatewayPage(w http.ResponseWriter, draw uint64) int64 {
	status := [...]int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusOK}[draw>>4%4]
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	text := "Please wait"
	if status != http.StatusOK {
		text = strconv.Itoa(status) + " " + http.StatusText(status)
	}
	n, _ := fmt.Fprintf(w, "<html>\r\n<head><title>%[1]s</title></head>\r\n<body>\r\n<center><h1>%[1]s</h1></center>\r\n<hr><center>stgw</center>\r\n</body>\r\n</html>\r\n", text)
	return int64(n)
}

// reset sends bytes and then resets the connection. If there is no HTTP/1 connection,
// it aborts the handler, as net/http requires.
func reset(w http.ResponseWriter, before []byte) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	_, _ = conn.Write(before) // fails if the client has gone
	if wrapped, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = wrapped.NetConn()
		defer conn.Close()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // without it the connection is closed, not reset
	}
}

// pause waits. It returns false if the client has gone.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
