package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/load/native"
)

// onDisk is the mix of calls whose size is measured: about as many samples of
// each shape.
var onDisk = map[string]int{"full": 3, "M": 6, "S": 150}

// disk measures what the archive of some calls takes, merged.
func (b *bench) disk(ctx context.Context, t *text) error {
	n, err := b.fill(ctx)
	if err != nil {
		return err
	}
	var json compressed
	for _, s := range shapes {
		s = s.of(onDisk[s.Name])
		for i := range min(s.Calls, 2) {
			json.add(s.body(i).Series(), s.points())
		}
	}
	t.f("## On disk\n\n%.1f million samples of calls of all three shapes, with the simulated vendor's noisy values,\neach table merged to one part. Bytes a sample:\n\n", n/1e6)
	for _, part := range []func(context.Context, *text, float64) error{b.byColumn, b.otherTables, b.codecs} {
		if err := part(ctx, t, n); err != nil {
			return err
		}
		if len(json.rows) > 0 {
			t.table(json.table(n))
			json.rows = nil
		}
	}
	return nil
}

// fill archives the calls whose size is measured, and returns how many samples they have.
func (b *bench) fill(ctx context.Context) (samples float64, err error) {
	if err := b.empty(ctx); err != nil {
		return 0, err
	}
	for _, s := range shapes {
		if err := b.archiveSome(ctx, s.of(onDisk[s.Name])); err != nil {
			return 0, err
		}
	}
	return b.number(ctx, "SELECT count() FROM quality_samples_data")
}

func (b *bench) archiveSome(ctx context.Context, s shape) error {
	v, err := startVendor(s)
	if err != nil {
		return err
	}
	defer v.close()
	return b.ours(ctx, v, 24*time.Hour)
}

// merge merges a table to one part.
func (b *bench) merge(ctx context.Context, table string) error {
	return b.exec(ctx, "SYSTEM START MERGES "+table, "OPTIMIZE TABLE "+table+" FINAL")
}

// ofValue lists the columns that hold the value of a sample.
var ofValue = []string{"number", "per", "odd"}

// columnSize is what a column takes, in bytes.
type columnSize struct {
	column, kind string
	size         uint64
}

// sampleSizes merges the samples, and returns what their columns take, what the value takes of
// it, and what the table takes, in bytes.
func (b *bench) sampleSizes(ctx context.Context) (columns []columnSize, value, all float64, err error) {
	const table = native.SamplesTable
	defer b.exec(context.WithoutCancel(ctx), "SYSTEM STOP MERGES "+table)
	if err := b.merge(ctx, table); err != nil {
		return nil, 0, 0, err
	}
	const q = "SELECT column, any(type), sum(column_data_compressed_bytes) AS size FROM system.parts_columns WHERE active AND database = currentDatabase() AND table = ? GROUP BY column ORDER BY size DESC"
	var c columnSize
	err = native.Read(ctx, b.store.StoreConn(), "columns", q, []any{table}, func() {
		if slices.Contains(ofValue, c.column) {
			value += float64(c.size)
		}
		columns = append(columns, c)
	}, &c.column, &c.kind, &c.size)
	if err != nil {
		return nil, 0, 0, err
	}
	all, err = b.sizeOf(ctx, "'"+table+"'")
	return columns, value, all, err
}

// sizeOf is what some tables take, in bytes.
func (b *bench) sizeOf(ctx context.Context, list string) (float64, error) {
	return b.number(ctx, "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase() AND table IN ("+list+")")
}

// byColumn states the samples' columns.
func (b *bench) byColumn(ctx context.Context, t *text, n float64) error {
	columns, value, all, err := b.sampleSizes(ctx)
	if err != nil {
		return err
	}
	out, sum := [][]string{{"column", "type", "bytes a sample"}}, 0.0
	for _, c := range columns {
		sum += float64(c.size)
		out = append(out, []string{c.column, c.kind, fmt.Sprintf("%.4f", float64(c.size)/n)})
	}
	out = append(out,
		[]string{"marks, primary key, index of loads, checksums", "", fmt.Sprintf("%.4f", (all-sum)/n)},
		[]string{fmt.Sprintf("**the value: number / per, or odd** (goal: ≤ %.2f)", mostValue), "", fmt.Sprintf("**%.4f**", value/n)},
		[]string{fmt.Sprintf("**all that is not the value** (goal: ≤ %.2f)", mostRest), "", fmt.Sprintf("**%.4f**", (all-value)/n)},
		[]string{"**all**", "", fmt.Sprintf("**%.4f**", all/n)})
	t.table(out)
	return nil
}

// otherTables states the rest of the archive.
func (b *bench) otherTables(ctx context.Context, t *text, n float64) error {
	for _, t := range catalogue.Tables() {
		if t.HasLoads() && t.Name != native.SamplesTable {
			if err := b.merge(ctx, t.Name); err != nil {
				return err
			}
		}
	}
	out := [][]string{{"beside the samples", "bytes a sample"}}
	for _, of := range []struct{ name, list string }{
		{"the ledger (ledger_units, ledger_parts, hidden_loads)", "'ledger_units', 'ledger_parts', 'hidden_loads'"},
		{"sums of streams", "'quality_streams_data'"},
		{"summaries of calls", "'calls_data', 'call_users_data', 'peer_quality_data'"},
		{"rooms and sessions", "'rooms_data', 'user_sessions_data'"},
		{"raw responses, where they are kept (CALLVAULT_RAW)", "'raw_responses'"},
	} {
		size, err := b.sizeOf(ctx, of.list)
		if err != nil {
			return err
		}
		out = append(out, []string{of.name, fmt.Sprintf("%.4f", size/n)})
	}
	t.table(out)
	return nil
}

