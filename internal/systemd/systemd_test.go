package systemd

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// listen opens the socket of a service manager.
func listen(t *testing.T, name string) *net.UnixConn {
	t.Helper()
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func getenv(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

func TestTell(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), fmt.Sprint("@callvault-test-", os.Getpid())} {
		c := listen(t, name)
		n := New(getenv(map[string]string{"NOTIFY_SOCKET": name}))
		if err := n.Tell(Ready, Status("one\ntwo")); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		got, err := c.Read(b)
		if want := "READY=1\nSTATUS=one two"; err != nil || string(b[:got]) != want {
			t.Errorf("heard %q, %v, want %q", b[:got], err, want)
		}
	}
}

func TestNobodyListens(t *testing.T) {
	if err := (Notifier{}).Tell(Ready); err != nil {
		t.Error(err)
	}
	if err := New(getenv(map[string]string{"NOTIFY_SOCKET": "/nonexistent"})).Tell(Ready); err == nil {
		t.Error("a missing socket gives no error")
	}
}

func TestWatchdog(t *testing.T) {
	for _, c := range []struct {
		usec, pid string
		every     time.Duration
	}{
		{"30000000", "", 15 * time.Second},
		{"30000000", fmt.Sprint(os.Getpid()), 15 * time.Second},
		{"30000000", "1", 0}, // another process of the service is watched
		{"", "", 0},
		{"soon", "", 0},
	} {
		n := New(getenv(map[string]string{"WATCHDOG_USEC": c.usec, "WATCHDOG_PID": c.pid}))
		if n.Every() != c.every {
			t.Errorf("%q %q: every %v, want %v", c.usec, c.pid, n.Every(), c.every)
		}
	}
}
