// Package schedules runs jobs at the times given in files.
//
// # Files
//
// A file name.cron is an entry: when to run which job, one setting a line.
//
//	# A line that begins with # is a comment.
//	CRON_TZ=Europe/Berlin 30 3 * * *
//	job: archive
//	args: --app 1400353843
//	jitter: 10m
//	deadline: 20h
//
// The line without a key is standard cron syntax: minute, hour, day of month, month,
// day of week; or @daily and the like, or @every 6h. The default time zone is UTC. The
// word "never" turns the entry off. job defaults to the file's name. args are passed
// to the job, split at spaces outside double quotes. jitter delays each run by a random
// time up to it. A run that takes longer than deadline is cancelled.
//
// # Daylight saving
//
// In spring, times that the clocks skip are due right after the gap, once for each
// entry. In autumn, a time that the clocks show twice is due the first time only.
// Entries for every hour of the day, and @every, ignore both rules and follow the
// elapsed time.
//
// # Runs
//
// A run that was missed, because the process was down or the machine slept, is caught
// up once. An entry that has never run has missed a run. A run is skipped and counted
// if it is due while the entry's last run is still running. Entries of the same job
// take turns.
//
// A run that fails with a temporary error is retried after pauses of 5, 15 and 30 minutes,
// unless the next run is due by then. The user of the package says which errors are
// temporary.
package schedules
