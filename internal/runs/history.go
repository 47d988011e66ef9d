package runs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load/native"
)

// Outcome is how a run ended.
type Outcome string

const (
	Running     Outcome = "running"
	Done        Outcome = "done"
	Partial     Outcome = "partial" // some of the data could not be archived, or differs
	Failed      Outcome = "failed"
	Interrupted Outcome = "interrupted"
	Busy        Outcome = "busy" // another run had the lease
	Died        Outcome = "died" // it ended without a last row; found when the history is read, never written
)

// Run is the history of one run of archive, verify, replay, backup or erase.
type Run struct {
	ID       string
	Command  string
	Schedule string // that started the run; "": none did
	Whole    bool   // the run had no restriction
	Started  time.Time
	Ended    time.Time // zero: the run has not ended
	Outcome  Outcome
	Reason   string
	Apps     []call.AppID
	Complete []call.AppID // those of Apps that lacked nothing in the end
	Counts   Counts
	Requests map[string]uint64 // by action
	Errors   map[string]uint64 // by code
	Bytes    uint64            // of the vendor's answers
	Privacy  string            // what it stored of persons (identity.Policy); "": all
	Version  string
	Host     string
}

// Counts is what a run archived.
type Counts struct {
	Calls, Provisional, Failed, Lost, Users, Samples, Events uint64
}

// History is the history of runs in an archive.
type History struct{ archive Archive }

// Archive is an archive with a history. A store.Store is one.
type Archive interface {
	Conn() driver.Conn      // to the database of the relations
	StoreConn() driver.Conn // to the database of the tables
	Retry(context.Context, func(context.Context) error) error
}

// HistoryOf returns the history of the runs of an archive.
func HistoryOf(a Archive) History { return History{a} }

// Note writes the state of a run. Of several rows of a run the one with the greatest step
// counts, even if it was written more than once. A running run has died if it is not noted
// again within alive.
func (h History) Note(ctx context.Context, r Run, step int, alive time.Duration) error {
	const q = `INSERT INTO archive_runs_data (run_id, step, command, schedule, is_whole, started_at, ended_at, outcome, reason,
			sdk_app_ids, complete_app_ids, calls_archived, calls_provisional, failed, lost, users, samples, events,
			requests, errors, bytes, privacy, version, host, alive_until)
		SELECT ?, ?, ?, ?, ?, fromUnixTimestamp64Milli(?, 'UTC'), fromUnixTimestamp64Milli(?, 'UTC'), ?, ?,
			?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, now64(3) + toIntervalMillisecond(?)`
	var ended int64
	if !r.Ended.IsZero() {
		ended = r.Ended.UnixMilli()
	}
	c := r.Counts
	err := h.archive.Retry(ctx, func(ctx context.Context) error {
		return h.archive.StoreConn().Exec(ctx, q, r.ID, uint32(step), r.Command, r.Schedule, r.Whole, r.Started.UnixMilli(), ended, string(r.Outcome), r.Reason,
			appIDs(r.Apps), appIDs(r.Complete), c.Calls, c.Provisional, c.Failed, c.Lost, c.Users, c.Samples, c.Events,
			counters(r.Requests), counters(r.Errors), r.Bytes, r.Privacy, r.Version, r.Host, alive.Milliseconds())
	})
	if err != nil {
		return fmt.Errorf("note run: %w", err)
	}
	return nil
}

// appIDs and counters never return nil, which ClickHouse would take for NULL.
func appIDs(apps []call.AppID) []uint32 {
	return native.Each(apps, func(a *call.AppID) uint32 { return uint32(*a) })
}

func counters(m map[string]uint64) map[string]uint64 {
	if m == nil {
		return map[string]uint64{}
	}
	return m
}

// First returns when the first run began, or the zero time if there was none.
func (h History) First(ctx context.Context) (time.Time, error) {
	var first time.Time
	var runs uint64
	err := h.archive.Conn().QueryRow(ctx, "SELECT min(started_at), count() FROM archive_runs").Scan(&first, &runs)
	if err != nil || runs == 0 {
		return time.Time{}, err
	}
	return first, nil
}

// Filter restricts Runs. A zero field does not restrict.
type Filter struct {
	Command  string
	Schedule *string // nil: any
	Outcomes []Outcome
	Limit    int
	Last     bool // only the latest of each command
}

// Runs returns runs, the latest first.
func (h History) Runs(ctx context.Context, f Filter) (all []Run, err error) {
	where, args := f.where()
	q := `SELECT run_id, command, schedule, is_whole, started_at, ifNull(ended_at, toDateTime64(0, 3, 'UTC')), outcome, reason, sdk_app_ids, complete_app_ids,
			calls_archived, calls_provisional, failed, lost, users, samples, events, requests, errors, bytes, privacy, version, host
		FROM archive_runs WHERE ` + where + ` ORDER BY started_at DESC, run_id`
	if f.Last {
		q += " LIMIT 1 BY command"
	}
	if f.Limit > 0 {
		q += fmt.Sprintf(" LIMIT %d", f.Limit)
	}
	var r Run
	var outcome string
	var apps, complete []uint32
	c := &r.Counts
	each := func() {
		x := r
		x.Outcome, x.Apps, x.Complete = Outcome(outcome), appsOf(apps), appsOf(complete)
		if x.Ended.UnixMilli() == 0 {
			x.Ended = time.Time{}
		}
		all = append(all, x)
	}
	err = native.Read(ctx, h.archive.Conn(), "runs", q, args, each,
		&r.ID, &r.Command, &r.Schedule, &r.Whole, &r.Started, &r.Ended, &outcome, &r.Reason, &apps, &complete,
		&c.Calls, &c.Provisional, &c.Failed, &c.Lost, &c.Users, &c.Samples, &c.Events, &r.Requests, &r.Errors, &r.Bytes, &r.Privacy, &r.Version, &r.Host)
	return all, err
}

func appsOf(ids []uint32) []call.AppID {
	return native.Each(ids, func(id *uint32) call.AppID { return call.AppID(*id) })
}

func (f Filter) where() (string, []any) {
	cond, args := []string{"1"}, []any{}
	if f.Command != "" {
		cond, args = append(cond, "command = ?"), append(args, f.Command)
	}
	if f.Schedule != nil {
		cond, args = append(cond, "schedule = ?"), append(args, *f.Schedule)
	}
	if len(f.Outcomes) > 0 {
		cond, args = append(cond, "outcome IN (?)"), append(args, native.Each(f.Outcomes, func(o *Outcome) string { return string(*o) }))
	}
	return strings.Join(cond, " AND "), args
}

// Success is the last success of a command over everything of an application.
type Success struct {
	Command string
	App     call.AppID
	At      time.Time
}

// LastSuccesses returns the last successes by command and application.
func (h History) LastSuccesses(ctx context.Context) (all []Success, err error) {
	const q = `SELECT command, arrayJoin(complete_app_ids) AS app, max(assumeNotNull(ended_at)) FROM archive_runs
		WHERE is_whole AND outcome IN ('done', 'partial') GROUP BY command, app ORDER BY command, app`
	var x Success
	var app uint32
	each := func() { all = append(all, Success{x.Command, call.AppID(app), x.At.UTC()}) }
	err = native.Read(ctx, h.archive.Conn(), "runs", q, nil, each, &x.Command, &app, &x.At)
	return all, err
}
