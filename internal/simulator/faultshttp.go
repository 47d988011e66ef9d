package simulator

import (
	"io"
	"net/http"
	"strings"
)

// serveFaults returns the faults in force in the format of ParseFaults, and sets those
// of a POST body. An empty body ends all faults.
func (s *Simulator) serveFaults(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			http.Error(w, "read faults: "+err.Error(), http.StatusBadRequest)
			return
		}
		f, err := ParseFaults(strings.TrimSpace(string(text)))
		if err == nil {
			err = s.SetFaults(f)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, s.Faults().String()+"\n") // fails if the client has gone
}
