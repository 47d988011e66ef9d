package embedded

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// npmCache is npm's cache for one download, in the folder of the download.
const npmCache = "npm-cache"

// progressPoll is how often the size of the download is checked.
const progressPoll = 100 * time.Millisecond

// download downloads the tarball of the release into tmp with npm. When ctx ends, it
// kills npm and all processes that npm has started. npm does not get the hidden variables.
func download(ctx context.Context, r release, tmp string, hidden []string, progress func(done, total int64)) (string, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("%w: install Node.js with npm, or %s", ErrNoNPM, otherWays)
	}
	// A separate cache: its growth is the progress, and the user's cache does not grow.
	cmd := exec.CommandContext(ctx, npm, "pack", r.Package+"@"+r.Version,
		"--pack-destination", tmp, "--cache", filepath.Join(tmp, npmCache),
		"--fetch-retry-mintimeout", "1000", "--fetch-retry-maxtimeout", "5000", // npm's defaults: 10 and 60 s
		"--loglevel", "error", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--no-progress")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.Contains(hidden, name)
	})
	// Not in the working directory: it may have a package.json or .npmrc.
	cmd.Dir = tmp
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 2 * time.Second
	stop := watch(tmp, r.Tarball, progress)
	err = cmd.Run()
	stop(err == nil)
	if ctx.Err() != nil {
		return "", fmt.Errorf("download %s: %w", r.Package, context.Cause(ctx))
	}
	if err != nil {
		return "", fmt.Errorf("download %s@%s: npm: %s (check npm's registry and network with `npm ping`, or %s)",
			r.Package, r.Version, npmReason(stderr.String(), err), otherWays)
	}
	found, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("download %s: npm made %d tarballs, not one", r.Package, len(found))
	}
	return found[0], nil
}

// watch reports the download's growth until the function it returns is called.
func watch(tmp string, total int64, progress func(done, total int64)) (stop func(complete bool)) {
	if progress == nil {
		return func(bool) {}
	}
	quit, finished := make(chan struct{}), make(chan struct{})
	var last int64
	go func() {
		defer close(finished)
		ticker := time.NewTicker(progressPoll)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
			}
			if n := min(largestFile(tmp), total); n > last {
				last = n
				progress(n, total)
			}
		}
	}()
	return func(complete bool) {
		close(quit)
		<-finished
		if complete && last < total {
			progress(total, total)
		}
	}
}

// largestFile returns the size of the tarball or of npm's unfinished download. Files may
// come and go meanwhile.
func largestFile(dir string) int64 {
	var largest int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil
		}
		if info, err := d.Info(); err == nil {
			largest = max(largest, info.Size())
		}
		return nil
	})
	return largest
}

var (
	npmPrefix = regexp.MustCompile(`^npm (error|ERR!)\s*`)
	// npmCode matches a line with nothing but the kind of the error.
	npmCode = regexp.MustCompile(`^(code|errno|syscall|path) `)
)

// npmReason returns the error of npm in short: its code and the first line of text.
func npmReason(stderr string, cause error) string {
	code, words := "", ""
	for line := range strings.SplitSeq(stderr, "\n") {
		line = strings.TrimSpace(npmPrefix.ReplaceAllString(strings.TrimSpace(line), ""))
		switch {
		case strings.HasPrefix(line, "code "):
			code = strings.TrimPrefix(line, "code ")
		case line != "" && words == "" && !npmCode.MatchString(line):
			words = line
		}
	}
	if _, exited := errors.AsType[*exec.ExitError](cause); words == "" && !exited {
		words = cause.Error()
	}
	return cmp.Or(strings.TrimSpace(code+" "+words), cause.Error())
}
