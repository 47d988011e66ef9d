package main

import (
	"log/slog"

	"github.com/callvault/callvault/archive"
)

// logReport tells what the pass brought and missed.
func logReport(log *slog.Logger, s *archive.Report) {
	for _, r := range s.Refused {
		log.Error("not archived", "reason", r.Reason)
	}
	t := s.Total()
	for _, f := range t.Failures {
		log.Error("not archived", "call", f.CommID, "room", f.RoomID, "what", f.What, "reason", f.Reason)
	}
	for _, r := range s.Apps {
		for _, note := range r.Notes {
			log.Warn("note", "app", r.App, "note", note)
		}
	}
	log.Info("pass ended", "calls", t.Archived, "held", t.Held, "provisional", t.Provisional, "waiting", t.Waiting, "users", t.Users,
		"samples", t.Samples, "failures", t.FailureCount, "lost", t.Lost, "requests", s.Counts.Total())
}
