package store_test

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/sqltext"
	"github.com/callvault/callvault/load/store"
	"github.com/callvault/callvault/test/embeddedtest"
)

// FuzzValues: ClickHouse reads any text, in a literal, as a name and as a parameter, as what it
// is, and the statement that has it ends where it should.
func FuzzValues(f *testing.F) {
	for _, text := range []string{
		"", "it's", `back\slash`, `\`, `\'`, "`", "'; DROP TABLE x; --", "nul\x00byte", "\x1b[2J", "caf\xe9", "\xff\xfe", "\u202ertl", "\u2028", "👩\u200d👧", "?", "a?b", `\?`, "$1", "@x", "{x:String}", "%s", "--", "/*", "$x$", "\n\r\t\b\f\v", `\x41`, `\N`, `\e`, `\0`, `\u0041`,
		strings.Repeat("'\\`", 5000),
	} {
		f.Add(text)
	}
	s, err := store.Open(f.Context(), embeddedtest.Database(f), store.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { s.Close() })
	conn := s.Conn()
	f.Fuzz(func(t *testing.T, text string) {
		ctx := context.Background()
		want := strings.ToUpper(hex.EncodeToString([]byte(text)))
		var got, more string
		if err := conn.QueryRow(ctx, "SELECT hex("+sqltext.Literal(text)+"), 'x'").Scan(&got, &more); err != nil || got != want || more != "x" {
			t.Errorf("a literal of %q: %s, want %s, %v", text, got, want, err)
		}
		if err := conn.QueryRow(ctx, "SELECT hex(?), ?", text, "x").Scan(&got, &more); err != nil || got != want || more != "x" {
			t.Errorf("a parameter %q: %s, want %s, %v", text, got, want, err)
		}
		var all []string
		if err := conn.QueryRow(ctx, "SELECT arrayMap(x -> hex(x), ?)", []string{text, "it's"}).Scan(&all); err != nil || !slices.Equal(all, []string{want, "69742773"}) {
			t.Errorf("a list with %q: %v, %v", text, all, err)
		}
		if text == "" { // no name is empty
			return
		}
		rows, err := conn.Query(ctx, "SELECT 1 AS "+sqltext.Identifier(text)+", 2 AS x")
		if err != nil {
			t.Fatalf("a name %q: %v", text, err)
		}
		defer rows.Close()
		if !slices.Equal(rows.Columns(), []string{text, "x"}) && text != "x" {
			t.Errorf("a name %q: %q", text, rows.Columns())
		}
	})
}
