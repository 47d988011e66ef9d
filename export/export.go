package export

import (
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Format of the files.
type Format struct {
	Name  string // also the ending of the files' names
	query string // ClickHouse's name
}

// Formats lists the formats that can be written.
func Formats() []Format {
	return []Format{{"parquet", "Parquet"}, {"csv", "CSVWithNames"}}
}

// JSONLines and Parquet are formats for the rows of one query.
func JSONLines() Format { return Format{"jsonl", "JSONEachRow"} }
func Parquet() Format   { return Formats()[0] }

// settings returns the settings of the queries that write files. A NULL in CSV is nothing
// between two commas: readers take ClickHouse's own \N for text.
func settings() map[string]string {
	return map[string]string{
		"output_format_parquet_compression_method": "zstd",
		"output_format_parquet_string_as_string":   "1",
		"format_csv_null_representation":           "",
	}
}

// dayKey is the key in the names of the folders of days. No relation may have a column of
// this name.
const dayKey = "utc_day"

// Destination is where files go. A written file is whole and replaces the older one. If
// Write fails, the older file remains. Without rows there need not be a file.
type Destination interface {
	// Done reads the record of a relation: existing files, and days without rows.
	Done(ctx context.Context, relation string) (manifest, error)
	// Write writes the result of a query.
	Write(ctx context.Context, relation, file, query string, f Format) (Done, error)
	// Note stores the record of a relation.
	Note(ctx context.Context, relation string, m manifest) error
}

// Options of an export.
type Options struct {
	Relations []Relation
	From, To  time.Time // UTC days, To excluded
	Today     time.Time // this day and later ones are written each time, because they are not over
	Format    Format
	Again     bool // also write files that have not changed
	Progress  Progress
}

// Progress follows the files, which are written one after the other.
type Progress interface {
	Add(files int)                    // so many files are to be checked
	Done(file string, d Done, w bool) // one file is done; w: whether it was written
}

// Result is the result for one relation.
type Result struct {
	Relation string `json:"relation"`
	Written  int    `json:"written"`   // files, including those that are removed or empty because the day has no rows any more
	Kept     int    `json:"unchanged"` // files
	Rows     uint64 `json:"rows"`      // of the files written
	Bytes    uint64 `json:"bytes"`     // of the files written; 0 if the destination does not know
}

// Archive is the archive to export.
type Archive struct {
	Relations, Tables driver.Conn // whose databases are those of the relations and of the tables
}

// Run writes the files that have changed. It stops at the first file that cannot be
// written; the files before it are done.
func Run(ctx context.Context, a Archive, to Destination, o Options) ([]Result, error) {
	known, err := readKnown(ctx, a, o.Relations, o.From, o.To)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	for _, r := range o.Relations {
		o.Progress.Add(len(known.days(r)))
	}
	var all []Result
	for _, r := range o.Relations {
		e := exporter{Options: o, conn: a.Relations, to: to, known: known, relation: r, result: Result{Relation: r.Name}}
		err := e.run(ctx)
		all = append(all, e.result)
		if err != nil {
			return all, fmt.Errorf("export %s: %w", r.Name, err)
		}
	}
	return all, nil
}

// exporter writes one relation.
type exporter struct {
	Options
	conn     driver.Conn
	to       Destination
	known    *known
	relation Relation
	result   Result
}

func (e *exporter) run(ctx context.Context) error {
	columns, definition, err := define(ctx, e.conn, e.relation)
	if err != nil {
		return err
	}
	done, err := e.to.Done(ctx, e.relation.Name)
	if err != nil {
		return err
	}
	if err := e.alone(done); err != nil {
		return err
	}
	for _, d := range e.days(done) {
		if err := e.day(ctx, d, columns, e.known.signature(e.relation, definition, d), done); err != nil {
			return fmt.Errorf("%s: %w", d.Format(time.DateOnly), err)
		}
	}
	return nil
}

// alone returns an error if the folder has files of another format: a reader of the folder
// reads all of its files.
func (e *exporter) alone(done manifest) error {
	for name, d := range done {
		if ext := path.Ext(name); d.Rows > 0 && ext != "."+e.Format.Name {
			return fmt.Errorf("there are %s files; write %s to another folder", ext[1:], e.Format.Name)
		}
	}
	return nil
}

// days returns the days on which the relation has rows, and those on which it has none any
// more although the ledger has the day. A day that the ledger no longer has expired in the
// archive: its file is kept.
func (e *exporter) days(done manifest) []time.Time {
	all := e.known.days(e.relation)
	for d := range e.known.units[e.relation.Unit] {
		if done[e.file(d)].Rows > 0 && !slices.Contains(all, d) {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// day writes one day unless it is done. It notes each file after writing it.
func (e *exporter) day(ctx context.Context, d time.Time, columns []column, signature string, done manifest) error {
	file := e.file(d)
	was, ok := done[file]
	if ok && was.Signature == signature && d.Before(e.Today) && !e.Again {
		if was.Rows > 0 {
			e.result.Kept++
		}
		e.Progress.Done(file, was, false)
		return nil
	}
	now, err := e.to.Write(ctx, e.relation.Name, file, e.relation.rowsOf(columns, d), e.Format)
	if err != nil {
		return err
	}
	now.File, now.Signature = file, signature
	done[file] = now
	if err := e.to.Note(ctx, e.relation.Name, done); err != nil {
		return err
	}
	if now.Rows+was.Rows > 0 {
		e.result.Written++
	}
	e.result.Rows += now.Rows
	e.result.Bytes += now.Bytes
	e.Progress.Done(file, now, true)
	return nil
}

// file returns the name of a day's file, in the relation's folder.
func (e *exporter) file(d time.Time) string {
	return path.Join(dayKey+"="+d.Format(time.DateOnly), e.relation.Name+"."+e.Format.Name)
}
