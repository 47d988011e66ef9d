package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/identity"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
)

// TestLongNothingOfPersons searches everything that an archive without persons leaves for ids
// and addresses of the vendor's: each table of the engine, its own log tables among them, all
// files of its folder, exports and backups, all output and the traces.
func TestLongNothingOfPersons(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Second)
	v := newVendor(t, simulator.Options{Seed: 21, Calls: 8, Mix: simulator.MixOneToOne, Retention: retention, QPS: -1, Now: frozen(now)})
	dir, lake, backups := embeddedtest.Dir(t), t.TempDir(), t.TempDir()
	db := newDatabase(t, dir)
	spans := newCollector(t)
	in := &installation{sim: v.Simulator, vendor: v, truth: v.Truth(now), store: db.direct(), now: func() time.Time { return now }}
	in.env = slices.Concat(environment(t, v, db.address(t).String()), keyedSettings(identityKey), []string{
		"CALLVAULT_RETENTION=" + retention.String(), "CALLVAULT_BACKUP_TO=" + backups,
	})
	var said bytes.Buffer
	do := func(args ...string) {
		code, out, errs := in.callvault(t.Context(), args...)
		fmt.Fprintf(&said, "%v: exit code %d\n%s%s\n", args[:1], code, out, errs)
		if code == exitUsage {
			t.Errorf("%v: %s", args, errs)
		}
	}
	misbehave := func(text string) {
		f, err := simulator.ParseFaults(text)
		if err == nil {
			err = v.SetFaults(f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	misbehave("mutate=0.2,mutate-sticky=0.1,odd=0.02,poison=0.2,null=0.1,html=0.05,cut=0.05,error=0.05,seed=4")
	do("archive", "--json")
	do("archive")
	misbehave("seed=4")
	do("archive")
	for r := range in.truth.Rooms() {
		do("archive", "--room", r.RoomID, "--again")
		break
	}
	do("verify", "--all")
	for _, args := range [][]string{{"status"}, {"status", "--json"}, {"plan"}, {"doctor"}, {"export", lake}, {"export", lake + "/csv", "--format", "csv"}, {"backup"}, {"replay"}} {
		do(args...)
	}
	// the SDK of traces reads the environment of a process
	if code := start(t, in.traced(spans.url), "archive", "--quiet", "--again").wait(t); code != exitDone || spans.raw.Len() == 0 {
		t.Errorf("traced: exit code %d, %d bytes of spans", code, spans.raw.Len())
	}
	comparePersons(t, in.store, in.truth, keyedPersons(t, identityKey))
	m := markersOf(in.truth)
	m.searchTables(t, in.store)
	m.search(t, "what the program says", said.Bytes())
	m.search(t, "the traces", spans.raw.Bytes())
	for _, folder := range []string{dir, lake, backups} {
		m.searchFolder(t, folder)
	}
}

// markers are texts that name somebody or something.
type markers struct {
	texts []string // as the vendor tells them
	// spelled are all ways to spell them, by their first two bytes.
	spelled [1 << 16][]string
}

// markersOf are the ids and addresses of a truth that are nothing else by chance.
func markersOf(truth *simulator.Truth) *markers {
	m, seen := &markers{}, map[string]bool{}
	add := func(text string) {
		if len(text) >= 7 && strings.Trim(text, "0123456789") != "" && !seen[text] {
			seen[text] = true
			m.add(text)
		}
	}
	for r := range truth.Rooms() {
		add(r.CommID)
		add(r.RoomID)
		add(r.CreatorUserID)
	}
	for s := range truth.UserSessions() {
		add(s.UserID)
		if identity.Prefix.Of(s.ClientIP) != s.ClientIP {
			add(s.ClientIP)
		}
	}
	return m
}

// add adds a text.
func (m *markers) add(text string) {
	m.texts = append(m.texts, text)
	for _, s := range spellings(text) {
		at := int(s[0])<<8 | int(s[1])
		m.spelled[at] = append(m.spelled[at], s)
	}
}

// spellings are a text, escaped, in hexadecimal digits, and in base64 wherever it begins.
func spellings(text string) []string {
	quoted, ascii := fmt.Sprintf("%q", text), fmt.Sprintf("%+q", text)
	all := []string{text, quoted[1 : len(quoted)-1], ascii[1 : len(ascii)-1], url.QueryEscape(text), hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text)))}
	for shift := range 3 { // the first and the last digit have bits of other bytes
		code := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), text...))
		all = append(all, code[[]int{0, 2, 3}[shift]:len(code)-1])
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// search looks for the markers where no letter or digit is beside them.
func (m *markers) search(t *testing.T, where string, in []byte) {
	t.Helper()
	for i := range max(0, len(in)-1) {
		for _, s := range m.spelled[int(in[i])<<8|int(in[i+1])] {
			end := i + len(s)
			if !bytes.HasPrefix(in[i:], []byte(s)) || i > 0 && wordLike(in[i-1]) || end < len(in) && wordLike(in[end]) {
				continue
			}
			t.Errorf("%s: %q in …%q…", where, s, in[max(0, i-60):min(len(in), end+60)])
			return
		}
	}
}

func wordLike(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == '.'
}

func (m *markers) searchFolder(t *testing.T, folder string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		m.search(t, path, content)
		return err
	})
	if err != nil || files == 0 {
		t.Errorf("%s: %d files, %v", folder, files, err)
	}
}

// searchTables searches the rows of all tables and views, those of the system included.
func (m *markers) searchTables(t *testing.T, s *store.Store) {
	t.Helper()
	conn := both(s)
	if err := conn.Exec(t.Context(), "SYSTEM FLUSH LOGS"); err != nil {
		t.Log(err)
	}
	tables := archivetest.Strings(t, conn, `SELECT concat('`+"`"+`', database, '`+"`.`"+`', name, '`+"`"+`') FROM system.tables
		WHERE startsWith(database, currentDatabase()) OR database = 'system' AND (name LIKE '%\_log' OR name IN ('errors', 'mutations', 'warnings'))`)
	if len(tables) < 20 {
		t.Fatalf("%d tables", len(tables))
	}
	var codes []string // so that the log of queries does not have them
	for _, text := range m.texts {
		codes = append(codes, hex.EncodeToString([]byte(text)))
	}
	for _, table := range tables {
		for some := range slices.Chunk(codes, 200) {
			for _, row := range archivetest.Strings(t, conn, "SELECT toString(tuple(*)) AS row FROM "+table+" WHERE multiSearchAny(row, arrayMap(c -> unhex(c), ?)) LIMIT 3", some) {
				m.search(t, table, []byte(row))
			}
		}
	}
	t.Logf("%d tables and views searched for %d texts", len(tables), len(m.texts))
}
