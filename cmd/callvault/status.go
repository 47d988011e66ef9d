package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load"
)

func (c *cli) statusCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what is archived, day by day",
		Long: `Show how many calls of each day are archived, how many of them are provisional
(they were running or had just ended when they were archived), and when the last
unit was archived. Days are UTC, by the start of the call.`,
		Example: `  callvault status
  callvault status --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.status(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

// archiveStatus is what the ledger holds.
type archiveStatus struct {
	LastArchived *time.Time     `json:"last_archived"` // null: nothing yet
	Days         []dayStatus    `json:"days"`
	Bytes        map[string]int `json:"bytes"` // on disk, by relation
}

// dayStatus is what the ledger holds of the calls that began on one UTC day.
type dayStatus struct {
	App         call.AppID `json:"sdk_app_id"`
	Day         string     `json:"day"`
	Calls       int        `json:"calls"`
	Provisional int        `json:"provisional"`
	Sessions    uint64     `json:"sessions"`
	Samples     uint64     `json:"samples"`
	Events      uint64     `json:"events"`
}

func (c *cli) status(ctx context.Context, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	store, done, err := c.openToRead(ctx, cfg, false)
	if err != nil {
		return err
	}
	defer done()
	sch, err := schemaOf(store, cfg)
	if err != nil {
		return err
	}
	st := archiveStatus{Days: []dayStatus{}, Bytes: map[string]int{}}
	version, err := sch.Status(ctx)
	if err != nil {
		return err
	}
	if version.Current > 0 {
		if st, err = readStatus(ctx, store); err != nil {
			return err
		}
	}
	if asJSON {
		enc := json.NewEncoder(c.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(st)
	}
	c.printStatus(st)
	return nil
}

func readStatus(ctx context.Context, store *load.Store) (archiveStatus, error) {
	st := archiveStatus{Days: []dayStatus{}, Bytes: map[string]int{}}
	const q = `
		SELECT sdk_app_id, toString(toDate(starts_at)) AS day, count(), countIf(state = 'provisional'),
		       sum(user_sessions), sum(quality_samples), sum(user_events), max(updated_at)
		FROM ledger_units FINAL WHERE kind = 'call' AND state IN ('provisional', 'archived', 'empty') GROUP BY sdk_app_id, day ORDER BY sdk_app_id, day`
	rows, err := store.Conn().Query(ctx, q)
	if err != nil {
		return st, fmt.Errorf("read ledger: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var d dayStatus
		var app uint32
		var calls, provisional uint64
		var last time.Time
		if err := rows.Scan(&app, &d.Day, &calls, &provisional, &d.Sessions, &d.Samples, &d.Events, &last); err != nil {
			return st, fmt.Errorf("read ledger: %w", err)
		}
		d.App, d.Calls, d.Provisional = call.AppID(app), int(calls), int(provisional)
		st.Days = append(st.Days, d)
		if st.LastArchived == nil || last.After(*st.LastArchived) {
			st.LastArchived = &last
		}
	}
	if err := rows.Err(); err != nil {
		return st, fmt.Errorf("read ledger: %w", err)
	}
	usage, err := store.DiskUsage(ctx)
	for _, u := range usage {
		st.Bytes[u.Relation] = int(u.Bytes)
	}
	return st, err
}

func (c *cli) printStatus(st archiveStatus) {
	if st.LastArchived == nil {
		fmt.Fprintln(c.stdout, "no call is archived yet")
		return
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleRounded)
	t.Style().Format.Header, t.Style().Format.Footer = text.FormatDefault, text.FormatDefault
	t.AppendHeader(table.Row{"application", "day (UTC)", "calls", "provisional", "sessions", "samples", "events"})
	for _, d := range st.Days {
		t.AppendRow(table.Row{d.App, d.Day, comma(d.Calls), comma(d.Provisional), comma(int(d.Sessions)), comma(int(d.Samples)), comma(int(d.Events))})
	}
	var configs []table.ColumnConfig
	for i := 3; i <= 7; i++ {
		configs = append(configs, table.ColumnConfig{Number: i, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(configs)
	fmt.Fprintln(c.stdout, t.Render())
	total := 0
	for _, b := range st.Bytes {
		total += b
	}
	fmt.Fprintf(c.stdout, "last archived %s (%s), %s on disk\n", st.LastArchived.UTC().Format("2006-01-02 15:04:05 UTC"),
		humanize.Time(*st.LastArchived), humanize.IBytes(uint64(total)))
}
