// Package doctor checks whether an installation can work: its settings, the vendor and
// ClickHouse. It changes nothing.
package doctor

import (
	"context"
	"time"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/connect"
)

// Verdicts of a finding.
const (
	OK   = "ok"
	Warn = "warn" // it works, but needs attention
	Fail = "fail" // it does not work
)

// Finding is the result of one check.
type Finding struct {
	Check   string `json:"check"`
	Verdict string `json:"verdict"`
	Found   string `json:"found"`
	Try     string `json:"try,omitempty"`
}

// examination collects findings and shows each as it is made.
type examination struct {
	findings []Finding
	show     func(Finding)
}

func (x *examination) say(check, verdict, found, try string) {
	f := Finding{check, verdict, found, try}
	x.findings = append(x.findings, f)
	x.show(f)
}

// examineWithin bounds the whole examination.
const examineWithin = 2 * time.Minute

// Examine makes all checks, within examineWithin, and shows each finding as it is made. It
// changes nothing.
func Examine(ctx context.Context, cfg *config.Config, server connect.Server, show func(Finding)) []Finding {
	ctx, cancel := context.WithTimeout(ctx, examineWithin)
	defer cancel()
	x := &examination{show: show}
	x.settings(cfg)
	for _, a := range cfg.Accounts {
		x.account(ctx, a)
	}
	x.store(ctx, cfg, server)
	return x.findings
}
