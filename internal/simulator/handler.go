package simulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// version is the only version of the API.
const version = "2019-07-22"

// ServeHTTP answers the API at /, and the truth and the statistics at their own paths.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/" || r.URL.Path == "":
		s.serveAPI(w, r)
	case r.URL.Path == "/stats":
		serveJSON(w, s.Stats())
	case r.URL.Path == "/faults":
		s.serveFaults(w, r)
	case r.URL.Path == "/mutations":
		serveJSON(w, s.Mutations())
	case r.URL.Path == "/troubles":
		s.serveTroubles(w, r)
	case r.URL.Path == "/truth":
		s.serveSummary(w, r)
	case strings.HasPrefix(r.URL.Path, "/truth/"):
		s.serveRelation(w, r, strings.TrimPrefix(r.URL.Path, "/truth/"))
	default:
		http.NotFound(w, r)
	}
}

func (s *Simulator) serveAPI(w http.ResponseWriter, r *http.Request) {
	if s.options.Latency > 0 && !pause(r.Context(), s.options.Latency) {
		return
	}
	now := s.now()
	if skew := s.skew(); skew != 0 {
		w.Header().Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
	}
	e, f := read(r)
	if actionByName(e.action) != nil {
		s.meter.arrive(e.action)
	}
	var q *query
	if f == nil {
		q, f = s.admit(e, now)
	}
	if f != nil {
		s.refuse(w, e, f)
		return
	}
	s.reply(w, r, e, q)
}

// refuse answers with an error that the client has caused.
func (s *Simulator) refuse(w http.ResponseWriter, e *envelope, f *fault) {
	out := newAnswer(w, s.requestID())
	out.fault(f, e.english)
	if actionByName(e.action) != nil {
		s.meter.fail(e.action, f.code)
	}
	s.meter.sent(out.finish())
}

// admit checks a request: signature, action, region, quota, parameters.
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
	case a.stat != nil && (!s.options.Statistics || slices.Contains(s.options.Without, a.name)):
		return nil, &fault{codeUnsupported, e.action}
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
