// Package native sends columns to ClickHouse by its native protocol: samples as runs, whose
// rows stay where they are until they are on the wire (Sender), and the rows of all other
// tables column by column (Insert).
package native
