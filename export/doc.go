// Package export writes relations of the archive as files, one for each UTC
// day, and keeps them up to date: a run writes what is new or has changed since
// the last one, and goes on where a killed one stopped.
//
//	quality_samples/utc_day=2026-11-20/quality_samples.parquet
//	.callvault/quality_samples.jsonl                            what is done
//
// # What readers take as it stands
//
// A relation's folder holds files of rows, of one format, and nothing else, also
// while a run is at work: some readers pass over names that begin with a dot or
// an underscore, others do not. A day without rows has no file (in object
// storage, where there was one, it is left without rows). No relation has a
// column of the name that the folders have: many readers fail where the path and
// the file give one name two types, and the path says nothing about types.
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
