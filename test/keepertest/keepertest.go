// Package keepertest gives tests a Keeper for ClickHouse: Debian's ZooKeeper, in
// a process of its own that can be killed.
//
// It is downloaded with apt-get into the user's cache, once (2 MB), and needs
// Java 11 or later on the PATH.
package keepertest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// packages lists the packages that a server needs.
var packages = []string{"libzookeeper-java", "libslf4j-java", "libdropwizard-metrics-java", "libsnappy-java"}

// jars lists their jars, in usr/share/java.
var jars = []string{"zookeeper", "zookeeper-jute", "slf4j-api", "slf4j-nop", "metrics-core", "snappy-java"}

const (
	// patience bounds the download, and each start.
	patience = 2 * time.Minute
	poll     = 20 * time.Millisecond
	// lifeline runs a program until standard input ends, however this process ends.
	lifeline = `"$@" & read nothing; kill -9 $!; wait $! 2>/dev/null; exit 0`
)

// Keeper is a ZooKeeper on loopback.
type Keeper struct {
	address   string
	classPath string
	config    string
	cmd       *exec.Cmd
	stdin     io.Closer
}

// Start runs a Keeper until the end of the test.
func Start(t testing.TB) *Keeper {
	t.Helper()
	dir, address := t.TempDir(), free(t)
	host, port, _ := net.SplitHostPort(address)
	k := &Keeper{address: address, config: filepath.Join(dir, "zoo.cfg")}
	for _, jar := range jars {
		k.classPath += filepath.Join(installed(t), "usr/share/java", jar+".jar") + ":"
	}
	config := fmt.Sprintf("tickTime=500\nmaxClientCnxns=0\ndataDir=%s\nclientPortAddress=%s\nclientPort=%s\nadmin.enableServer=false\n", dir, host, port)
	if err := os.WriteFile(k.config, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	k.Restart(t)
	t.Cleanup(k.Kill)
	return k
}

// Address is where it serves clients.
func (k *Keeper) Address() string { return k.address }

// Configure lets an engine that has not started yet use Keeper and keep tables there. dir is
// the engine's data directory. All embedded engines have the same server UUID. So two of them
// share leases (load/schema) if their databases have the same name. They would also end each
// other's sessions if these had the same place.
func (k *Keeper) Configure(t testing.TB, dir string) {
	t.Helper()
	host, port, _ := net.SplitHostPort(k.address)
	config := fmt.Sprintf(`<clickhouse>
		<zookeeper>
			<node><host>%s</host><port>%s</port></node>
			<session_timeout_ms>5000</session_timeout_ms>
			<operation_timeout_ms>2000</operation_timeout_ms>
			<sessions_path>/sessions/%s</sessions_path>
		</zookeeper>
		<keeper_map_path_prefix>/keeper_map</keeper_map_path_prefix>
	</clickhouse>`, host, port, rand.Text())
	dir = filepath.Join(dir, "config.d")
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "keeper.xml"), []byte(config), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Kill ends it at once. After Restart it has its data again.
func (k *Keeper) Kill() {
	if k.cmd != nil {
		k.stdin.Close()
		_ = k.cmd.Wait()
		k.cmd = nil
	}
}

// Restart starts it and waits until it serves.
func (k *Keeper) Restart(t testing.TB) {
	t.Helper()
	k.cmd = exec.Command("sh", "-c", lifeline, "sh", "java", "-Xmx128m", "-cp", k.classPath,
		"org.apache.zookeeper.server.quorum.QuorumPeerMain", k.config)
	var err error
	if k.stdin, err = k.cmd.StdinPipe(); err == nil {
		err = k.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !k.serves() {
		select {
		case <-ctx.Done():
			t.Fatalf("ZooKeeper does not serve at %s: is Java 11 or later on the PATH (Debian: apt install default-jre-headless)?", k.address)
		case <-time.After(poll):
		}
	}
}

// serves asks for the state with a four-letter word.
func (k *Keeper) serves() bool {
	c, err := net.DialTimeout("tcp", k.address, time.Second)
	if err != nil {
		return false
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(time.Second))
	_, _ = io.WriteString(c, "srvr")
	answer, _ := io.ReadAll(c)
	return strings.Contains(string(answer), "Mode: standalone")
}

// free returns a free address on loopback.
func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// installed returns the folder in the user's cache with the unpacked packages. The first
// call unpacks them.
func installed(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "callvault-keeper")
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if err := install(dir); err != nil && !errors.Is(err, os.ErrExist) {
		t.Fatalf("install ZooKeeper: %v; it needs Debian's or Ubuntu's apt-get and dpkg-deb, and apt-get update before", err)
	}
	return dir
}

// install makes dir as a whole or not at all.
func install(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := run(ctx, tmp, "apt-get", append([]string{"download", "-q"}, packages...)...); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(tmp, "*.deb"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := run(ctx, tmp, "dpkg-deb", "-x", f, "."); err != nil {
			return err
		}
		if err := os.Remove(f); err != nil {
			return err
		}
	}
	return os.Rename(tmp, dir)
}

func run(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}
