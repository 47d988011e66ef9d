package main

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/identity"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
)

const (
	identityKey = "3f1c9a7e5b2d48061f8e7c6b5a493827"
)

// keyedSettings are the settings of an archive without persons.
func keyedSettings(key string) []string {
	return []string{"CALLVAULT_IDENTITIES=keyed+rooms", "CALLVAULT_CLIENT_IP=prefix", "CALLVAULT_IDENTITY_KEY=" + key}
}

// persons knows what an archive has in place of what the vendor tells.
type persons struct {
	identity.Policy
	known map[[2]string]string
}

func keyedPersons(t *testing.T, key string) persons {
	t.Helper()
	keys, err := identity.ParseKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	return persons{identity.Policy{Address: identity.Prefix, Users: true, Rooms: true, Keys: keys}, map[[2]string]string{}}
}

func (p persons) text(field, text string) string {
	of := [2]string{field, text}
	if _, ok := p.known[of]; !ok {
		p.known[of] = p.name(field, text)
	}
	return p.known[of]
}

func (p persons) name(field, text string) string {
	switch field {
	case "UserID", "PeerID", "CreatorUserID":
		return p.Keys.Pseudonym(identity.User, text)
	case "RoomID":
		return p.Keys.Pseudonym(identity.Room, text)
	case "CommID":
		return p.Keys.Pseudonym(identity.Call, text)
	case "ClientIP":
		return p.Address.Of(text)
	}
	return text
}

// rowsAs are rows of the truth as an archive without persons has them.
func rowsAs[R any](p persons, rows iter.Seq[R]) iter.Seq[R] {
	return func(yield func(R) bool) {
		for r := range rows {
			v := reflect.ValueOf(&r).Elem()
			for i := range v.NumField() {
				if f := v.Field(i); f.Kind() == reflect.String {
					f.SetString(p.text(v.Type().Field(i).Name, f.String()))
				}
			}
			if !yield(r) {
				return
			}
		}
	}
}

// comparePersons compares the relations with the truth, whose persons have other names.
func comparePersons(t *testing.T, s *store.Store, truth *simulator.Truth, p persons) {
	t.Helper()
	agree(t, s)
	compareRows(t, s, "quality_samples", `sdk_app_id, comm_id, room_id, user_id, peer_id, metric, toInt64(toUnixTimestamp(ts)), value`, rowsAs(p, truth.QualitySamples()),
		func(r *simulator.QualitySample) []any {
			return []any{&r.SdkAppID, &r.CommID, &r.RoomID, &r.UserID, &r.PeerID, &r.Metric, &r.TS, &r.Value}
		})
	compareRows(t, s, "rooms", `sdk_app_id, comm_id, room_id, toInt64(toUnixTimestamp(created_at)),
		toInt64(ifNull(toUnixTimestamp(destroyed_at), 0)), is_finished, creator_user_id`, rowsAs(p, truth.Rooms()),
		func(r *simulator.Room) []any {
			return []any{&r.SdkAppID, &r.CommID, &r.RoomID, &r.CreatedAt, &r.DestroyedAt, &r.IsFinished, &r.CreatorUserID}
		})
	compareRows(t, s, "user_sessions", `sdk_app_id, comm_id, room_id, user_id, toInt64(toUnixTimestamp(joined_at)),
		toInt64(ifNull(toUnixTimestamp(left_at), 0)), is_finished, device_type, sdk_version, client_ip`, rowsAs(p, truth.UserSessions()),
		func(r *simulator.UserSession) []any {
			return []any{&r.SdkAppID, &r.CommID, &r.RoomID, &r.UserID, &r.JoinedAt, &r.LeftAt, &r.IsFinished, &r.DeviceType, &r.SdkVersion, &r.ClientIP}
		})
	compareRows(t, s, "user_events", `sdk_app_id, comm_id, room_id, user_id, peer_id, toInt64(event_id), toUnixTimestamp64Milli(ts),
		toInt64(stream_type), param_one, param_two`, rowsAs(p, truth.UserEvents()),
		func(r *simulator.UserEvent) []any {
			return []any{&r.SdkAppID, &r.CommID, &r.RoomID, &r.UserID, &r.PeerID, &r.EventID, &r.TS, &r.StreamType, &r.ParamOne, &r.ParamTwo}
		})
	compareRows(t, s, "unusual_events", `sdk_app_id, room_id, user_id, toInt64(experience_id), toInt64(toUnixTimestamp(ts)),
		toInt64(abnormal_event_id), peer_id`, rowsAs(p, truth.UnusualEvents()),
		func(r *simulator.UnusualEvent) []any {
			return []any{&r.SdkAppID, &r.RoomID, &r.UserID, &r.ExperienceID, &r.TS, &r.AbnormalEventID, &r.PeerID}
		})
}

