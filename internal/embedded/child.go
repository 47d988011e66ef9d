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
	// lifelineFD is the read end of a pipe; only the parent has the write end. It is the
	// first of ExtraFiles. The second is the lock, which the engine only keeps open.
	lifelineFD = 3
	// orphanGrace is how long an engine without a parent may take for a clean end.
	orphanGrace = time.Second
)

// RunChild runs the engine if this process was started as one, and then never returns.
// A program that starts engines must call it first in main.
func RunChild() {
	if len(os.Args) < 3 || os.Args[1] != childMarker {
		return
	}
	syscall.Umask(0o077) // nobody else reads what the engine writes
	go followParent()
	if err := runLibrary(os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// followParent ends the process after its parent. The end of the parent closes the
// pseudo-terminal, and the engine then ends cleanly. The pipe is for an engine that does
// not. PR_SET_PDEATHSIG does not work here: it watches the thread that forked, and Go
// ends threads while the process lives.
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

// runLibrary runs clickhouse-local with these arguments until its prompt reads
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

// resultError returns the error in a result of chdb_query_cmdline, if any.
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
