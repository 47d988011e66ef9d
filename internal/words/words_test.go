package words_test

import (
	"testing"

	"github.com/callvault/callvault/internal/words"
)

func TestNearest(t *testing.T) {
	known := []string{"qps", "qps_reserve", "retention", "raw", "keep", "CALLVAULT_QPS"}
	for text, want := range map[string]string{
		"qsp": "qps", "qp": "qps", "qpss": "qps", "retentoin": "retention", "retntion": "retention", "qps-reserve": "qps_reserve",
		"CALLVAULT_QSP": "CALLVAULT_QPS", "zebra": "", "": "", "x": "", "CLICKHOUSE_QPS": "",
	} {
		if got := words.Nearest(text, known, 4); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := words.Nearest("retntn", known, 1); got != "" {
		t.Errorf("of one slip: %q", got)
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain — text": "plain — text", "a\x1b[2Jb": `a\x1b[2Jb`, "\x1f\x8b\x08\x00": `\x1f\x8b\b\x00`, "caf\xe9": `caf\xe9`, "\u0085": `\u0085`,
	} {
		if got := words.Printable(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