// TestLongKeyedArchive holds a law: an archive without persons has the rows of the truth, each
// id replaced by its pseudonym, through passes that are killed, a vendor in trouble, and calls
// that go on from pass to pass. SOAK_SEED is the seed.
func TestLongKeyedArchive(t *testing.T) {
	t.Parallel()
	seed := setting(t, "SOAK_SEED", uint64(time.Now().UnixNano()))
	t.Logf("SOAK_SEED=%d", seed)
	w := newKeyed(t, seed)
	for _, faults := range []string{
		"", "error=0.08,html=0.05,cut=0.08,null=0.1", "mutate=0.1,odd=0.01,poison=0.2,gzip=0.3",
	} {
		w.misbehave(t, faults)
		n := 1 + w.rng.IntN(150)
		w.vendor.at(n, func() { w.running.Load().kill() })
		t.Logf("killed at request %d; faults %q", n, faults)
		w.pass(t, shortLease, exitDone, exitPartial, exitFailed, -1)
		w.vendor.at(0, nil)
		w.pass(t, longLease, exitDone, exitPartial)
		w.clock.set(t, w.clock.now().Add(time.Duration(5+w.rng.IntN(55))*time.Minute))
	}
	w.misbehave(t, "")
	w.pass(t, longLease, exitDone)
	comparePersons(t, w.store, w.vendor.Truth(w.clock.now()).Since(w.began), keyedPersons(t, identityKey))
	w.pass(t, longLease, exitDone, "--again")
	comparePersons(t, w.store, w.vendor.Truth(w.clock.now()).Since(w.began), keyedPersons(t, identityKey))
	if code, out, errs := w.callvault(t.Context(), "verify", "--all"); code != exitDone {
		t.Errorf("verify: exit code %d\n%s%s", code, out, errs)
	}
	if code, out, errs := w.callvault(t.Context(), "replay"); code != exitDone {
		t.Errorf("replay: exit code %d\n%s%s", code, out, errs)
	}
	comparePersons(t, w.store, w.vendor.Truth(w.clock.now()).Since(w.began), keyedPersons(t, identityKey))
}

// keyed is an installation without persons whose time is the test's.
type keyed struct {
	*installation
	rng     *rand.Rand
	clock   *clock
	began   time.Time
	running atomic.Pointer[program]
}

func newKeyed(t *testing.T, seed uint64) *keyed {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Second)
	k := &keyed{rng: rand.New(rand.NewPCG(seed, 0)), clock: newClock(t, now), began: now}
	v := newVendor(t, simulator.Options{Seed: seed, Calls: 6, Ahead: 12 * time.Hour, Mix: simulator.MixAll, Retention: retention, QPS: -1, Now: k.clock.now, Legacy: seed%3 == 0})
	k.installation = installAt(t, v, embeddedtest.Database(t), now)
	k.now = k.clock.now
	k.env = slices.Concat(k.env, keyedSettings(identityKey), []string{"CALLVAULT_RETENTION=" + retention.String(), clockVariable + "=" + k.clock.file})
	return k
}

