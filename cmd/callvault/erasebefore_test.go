package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/test/embeddedtest"
)

// twice finds a user of a truth who is in two calls, and when the later one begins; and somebody
// who is in no call but some before that.
func twice(truth *simulator.Truth) (user, early string, later time.Time) {
	began, calls := map[string]int64{}, map[string][]string{}
	for r := range truth.Rooms() {
		began[r.CommID] = r.CreatedAt
	}
	for s := range truth.UserSessions() {
		if !slices.Contains(calls[s.UserID], s.CommID) {
			calls[s.UserID] = append(calls[s.UserID], s.CommID)
		}
	}
	last := func(user string) (at int64) {
		for _, c := range calls[user] {
			at = max(at, began[c])
		}
		return at
	}
	for id, in := range calls {
		if len(in) < 2 || !slices.ContainsFunc(in, func(c string) bool { return began[c] < last(id) }) {
			continue
		}
		for other, in := range calls {
			if last(other) < last(id) && last(other) > 0 && len(in) == 1 && regexp.MustCompile(`^user_\d+$`).MatchString(other) {
				return id, other, time.Unix(last(id), 0).UTC()
			}
		}
	}
	return "", "", later
}

// filesNaming lists the files of a folder that have an id as it is.
func filesNaming(t *testing.T, dir, id string) (found []string) {
	t.Helper()
	whole := regexp.MustCompile(regexp.QuoteMeta(id) + `(\D|$)`)
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil // it was removed meanwhile
		}
		content, err := os.ReadFile(path)
		if err == nil && whole.Match(content) {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestLongEraseBefore erases two people from the calls that began before a time, by the program in
// a process of its own, and waits for the bytes. One of them is in a later call, too. The archive
// then equals one that never saw them in the earlier calls, and has the later call as the vendor
// has it. No file has who is in earlier calls only, and a pass brings nothing back.
func TestLongEraseBefore(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	var v *vendor
	var user, early string
	var later time.Time
	for seed := uint64(1); user == ""; seed++ {
		if seed > 60 {
			t.Fatal("no vendor has a user of two calls")
		}
		o := simulator.Options{Seed: seed, Calls: 8, Mix: simulator.MixOneToOne, QPS: -1, Now: frozen(now)}
		s, err := simulator.New(o)
		if err != nil {
			t.Fatal(err)
		}
		if user, early, later = twice(s.Truth(now)); user != "" {
			v = newVendor(t, o)
		}
	}
	t.Logf("%q until %v, %q", user, later, early)
	dir := embeddedtest.TidyDir(t)
	db := newDatabase(t, dir)
	in := &installation{sim: v.Simulator, vendor: v, truth: v.Truth(now), store: db.direct(), now: frozen(now), env: append(environment(t, v, db.address(t).String()), clockVariable+"="+newClock(t, now).file)}
	run := func(args ...string) {
		t.Helper()
		if code, said := runHere(t, in.env, args...); code != exitDone {
			t.Fatalf("%q: exit code %d\n%s", args, code, said)
		}
	}
	run("migrate", "up")
	for _, table := range []string{"user_sessions_data", "user_events_data"} { // so that the test can see ids in files
		in.exec(t, "ALTER TABLE "+table+" MODIFY COLUMN user_id CODEC(NONE)")
	}
	run("archive")
	compare(t, in.store, in.truth)
	for _, table := range catalogue.Tables() {
		if err := in.store.StoreConn().Exec(t.Context(), "ALTER TABLE "+table.Name+" MODIFY SETTING old_parts_lifetime = 1"); err != nil && table.Name != "lease_keeper" && table.Name != "lease" {
			t.Fatal(table.Name, err)
		}
	}
	if len(filesNaming(t, dir, early)) == 0 {
		t.Fatal("the id is in no file: the test looks in the wrong place")
	}
	run("erase", "--user", user, "--user", early, "--before", later.Format(time.RFC3339), "--yes", "--wait")
	never := installAt(t, v, embeddedtest.Database(t), now)
	never.now = in.now
	if code, _, errs := never.callvault(t.Context(), "migrate", "up"); code != exitDone {
		t.Fatal(errs)
	}
	key := [32]byte{1}
	for _, id := range []string{user, early} {
		row := erased.Row{Kind: erased.User, Key: key, Hash: erased.Hash(key, erased.All, erased.User, id), Before: later, At: now}
		if err := erased.Remember(t.Context(), never.store, []erased.Row{row}); err != nil {
			t.Fatal(err)
		}
	}
	never.archive(t, exitDone)
	p := pair{in, never}
	p.equal(t, "erased")
	if in.number(t, "SELECT count() FROM user_sessions WHERE user_id = "+sqltext.Literal(user)) == 0 {
		t.Errorf("%q is not in the later call any more", user)
	}
	if n := in.number(t, fmt.Sprintf("SELECT count() FROM user_sessions WHERE user_id IN (%s, %s) AND comm_id IN (SELECT comm_id FROM rooms WHERE created_at < toDateTime(%d, 'UTC'))", sqltext.Literal(user), sqltext.Literal(early), later.Unix())); n > 0 {
		t.Errorf("%d sessions of earlier calls are left", n)
	}
	if found := in.mentions(t, early); len(found) > 0 {
		t.Errorf("%q is still in %v", early, found)
	}
	for _, file := range filesNaming(t, dir, early) {
		t.Errorf("%q is still in %s", early, file)
	}
	run("archive", "--again")
	never.archive(t, exitDone, "--again")
	p.equal(t, "archived again")
	if found := in.mentions(t, early); len(found) > 0 {
		t.Errorf("%q is back in %v", early, found)
	}
}
