package config

import "strings"

// Error is a setting that cannot be used.
type Error struct {
	Setting string // variable or flag; or file, line and key
	Problem string
	Try     string // what to do
}

func (e Error) Error() string {
	s := e.Setting + ": " + e.Problem
	if e.Try != "" {
		s += "; " + e.Try
	}
	return s
}

// Errors lists all settings that cannot be used, one line each.
type Errors []Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}