// compressed is the vendor's JSON, packed.
type compressed struct {
	rows   map[string]int
	points int
}

func (c *compressed) add(body []byte, points int) {
	if c.rows == nil {
		c.rows = map[string]int{}
	}
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	_, _ = w.Write(body)
	_ = w.Close()
	z, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(3)))
	c.rows["gzip -6"] += gz.Len()
	c.rows["zstd -3"] += len(z.EncodeAll(body, nil))
	c.rows["as it comes"] += len(body)
	c.points += points
}

func (c *compressed) table(float64) [][]string {
	out := [][]string{{"the vendor's JSON", "bytes a sample"}}
	for _, name := range []string{"as it comes", "gzip -6", "zstd -3"} {
		out = append(out, []string{name, fmt.Sprintf("%.2f", float64(c.rows[name])/float64(c.points))})
	}
	return out
}

// tries are layouts of the value: a double with a codec, or a number with a codec beside per and
// odd. The first is that of the schema.
var tries = []struct{ kind, codec string }{
	{"Int32", "T64, ZSTD(1)"}, {"Int32", "T64('bit'), ZSTD(1)"}, {"Int32", "T64('bit'), ZSTD(3)"}, {"Int32", "T64, LZ4"},
	{"Int32", "ZSTD(1)"}, {"Int32", "ZSTD(3)"}, {"Int32", "Delta, ZSTD(1)"}, {"Int64", "T64('bit'), ZSTD(1)"},
	{"Float64", "ALP, ZSTD(1)"}, {"Float64", "ZSTD(1)"}, {"Float64", "ZSTD(3)"}, {"Float64", "ZSTD(6)"}, {"Float64", "LZ4"},
	{"Float64", "NONE"}, {"Float64", "Gorilla, ZSTD(1)"}, {"Float64", "FPC, ZSTD(1)"}, {"Float64", "Delta(8), ZSTD(1)"}, {"Float32", "ZSTD(1)"},
}

// codecs tries layouts of the value on the samples.
func (b *bench) codecs(ctx context.Context, t *text, n float64) error {
	t.f("Layouts of the value, on the same samples:\n\n")
	inexact, err := b.number(ctx, "SELECT countIf(toFloat64(toFloat32(value)) != value) FROM quality_samples_data")
	if err != nil {
		return err
	}
	out := [][]string{{"value", "bytes a sample", "insert, ns CPU a row", "read, ns CPU a row"}}
	var found [][]string
	for _, try := range tries {
		row, err := b.try(ctx, try.kind, try.codec, n)
		if err != nil {
			return err
		}
		found = append(found, row)
	}
	slices.SortStableFunc(found, func(x, y []string) int { return bytes.Compare([]byte(x[1]), []byte(y[1])) })
	t.table(append(out, found...))
	t.f("The schema has T64 with ZSTD(1), which is faster to read than T64('bit'). ALP finds such numbers by itself, but ClickHouse calls it\nexperimental and refuses it by default. ")
	t.f("Float32 would change %.1f %% of the values, which must stay what the vendor said.\n\n", 100*inexact/n)
	return nil
}

func (b *bench) try(ctx context.Context, kind, codec string, n float64) ([]string, error) {
	defer b.exec(context.WithoutCancel(ctx), "DROP TABLE IF EXISTS tried SYNC")
	name, from := kind+" CODEC("+codec+")", "value"
	change := "ALTER TABLE tried DROP COLUMN value, DROP COLUMN number, DROP COLUMN per, DROP COLUMN odd, ADD COLUMN value " + name
	if strings.HasPrefix(kind, "Int") {
		change, from = "ALTER TABLE tried MODIFY COLUMN number "+name, "number, per, odd"
		name = "number " + name + " / per, odd"
	}
	err := b.exec(ctx, "DROP TABLE IF EXISTS tried SYNC", "CREATE TABLE tried AS quality_samples_data",
		change+" SETTINGS allow_suspicious_codecs = 1, allow_experimental_codecs = 1")
	if err != nil {
		return nil, err
	}
	used := func(q string) (float64, error) {
		before := b.serverTime()
		err := b.exec(ctx, q)
		return float64((b.serverTime() - before).Nanoseconds()) / n, err
	}
	const keys = "load_id, sdk_app_id, comm_id, room_id, user_id, peer_id, metric, ts, "
	insert, err := used("INSERT INTO tried (" + keys + from + ") SELECT " + keys + from + " FROM quality_samples_data SETTINGS max_threads = 1")
	if err == nil {
		err = b.merge(ctx, "tried")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	read, err := used("SELECT sum(value) FROM tried FORMAT Null SETTINGS max_threads = 1")
	if err != nil {
		return nil, err
	}
	size, err := b.number(ctx, "SELECT sum(column_data_compressed_bytes) FROM system.parts_columns WHERE active AND database = currentDatabase() AND table = 'tried' AND column IN ('value', 'number', 'per', 'odd')")
	if err != nil {
		return nil, err
	}
	return []string{name, fmt.Sprintf("%.4f", size/n), fmt.Sprintf("%.0f", insert), fmt.Sprintf("%.0f", read)}, nil
}
