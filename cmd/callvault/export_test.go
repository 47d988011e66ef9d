package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/internal/simulator"
	"github.com/callvault/callvault/internal/ui"
	"github.com/callvault/callvault/test/archivetest"
	"github.com/callvault/callvault/test/embeddedtest"
)

// exports runs the program and returns what it says, by relation.
func (in *installation) exports(t *testing.T, args ...string) map[string]export.Result {
	t.Helper()
	code, out, errs := in.callvault(t.Context(), append([]string{"export", "--json"}, args...)...)
	if code != exitDone {
		t.Fatalf("export: exit code %d\n%s", code, errs)
	}
	var e ui.Exported
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := map[string]export.Result{}
	for _, r := range e.Relations {
		found[r.Relation] = r
	}
	return found
}

// sum is the number of rows of a relation and a checksum of them. Averages are
// rounded, since their last digits depend on the order of the rows.
func (in *installation) sum(t *testing.T, relation, from string) (rows, checksum uint64) {
	t.Helper()
	const columns = "SELECT arrayStringConcat(groupArray(if(type LIKE '%Float%' AND type NOT LIKE 'Array%', 'toString(round(' || name || ', 6))', name)), ', ') " +
		"FROM (SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = ? ORDER BY position)"
	var list string
	if err := both(in.store).QueryRow(t.Context(), columns, relation).Scan(&list); err != nil {
		t.Fatal(err)
	}
	q := "SELECT count(), sum(cityHash64(" + list + ")) FROM " + from + " SETTINGS use_hive_partitioning = 0"
	if err := both(in.store).QueryRow(t.Context(), q).Scan(&rows, &checksum); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return rows, checksum
}

// structure returns the structure of a relation for a table function.
func (in *installation) structure(t *testing.T, relation string) (s string) {
	t.Helper()
	const q = "SELECT arrayStringConcat(groupArray(name || ' ' || type), ', ') FROM (SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = ? ORDER BY position)"
	if err := both(in.store).QueryRow(t.Context(), q, relation).Scan(&s); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(s, "'", `\'`)
}

// sameFiles compares the files in a folder with the relations.
func (in *installation) sameFiles(t *testing.T, dir, format, clickhouse string) {
	t.Helper()
	for _, r := range export.Relations() {
		if r.Name == "realtime_figures" {
			continue // it has rows only if asked for
		}
		wantRows, want := in.sum(t, r.Name, r.Name)
		from := fmt.Sprintf("file('%s/%s/utc_day=*/%s.%s', '%s', '%s')", dir, r.Name, r.Name, format, clickhouse, in.structure(t, r.Name))
		rows, sum := in.sum(t, r.Name, from)
		if rows != wantRows || sum != want || rows == 0 {
			t.Errorf("%s: %d rows with checksum %x, want %d with %x", r.Name, rows, sum, wantRows, want)
		}
	}
}

func TestLongExport(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 11, Calls: 30, Retention: 4 * 24 * time.Hour, QPS: -1, Straddle: true, Statistics: true})
	in.env = append(in.env, "CALLVAULT_REALTIME=true")
	in.archive(t, exitDone)
	for format, clickhouse := range map[string]string{"parquet": "Parquet", "csv": "CSVWithNames"} {
		dir := t.TempDir()
		first := in.exports(t, dir, "--format", format)
		in.sameFiles(t, dir, format, clickhouse)
		again := in.exports(t, dir, "--format", format)
		for name, r := range first {
			if a := again[name]; r.Written == 0 || r.Kept != 0 || a.Written > 1 || a.Written+a.Kept != r.Written {
				t.Errorf("%s: first %+v, then %+v; want only today again", name, r, a)
			}
		}
		files, _ := filepath.Glob(filepath.Join(dir, "quality_samples", "utc_day=*", "*"))
		days := in.number(t, "SELECT uniqExact(toDate(ts)) FROM quality_samples")
		if uint64(len(files)) != days {
			t.Errorf("%d files of quality_samples, want one for each of %d days", len(files), days)
		}
	}
}

// number returns the only value of a query's result.
func (in *installation) number(t *testing.T, query string) uint64 {
	t.Helper()
	return archivetest.Number(t, both(in.store), query)
}

// fewDays limits an export: each day and relation has a file. At any hour, a day of Beijing begins
// and ends within three days.
const fewDays = 3 * 24 * time.Hour

// TestExportIsTyped checks the schemas that other readers find: the file has all types.
func TestExportIsTyped(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 12, Calls: 20, Retention: fewDays, QPS: -1, Statistics: true})
	in.archive(t, exitDone)
	dir := t.TempDir()
	in.exports(t, dir)
	for _, r := range export.Relations() {
		if r.Name == "realtime_figures" {
			continue // it has rows only if asked for
		}
		want, got := in.columns(t, r.Name), in.columnsOfFiles(t, dir, r.Name)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-wanted +written):\n%s", r.Name, diff)
		}
		if _, is := got["utc_day"]; is || len(got) == 0 {
			t.Errorf("%s has %d columns, one of them named as the folders are: %v", r.Name, len(got), is)
		}
	}
}

