package embedded

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"github.com/ebitengine/purego"
)

const (
	// childMarker as the first argument makes this binary an engine:
	// [binary, childMarker, library, arguments of clickhouse-local …].
	childMarker = "__clickhouse-engine"
	// lifelineFD is the read end of a pipe whose write end only the parent has;
	// it is the first of the parent's ExtraFiles. The second, the lock, is not
	// touched: the child just keeps it open.
	lifelineFD = 3
	// orphanGrace is how long an engine without a parent has for a clean end.
	orphanGrace = time.Second
)

// RunChild turns this process into the engine, and then never returns, if it
// was started as one. A program that starts engines calls it first in main.
func RunChild() {
	if len(os.Args) < 3 || os.Args[1] != childMarker {
		return
	}
	go followParent()
	if err := runLibrary(os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// followParent ends the process after its parent. The end of the parent closes
// the pseudo-terminal, which ends the engine cleanly by itself; the pipe is for
// an engine that does not. PR_SET_PDEATHSIG would not do: it follows the thread
// that forked, and Go ends threads while the process lives on.
func followParent() {
	buf := make([]byte, 1)
	for {
		n, err := syscall.Read(lifelineFD, buf)
		if err == syscall.EINTR || n > 0 {
			continue
		}
		break
	}
	time.Sleep(orphanGrace)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// runLibrary is clickhouse-local with these arguments, until its prompt reads
// end-of-file.
func runLibrary(library string, args []string) error {
	handle, err := purego.Dlopen(library, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return fmt.Errorf("load ClickHouse: %w", err)
	}
	run, err := purego.Dlsym(handle, "chdb_query_cmdline")
	if err != nil {
		return fmt.Errorf("load ClickHouse: %w", err)
	}
	argv := make([]*byte, 0, len(args)+2)
	for _, a := range append([]string{"clickhouse"}, args...) {
		p, err := syscall.BytePtrFromString(a)
		if err != nil {
			return fmt.Errorf("pass %q to ClickHouse: %w", a, err)
		}
		argv = append(argv, p)
	}
	argc := len(argv)
	argv = append(argv, nil)
	var pins runtime.Pinner
	defer pins.Unpin()
	for _, p := range argv {
		if p != nil {
			pins.Pin(p)
		}
	}
	pins.Pin(&argv[0])
	result, _, _ := purego.SyscallN(run, uintptr(argc), uintptr(unsafe.Pointer(&argv[0])))
	return resultError(handle, result)
}

// resultError is what chdb_query_cmdline has to say of its end, if anything.
func resultError(handle, result uintptr) error {
	var message func(result uintptr) string
	symbol, err := purego.Dlsym(handle, "chdb_result_error")
	if err != nil || result == 0 {
		return nil
	}
	purego.RegisterFunc(&message, symbol)
	if text := message(result); text != "" {
		return fmt.Errorf("run ClickHouse: %s", text)
	}
	return nil
}
