// Package export writes relations of the archive as files, one for each UTC
// day, and keeps them up to date: a run writes what is new or has changed since
// the last one, and goes on where a killed one stopped.
//
//	quality_samples/_callvault.jsonl                            what is done
//	quality_samples/day=2026-11-20/quality_samples.parquet
//
// ClickHouse makes the files. Those for a folder come over its HTTP interface,
// which is the one that formats results, whole or not at all; those for object
// storage it writes there itself. A file is in place only when it is whole.
//
// # What has changed
//
// A day's signature is made of what the ledger says is visible of each unit
// (call, hour or day) that touches the day, of the number of rows of the day,
// and of the relation's definition. Loads are never changed, only replaced by
// others, so every commit of late data, of a repair or of a replay changes the
// signature of the days it touches. It is read before the rows: a commit in
// between leaves a file that is newer than its signature, and so one that is
// written again. What somebody else changes in rows, with the count the same, is
// not noticed.
package export
