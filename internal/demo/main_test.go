package demo

import (
	"os"
	"testing"

	"github.com/callvault/callvault/test/embeddedtest"
)

func TestMain(m *testing.M) { os.Exit(embeddedtest.Main(m)) }
