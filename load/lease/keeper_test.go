//go:build keeper

package lease_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/load/lease"
	"github.com/callvault/callvault/load/schema"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
	"github.com/callvault/callvault/test/keepertest"
	"github.com/callvault/callvault/test/proxytest"
)

// TestKeeper uses two servers with one Keeper. Each has its own table lease, so only
// Keeper can exclude between them.
func TestKeeper(t *testing.T) {
	k := &inKeeper{Keeper: keepertest.Start(t)}
	for i := range k.servers {
		dir := t.TempDir()
		k.Configure(t, dir)
		k.servers[i] = newServer(t, dir)
	}
	t.Run("excludes", k.excludes)
	t.Run("at once", k.atOnce)
	t.Run("processes", k.processes)
	t.Run("expires", k.expires)
	t.Run("renews", k.renews)
	t.Run("taken over", k.takenOver)
	t.Run("unknown", k.unknown)
	t.Run("transition", k.transition)
	t.Run("other archive", k.otherArchive)
	t.Run("prepared", k.prepared)
	t.Run("killed", k.killed)
}

type inKeeper struct {
	*keepertest.Keeper
	servers [2]*server
}

type server struct {
	*embedded.Server
	conn driver.Conn
}

func newServer(t *testing.T, dir string) *server {
	t.Helper()
	e, err := embedded.Start(t.Context(), embedded.Options{Library: embeddedtest.Library(t), Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return &server{e, archive(t, e.DSN())}
}

// archive connects to a database and bootstraps it.
func archive(t *testing.T, dsn string) driver.Conn {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, store.Options{Missing: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	bootstrap(t, s)
	if n := archivetest.Number(t, s.StoreConn(), "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'lease_keeper'"); n != 1 {
		t.Fatal("there is no table in Keeper")
	}
	return s.StoreConn()
}

// bootstrap makes the tables that exist before the first schema version.
func bootstrap(t *testing.T, s *store.Store) {
	t.Helper()
	m, err := schema.New(s.ClickHouse(), schema.Options{})
	if err == nil {
		err = m.Force(t.Context(), -1)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, conn driver.Conn, q string, args ...any) {
	t.Helper()
	if err := conn.Exec(t.Context(), q, args...); err != nil {
		t.Fatal(err)
	}
}

// holds reports whether the guard of a lease is true on a server.
func holds(t *testing.T, conn driver.Conn, l *lease.Lease) bool {
	t.Helper()
	return archivetest.Number(t, conn, "SELECT toUInt64("+l.Guard()+")") == 1
}

func take(t *testing.T, conn driver.Conn, name, holder string, ttl time.Duration) *lease.Lease {
	t.Helper()
	l, err := lease.Acquire(t.Context(), conn, name, holder, ttl)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Release(context.Background()) })
	return l
}

// refused checks that a claim is refused because holder has the lease.
func refused(t *testing.T, conn driver.Conn, name, holder string) {
	t.Helper()
	l, err := lease.Acquire(t.Context(), conn, name, "refused", time.Minute)
	if l != nil {
		l.Release(t.Context())
	}
	if held, ok := errors.AsType[*lease.HeldError](err); !ok || held.Holder != holder {
		t.Errorf("claim beside that of %s: got %v", holder, err)
	}
	held, err := lease.Held(t.Context(), conn, name)
	if err != nil || held == nil || held.Holder != holder {
		t.Errorf("holder %s: got %v, %v", holder, held, err)
	}
}

func (k *inKeeper) excludes(t *testing.T) {
	one, two := k.servers[0].conn, k.servers[1].conn
	if held, err := lease.Held(t.Context(), two, t.Name()); held != nil || err != nil {
		t.Errorf("before the first claim: %v, %v", held, err)
	}
	a := take(t, one, t.Name(), "a", time.Minute)
	refused(t, two, t.Name(), "a")
	refused(t, one, t.Name(), "a")
	if !holds(t, one, a) {
		t.Error("the guard does not hold")
	}
	take(t, two, t.Name()+" other", "b", time.Minute)
	if err := a.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	if holds(t, one, a) {
		t.Error("the guard holds after the release")
	}
	b := take(t, two, t.Name(), "b", time.Minute)
	refused(t, one, t.Name(), "b")
	if !holds(t, two, b) || archivetest.Number(t, one, "SELECT count() FROM lease WHERE holder = 'b'") != 0 {
		t.Error("b does not hold it by Keeper alone")
	}
}

// seeded makes a random source and prints its seed.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if n, err := strconv.ParseUint(os.Getenv("CALLVAULT_SEED"), 10, 64); err == nil {
		seed = n
	}
	t.Logf("seed %d (CALLVAULT_SEED repeats it)", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// atOnce has many claim the same name in Keeper at the same time, on both servers. The
// name is new, released or expired.
func (k *inKeeper) atOnce(t *testing.T) {
	const claimants, rounds = 12, 60
	rng := seeded(t)
	for round := range rounds {
		name := fmt.Sprint(t.Name(), round)
		if past := rng.IntN(3); past > 0 { // released or expired
			must(t, k.servers[0].conn, "INSERT INTO lease_keeper (name, claim_id, holder, at, ttl_ms) SELECT ?, 'x', 'dead', now64(6) - toIntervalSecond(9), ?", name, (past-1)*9000)
		}
		var wg sync.WaitGroup
		begin, won := make(chan struct{}), atomic.Int32{}
		for i := range claimants {
			conn := k.servers[rng.IntN(len(k.servers))].conn
			wg.Go(func() {
				<-begin
				err := lease.TakeInKeeper(t.Context(), conn, name, strconv.Itoa(i))
				if err == nil {
					won.Add(1)
				} else if !errors.Is(err, lease.ErrHeld) {
					t.Error(err)
				}
			})
		}
		close(begin)
		wg.Wait()
		if n := won.Load(); n != 1 {
			t.Fatalf("round %d: %d have it", round, n)
		}
	}
}

// renews checks that a lease is renewed for longer than its ttl.
func (k *inKeeper) renews(t *testing.T) {
	one, two := k.servers[0].conn, k.servers[1].conn
	l := take(t, one, t.Name(), "a", 1500*time.Millisecond)
	q := "SELECT toUInt64(dateDiff('millisecond', min(at), max(at))) FROM lease WHERE name = '" + t.Name() + "'"
	for archivetest.Number(t, one, q) < 3000 {
		if l.Err() != nil {
			t.Fatal(l.Err())
		}
	}
	refused(t, two, t.Name(), "a")
	if !holds(t, one, l) {
		t.Error("the guard does not hold")
	}
}

// expires checks that a claim expires when its holder died on the other server.
func (k *inKeeper) expires(t *testing.T) {
	one, two := k.servers[0].conn, k.servers[1].conn
	must(t, one, "INSERT INTO lease_keeper (name, claim_id, holder, at, ttl_ms) SELECT ?, 'x', 'dead', now64(6) - toIntervalSecond(55), 60000", t.Name())
	refused(t, two, t.Name(), "dead")
	l, err := lease.AcquireWait(t.Context(), two, t.Name(), "b", time.Minute, 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	l.Release(t.Context())
}

// takenOver gives the claim in Keeper to another holder: the guard fails at once, and
// the lease is lost within its ttl.
func (k *inKeeper) takenOver(t *testing.T) {
	one := k.servers[0].conn
	const ttl = 2 * time.Second
	l := take(t, one, t.Name(), "a", ttl)
	began := time.Now()
	must(t, one, "ALTER TABLE lease_keeper UPDATE claim_id = 'x', holder = 'other', at = now64(6), ttl_ms = 60000 WHERE name = ?", t.Name())
	if holds(t, one, l) {
		t.Error("the guard holds")
	}
	<-l.Lost()
	if took := time.Since(began); !errors.Is(l.Err(), lease.ErrLost) || took > ttl+time.Second {
		t.Errorf("%v after %s", l.Err(), took)
	}
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
	refused(t, one, t.Name(), "other")
}

// unknown cuts the connection before and after each statement of a claim.
func (k *inKeeper) unknown(t *testing.T) {
	one, two := k.servers[0].conn, k.servers[1].conn
	u, err := url.Parse(k.servers[0].DSN())
	if err != nil {
		t.Fatal(err)
	}
	tap := proxytest.NewTap(t, u.Host)
	u.Host = tap.Addr()
	s, err := store.Open(t.Context(), u.String(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, statement := range []string{"INSERT INTO lease_keeper", "ALTER TABLE lease_keeper", "SELECT claim_id", "EXISTS TABLE"} {
		for _, when := range []proxytest.When{proxytest.Before, proxytest.After} {
			name := fmt.Sprint(t.Name(), i, when)
			tap.Arm(proxytest.Rule{Statement: statement, When: when, Cut: true})
			l := take(t, s.StoreConn(), name, "a", 20*time.Second)
			if !tap.Disarm() {
				t.Errorf("%s never came", statement)
			}
			refused(t, two, name, "a")
			if !holds(t, one, l) {
				t.Errorf("%s %s: the guard does not hold", when, statement)
			}
			tap.Arm(proxytest.Rule{Statement: "ALTER TABLE lease_keeper", When: when, Cut: true})
			if err := l.Release(t.Context()); err != nil || !tap.Disarm() {
				t.Errorf("%s: release: %v", when, err)
			}
			take(t, two, name, "b", time.Minute)
		}
	}
}

// transition checks that a claim from before lease_keeper existed excludes others until
// it is released, and not afterwards.
func (k *inKeeper) transition(t *testing.T) {
	s, err := store.Open(t.Context(), k.servers[0].DatabaseDSN("transition"), store.Options{Missing: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	bootstrap(t, s)
	must(t, s.StoreConn(), "DROP TABLE lease_keeper SYNC")
	old := take(t, s.StoreConn(), t.Name(), "old", 1500*time.Millisecond)
	bootstrap(t, s)
	q := "SELECT uniqExact(at) FROM lease WHERE holder = 'old'"
	for n := archivetest.Number(t, s.StoreConn(), q); archivetest.Number(t, s.StoreConn(), q) < n+4; {
		refused(t, s.StoreConn(), t.Name(), "old")
	}
	if old.Err() != nil || !holds(t, s.StoreConn(), old) {
		t.Errorf("the old one lost it: %v", old.Err())
	}
	if err := old.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	l := take(t, s.StoreConn(), t.Name(), "new", time.Minute)
	refused(t, s.StoreConn(), t.Name(), "new")
	if archivetest.Number(t, s.StoreConn(), "SELECT count() FROM lease_keeper WHERE holder = 'new'") != 1 || !holds(t, s.StoreConn(), l) {
		t.Error("the new one is not in Keeper")
	}
}

// prepared checks that an archive whose table in Keeper is missing is not prepared for a
// pass, although it has all versions of the schema.
func (k *inKeeper) prepared(t *testing.T) {
	s, err := store.Open(t.Context(), k.servers[0].DatabaseDSN("prepared"), store.Options{Missing: store.Create})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m, err := schema.New(s.ClickHouse(), schema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	is := func(want bool) {
		t.Helper()
		if got, err := m.Prepared(t.Context()); err != nil || got != want {
			t.Fatalf("prepared: %v, %v", got, err)
		}
	}
	up := func() {
		t.Helper()
		if _, err := m.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	is(false)
	up()
	is(true)
	must(t, s.StoreConn(), "DROP TABLE lease_keeper SYNC")
	is(false)
	up()
	is(true)
}

// otherArchive checks that two archives on one server do not exclude each other.
func (k *inKeeper) otherArchive(t *testing.T) {
	take(t, k.servers[0].conn, t.Name(), "a", time.Minute)
	take(t, archive(t, k.servers[0].DatabaseDSN("o`ther")), t.Name(), "b", time.Minute)
}

// killed checks that without Keeper the lease is lost in time and cannot be acquired,
// and that it can be acquired when Keeper is back.
func (k *inKeeper) killed(t *testing.T) {
	one, two := k.servers[0].conn, k.servers[1].conn
	const ttl = 3 * time.Second
	l := take(t, one, t.Name(), "a", ttl)
	began := time.Now()
	k.Kill()
	<-l.Lost()
	if took := time.Since(began); !errors.Is(l.Err(), lease.ErrLost) || took > ttl+time.Second/2 {
		t.Errorf("%v after %s", l.Err(), took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if _, err := lease.Acquire(ctx, two, t.Name(), "b", ttl); err == nil || errors.Is(err, lease.ErrHeld) {
		t.Errorf("claim without Keeper: got %v", err)
	}
	var n uint8
	if err := one.QueryRow(ctx, "SELECT "+l.Guard()).Scan(&n); err == nil && n != 0 {
		t.Error("the guard holds without Keeper")
	}
	k.Restart(t)
	l, err := lease.AcquireWait(t.Context(), two, t.Name(), "b", ttl, 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if !holds(t, two, l) {
		t.Error("the guard does not hold")
	}
	refused(t, one, t.Name(), "b")
	if err := l.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// Environment and output of a claimant process.
const (
	claimantDSN  = "LEASE_TEST_DSN"
	claimantFile = "LEASE_TEST_FILE" // the leader locks it
	saysLeads    = "leads"
)

// TestClaimant is the main function of a claimant process: it leads whenever it can,
// each time until a byte comes on its standard input.
func TestClaimant(t *testing.T) {
	dsn, file := os.Getenv(claimantDSN), os.Getenv(claimantFile)
	if dsn == "" {
		return
	}
	s, err := store.Open(t.Context(), dsn, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	told := bufio.NewReader(os.Stdin)
	for {
		l, err := lease.AcquireWait(t.Context(), s.StoreConn(), "processes", strconv.Itoa(os.Getpid()), 2*time.Second, time.Minute)
		if errors.Is(err, lease.ErrHeld) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			t.Fatalf("two lead: %v", err)
		}
		fmt.Println(saysLeads)
		if _, err := told.ReadByte(); err != nil {
			return
		}
		if !holds(t, s.StoreConn(), l) || l.Err() != nil {
			t.Fatalf("a leader that does not lead: %v", l.Err())
		}
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_UN); err != nil {
			t.Fatal(err)
		}
		if err := l.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// claimant is a process that runs TestClaimant.
type claimant struct {
	server int
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	killed atomic.Bool
}

// claim starts a claimant for a server. The claimant is sent to leads each time it
// leads; nil is sent when it ends unasked.
func (k *inKeeper) claim(t *testing.T, server int, file string, leads chan<- *claimant, wg *sync.WaitGroup) *claimant {
	t.Helper()
	c := &claimant{server: server, cmd: exec.Command(os.Args[0], "-test.run", "^TestClaimant$")}
	c.cmd.Env = append(os.Environ(), claimantDSN+"="+k.servers[server].DSN(), claimantFile+"="+file)
	var said bytes.Buffer
	c.cmd.Stderr = &said
	stdout, err := c.cmd.StdoutPipe()
	if err == nil {
		c.stdin, err = c.cmd.StdinPipe()
	}
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	wg.Go(func() {
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if lines.Text() == saysLeads {
				leads <- c
				continue
			}
			said.WriteString(lines.Text() + "\n")
		}
		if err := c.cmd.Wait(); !c.killed.Load() {
			t.Errorf("a claimant ended: %v\n%s", err, said.String())
			leads <- nil
		}
	})
	return c
}

func (c *claimant) kill() {
	c.killed.Store(true)
	c.cmd.Process.Kill()
}

// processes has claimants on both servers and kills leaders: never do two lead.
func (k *inKeeper) processes(t *testing.T) {
	const each, terms = 4, 60
	rng := seeded(t)
	file, leads := filepath.Join(t.TempDir(), "leader"), make(chan *claimant, 100)
	var wg sync.WaitGroup
	live := map[*claimant]bool{}
	defer func() {
		for c := range live {
			c.kill()
		}
		wg.Wait()
	}()
	for i := range each * len(k.servers) {
		live[k.claim(t, i%len(k.servers), file, leads, &wg)] = true
	}
	var led, died [2]int
	for range terms {
		leader := <-leads
		if leader == nil {
			return
		}
		led[leader.server]++
		if rng.IntN(5) > 0 {
			io.WriteString(leader.stdin, "\n")
			continue
		}
		leader.kill()
		delete(live, leader)
		died[leader.server]++
		live[k.claim(t, leader.server, file, leads, &wg)] = true
	}
	t.Logf("terms on the servers %v, leaders killed %v", led, died)
	if min(led[0], led[1], died[0]+died[1]) == 0 {
		t.Error("not everything has happened")
	}
}
