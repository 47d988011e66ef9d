package words_test

import (
	"context"
	"errors"
	"fmt"
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

func TestOneLine(t *testing.T) {
	for want, err := range map[string]error{
		"": nil, "no answer in time": fmt.Errorf("ask: %w", context.DeadlineExceeded), "first": errors.New("first\nsecond"), `a\x1b[2J`: errors.New("a\x1b[2J"),
	} {
		if got := words.OneLine(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		words.Comma(-1234567): "-1,234,567", words.Plural(1, "row"): "1 row", words.Plural(0, "row"): "0 rows", words.Count(1234, "day lacks", "days lack"): "1,234 days lack",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain — text": "plain — text", "a\x1b[2Jb": `a\x1b[2Jb`, "\x1f\x8b\x08\x00": `\x1f\x8b\b\x00`, "caf\xe9": `caf\xe9`, "\u0085": `\u0085`, "two\nlines": "two\nlines", "a\u202eb": `a\u202eb`, "a\u2028b": `a\u2028b`, "👨‍👩‍👧": "👨‍👩‍👧", "\"\x00\"": `\"\x00\"`, "": "",
	} {
		if got := words.Printable(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
