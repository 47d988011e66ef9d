// Command callvault archives TRTC call-monitoring data into ClickHouse.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/internal/runs"
	"github.com/callvault/callvault/internal/words"
	"github.com/callvault/callvault/load/lease"
)

// Exit codes, as documented in docs/operations.md.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitPartial     = 3
	exitBusy        = 4
	exitInterrupted = 130
)

func main() {
	embedded.RunChild()
	ctx, stop := signalled()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	code := run(ctx, &process{args: os.Args[1:], environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr, now: time.Now, attempts: ask.DefaultAttempts(), alone: true})
	stop()
	os.Exit(code)
}

// signalled returns a context that ends when the process gets SIGINT or SIGTERM.
func signalled() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

// process is what a run of the program gets from outside.
type process struct {
	args     []string
	environ  []string
	stdout   io.Writer
	stderr   io.Writer
	now      func() time.Time // the clock of a pass: it decides what to ask for and what can still change
	attempts ask.Attempts     // how a pass repeats one request
	alone    bool             // whether the command has the process to itself
}

// run executes one command line and returns its exit code. No other function prints
// errors.
func run(ctx context.Context, p *process) int {
	root := newRoot(p)
	root.SetArgs(plainArgs(p.args))
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	code := exitCode(ctx, err)
	if code == exitInterrupted {
		fmt.Fprintln(p.stderr, "callvault: interrupted; what is archived stays, and the same command goes on from there")
		return code
	}
	for _, line := range lines(err) {
		fmt.Fprintln(p.stderr, "callvault: "+words.Line(line))
	}
	return code
}

// lines are the texts of an error, one for each error that it joins. A line break in one of
// them is from outside.
func lines(err error) (all []string) {
	if wrong, ok := errors.AsType[config.Errors](err); ok {
		for _, e := range wrong {
			all = append(all, e.Error())
		}
		return all
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, lines(e)...)
		}
		if strings.Join(all, "\n") == err.Error() {
			return all
		}
	}
	return []string{strings.TrimSpace(err.Error())}
}

// plainArgs makes a query that begins with a comment an argument, not a flag.
func plainArgs(args []string) []string {
	out := slices.Clone(args)
	for i, a := range out {
		if strings.HasPrefix(a, "-- ") || strings.HasPrefix(a, "--\n") {
			out[i] = "\n" + a
		}
	}
	return out
}

// usageError is returned when a command line is wrong.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func exitCode(ctx context.Context, err error) int {
	switch {
	case isA[config.Errors](err), isA[config.Error](err), isA[usageError](err):
		return exitUsage
	case errors.Is(err, lease.ErrHeld):
		return exitBusy
	case isA[runs.Incomplete](err):
		return exitPartial
	case ctx.Err() != nil:
		return exitInterrupted
	}
	return exitFailed
}

func isA[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}
