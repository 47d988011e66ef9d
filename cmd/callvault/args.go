package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"github.com/callvault/callvault/archive"
	"github.com/callvault/callvault/backup"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/verify"
)

// scheduled reads the arguments of scheduled runs. They are the flags of the commands.
type scheduled struct{}

func (scheduled) Archive(cfg *config.Config, args []string) (s archive.Scope, err error) {
	var n narrow
	if _, err = parseArgs(archive.Command, args, n.flags); err != nil {
		return s, err
	}
	return n.scope(cfg, time.Now())
}

func (scheduled) Verify(cfg *config.Config, args []string) (s archive.Scope, o verify.Options, err error) {
	var v verifyFlags
	f, err := parseArgs(verify.Command, args, v.flags)
	if err == nil {
		err = v.check(f)
	}
	if err == nil {
		s, err = v.narrow.scope(cfg, time.Now())
	}
	return s, v.Options, err
}

func (scheduled) Backup(cfg *config.Config, args []string) (*backup.Run, error) {
	var b backing
	if _, err := parseArgs(backup.Command, args, b.flags); err != nil || b.whereIn(cfg) == "" {
		return nil, err
	}
	r, err := b.run(cfg)
	if err == nil {
		err = b.check(cfg)
	}
	return r, err
}

// parseArgs reads the arguments of a scheduled job.
func parseArgs(job string, args []string, flags func(*pflag.FlagSet)) (*pflag.FlagSet, error) {
	f := pflag.NewFlagSet(job, pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	flags(f)
	err := f.Parse(args)
	if err == nil && f.NArg() > 0 {
		err = fmt.Errorf("%q is not a flag", f.Arg(0))
	}
	return f, err
}
