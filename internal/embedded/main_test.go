package embedded

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

// parentMarker as the first argument makes the test binary a parent to kill:
// [binary, parentMarker, library, data directory].
const parentMarker = "__test-parent"

func TestMain(m *testing.M) {
	RunChild()
	if len(os.Args) == 4 && os.Args[1] == parentMarker {
		os.Exit(runParent(os.Args[2], os.Args[3]))
	}
	os.Exit(m.Run())
}

// runParent starts an engine, prints that it runs, and waits to be killed.
func runParent(library, dir string) int {
	s, err := Start(context.Background(), Options{Library: library, Path: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("up")
	select {
	case <-s.Done():
	case <-time.After(time.Minute):
	}
	return 1
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func testLibrary(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute) // time for a download
	defer cancel()
	path, err := Fetch(ctx, FetchOptions{Library: os.Getenv("CALLVAULT_CLICKHOUSE_LIB")})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// startTest starts an engine and kills it at the end of the test if it still runs.
func startTest(t *testing.T, o Options) *Server {
	t.Helper()
	o.Library = testLibrary(t)
	s, err := Start(testContext(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Stop(ctx)
	})
	return s
}

// eventually polls until ok returns true or the time is up.
func eventually(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(within)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", within, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
