//go:build bi

package analyst

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

const (
	// tools has a folder for each tool, with its pinned packages and the script that
	// drives it.
	tools = "testdata/bi/"
	// patience bounds one child process. The longest is an installation over a slow
	// network.
	patience = 30 * time.Minute
	// pip is the version of pip that the requirements need.
	pip = "pip==26.3"
	// pythonWanted is a Python that the pinned packages have wheels for.
	pythonWanted = "import sys, venv, ensurepip; assert (3, 11) <= sys.version_info < (3, 13), sys.version; print(sys.executable)"
)

// python installs a tool from PyPI, unless it is there, and returns the folder of
// its programs.
func python(t *testing.T, tool string) (bin string) {
	t.Helper()
	requirements := tools + tool + "/requirements.txt"
	interpreter := findPython(t)
	dir := installed(t, tool, []string{interpreter, read(t, requirements)}, func(dir string) {
		run(t, "", nil, interpreter, "-m", "venv", dir)
		in := filepath.Join(dir, "bin", "python")
		run(t, "", nil, in, "-m", "pip", "install", "-q", pip)
		run(t, "", nil, in, "-m", "pip", "install", "-q", "-r", requirements)
	})
	return filepath.Join(dir, "bin")
}

// findPython returns the path of a suitable Python.
func findPython(t *testing.T) string {
	t.Helper()
	var tried []string
	for _, name := range []string{"python3.12", "python3.11", "python3"} {
		path, err := exec.CommandContext(t.Context(), name, "-c", pythonWanted).Output()
		if err == nil {
			return strings.TrimSpace(string(path))
		}
		tried = append(tried, fmt.Sprintf("%s: %v", name, err))
	}
	t.Fatalf("Python 3.11 or 3.12 with venv is needed on the PATH (Debian: apt install python3 python3-venv); tried %s", strings.Join(tried, "; "))
	return ""
}

// node installs a tool from npm, unless it is there, and returns its
// node_modules. Scripts of packages are not run.
func node(t *testing.T, tool string) (modules string) {
	t.Helper()
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("Node.js 20 or later with npm is needed on the PATH: %v", err)
		}
	}
	files := []string{"package.json", "package-lock.json"}
	var pins []string
	for _, f := range files {
		pins = append(pins, read(t, tools+tool+"/"+f))
	}
	dir := installed(t, tool, pins, func(dir string) {
		for i, f := range files {
			if err := os.WriteFile(filepath.Join(dir, f), []byte(pins[i]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		run(t, dir, nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	})
	return filepath.Join(dir, "node_modules")
}

// installed returns a tool's folder in the user's cache, named after its pinned versions. It
// removes folders of other versions, and unfinished ones.
func installed(t *testing.T, tool string, pins []string, install func(dir string)) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(cache, "callvault-bi", tool+"-")
	dir := base + fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(pins, "\x00"))))[:12]
	done := filepath.Join(dir, "installed")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	old, _ := filepath.Glob(base + "*")
	for _, d := range old {
		if err := os.RemoveAll(d); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Logf("installing %s into %s, this once", pinned(t, tool), dir)
	install(dir)
	if err := os.WriteFile(done, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

var requirement = regexp.MustCompile(`(?m)^[\w-]+==\S+`)

// pinned names a tool's own packages with their versions.
func pinned(t *testing.T, tool string) string {
	t.Helper()
	if manifest, err := os.ReadFile(tools + tool + "/package.json"); err == nil {
		var p struct{ Dependencies map[string]string }
		if err := json.Unmarshal(manifest, &p); err != nil {
			t.Fatal(err)
		}
		return strings.NewReplacer("map[", "", "]", "", ":", " ").Replace(fmt.Sprint(p.Dependencies))
	}
	own, _, _ := strings.Cut(read(t, tools+tool+"/requirements.txt"), "\n\n")
	return strings.ReplaceAll(strings.Join(requirement.FindAllString(own, -1), ", "), "==", " ")
}

// run runs a child process that must succeed. It shows the output if the process fails.
func run(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = dir, append(os.Environ(), env...), 5*time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out[max(0, len(out)-8000):])
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
