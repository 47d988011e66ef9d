// Package schedules runs jobs at the times that files say.
//
// # Files
//
// A file name.cron is an entry: when to run which job, one thing a line.
//
//	# What begins with # is a comment.
//	CRON_TZ=Europe/Berlin 30 3 * * *
//	job: archive
//	args: --app 1400353843
//	jitter: 10m
//	deadline: 20h
//
// The line without a key is standard cron syntax: minute, hour, day of month,
// month, day of week; or @daily and the like, or @every 6h. The time zone is
// UTC where none is named. The word "never" instead turns an entry off. job is
// the file's name where it is left out; args are given to it, split at spaces
// outside of double quotes; jitter delays each run by a random time up to it;
// a run that takes longer than deadline is cancelled.
//
// # Daylight saving
//
// A time that the clocks leave out in spring comes at once after the gap, and
// once, however many times of an entry the gap had. A time that they show twice
// in autumn comes the first time only. An entry for every hour of the day, or
// of @every, runs as time passes instead: neither rule would help it.
//
// # Runs
//
// A run that was missed, because the process was down or the machine slept, is
// caught up once, at the start or as soon as it is noticed. An entry that has
// never run is taken to have missed a run. A run that is due while the entry's
// last one goes on is skipped and counted. Entries of the same job take turns.
//
// A run that fails for a cause that may pass, as whoever uses the package says,
// is tried again after 5 minutes, 15 more and 30 more, unless the next one is due
// by then.
package schedules
