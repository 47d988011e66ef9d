package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/test/summarytest"
)

// ledgerColumns are those that two archives of one vendor have in common.
const ledgerColumns = "sdk_app_id, kind, key, part, part_key, state, reason, users, rows, null_samples"

// pair is two archives of one vendor: one from which somebody is erased, and one that never
// saw them.
type pair struct {
	*installation
	never *installation
}

// newPair archives a vendor's calls. In the other archive the users and rooms are remembered
// as erased before the first pass.
func newPair(t *testing.T, o simulator.Options, who func(in *installation) (users, rooms []string)) (p pair, users, rooms []string) {
	t.Helper()
	p.installation = install(t, o)
	p.now = frozen(time.Now()) // what a pass settles depends on when it asks
	p.archive(t, exitDone)
	users, rooms = who(p.installation)
	p.never = installAt(t, p.vendor, embeddedtest.Database(t), time.Now())
	p.never.now = p.now
	if code, _, errs := p.never.callvault(t.Context(), "migrate", "up"); code != exitDone {
		t.Fatal(errs)
	}
	key := [32]byte{1}
	for kind, ids := range map[erased.Kind][]string{erased.User: users, erased.Room: rooms} {
		for _, id := range ids {
			row := erased.Row{Kind: kind, Key: key, Hash: erased.Hash(key, erased.All, kind, id), Before: erased.Always(), At: time.Now()}
			if err := erased.Remember(t.Context(), p.never.store, []erased.Row{row}); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.never.archive(t, exitDone)
	return p, users, rooms
}

// busiest returns the users with the most peers, as they come in a list of the most.
func busiest(n int) func(in *installation) (users, rooms []string) {
	return func(in *installation) ([]string, []string) {
		var users []string
		var id string
		q := fmt.Sprintf("SELECT toString(user_id) FROM peer_quality GROUP BY user_id ORDER BY uniqExact(comm_id, peer_id) DESC, user_id LIMIT %d", n)
		rows, _ := in.store.Conn().Query(context.Background(), q)
		defer rows.Close()
		for rows.Next() {
			_ = rows.Scan(&id)
			users = append(users, id)
		}
		return users, nil
	}
}

// content is the checksum of each relation that is not about the archive itself, and of the
// ledger without what differs from run to run.
func (in *installation) content(t *testing.T) map[string]string {
	t.Helper()
	sums := map[string]string{}
	for _, r := range catalogue.Relations() {
		// sums of doubles depend on the order of parts
		columns := archivetest.Strings(t, in.store.Conn(), "SELECT if(type LIKE '%Float64%', concat('CAST(', name, ', \\'', replaceAll(type, 'Float64', 'Float32'), '\\')'), name) FROM system.columns WHERE database = currentDatabase() AND table = ? ORDER BY position", r.Name)
		switch r.Name {
		case "archive_runs", "disk_usage", "quality_thresholds":
			continue
		case "ledger":
			columns = []string{ledgerColumns}
		}
		q := "SELECT concat(toString(count()), ' ', toString(sum(cityHash64(toString(tuple(" + strings.Join(columns, ", ") + ")))))) FROM " + r.Name
		sums[r.Name] = archivetest.Strings(t, in.store.Conn(), q)[0]
	}
	return sums
}

func (p pair) equal(t *testing.T, when string) {
	t.Helper()
	p.same(t, when)
	summarytest.Check(t, p.store.StoreConn())
}

// same compares the contents of the relations, but for some.
func (p pair) same(t *testing.T, when string, but ...string) {
	t.Helper()
	have, want := p.content(t), p.never.content(t)
	for r, sum := range want {
		if have[r] != sum && !slices.Contains(but, r) {
			t.Errorf("%s: %s has %s, an archive that never saw them has %s", when, r, have[r], sum)
			if r == "ledger" {
				q := "SELECT toString(tuple(" + ledgerColumns + ")) AS x FROM ledger ORDER BY x"
				t.Error(cmp.Diff(archivetest.Strings(t, p.never.store.Conn(), q), archivetest.Strings(t, p.store.Conn(), q)))
			}
		}
	}
}

// mentions counts the rows of all tables in which an id stands anywhere.
func (in *installation) mentions(t *testing.T, id string) (found []string) {
	t.Helper()
	for _, table := range catalogue.Tables() {
		if table.Name == "lease_keeper" {
			continue
		}
		forms := sqltext.Literal(`"`+id+`"`) + ", " + sqltext.Literal(`\"`+id+`\"`) // as a value, and within an answer of the vendor
		q := "SELECT count() FROM " + table.Name + " WHERE multiSearchAny(formatRow('JSONEachRow', *), [" + forms + "])"
		var n uint64
		archivetest.Each(t, in.store.StoreConn(), q, nil, func() {}, &n)
		if n > 0 {
			found = append(found, fmt.Sprintf("%d rows of %s", n, table.Name))
		}
	}
	return found
}

func (in *installation) erase(t *testing.T, args ...string) ui.Erased {
	t.Helper()
	code, out, errs := in.callvault(t.Context(), append([]string{"erase", "--yes", "--json"}, args...)...)
	var r ui.Erased
	if code != exitDone || json.Unmarshal([]byte(out), &r) != nil {
		t.Fatalf("erase %q: exit code %d\n%s%s", args, code, out, errs)
	}
	return r
}

// TestErase erases a user of short calls.
func TestErase(t *testing.T) {
	t.Parallel()
	p, users, _ := newPair(t, simulator.Options{Seed: 5, Calls: 3, QPS: -1}, busiest(1))
	p.erase(t, "--user", users[0])
	p.equal(t, "erased")
	if found := p.mentions(t, users[0]); len(found) > 0 {
		t.Errorf("%s is still in %v", users[0], found)
	}
}

// TestLongErase erases a user. The archive then equals one that never saw the user, no table names
// the user, and no pass, replay or repair brings anything back.
func TestLongErase(t *testing.T) {
	t.Parallel()
	seed := setting(t, "CALLVAULT_SEED", uint64(time.Now().UnixNano()))
	p, users, _ := newPair(t, simulator.Options{Seed: seed, Calls: 8, Mix: simulator.MixAll, QPS: -1}, busiest(1))
	user := users[0]
	code, out, errs := p.callvault(t.Context(), "person", user)
	if code != exitDone || !strings.Contains(out, "user_sessions") || !strings.Contains(out, "peer_id") || !strings.Contains(out, "kept responses") {
		t.Fatalf("person: exit code %d\n%s%s", code, out, errs)
	}
	if code, out, errs := p.callvault(t.Context(), "erase", "--user", user); code != exitDone || !strings.Contains(errs, "nothing is erased yet") {
		t.Errorf("without --yes: exit code %d\n%s%s", code, out, errs)
	}
	if p.number(t, "SELECT count() FROM user_sessions WHERE user_id = "+sqltext.Literal(user)) == 0 {
		t.Fatal("it erased without --yes")
	}
	t.Logf("%+v", p.erase(t, "--user", user))
	if found := p.mentions(t, user); len(found) > 0 {
		t.Errorf("%s is still in %v", user, found)
	}
	p.equal(t, "erased")
	again := p.erase(t, "--user", user)
	if d := again.Done; d.Calls+d.Hours+d.Strays+d.Entries+d.Answers+d.Rewritten > 0 {
		t.Errorf("erasing again found %+v", d)
	}
	p.replay(t)
	p.equal(t, "replayed")
	if code, out, errs := p.callvault(t.Context(), "verify", "--all", "--repair"); code != exitDone {
		t.Errorf("verify: exit code %d\n%s%s", code, out, errs)
	}
	p.equal(t, "verified")
	p.archive(t, exitDone, "--again")
	p.never.archive(t, exitDone, "--again")
	p.equal(t, "archived again")
	if found := p.mentions(t, user); len(found) > 0 {
		t.Errorf("%s is in %v again", user, found)
	}
	if code, out, _ := p.callvault(t.Context(), "person", user); code != exitDone || !strings.Contains(out, "nothing") {
		t.Errorf("person: exit code %d\n%s", code, out)
	}
}

// replay makes everything anew that it can.
func (in *installation) replay(t *testing.T) {
	t.Helper()
	if code, out, errs := in.callvault(t.Context(), "replay"); code != exitDone || !strings.Contains(out, "somebody who was erased") {
		t.Errorf("replay: exit code %d\n%s%s", code, out, errs)
	}
}

// TestLongEraseRoom erases the calls of a room.
func TestLongEraseRoom(t *testing.T) {
	t.Parallel()
	seed := setting(t, "CALLVAULT_SEED", uint64(time.Now().UnixNano()))
	rng := rand.New(rand.NewPCG(seed, 0))
	p, _, rooms := newPair(t, simulator.Options{Seed: seed, Calls: 8, Mix: simulator.MixAll, QPS: -1, Statistics: true}, func(in *installation) ([]string, []string) {
		all := archivetest.Strings(t, in.store.Conn(), "SELECT DISTINCT room_id FROM rooms ORDER BY room_id")
		return nil, []string{all[rng.IntN(len(all))]}
	})
	p.erase(t, "--room", rooms[0])
	p.equal(t, "erased")
	p.archive(t, exitDone)
	p.never.archive(t, exitDone)
	p.equal(t, "archived")
	if n := p.number(t, "SELECT count() FROM rooms WHERE room_id = "+sqltext.Literal(rooms[0])); n > 0 {
		t.Errorf("%d calls of the room are back", n)
	}
	if n := p.number(t, "SELECT count() FROM ledger_units WHERE state = 'expired'"); n > 0 {
		t.Errorf("%d entries of the room's calls are left", n)
	}
	if code, out, errs := p.callvault(t.Context(), "verify", "--all"); code != exitDone {
		t.Errorf("verify: exit code %d\n%s%s", code, out, errs)
	}
}

// TestLongRestoreErases restores a backup that is older than an erasure: beside the archive,
// which remembers, and where the archive is gone, from the list beside the backups.
func TestLongRestoreErases(t *testing.T) {
	t.Parallel()
	p, users, _ := newPair(t, simulator.Options{Seed: 6, Calls: 3, QPS: -1}, busiest(1))
	p.env = append(p.env, "CALLVAULT_BACKUP_TO="+embeddedtest.Dir(t))
	must := func(args ...string) {
		t.Helper()
		if code, out, errs := p.callvault(t.Context(), args...); code != exitDone {
			t.Fatalf("%v: exit code %d\n%s%s", args, code, out, errs)
		}
	}
	must("backup")
	p.erase(t, "--user", users[0])
	name := p.store.Database()
	for _, database := range []string{name + "_beside", name} {
		if database == name { // only the list is left
			for _, q := range []string{name, catalogue.StoreOf(name)} {
				if err := p.never.store.Conn().Exec(t.Context(), "DROP DATABASE "+sqltext.Identifier(q)+" SYNC"); err != nil {
					t.Fatal(err)
				}
			}
		}
		must("restore", "--database", database)
		u := *p.database(t)
		u.Path = "/" + database
		there := installAt(t, p.vendor, u.String(), time.Now())
		if found := there.mentions(t, users[0]); len(found) > 0 {
			t.Errorf("%s is back in %v of %s", users[0], found, database)
		}
		pair{there, p.never}.equal(t, "restored into "+database)
	}
}
