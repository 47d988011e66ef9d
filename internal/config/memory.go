package config

// DefaultMemory is what a pass may hold unless CALLVAULT_MEMORY says otherwise.
const DefaultMemory Bytes = 256 << 20

// Shares is how the memory of a pass is shared out, in bytes; what it does not
// name is for what an insert takes and for all the rest.
type Shares struct {
	Answers int64 // that have come and are being decoded; their rows take about half as much again
	Spare   int64 // bodies out of use, kept for those to come
	Rows    int64 // being collected; as much again is being inserted
}

// Shares shares out b.
func (b Bytes) Shares() Shares {
	return Shares{Answers: int64(b) / 5, Spare: int64(b) / 10, Rows: int64(b) / 7}
}
