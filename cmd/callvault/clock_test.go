package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/callvault/callvault/extract/ask"
)

// clockVariable names the file that the program under test reads the time from.
const clockVariable = "CALLVAULT_TEST_CLOCK"

// clock is a time that stands still until it is set, for this process and for
// the programs it starts.
type clock struct {
	file string
	unix atomic.Int64
}

func newClock(t *testing.T, at time.Time) *clock {
	t.Helper()
	c := &clock{file: filepath.Join(t.TempDir(), "clock")}
	c.set(t, at)
	return c
}

func (c *clock) now() time.Time { return time.Unix(c.unix.Load(), 0).UTC() }

// set lets the time pass, also for running programs.
func (c *clock) set(t *testing.T, at time.Time) {
	t.Helper()
	next := c.file + ".next"
	err := os.WriteFile(next, fmt.Append(nil, at.Unix()), 0o600)
	if err == nil {
		err = os.Rename(next, c.file)
	}
	if err != nil {
		t.Fatal(err)
	}
	c.unix.Store(at.Unix())
}

// testClock returns the time of a clock's file.
func testClock(file string) func() time.Time {
	return func() time.Time {
		text, err := os.ReadFile(file)
		if err != nil {
			panic(err)
		}
		at, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil {
			panic(err)
		}
		return time.Unix(at, 0).UTC()
	}
}

// impatient makes as many attempts as the program, with shorter pauses.
func impatient() ask.Attempts {
	a := ask.DefaultAttempts()
	a.Least, a.Most = 5*time.Millisecond, 50*time.Millisecond
	return a
}

// testMain is main with the clock of the test that has started the process.
func testMain() {
	file := os.Getenv(clockVariable)
	if file == "" {
		main()
		return
	}
	ctx, stop := signalled()
	code := run(ctx, &process{args: os.Args[1:], environ: os.Environ(), stdout: os.Stdout, stderr: os.Stderr, now: testClock(file), attempts: impatient()})
	stop()
	os.Exit(code)
}
