package archivetest

import (
	"testing"

	"github.com/callvault/callvault/load/native"
)

// Strings is the one column of a query's result, which is of strings.
func Strings(t testing.TB, conn native.Querier, query string, args ...any) (all []string) {
	t.Helper()
	var text string
	Each(t, conn, query, args, func() { all = append(all, text) }, &text)
	return all
}

// Number is the only value of a query's result.
func Number(t testing.TB, conn native.Querier, query string) (n uint64) {
	t.Helper()
	Each(t, conn, query, nil, func() {}, &n)
	return n
}

// Each reads the rows of a query into the same variables, and calls each after every row.
func Each(t testing.TB, conn native.Querier, query string, args []any, each func(), into ...any) {
	t.Helper()
	if err := native.Read(t.Context(), conn, query, query, args, each, into...); err != nil {
		t.Fatal(err)
	}
}
