// Package analyst holds the relations that analysts read against what they
// promise. It has tests only: every aggregate against one computed in Go, the
// questions of docs/cookbook.md against an archive that never changes, their
// speed in an archive of any size (make bench-queries), and BI tools connected to
// it (make test-bi).
package analyst