func (k *keyed) misbehave(t *testing.T, faults string) {
	t.Helper()
	var f simulator.Faults
	var err error
	if faults != "" {
		f, err = simulator.ParseFaults(fmt.Sprintf("%s,seed=%d", faults, k.rng.Uint64()))
	}
	if err == nil {
		err = k.vendor.SetFaults(f)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// pass makes a pass in a process of its own, when no lease of another is left.
func (k *keyed) pass(t *testing.T, lease time.Duration, codes ...any) {
	t.Helper()
	args := []string{"archive", "--quiet"}
	for _, c := range codes {
		if flag, ok := c.(string); ok {
			args = append(args, flag)
		}
	}
	for {
		p := start(t, append(slices.Clone(k.env), "CALLVAULT_LEASE="+lease.String()), args...)
		k.running.Store(p)
		code := p.wait(t)
		if code == exitBusy {
			continue
		}
		t.Logf("  exit %d%s", code, firstLines(p.errs.String()))
		if !slices.Contains(codes, any(code)) {
			t.Fatalf("exit code %d, want %v\n%s", code, codes, p.errs.String())
		}
		return
	}
}

// TestOtherPersons changes what is kept of persons, over calls that are final and one that has
// just ended. The final ones stay, none comes twice, and the other is made anew as a whole. The
// change is told once, and a pass without its key does nothing.
func TestOtherPersons(t *testing.T) {
	t.Parallel()
	began := time.Now().UTC().Truncate(time.Second)
	c := newClock(t, began)
	v := newVendor(t, simulator.Options{Seed: 2, Calls: 6, Ahead: 48 * time.Hour, Mix: simulator.MixOneToOne, Retention: retention, QPS: -1, Now: c.now})
	in := installAt(t, v, embeddedtest.Database(t), began)
	plain := append(in.env, "CALLVAULT_RETENTION="+retention.String())
	in.now = c.now
	for r := range v.Truth(began.Add(48 * time.Hour)).Rooms() {
		if r.CreatedAt > began.Unix() && r.DestroyedAt > 0 {
			c.set(t, time.Unix(r.DestroyedAt+60, 0))
		}
	}
	archive := func(wants int, settings ...string) (said string) {
		t.Helper()
		in.env = slices.Concat(plain, settings)
		code, _, errs := in.callvault(t.Context(), "archive", "--quiet")
		if code != wants {
			t.Fatalf("%v: exit code %d\n%s", settings, code, errs)
		}
		return errs
	}
	count := func(where string) uint64 {
		return archivetest.Number(t, both(in.store), "SELECT count() FROM ledger_units FINAL WHERE kind = 'call' AND "+where)
	}
	first := c.now()
	archive(exitDone)
	final := count("state = 'archived' AND privacy = ''")
	if open := count("state = 'provisional' AND privacy = ''"); open == 0 || final == 0 {
		t.Fatalf("%d calls are final and %d are not", final, open)
	}
	keyed := keyedSettings(identityKey)
	if said := archive(exitUsage, keyed[:2]...); !strings.Contains(said, "CALLVAULT_IDENTITY_KEY: is not set") {
		t.Errorf("without a key: %s", said)
	}
	c.set(t, c.now().Add(5*time.Minute))
	if said := archive(exitDone, keyed...); !strings.Contains(said, "from now on the archive keeps of persons: client_ip=prefix identities=keyed+rooms key=") {
		t.Errorf("said %q", said)
	}
	p := keyedPersons(t, identityKey)
	if n := count("privacy = ''"); n != final || count("privacy = '"+p.String()+"'") == 0 {
		t.Errorf("%d calls have all that the vendor sends, want %d", n, final)
	}
	anew := " WHERE comm_id IN (SELECT key FROM ledger_units FINAL WHERE privacy != '')"
	if names := archivetest.Strings(t, both(in.store), "SELECT DISTINCT user_id FROM user_sessions"+anew+" UNION DISTINCT SELECT DISTINCT user_id FROM quality_samples"+anew); !allPseudonyms(names) {
		t.Errorf("users of the call that was open: %q", names)
	}
	c.set(t, c.now().Add(5*time.Hour))
	if said := archive(exitDone, keyed...); strings.Contains(said, "persons") {
		t.Errorf("told again: %s", said)
	}
	if n, want := archivetest.Number(t, both(in.store), "SELECT count() FROM calls"), rowsOf(v.Truth(c.now()).Since(first).Rooms()); n != uint64(want) {
		t.Errorf("%d calls, want %d", n, want)
	}
	left := fmt.Sprintf("%d calls", final)
	if code, out, errs := in.callvault(t.Context(), "verify", "--all"); code != exitDone || !strings.Contains(out, " calls not compared") {
		t.Errorf("verify: exit code %d\n%s%s", code, out, errs)
	}
	if _, out, _ := in.callvault(t.Context(), "status"); !strings.Contains(out, ": "+p.String()) || !strings.Contains(out, left+": all that the vendor sends") {
		t.Errorf("status:\n%s", out)
	}
	if _, out, _ := in.callvault(t.Context(), "doctor"); !strings.Contains(out, left+" in the archive: all that the vendor sends") {
		t.Errorf("doctor:\n%s", out)
	}
}

func allPseudonyms(names []string) bool {
	return len(names) > 0 && !slices.ContainsFunc(names, func(name string) bool { return !identity.IsPseudonym(name) })
}
