package simulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// version is the only version of the API.
const version = "2019-07-22"

// ServeHTTP answers the API at /, and beside it the truth and the stats.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/" || r.URL.Path == "":
		s.serveAPI(w, r)
	case r.URL.Path == "/stats":
		serveJSON(w, s.Stats())
	case r.URL.Path == "/truth":
		s.serveSummary(w, r)
	case strings.HasPrefix(r.URL.Path, "/truth/"):
		s.serveRelation(w, r, strings.TrimPrefix(r.URL.Path, "/truth/"))
	default:
		http.NotFound(w, r)
	}
}

func (s *Simulator) serveAPI(w http.ResponseWriter, r *http.Request) {
	if !s.delay(r) {
		return
	}
	now := s.now()
	out := newAnswer(w, s.requestID())
	defer func() { s.meter.sent(out.finish()) }()
	e, f := read(r)
	if actionByName(e.action) != nil {
		s.meter.arrive(e.action)
	}
	var q *query
	if f == nil {
		q, f = s.admit(e, now)
	}
	if f != nil {
		out.fault(f, e.english)
		if actionByName(e.action) != nil {
			s.meter.fail(e.action, f.code)
		}
		return
	}
	q.serve(s, q, out)
}

// delay waits for the latency; false where the client has gone.
func (s *Simulator) delay(r *http.Request) bool {
	if s.options.Latency <= 0 {
		return true
	}
	timer := time.NewTimer(s.options.Latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// admit takes a request through everything that stands before its answer:
// who asks, what for, where, how often, with which parameters.
func (s *Simulator) admit(e *envelope, now int64) (*query, *fault) {
	switch {
	case e.action == "":
		return nil, &fault{codeMissing, "Action"}
	case e.version == "":
		return nil, &fault{codeMissing, "Version"}
	}
	if f := s.verify(e); f != nil {
		return nil, f
	}
	a := actionByName(e.action)
	switch {
	case a == nil:
		return nil, &fault{codeInvalidAction, e.action}
	case e.version != version:
		return nil, &fault{codeNoSuchVersion, e.version}
	case a.dialect == legacy && !s.options.Legacy:
		return nil, &fault{codeInvalidAction, e.action}
	case a.dialect == current && !s.options.Current:
		return nil, &fault{codeUnsupported, e.action}
	case e.region == "":
		return nil, &fault{codeMissing, "Region"}
	case !slices.Contains(a.regions, e.region):
		return nil, &fault{codeUnsupportedRegion, e.region}
	}
	if f := s.meter.admit(a); f != nil {
		return nil, f
	}
	if e.paramsFault != nil {
		return nil, e.paramsFault
	}
	return s.parse(a, e.params, now)
}
