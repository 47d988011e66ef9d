package extract

// Stage is a kind of work within a pass.
type Stage string

const (
	StageRooms   Stage = "room lists"
	StageCalls   Stage = "calls"
	StageSeries  Stage = "series"
	StageEvents  Stage = "user events"
	StageUnusual Stage = "unusual hours"
	StageSamples Stage = "samples" // only counted when done
)

// Progress counts the work of a pass: how much of a stage is known, and how much is done.
// Its methods are called from many goroutines.
type Progress interface {
	Add(s Stage, n int)
	Done(s Stage, n int)
}

// NoProgress ignores all calls.
type NoProgress struct{}

func (NoProgress) Add(Stage, int)  {}
func (NoProgress) Done(Stage, int) {}
