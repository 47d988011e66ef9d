// Package backup makes, checks and restores backups of the archive with
// ClickHouse's own BACKUP and RESTORE.
//
// # What a place holds
//
// A place is a folder or a folder of a bucket. A backup in it has two things:
//
//	2026-11-25T02-00-00Z-full        what ClickHouse wrote
//	2026-11-25T02-00-00Z-full.json   the Note: what it is and what it must hold
//
// The note is written last, and a backup without one does not exist: one that
// was cut short is never restored, never a base, and removed by Prune.
//
// A full backup and the incremental ones on it are a chain. An incremental
// backup stands on the chain's full one, not on the incremental one before it:
// a restore needs two backups whatever their number, the loss of an incremental
// one harms no other, and a place may be moved or mounted elsewhere, since the
// restore says where the base is.
//
// # One moment
//
// ClickHouse takes the parts of each table at a moment of that table. A load
// that was committed between that of hidden_loads and that of its rows would be
// visible in the backup with rows missing, and no order of tables helps against
// both commits and purges. So nobody may write meanwhile: Make holds the archive
// lease, and that of migrations, from before BACKUP begins until all tables are
// taken, which the server shows by the first file it counts (system.backups).
// That is seconds, however large the archive; the copying goes on without the
// leases. Rows and checksums for the note are read by one query that is begun
// under the leases as well: it reads what was there when it began.
//
// What is written without the archive lease is not compared: a run's history
// while it lasts, and raw responses about to expire.
//
// # Restoring
//
// Restore fills an empty database. The table restoring is in it from before the
// first to after the last table has come: nothing migrates or archives into a
// database that has it (load/schema), and a Restore that finds one which nobody
// fills any more begins anew.
package backup
