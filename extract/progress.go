package extract

// Stage is a kind of work within a pass.
type Stage string

const (
	StageRooms   Stage = "room lists"
	StageCalls   Stage = "calls"
	StageSeries  Stage = "series"
	StageEvents  Stage = "user events"
	StageUnusual Stage = "unusual hours"
	StageSamples Stage = "samples" // only done, never known before
)

// Progress is told how a pass gets on: how much work of a stage has become
// known, and how much is done. Its methods are called from many goroutines.
type Progress interface {
	Add(s Stage, n int)
	Done(s Stage, n int)
}

// NoProgress ignores what it is told.
type NoProgress struct{}

func (NoProgress) Add(Stage, int)  {}
func (NoProgress) Done(Stage, int) {}
