package ui

import (
	"github.com/callvault/callvault/export"
	"github.com/callvault/callvault/extract"
)

// The stages of an export.
const (
	stageFiles extract.Stage = "files"
	stageRows  extract.Stage = "rows"
)

// Files shows the progress of an export until it is closed.
type Files struct{ w Watcher }

// Files shows the progress of an export on Err, as Watch does.
func (s Screen) Files() Files {
	all := []extract.Stage{stageFiles}
	return Files{s.watch(work{stages: all, slow: all, main: stageFiles, yield: stageRows})}
}

func (f Files) Add(files int) { f.w.Add(stageFiles, files) }

func (f Files) Done(_ string, d export.Done, written bool) {
	f.w.Done(stageFiles, 1)
	if written {
		f.w.Done(stageRows, int(d.Rows))
	}
}

func (f Files) Close() { f.w.Close() }
