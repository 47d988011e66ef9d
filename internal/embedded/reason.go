package embedded

import (
	"cmp"
	"os"
	"regexp"
	"strings"
	"sync"
)

// control matches the control sequences of a terminal.
var control = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]|\r`)

// reason returns the line of an engine's output that says why it failed: the last line
// with an exception, or else the last line.
func reason(output string) string {
	last, exception := "", ""
	for line := range strings.SplitSeq(control.ReplaceAllString(output, ""), "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		last = line
		if strings.Contains(line, "Exception:") || strings.HasPrefix(line, "load ClickHouse:") || strings.HasPrefix(line, "run ClickHouse:") {
			exception = line
		}
	}
	return cmp.Or(exception, last)
}

// output returns the last error in the engine's output, or else the last line, if any.
func (e *engine) output() string { return e.tail.reason() }

// tail keeps the last bytes written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 16 << 10

func (t *tail) write(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if n := len(t.buf) - tailSize; n > 0 {
		t.buf = append(t.buf[:0], t.buf[n:]...)
	}
}

func (t *tail) reason() string {
	t.mu.Lock()
	text := string(t.buf)
	t.mu.Unlock()
	return reason(text)
}

// lastLine returns the last line of a file, or "".
func lastLine(path string) string {
	content, _ := os.ReadFile(path)
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return lines[len(lines)-1]
}
