// Command bench measures callvault beside its peers, as alternating pairs in one
// run, and writes what it found to a file. `make bench` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/load/store"
)

func main() {
	embedded.RunChild()
	if len(os.Args) > 4 && os.Args[1] == vendorMarker {
		calls, _ := strconv.Atoi(os.Args[3])
		unix, _ := strconv.ParseInt(os.Args[4], 10, 64)
		began = time.Unix(unix, 0).UTC()
		exit(runVendor(os.Args[2], calls))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(run(ctx))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(ctx context.Context) error {
	out := flag.String("out", "", "`file` to write the report to (standard output)")
	only := flag.String("only", "", "comma-separated `sections`: "+strings.Join(sectionNames(), ", ")+" (all)")
	rounds := flag.Int("rounds", 7, "how often each pair is measured")
	binary := flag.String("callvault", "bin/callvault", "the built program")
	shapes := flag.String("shapes", "", "comma-separated `shapes` of calls (all)")
	peers := flag.String("peers", "", "comma-separated `peers` (all)")
	most := flag.Int("calls", 25_000, "the most `calls` of the passes that are compared, at least 1,000; 100000 makes a billion samples")
	small := flag.Int("small", 100_000, "the small `calls` that memory is measured on")
	quick := flag.Bool("quick", false, "measure the ratios that have a goal, and fail if one is above its limit by more than its noise")
	profile := flag.String("cpuprofile", "", "`file` to write a profile of this process to")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	b, done, err := start(ctx)
	if err != nil {
		return err
	}
	defer done()
	b.rounds, b.binary, b.mostCalls, b.smallCalls = *rounds, *binary, *most, *small
	b.only = narrow{*only, *shapes, *peers}
	if *quick {
		return b.quick(ctx)
	}
	text, err := b.report(ctx)
	if err != nil {
		return err
	}
	if *out == "" {
		fmt.Print(text)
		return nil
	}
	return os.WriteFile(*out, []byte(text), 0o644)
}

// inMemory is a file system in memory, so that neither the disk's work nor what
// others do to it counts; "" where there is none.
func inMemory() string {
	const shm = "/dev/shm"
	if s, err := os.Stat(shm); err == nil && s.IsDir() {
		return shm
	}
	return ""
}

// start runs an engine of the benchmark's own in an empty directory.
func start(ctx context.Context) (*bench, func(), error) {
	library, err := embedded.Fetch(ctx, embedded.FetchOptions{Library: os.Getenv("CALLVAULT_CLICKHOUSE_LIB")})
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp(inMemory(), "callvault-bench-")
	if err != nil {
		return nil, nil, err
	}
	server, err := embedded.Start(ctx, embedded.Options{Library: library, Path: dir})
	if err != nil {
		return nil, nil, err
	}
	begun := time.Now()
	b := &bench{server: server, log: func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%5.0f s  "+format+"\n", append([]any{time.Since(begun).Seconds()}, args...)...)
	}}
	done := func() {
		if b.store != nil {
			b.store.Close()
		}
		_ = server.Stop(context.WithoutCancel(ctx))
		os.RemoveAll(dir)
	}
	if b.store, err = store.Open(ctx, server.DSN(), store.Options{}); err == nil {
		err = b.migrate(ctx)
	}
	if err == nil {
		err = b.exec(ctx, "SYSTEM STOP MERGES quality_samples_data")
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return b, done, nil
}
