// Package export writes relations of the archive as files, one for each UTC day, and keeps
// them up to date. A run writes what is new or has changed since the last run, and continues
// where a killed run stopped.
//
//	quality_samples/utc_day=2026-11-20/quality_samples.parquet
//	.callvault/quality_samples.jsonl                            the record of written files
//
// # A layout that readers take as it is
//
// A relation's folder holds only files of rows, in one format, even while a run writes: some
// readers skip names that begin with a dot or an underscore, others do not. A day without
// rows has no file. (In object storage, if there was a file, it becomes one without rows.)
// No relation has a column with the name of the folders' key: many readers fail if the path
// and the file give one name two types, and the path has no types.
//
// ClickHouse makes the files. Files for a folder come over its HTTP interface, which formats
// results and sends them whole or not at all. ClickHouse itself writes files to object
// storage. A file is in place only when it is whole.
//
// # What has changed
//
// A day's signature comes from the visible loads of each unit (call, hour or day) that
// touches the day, from the number of rows of the day, and from the relation's definition.
// Loads are never changed, only replaced by others. So every commit of late data, of a repair
// or of a replay changes the signature of the days it touches. The signature is read before
// the rows: after a commit in between, the file is newer than its signature, and the next
// run writes it again. A run does not notice rows that somebody else changes if their number
// stays the same.
package export
