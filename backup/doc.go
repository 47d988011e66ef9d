// Package backup makes, checks and restores backups of the archive with
// ClickHouse's own BACKUP and RESTORE.
//
// # The contents of a place
//
// A place is a folder or a folder of a bucket. A backup in it has two things:
//
//	2026-11-25T02-00-00Z-full        the output of ClickHouse
//	2026-11-25T02-00-00Z-full.json   the Note: what it is and what it must contain
//
// The note is written last, and a backup without a note does not exist: an unfinished
// backup is never restored and never a base, and Prune removes it.
//
// A full backup and the incremental ones based on it are a chain. The base of an
// incremental backup is the chain's full one, not the incremental one before it. So a
// restore never needs more than two backups, and the loss of an incremental backup harms
// no other. A place may be moved or mounted elsewhere, because the restore says where the
// base is.
//
// # One moment
//
// ClickHouse freezes each table at a moment of its own. If a load were committed between
// the moment of hidden_loads and that of its rows, it would be visible in the backup with
// rows missing. No order of tables helps against both commits and purges. So no process may
// write during that time: Make holds the archive lease and the lease of migrations from
// before BACKUP begins until all tables are frozen. The server shows that by the first file
// it counts (system.backups). It takes seconds, whatever the size of the archive; the
// copying goes on without the leases. One query reads rows and checksums for the note. It
// begins under the leases as well, so it reads the same moment.
//
// Rows that are written without the archive lease are not compared: the history of running
// runs, and raw responses about to expire.
//
// # Restoring
//
// Restore fills an empty database. The database has the table restoring from before the
// first table comes until after the last one. No process migrates or archives into a
// database with this table (load/schema). If a Restore finds the table and no other process
// fills the database, it begins anew.
package backup
