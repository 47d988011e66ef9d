package callvault_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/callvault/callvault/internal/catalogue"
	"github.com/callvault/callvault/internal/config"
)

// documents are the YAML documents of a file.
func documents(t *testing.T, file string) (all []map[string]any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(b))
	for {
		var doc map[string]any
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, doc)
	}
}

// at follows keys down.
func at(v any, path ...string) any {
	for _, key := range path {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// TestManifests holds what a pod must be allowed, and no more, for each of them.
func TestManifests(t *testing.T) {
	pods := 0
	files, _ := filepath.Glob("packaging/kubernetes/*.yaml")
	for _, file := range files {
		for _, doc := range documents(t, file) {
			pod := []string{"spec", "template", "spec"}
			switch doc["kind"] {
			case "Kustomization":
				continue
			case "CronJob":
				pod = append([]string{"spec", "jobTemplate"}, pod...)
				if at(doc, "spec", "concurrencyPolicy") != "Forbid" || at(doc, "spec", "timeZone") != "Etc/UTC" || at(doc, "spec", "startingDeadlineSeconds") == nil {
					t.Errorf("%s: %v", file, doc["spec"])
				}
			}
			pods++
			spec := at(doc, pod...)
			containers, _ := at(spec, "containers").([]any)
			if len(containers) != 1 || at(spec, "securityContext", "runAsNonRoot") != true || at(spec, "automountServiceAccountToken") != false {
				t.Fatalf("%s: pod %v", file, spec)
			}
			c := containers[0]
			if at(c, "image") != "callvault" { // which kustomization.yaml replaces
				t.Errorf("%s: image %v", file, at(c, "image"))
			}
			if at(c, "securityContext", "readOnlyRootFilesystem") != true || at(c, "securityContext", "allowPrivilegeEscalation") != false || at(c, "resources", "limits", "memory") == nil {
				t.Errorf("%s: container %v", file, c)
			}
			if doc["kind"] == "Deployment" && (at(c, "livenessProbe", "httpGet", "path") != "/healthz" || at(c, "readinessProbe", "httpGet", "path") != "/readyz") {
				t.Errorf("%s: probes of %v", file, c)
			}
		}
	}
	if pods != 3 {
		t.Errorf("%d pods", pods)
	}
}

// TestKustomization sees that what pods refer to is made: the image's name, and Secrets.
func TestKustomization(t *testing.T) {
	k := documents(t, "packaging/kubernetes/kustomization.yaml")[0]
	for _, name := range k["resources"].([]any) {
		documents(t, filepath.Join("packaging/kubernetes", name.(string)))
	}
	if image := k["images"].([]any)[0]; at(image, "name") != "callvault" || at(image, "newName") == nil || at(image, "newTag") == nil {
		t.Errorf("image %v", image)
	}
	var made []string
	for _, s := range k["secretGenerator"].([]any) {
		made = append(made, at(s, "name").(string))
	}
	for _, file := range []string{"deployment.yaml", "cronjob.yaml"} {
		text, err := os.ReadFile(filepath.Join("packaging/kubernetes", file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:secretName|secretRef: \{name): ([\w-]+)`).FindAllSubmatch(text, -1) {
			if !slices.Contains(made, string(m[1])) {
				t.Errorf("%s: nothing makes the Secret %s", file, m[1])
			}
		}
	}
}

// TestReleaseFiles sees that the files a release packs are there, but for those
// that its own hooks make.
func TestReleaseFiles(t *testing.T) {
	for _, n := range documents(t, ".goreleaser.yaml")[0]["nfpms"].([]any) {
		for _, c := range at(n, "contents").([]any) {
			src := at(c, "src").(string)
			if _, err := os.Stat(src); err != nil && !strings.HasPrefix(src, "packaging/generated/") {
				t.Error(err)
			}
		}
		for _, script := range at(n, "scripts").(map[string]any) {
			if _, err := os.Stat(script.(string)); err != nil {
				t.Error(err)
			}
		}
	}
	documents(t, ".github/workflows/ci.yml")
	documents(t, "docker-compose.yml")
	workflow := documents(t, ".github/workflows/release.yml")[0]
	if at(workflow, "jobs", "release", "needs") != "test" || at(workflow, "jobs", "test", "uses") != "./.github/workflows/ci.yml" {
		t.Error("a release does not wait for the tests")
	}
	if may, ok := workflow["permissions"].(map[string]any); !ok || len(may) > 0 {
		t.Errorf("each job of a release may do %v", workflow["permissions"])
	}
}

// TestActions sees that each action of a workflow is named by its commit, since a tag can be
// moved, and that a comment says the version.
func TestActions(t *testing.T) {
	files, _ := filepath.Glob(".github/workflows/*.yml")
	pinned := regexp.MustCompile(`^[\w-]+(/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	seen := map[string]string{}
	for _, file := range files {
		documents(t, file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			_, action, ok := strings.Cut(strings.TrimSpace(line), "uses: ")
			if !ok || strings.HasPrefix(action, "./") { // a workflow of this repository
				continue
			}
			name, commit, _ := strings.Cut(action, "@")
			if !pinned.MatchString(action) || seen[name] != "" && seen[name] != commit {
				t.Errorf("%s: %s", file, line)
			}
			seen[name] = commit
		}
	}
	if len(files) < 3 || len(seen) < 8 {
		t.Errorf("%d workflows with the actions %v", len(files), seen)
	}
}

// TestReleaseIsSigned sees that a release has checksums, bills of materials and signatures,
// and the right to make them.
func TestReleaseIsSigned(t *testing.T) {
	release := documents(t, ".goreleaser.yaml")[0]
	for _, key := range []string{"checksum", "sboms", "signs", "docker_signs"} {
		if release[key] == nil {
			t.Errorf("a release has no %s", key)
		}
	}
	if got := at(release["signs"].([]any)[0], "artifacts"); got != "checksum" {
		t.Errorf("it signs %v", got)
	}
	workflow := documents(t, ".github/workflows/release.yml")[0]
	if at(workflow, "jobs", "release", "permissions", "id-token") != "write" {
		t.Error("the workflow cannot say to Sigstore which one it is")
	}
}

// TestSources sees that dbt has every relation as a source, once, and nothing else.
func TestSources(t *testing.T) {
	const file = "packaging/dbt/models/sources.yml"
	var got, want []string
	for _, table := range at(documents(t, file)[0]["sources"].([]any)[0], "tables").([]any) {
		got = append(got, at(table, "name").(string))
	}
	for _, r := range catalogue.Relations() {
		want = append(want, r.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s has %v, the archive %v", file, got, want)
	}
}

// TestUnit lets systemd look at the unit, with a program that is there.
func TestUnit(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not on the PATH: the unit is not looked at")
	}
	b, err := os.ReadFile("packaging/callvault.service")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), "/usr/bin/callvault", self)
	text = strings.ReplaceAll(text, "Documentation=man:callvault(1)\n", "") // not installed here
	unit := filepath.Join(t.TempDir(), "callvault.service")
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "verify", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := exec.Command(tool, "security", "--offline=true", "--threshold=20", unit).CombinedOutput(); err != nil { // tenths
		t.Errorf("%v\n%s", err, out)
	}
}

// TestCredentials sees that the drop-in of systemd has each secret of the settings, and that
// systemd can read it with all of them.
func TestCredentials(t *testing.T) {
	b, err := os.ReadFile("packaging/credentials.conf")
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, name := range config.Secrets() {
		if !strings.Contains(text, "#LoadCredential="+name+":/etc/callvault/secrets/"+name+"\n#Environment="+name+"_FILE=%d/"+name+"\n") {
			t.Errorf("it lacks %s", name)
		}
	}
	if n := strings.Count(text, "LoadCredential="); n != len(config.Secrets()) {
		t.Errorf("%d credentials, and %d secrets", n, len(config.Secrets()))
	}
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not on the PATH: the drop-in is not looked at")
	}
	unit, err := os.ReadFile("packaging/callvault.service")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, settings, _ := strings.Cut(text, "[Service]\n")
	whole := strings.ReplaceAll(strings.ReplaceAll(string(unit), "/usr/bin/callvault", self), "Documentation=man:callvault(1)\n", "")
	whole = strings.Replace(whole, "[Service]\n", "[Service]\n"+strings.ReplaceAll(settings, "#", ""), 1)
	file := filepath.Join(t.TempDir(), "callvault.service")
	if err := os.WriteFile(file, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(tool, "verify", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
