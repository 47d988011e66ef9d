package config

// DefaultMemory is the default of CALLVAULT_MEMORY.
const DefaultMemory Bytes = 256 << 20

// Shares divides the memory of a pass, in bytes. The rest is for inserts and
// everything else.
type Shares struct {
	Answers int64 // responses being decoded; their rows take about half as much again
	Spare   int64 // free bodies, kept for the next responses
	Rows    int64 // rows being collected; as much again is being inserted
}

// Shares divides b.
func (b Bytes) Shares() Shares {
	return Shares{Answers: int64(b) / 5, Spare: int64(b) / 10, Rows: int64(b) / 7}
}
