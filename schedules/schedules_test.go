package schedules_test

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/schedules"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func write(t *testing.T, name, text string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDefaults(t *testing.T) {
	entries, err := schedules.Load("")
	if err != nil || len(entries) != 1 || entries[0].Job != "archive" {
		t.Fatalf("entries %v, err %v", entries, err)
	}
	now := time.Date(2026, 11, 24, 3, 30, 1, 0, time.UTC)
	if next := entries[0].Next(now); !next.Equal(time.Date(2026, 11, 25, 3, 30, 0, 0, time.UTC)) {
		t.Errorf("next %v", next)
	}
}

func TestWrongFiles(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "want one line, found 0"},
		{"* * * * *\n* * * * *\n", "want one line, found 2"},
		{"61 * * * *", "above maximum"},
		{"CRON_TZ=Mars/Olympus 0 0 * * *", "bad location"},
	} {
		_, err := schedules.Load(write(t, "archive.cron", c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "archive.cron") {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
	if _, err := schedules.Load(t.TempDir()); err == nil {
		t.Error("an empty folder was accepted")
	}
}

func TestUnknownJob(t *testing.T) {
	entries, err := schedules.Load(write(t, "dance.cron", "@hourly"))
	if err != nil {
		t.Fatal(err)
	}
	if err := schedules.Run(t.Context(), entries, nil, quiet); err == nil || !strings.Contains(err.Error(), "dance.cron") {
		t.Errorf("error %v", err)
	}
}

// TestNights runs a job through a week of nights, one of which takes two days.
func TestNights(t *testing.T) {
	entries, err := schedules.Load(write(t, "archive.cron", "CRON_TZ=Asia/Shanghai 30 2 * * *"))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 7*24*time.Hour)
		defer cancel()
		var at []time.Time
		running := false
		job := func(context.Context) error {
			if running {
				t.Error("two runs at once")
			}
			running = true
			at = append(at, time.Now().UTC())
			if len(at) == 3 {
				time.Sleep(49 * time.Hour)
			}
			running = false
			return io.ErrUnexpectedEOF // a failure does not end the schedule
		}
		if err := schedules.Run(ctx, entries, map[string]schedules.Job{"archive": job}, quiet); err != nil {
			t.Fatal(err)
		}
		if len(at) != 5 { // the two nights within the long run are skipped
			t.Errorf("%d runs: %v", len(at), at)
		}
		for _, a := range at {
			if a.Hour() != 18 || a.Minute() != 30 {
				t.Errorf("ran at %v, want 18:30 UTC", a)
			}
		}
	})
}

func TestRunWaitsForTheJob(t *testing.T) {
	entries, err := schedules.Load(write(t, "archive.cron", "* * * * *"))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := false
		job := func(ctx context.Context) error {
			cancel()
			time.Sleep(time.Minute) // what a soft stop takes
			ended = true
			return ctx.Err()
		}
		if err := schedules.Run(ctx, entries, map[string]schedules.Job{"archive": job}, quiet); err != nil {
			t.Fatal(err)
		}
		if !ended {
			t.Error("Run returned while the job was running")
		}
	})
}
