package main

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/callvault/callvault/internal/simulator"
)

// gate passes requests on and tells when a given number has come in.
type gate struct {
	next  http.Handler
	after chan int // one number: how many more requests until reached is told
	reach chan struct{}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case n := <-g.after:
		if n == 0 {
			g.reach <- struct{}{}
		} else {
			g.after <- n - 1
		}
	default:
	}
	g.next.ServeHTTP(w, r)
}

// program starts the built program with the settings of an installation.
func (in *installation) program(args ...string) (*exec.Cmd, *bytes.Buffer) {
	var errs bytes.Buffer
	cmd := exec.Command("callvault", args...)
	cmd.Env = append(os.Environ(), in.env...)
	cmd.Stderr = &errs
	return cmd, &errs
}

// TestKilledPassesThenOneGood kills passes at random moments; the good one that
// follows leaves the tables equal to the truth.
func TestKilledPassesThenOneGood(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	in := install(t, simulator.Options{Seed: seed, Calls: 30, QPS: -1})
	g := &gate{next: in.sim, after: make(chan int, 1), reach: make(chan struct{})}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	in.env = append(in.env, "CALLVAULT_TRTC_ENDPOINT="+server.URL, "CALLVAULT_LEASE=1s")

	for range 4 {
		cmd, _ := in.program("archive", "--quiet")
		g.after <- rng.IntN(600)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-g.reach:
			cmd.Process.Kill()
			<-ended
		case <-ended: // it needed fewer requests than that
			select {
			case <-g.after:
			case <-g.reach:
			}
		}
	}
	in.finish(t)
	compare(t, in.store, in.truth)
}

// finish makes passes until one is let: a dead one's lease must expire first.
func (in *installation) finish(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		cmd, errs := in.program("archive", "--quiet")
		err := cmd.Run()
		if err == nil {
			return
		}
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok || exit.ExitCode() != exitBusy || time.Now().After(deadline) {
			t.Fatalf("%v\n%s", err, errs)
		}
	}
}

func TestInterruptedPass(t *testing.T) {
	in := install(t, simulator.Options{Seed: 3, Calls: 30, QPS: -1})
	g := &gate{next: in.sim, after: make(chan int, 1), reach: make(chan struct{})}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	in.env = append(in.env, "CALLVAULT_TRTC_ENDPOINT="+server.URL)
	cmd, errs := in.program("archive", "--quiet")
	g.after <- 100
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-g.reach
	cmd.Process.Signal(syscall.SIGINT)
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != exitInterrupted {
		t.Errorf("ended with %v, want exit code 130", err)
	}
	if s := errs.String(); !strings.HasPrefix(s, "callvault: interrupted;") || strings.Count(s, "\n") != 1 {
		t.Errorf("said %q", s)
	}
	// Its lease has been given back: the next pass is let at once.
	in.archive(t, exitDone)
	compare(t, in.store, in.truth)
}

func TestTwoPassesAtOnce(t *testing.T) {
	in := install(t, simulator.Options{Seed: 4, Calls: 20, QPS: -1})
	g := &gate{next: in.sim, after: make(chan int, 1), reach: make(chan struct{})}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	in.env = append(in.env, "CALLVAULT_TRTC_ENDPOINT="+server.URL)
	g.after <- 50
	first := make(chan int, 1)
	go func() {
		code, _, _ := in.callvault(t.Context(), "archive", "--quiet")
		first <- code
	}()
	// The handler that tells of the 50th request waits until it is heard.
	for waiting := true; waiting; {
		code, _, errs := in.callvault(t.Context(), "archive", "--quiet")
		if code != exitBusy && code != exitDone {
			t.Fatalf("second pass: exit code %d\n%s", code, errs)
		}
		if code == exitBusy && !strings.Contains(errs, "another pass is running") {
			t.Errorf("said %q", errs)
		}
		select {
		case <-g.reach:
			waiting = false
		case code := <-first:
			first <- code
			waiting = false
		default:
		}
	}
	if code := <-first; code != exitDone && code != exitBusy {
		t.Errorf("first pass: exit code %d", code)
	}
	in.archive(t, exitDone)
	compare(t, in.store, in.truth)
}