// columns are those of a relation with the types that their files should have.
func (in *installation) columns(t *testing.T, relation string) map[string]string {
	t.Helper()
	found := in.described(t, relation)
	for name, kind := range found {
		kind = strings.ReplaceAll(kind, "DateTime('UTC')", "DateTime64(3, 'UTC')")
		if kind == "Date" {
			kind = "Date32"
		}
		found[name] = strings.ReplaceAll(kind, "LowCardinality(String)", "String")
	}
	return found
}

// columnsOfFiles are those of a relation's Parquet files, as the files say.
func (in *installation) columnsOfFiles(t *testing.T, dir, relation string) map[string]string {
	t.Helper()
	from := "file('" + dir + "/" + relation + "/utc_day=*/*.parquet', 'Parquet')"
	found := in.described(t, from)
	const q = "SELECT countIf(c.compression != 'ZSTD' OR c.logical_type LIKE 'Timestamp(%%' AND c.logical_type NOT LIKE '%%isAdjustedToUTC=true, timeUnit=milliseconds%%') FROM file('%s/%s/utc_day=*/*.parquet', 'ParquetMetadata') ARRAY JOIN columns AS c"
	if n := in.number(t, fmt.Sprintf(q, dir, relation)); n > 0 {
		t.Errorf("%s: %d columns are not compressed with ZSTD, or times without UTC", relation, n)
	}
	return found
}

// described are the columns of a table or of files, with their types.
func (in *installation) described(t *testing.T, from string) map[string]string {
	t.Helper()
	const settings = " SETTINGS use_hive_partitioning = 0, schema_inference_make_columns_nullable = 'auto', describe_compact_output = 1"
	found := map[string]string{}
	var name, kind string
	archivetest.Each(t, both(in.store), "DESCRIBE "+from+settings, nil, func() { found[name] = kind }, &name, &kind)
	return found
}

