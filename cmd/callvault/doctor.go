package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
)

// Verdicts of a finding.
const (
	verdictOK   = "ok"
	verdictWarn = "warn" // it works, but something deserves a look
	verdictFail = "fail" // it does not work
)

// finding is what doctor says about one thing.
type finding struct {
	Check   string `json:"check"`
	Verdict string `json:"verdict"`
	Found   string `json:"found"`
	Try     string `json:"try,omitempty"`
}

// examination collects findings and shows each as it is made.
type examination struct {
	findings []finding
	show     func(finding)
}

func (x *examination) say(check, verdict, found, try string) {
	f := finding{check, verdict, found, try}
	x.findings = append(x.findings, f)
	x.show(f)
}

func (x *examination) count(verdict string) (n int) {
	for _, f := range x.findings {
		if f.Verdict == verdict {
			n++
		}
	}
	return n
}

func (c *cli) doctorCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find out whether this installation can work",
		Long: `Look at settings, the vendor (reach, clock, credentials, each action asked once,
retention of the plan) and ClickHouse (reach, version, rights, disk, schema, age
of the last success). Each finding is a line, with what to do where something is
wrong. Nothing is changed.

Exit codes: 0 it can work; 1 something fails; 2 the settings are wrong.`,
		Example: `  callvault doctor
  callvault doctor --json`,
		RunE: func(cmd *cobra.Command, args []string) error { return c.doctor(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

// examineWithin bounds the whole examination.
const examineWithin = 2 * time.Minute

func (c *cli) doctor(ctx context.Context, asJSON bool) error {
	cfg, err := c.config()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, examineWithin)
	defer cancel()
	x := &examination{show: c.showFinding}
	if asJSON {
		x.show = func(finding) {}
	}
	x.settings(cfg)
	for _, a := range cfg.Accounts {
		x.account(ctx, cfg, a)
	}
	c.examineStore(ctx, cfg, x)
	if asJSON {
		if err := c.screen().JSON(x.findings); err != nil {
			return err
		}
	}
	if n := x.count(verdictFail); n > 0 {
		return fmt.Errorf("%d of %d checks fail; see what to try above", n, len(x.findings))
	}
	return nil
}

// showFinding prints a finding, in colour on a terminal that wants it.
func (c *cli) showFinding(f finding) {
	mark := fmt.Sprintf("%-4s", f.Verdict)
	if c.screen().Coloured() {
		colour := map[string]text.Color{verdictOK: text.FgGreen, verdictWarn: text.FgYellow, verdictFail: text.FgRed}[f.Verdict]
		mark = colour.Sprint(mark)
	}
	fmt.Fprintf(c.stdout, "%s  %-12s %s\n", mark, f.Check, f.Found)
	if f.Try != "" {
		fmt.Fprintf(c.stdout, "      %-12s → %s\n", "", f.Try)
	}
}
