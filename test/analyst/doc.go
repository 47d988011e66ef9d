// Package analyst tests the relations that analysts read. It has only tests. They compare
// every aggregate with one computed in Go, run the questions of docs/cookbook.md in an
// archive that never changes, measure their speed in an archive of any size (make
// bench-queries), and connect BI tools (make test-bi).
package analyst