// TestExportHoldsNothingElse looks for files that disturb a reader of the whole folder: files
// without rows, days without rows, CSV among Parquet.
func TestExportHoldsNothingElse(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 17, Calls: 20, Retention: fewDays, QPS: -1, Statistics: true})
	in.archive(t, exitDone)
	dir := t.TempDir()
	in.exports(t, dir)
	filesOfRows := func() (n int) {
		t.Helper()
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			name, _ := filepath.Rel(dir, path)
			if strings.HasPrefix(name, ".callvault/") {
				return nil
			}
			n++
			parts := strings.Split(name, "/")
			if ok, _ := filepath.Match("utc_day=????-??-??/"+parts[0]+".parquet", strings.Join(parts[1:], "/")); !ok {
				t.Errorf("among the files of rows: %s", name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := filesOfRows()
	if n := in.number(t, "SELECT count() FROM (SELECT _path FROM file('"+dir+"/*/utc_day=*/*.parquet', 'ParquetMetadata') WHERE num_rows = 0)"); n > 0 {
		t.Errorf("%d files have no rows", n)
	}
	days := int(in.number(t, "SELECT uniqExact(toDate(ts)) FROM unusual_events"))
	if err := both(in.store).Exec(t.Context(), "TRUNCATE TABLE unusual_events_data"); err != nil {
		t.Fatal(err)
	}
	for _, written := range []int{days, 0} {
		if r := in.exports(t, dir, "-r", "unusual_events")["unusual_events"]; r.Written != written || r.Kept != 0 || r.Rows != 0 {
			t.Errorf("days whose rows are gone: %+v, want %d files written", r, written)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "unusual_events", "*")); len(left) > 0 || days == 0 || filesOfRows() != before-days {
		t.Errorf("of %d days whose rows are gone there are %v", days, left)
	}
	code, _, errs := in.callvault(t.Context(), "export", dir, "-f", "csv")
	if code != exitFailed || !strings.Contains(errs, "there are parquet files; write csv to another folder") {
		t.Errorf("CSV among Parquet: exit code %d\n%s", code, errs)
	}
	filesOfRows()
}

// TestExportGoesOn kills an export in the middle of a file.
func TestExportGoesOn(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 13, Calls: 20, Retention: fewDays, QPS: -1, Statistics: true})
	in.archive(t, exitDone)
	const whole = 2
	dir := t.TempDir()
	var asked atomic.Int64
	stuck, killed := make(chan struct{}), make(chan struct{})
	to, err := url.Parse(embeddedtest.Shared(t).HTTPURL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.FlushInterval = -1
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	proxy.ModifyResponse = func(r *http.Response) error {
		if asked.Add(1) == whole+1 {
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(io.LimitReader(r.Body, 1000), waiting(func() { close(stuck); <-killed })), r.Body}
		}
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	p := start(t, append(slices.Clone(in.env), "CALLVAULT_CLICKHOUSE_HTTP="+server.URL), "export", "--quiet", dir)
	<-stuck
	code, _, errs := in.callvault(t.Context(), "export", dir)
	if code != exitFailed || !strings.Contains(errs, "another export is writing there") {
		t.Errorf("two at once: exit code %d, %s", code, errs)
	}
	p.kill()
	p.wait(t)
	close(killed)
	if files, _ := filepath.Glob(filepath.Join(dir, "*", "utc_day=*", "*.parquet")); len(files) != whole {
		t.Errorf("%d whole files, want %d", len(files), whole)
	}
	r := in.exports(t, dir)["rooms"]
	if r.Kept < whole-1 { // today's may be one of them
		t.Errorf("rooms %+v, want %d not written again", r, whole)
	}
	in.sameFiles(t, dir, "parquet", "Parquet")
	if left, _ := filepath.Glob(filepath.Join(dir, ".callvault", "partial")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// waiting is a reader that blocks and then ends.
type waiting func()

func (w waiting) Read([]byte) (int, error) { w(); return 0, io.ErrUnexpectedEOF }

// TestExportWritesWhatHasChanged fetches a call again, and removes a file.
func TestExportWritesWhatHasChanged(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 14, Calls: 20, Retention: fewDays, QPS: -1, Statistics: true})
	in.archive(t, exitDone)
	dir := t.TempDir()
	in.exports(t, dir)
	var room, on string
	const q = "SELECT room_id, toString(toDate(created_at)) FROM calls WHERE toDate(created_at) = toDate(assumeNotNull(destroyed_at)) AND samples > 0 AND created_at < today() AND is_finished ORDER BY created_at LIMIT 1"
	if err := both(in.store).QueryRow(t.Context(), q).Scan(&room, &on); err != nil {
		t.Fatal(err)
	}
	days := int(in.number(t, "SELECT uniqExact(toDate(created_at)) FROM rooms WHERE room_id = '"+room+"' AND toDate(created_at) < today()"))
	in.archive(t, exitDone, "--room", room, "--again")
	today := func(name string) int {
		if _, err := os.Stat(filepath.Join(dir, name, "utc_day="+time.Now().UTC().Format(time.DateOnly), name+".parquet")); err == nil {
			return 1
		}
		return 0
	}
	for _, name := range []string{"rooms", "quality_samples", "calls"} {
		if r := in.exports(t, dir, "-r", name)[name]; r.Written != days+today(name) || r.Kept == 0 {
			t.Errorf("%s: %+v, want %d days of the call and %d for today", name, r, days, today(name))
		}
	}
	if r := in.exports(t, dir, "-r", "daily_scale")["daily_scale"]; r.Written > today("daily_scale") {
		t.Errorf("daily_scale: %+v, though it has not changed", r)
	}
	if err := os.Remove(filepath.Join(dir, "rooms", "utc_day="+on, "rooms.parquet")); err != nil {
		t.Fatal(err)
	}
	if r := in.exports(t, dir, "-r", "rooms", "--from", on, "--to", on)["rooms"]; r.Written != 1 || r.Kept != 0 {
		t.Errorf("a file that was removed: %+v", r)
	}
	in.exports(t, dir)
	in.sameFiles(t, dir, "parquet", "Parquet")
}

// bucket is S3-compatible storage that accepts one key.
func bucket(t *testing.T, keyID string) (address string) {
	t.Helper()
	files := s3mem.New()
	if err := files.CreateBucket("lake"); err != nil {
		t.Fatal(err)
	}
	storage := gofakes3.New(files, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Authorization"), "Credential="+keyID+"/") {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, "<Error><Code>InvalidAccessKeyId</Code><Message>no such key</Message></Error>")
			return
		}
		storage.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestExportToObjectStorage(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 15, Calls: 10, Retention: fewDays, QPS: -1, Statistics: true})
	in.archive(t, exitDone)
	const id, secret = "AKIAEXPORTTEST", "the-secret-of-the-bucket"
	address := bucket(t, id)
	in.env = append(in.env, "AWS_ACCESS_KEY_ID="+id, "AWS_SECRET_ACCESS_KEY="+secret)
	first := in.exports(t, address+"/lake/calls")
	for _, r := range export.Relations() {
		if r.Name == "realtime_figures" {
			continue // it has rows only if asked for
		}
		wantRows, want := in.sum(t, r.Name, r.Name)
		from := fmt.Sprintf("s3('%s/lake/calls/%s/utc_day=*/%s.parquet', '%s', '%s', 'Parquet', '%s')", address, r.Name, r.Name, id, secret, in.structure(t, r.Name))
		if rows, sum := in.sum(t, r.Name, from); rows != wantRows || sum != want || first[r.Name].Rows != rows {
			t.Errorf("%s: %d rows with checksum %x, want %d with %x; reported %+v", r.Name, rows, sum, wantRows, want, first[r.Name])
		}
	}
	for name, r := range in.exports(t, address+"/lake/calls") {
		if r.Written > 1 || r.Written+r.Kept != first[name].Written {
			t.Errorf("%s: first %+v, then %+v; want only today again", name, first[name], r)
		}
	}
	in.goneFromObjectStorage(t, address+"/lake/calls", first["unusual_events"], id, secret)
	for _, wrong := range []struct{ place, id, want string }{
		{address + "/pond", id, "NoSuchBucket"},
		{address + "/lake", "AKIAANOTHER", "write to " + address + "/lake: "},
	} {
		env := slices.Clone(in.env)
		in.env = append(in.env, "AWS_ACCESS_KEY_ID="+wrong.id)
		code, out, errs := in.callvault(t.Context(), "export", wrong.place)
		in.env = env
		if code != exitFailed || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, wrong.want) || strings.Contains(out+errs, secret) {
			t.Errorf("%s: exit code %d\n%s", wrong.place, code, errs)
		}
	}
	if n := in.number(t, "SELECT count() FROM system.errors WHERE position(last_error_message, '"+secret+"') > 0 AND position(last_error_message, 'last_error_message') = 0"); n > 0 {
		t.Error("ClickHouse shows the secret in an error")
	}
}

