package load

import (
	"context"
	"fmt"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// Outlook is what the ledger holds of one kind of unit of an application that
// is not as it should be.
type Outlook struct {
	App      call.AppID
	Kind     call.UnitKind
	AtRisk   uint64    // not final: pending, provisional or failed
	Next     time.Time // when the vendor drops the first of these; zero: there is none
	Lost     uint64    // lost, as a whole or in part
	LastLoss time.Time // when the last loss was noted; zero: there was none
}

// Outlook lists what is at risk and what was lost, by application and kind.
// Lists of calls are left out: the last one is never final.
func (s *Store) Outlook(ctx context.Context) ([]Outlook, error) {
	const q = `
		SELECT sdk_app_id, kind, countIf(open), minIf(deadline, open), countIf(gone), maxIf(updated_at, gone)
		FROM (SELECT sdk_app_id, kind, deadline, updated_at, state IN ('pending', 'provisional', 'failed') AS open,
				state = 'lost' OR NOT open AND notEmpty(failed_parts) AS gone
			FROM ledger_units FINAL WHERE kind != 'list')
		GROUP BY sdk_app_id, kind ORDER BY sdk_app_id, kind`
	rows, err := s.conn.Query(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	var all []Outlook
	for rows.Next() {
		var o Outlook
		var app uint32
		var kind string
		if err := rows.Scan(&app, &kind, &o.AtRisk, &o.Next, &o.Lost, &o.LastLoss); err != nil {
			return nil, fmt.Errorf("read ledger: %w", err)
		}
		o.App, o.Kind = call.AppID(app), call.UnitKind(kind)
		if o.AtRisk == 0 {
			o.Next = time.Time{}
		}
		if o.Lost == 0 {
			o.LastLoss = time.Time{}
		}
		all = append(all, o)
	}
	return all, rows.Err()
}

// Disk is the room on one of the server's disks.
type Disk struct {
	Name        string
	Free, Total uint64
}

// Disks lists the server's disks. It needs the right to read system.disks.
func (s *Store) Disks(ctx context.Context) ([]Disk, error) {
	rows, err := s.conn.Query(ctx, "SELECT name, free_space, total_space FROM system.disks ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("read disks: %w", err)
	}
	defer rows.Close()
	var all []Disk
	for rows.Next() {
		var d Disk
		if err := rows.Scan(&d.Name, &d.Free, &d.Total); err != nil {
			return nil, fmt.Errorf("read disks: %w", err)
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

// FreeSpace is the room left on the disks that hold the tables.
func (s *Store) FreeSpace(ctx context.Context) (free uint64, err error) {
	const q = `
		SELECT sum(free_space) FROM system.disks
		WHERE name IN (SELECT disk_name FROM system.parts WHERE active AND database = currentDatabase())`
	if err := s.conn.QueryRow(ctx, q).Scan(&free); err != nil {
		return 0, fmt.Errorf("read disks: %w", err)
	}
	return free, nil
}
