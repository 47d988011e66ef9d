// Package callvault_test holds the module's layering against its imports.
package callvault_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/callvault/callvault/"

// allowed lists which packages of this module each package may import, its
// tests aside. It is the picture in docs/design.md.
var allowed = map[string][]string{
	"cmd/callvault":      {"*"},
	"archive":            {"extract", "extract/ask", "extract/forecast", "extract/privacy", "extract/quota", "extract/replay", "extract/trtc", "ledger", "load", "load/erased", "load/hidden", "load/retry", "load/store", "load/upkeep", "load/visible", "internal/call", "internal/config", "internal/connect", "internal/identity", "internal/runs", "internal/span", "internal/words"},
	"daemon":             {"archive", "backup", "console", "extract", "extract/ask", "ledger", "load/hidden", "load/lease", "load/schema", "load/store", "load/upkeep", "schedules", "verify", "internal/call", "internal/config", "internal/connect", "internal/notify", "internal/runs", "internal/systemd", "internal/traces", "internal/words"},
	"doctor":             {"archive", "extract/ask", "extract/quota", "extract/trtc", "load/lease", "ledger", "load/store", "status", "internal/call", "internal/catalogue", "internal/config", "internal/connect", "internal/identity", "internal/query", "internal/sqltext", "internal/words"},
	"console":            {"internal/config", "internal/words"},
	"schedules":          {},
	"export":             {"internal/catalogue", "internal/sqltext"},
	"backup":             {"export", "load/cluster", "load/erased", "load/hidden", "load/lease", "load/native", "load/schema", "load/store", "load/upkeep", "internal/call", "internal/catalogue", "internal/connect", "internal/runs", "internal/sqltext"},
	"extract":            {"extract/ask", "extract/decide", "extract/forecast", "extract/plan", "extract/trtc", "ledger", "transform", "internal/call", "internal/span"},
	"person":             {"ledger", "load", "load/bodies", "load/erased", "load/hidden", "load/native", "load/upkeep", "internal/call", "internal/catalogue", "internal/sqltext"},
	"extract/decide":     {"extract/plan", "ledger", "transform", "internal/call"},
	"extract/forecast":   {"internal/call"},
	"extract/plan":       {"internal/call"},
	"extract/quota":      {},
	"extract/privacy":    {"internal/call", "internal/identity"},
	"extract/trtc":       {"extract/privacy", "internal/call", "internal/recycle"},
	"extract/replay":     {"extract/decide", "ledger", "transform", "internal/call"},
	"extract/ask":        {"extract/quota", "extract/trtc", "ledger", "transform", "internal/call", "internal/span"},
	"status":             {"ledger", "load/store", "load/upkeep", "internal/call", "internal/catalogue", "internal/config", "internal/runs", "internal/words"},
	"transform":          {"internal/call"},
	"verify":             {"archive", "extract", "extract/ask", "ledger", "load/erased", "load/hidden", "load/store", "load/upkeep", "load/visible", "internal/call", "internal/digest", "internal/runs", "internal/words"},
	"load":               {"ledger", "load/aggregate", "load/bodies", "load/cluster", "load/erased", "load/hidden", "load/native", "load/retry", "internal/call", "internal/catalogue", "internal/recycle", "internal/span", "internal/sqltext"},
	"load/erased":        {"ledger", "load/native", "internal/call", "internal/catalogue"},
	"load/lease":         {"load/retry"},
	"load/aggregate":     {"ledger", "load/native", "internal/call", "internal/quality", "internal/sqltext"},
	"load/native":        {"load/retry", "internal/call", "internal/span", "internal/sqltext"},
	"load/retry":         {},
	"load/bodies":        {"load/native"},
	"load/cluster":       {"internal/catalogue", "internal/sqltext"},
	"load/schema":        {"load/cluster", "load/lease", "load/retry", "migrations", "internal/catalogue", "internal/sqltext"},
	"load/hidden":        {"load/native", "load/retry", "internal/catalogue", "internal/sqltext"},
	"load/store":         {"load/cluster", "load/hidden", "load/native", "load/retry", "internal/catalogue", "internal/sqltext", "internal/words"},
	"load/upkeep":        {"load/aggregate", "load/cluster", "load/hidden", "load/native", "load/retry", "internal/call", "internal/catalogue", "internal/sqltext"},
	"load/visible":       {"ledger", "load/native", "internal/call", "internal/digest"},
	"migrations":         {},
	"bench":              {"*"},
	"test/analyst":       {},
	"test/archivetest":   {"load/native", "internal/catalogue", "internal/sqltext"},
	"internal/call":      {},
	"internal/catalogue": {"internal/sqltext"},
	"internal/config":    {"internal/call", "internal/identity", "internal/words"},
	"internal/demo":      {"archive", "load/store", "load/upkeep", "internal/call", "internal/config", "internal/connect", "internal/embedded", "internal/query", "internal/runs", "internal/simulator", "internal/ui", "internal/words"},
	"internal/digest":    {"internal/call"},
	"internal/connect":   {"load/lease", "load/schema", "load/store", "internal/config", "internal/embedded"},
	"internal/grants":    {"internal/call", "internal/catalogue", "internal/sqltext"},
	"internal/embedded":  {"internal/sqltext", "internal/words"},
	"test/certtest":      {},
	"test/clustertest":   {"test/keepertest", "test/servertest"},
	"test/embeddedtest":  {"internal/catalogue", "internal/embedded"},
	"test/keepertest":    {},
	"test/servertest":    {"internal/embedded"},
	"test/proxytest":     {},
	"test/summarytest":   {"internal/catalogue", "test/archivetest"},
	"test/migratedtest":  {"load/schema", "load/store", "test/embeddedtest"},
	"internal/identity":  {},
	"internal/notify":    {"internal/runs", "internal/words"},
	"internal/quality":   {},
	"internal/recycle":   {},
	"internal/span":      {},
	"internal/sqltext":   {},
	"internal/query":     {"export", "internal/sqltext", "internal/words"},
	"internal/runs":      {"load/hidden", "load/lease", "load/native", "load/store", "internal/call", "internal/span", "internal/traces", "internal/words"},
	"internal/simulator": {},
	"internal/systemd":   {},
	"internal/traces":    {"internal/span"},
	"internal/ui":        {"archive", "backup", "daemon", "doctor", "export", "extract", "extract/ask", "extract/replay", "person", "status", "verify", "internal/call", "internal/identity", "internal/query", "internal/runs", "internal/words"},
	"internal/words":     {},
	"ledger":             {"load/native", "internal/call", "internal/catalogue"},
}

// withDriver lists the packages, with those below them, that may know the driver of
// ClickHouse. All others ask these.
var withDriver = []string{"backup", "bench", "cmd/callvault", "export", "internal/query", "internal/runs", "ledger", "load", "person", "test"}

func TestImportsFollowTheDesign(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		pkg, imports, _ := strings.Cut(strings.TrimSpace(line), " ")
		pkg, ok := strings.CutPrefix(pkg, module)
		if !ok {
			continue // this package
		}
		may, known := allowed[pkg]
		if !known {
			t.Errorf("package %s is not in the picture: add it here and to docs/design.md", pkg)
			continue
		}
		for imported := range strings.FieldsSeq(imports) {
			if strings.HasPrefix(imported, "github.com/ClickHouse/") && !slices.ContainsFunc(withDriver, func(p string) bool { return strings.HasPrefix(pkg+"/", p+"/") }) {
				t.Errorf("%s imports %s, which the design leaves to others", pkg, imported)
			}
			name, ours := strings.CutPrefix(imported, module)
			if ours && !slices.Contains(may, name) && !slices.Contains(may, "*") {
				t.Errorf("%s imports %s, which the design does not allow", pkg, name)
			}
		}
	}
}
