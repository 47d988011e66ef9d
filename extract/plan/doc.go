// Package plan decides what to ask for: which windows, which users together.
// It is pure: the same calls, sessions, limits and time give the same requests.
//
// The vendor's windows include both ends, so neighbouring windows that share a
// second both return that second's samples. A plan shares those seconds (the
// limits count from end to end) and says for every user which request owns
// which of them, so that every second of every session is owned exactly once.
package plan
