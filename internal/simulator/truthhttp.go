package simulator

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// serveJSON answers requests outside the API. It need not be fast.
func serveJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // the client has gone: nothing to tell it
}

// truthOf reads ?at= (unix seconds, now), ?since= (unix seconds, see
// Truth.Since) and ?dialect= (legacy or current, current if the account has
// it).
func (s *Simulator) truthOf(r *http.Request) (*Truth, string) {
	t := s.Truth(time.Unix(s.now(), 0))
	if text := r.URL.Query().Get("at"); text != "" {
		at, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, "at: want unix seconds"
		}
		t.at, t.reach = at, always(at)
	}
	if text := r.URL.Query().Get("since"); text != "" {
		since, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, "since: want unix seconds"
		}
		t = t.Since(time.Unix(since, 0))
	}
	switch r.URL.Query().Get("dialect") {
	case "":
	case "legacy":
		t.dialect = legacy
	case "current":
		t.dialect = current
	default:
		return nil, "dialect: want legacy or current"
	}
	return t, ""
}

func (s *Simulator) serveSummary(w http.ResponseWriter, r *http.Request) {
	t, problem := s.truthOf(r)
	if problem != "" {
		http.Error(w, problem, http.StatusBadRequest)
		return
	}
	serveJSON(w, t.Summary())
}

// serveTroubles lists what is planted in the calls that have begun by ?at= (unix
// seconds, now).
func (s *Simulator) serveTroubles(w http.ResponseWriter, r *http.Request) {
	t, problem := s.truthOf(r)
	if problem != "" {
		http.Error(w, problem, http.StatusBadRequest)
		return
	}
	serveJSON(w, append([]Trouble{}, s.Troubles(time.Unix(t.at, 0))...))
}

// serveRelation writes the rows of a relation, one JSON object a line, or with
// ?format=tsv as ClickHouse's TabSeparated.
func (s *Simulator) serveRelation(w http.ResponseWriter, r *http.Request, relation string) {
	t, problem := s.truthOf(r)
	c := &columns{format: asJSON}
	switch r.URL.Query().Get("format") {
	case "", "ndjson":
		w.Header().Set("Content-Type", "application/x-ndjson")
	case "tsv":
		c.format = asTSV
		w.Header().Set("Content-Type", "text/tab-separated-values; charset=utf-8")
	default:
		problem = "format: want ndjson or tsv"
	}
	if problem != "" {
		http.Error(w, problem, http.StatusBadRequest)
		return
	}
	pending := make([]byte, 0, flushAt+1024)
	known := t.each(relation, c, func() bool {
		pending = append(pending, c.dst...)
		if len(pending) < flushAt {
			return true
		}
		_, err := w.Write(pending)
		pending = pending[:0]
		return err == nil
	})
	if !known {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(pending) // the client has gone: nothing to tell it
}
