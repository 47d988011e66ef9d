// Package native sends columns to ClickHouse in its native protocol. Sender sends
// samples as runs, straight from the caller's memory. Insert sends the rows of all
// other tables, column by column.
package native
