package schedules_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/schedules"
)

// folder writes files, given as name and text in turn.
func folder(t *testing.T, files ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for f := range slices.Chunk(files, 2) {
		if err := os.WriteFile(filepath.Join(dir, f[0]), []byte(f[1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// one loads a file with that text and returns its entry.
func one(t *testing.T, text string) schedules.Entry {
	t.Helper()
	for _, e := range load(t, folder(t, "mine.cron", text)) {
		if e.Name == "mine" {
			return e
		}
	}
	t.Fatal("no entry")
	return schedules.Entry{}
}

func load(t *testing.T, dir string) []schedules.Entry {
	t.Helper()
	entries, err := schedules.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func names(entries []schedules.Entry) (all []string) {
	for _, e := range entries {
		all = append(all, e.Name)
	}
	return all
}

func TestDefaults(t *testing.T) {
	entries := load(t, "")
	if got := names(entries); !slices.Equal(got, []string{"archive", "backup", "expiring", "verify"}) {
		t.Fatalf("entries %v", got)
	}
	now := time.Date(2026, 11, 24, 3, 30, 1, 0, time.UTC)
	if next := entries[0].Next(now); !next.Equal(time.Date(2026, 11, 25, 3, 30, 0, 0, time.UTC)) {
		t.Errorf("archive is due next %v", next)
	}
	if next := entries[2].Next(now); !next.Equal(time.Date(2026, 11, 24, 4, 17, 0, 0, time.UTC)) || entries[2].Job != "archive" {
		t.Errorf("expiring: job %s, due next %v", entries[2].Job, next)
	}
}

func TestFolderReplacesByName(t *testing.T) {
	dir := folder(t,
		"archive.cron", "CRON_TZ=Asia/Shanghai 30 2 * * *\n",
		"expiring.cron", "# not here\nnever\n",
		"backup.cron", "@weekly\nargs: --to \"a folder\" --full\njitter: 5m\ndeadline: 2h\n",
		"notes.txt", "not a schedule",
	)
	entries := load(t, dir)
	if got := names(entries); !slices.Equal(got, []string{"archive", "backup", "expiring", "verify"}) {
		t.Fatalf("entries %v", got)
	}
	archive, backup, expiring := entries[0], entries[1], entries[2]
	if next := archive.Next(time.Unix(0, 0)); archive.Zone() != "Asia/Shanghai" || next.Format(time.TimeOnly) != "18:30:00" {
		t.Errorf("archive: zone %s, due %s", archive.Zone(), next)
	}
	if !slices.Equal(backup.Args, []string{"--to", "a folder", "--full"}) || backup.Jitter != 5*time.Minute ||
		backup.Deadline != 2*time.Hour || backup.Job != "backup" || backup.Zone() != "UTC" {
		t.Errorf("backup: %+v", backup)
	}
	if !expiring.Off || !expiring.Next(time.Now()).IsZero() {
		t.Errorf("expiring: %+v", expiring)
	}
}

func TestWrongFiles(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "want one line of cron syntax, found 0"},
		{"* * * * *\n* * * * *\n", "want one line of cron syntax, found 2"},
		{"61 * * * *", "above maximum"},
		{"CRON_TZ=Mars/Olympus 0 0 * * *", "bad location"},
		{"0 0 30 2 *", "never comes"},
		{"@daily\nwhen: later", "no such setting"},
		{"@daily\njitter: soon", "jitter"},
		{"@daily\ndeadline: -1h", "deadline"},
		{"@daily\nargs: \"a", "not closed"},
		{"@hourly\njitter: 1h", "runs are 1h0m0s apart"},
	} {
		_, err := schedules.Load(folder(t, "archive.cron", c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "archive.cron") {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
	if _, err := schedules.Load(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing folder was accepted")
	}
}

// TestSunday: 7 is Sunday, as 0 is, wherever a day of the week may stand.
func TestSunday(t *testing.T) {
	for spec, same := range map[string]string{
		"0 4 * * 7":        "0 4 * * 0",
		"0 4 * * 5-7":      "0 4 * * 0,5,6",
		"0 4 * * 1-7/2":    "0 4 * * 0,1,3,5",
		"0 4 * * 1,7":      "0 4 * * 0,1",
		"0 4 * * 0-7":      "0 4 * * *",
		"TZ=UTC 0 4 * * 7": "0 4 * * SUN",
		"\ufeff0 4 * * 7":  "0 4 * * 0",
	} {
		at, want := time.Date(2026, 11, 24, 3, 30, 1, 0, time.UTC), time.Date(2026, 11, 24, 3, 30, 1, 0, time.UTC)
		a, b := one(t, spec), one(t, same)
		for range 20 {
			if at, want = a.Next(at), b.Next(want); !at.Equal(want) {
				t.Errorf("%q comes at %v, %q at %v", spec, at, same, want)
				break
			}
		}
	}
	for _, spec := range []string{"0 4 * * 8", "0 4 * * 7-1", "0 4 * * 5-", "0 4 * * 0-7/0"} {
		if _, err := schedules.Load(folder(t, "mine.cron", spec)); err == nil {
			t.Errorf("%q was accepted", spec)
		}
	}
}
