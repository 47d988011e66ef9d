package main

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/test/embeddedtest"
)

func TestMain(m *testing.M) {
	embedded.RunChild()
	testscript.Main(withEngine{m}, map[string]func(){"callvault": testMain})
}

// withEngine stops the tests' shared engine after they have run.
type withEngine struct{ m *testing.M }

func (w withEngine) Run() int { return embeddedtest.Main(w.m) }

// TestScripts runs the program with the scripts in testdata. Each script has a home of its
// own and no settings.
func TestScripts(t *testing.T) {
	lib := embeddedtest.Library(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			e.Setenv("CALLVAULT_CLICKHOUSE_LIB", lib)
			return nil
		},
	})
}