// goneFromObjectStorage removes rows that have been exported.
func (in *installation) goneFromObjectStorage(t *testing.T, place string, was export.Result, id, secret string) {
	t.Helper()
	if err := both(in.store).Exec(t.Context(), "TRUNCATE TABLE unusual_events_data"); err != nil {
		t.Fatal(err)
	}
	for _, written := range []int{was.Written, 0} {
		if r := in.exports(t, place, "-r", "unusual_events")["unusual_events"]; r.Written != written || r.Kept != 0 || r.Rows != 0 {
			t.Errorf("days whose rows are gone: %+v, want %d files written", r, written)
		}
	}
	from := fmt.Sprintf("s3('%s/unusual_events/utc_day=*/*.parquet', '%s', '%s', 'Parquet', '%s')", place, id, secret, in.structure(t, "unusual_events"))
	if rows, _ := in.sum(t, "unusual_events", from); rows > 0 || was.Rows == 0 {
		t.Errorf("of %d rows that are gone, %d are there", was.Rows, rows)
	}
}

func TestExportSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	in := install(t, simulator.Options{Seed: 16, Calls: 3, QPS: -1})
	in.archive(t, exitDone)
	file := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		env  string
		code int
		want string
	}{
		{nil, "", exitUsage, "export takes one destination"},
		{[]string{file}, "", exitFailed, "export to " + file + ": not a directory"},
		{[]string{"ftp://host/folder"}, "", exitUsage, "destination: want a folder, s3://bucket/folder or https://host/bucket/folder"},
		{[]string{"https://id:key@host/bucket"}, "", exitUsage, "destination: the address must not contain keys"},
		{[]string{"s3://bucket/*"}, "", exitUsage, "must not contain any of"},
		{[]string{"s3://bucket"}, "AWS_ACCESS_KEY_ID=id", exitUsage, "AWS_SECRET_ACCESS_KEY is not"},
		{[]string{t.TempDir(), "-r", "room"}, "", exitUsage, `--relation: "room" is not a relation that can be exported; use rooms, `},
		{[]string{t.TempDir(), "-f", "xlsx"}, "", exitUsage, `--format "xlsx" is unknown; use parquet or csv`},
		{[]string{t.TempDir(), "--from", "2026-11-20", "--to", "2026-11-19"}, "", exitUsage, "--to 2026-11-19 is before --from 2026-11-20"},
		{[]string{t.TempDir()}, "CALLVAULT_CLICKHOUSE_HTTP=http://127.0.0.1:1", exitFailed, "CALLVAULT_CLICKHOUSE_HTTP names another address"},
		{[]string{t.TempDir()}, "CALLVAULT_CLICKHOUSE_HTTP=here", exitUsage, "CALLVAULT_CLICKHOUSE_HTTP: is not the address of a server"},
	} {
		with := *in
		with.env = append(slices.Clone(in.env), c.env)
		code, _, errs := with.callvault(context.WithoutCancel(t.Context()), append([]string{"export"}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("export %v %s: exit code %d, want %d and %q\n%s", c.args, c.env, code, c.code, c.want, errs)
		}
	}
}
