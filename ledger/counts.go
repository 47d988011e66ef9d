package ledger

import "github.com/callvault/callvault/internal/call"

// Counts holds the number of rows that a unit has in each relation.
type Counts struct {
	Rooms, Sessions, Samples, Events, Unusual, Days uint64
	Statistics                                      uint64
	NullSamples                                     uint64 // points the vendor sent without a value; they are not rows
}

// Rows returns the sum over the relations.
func (c Counts) Rows() uint64 {
	return c.Rooms + c.Sessions + c.Samples + c.Events + c.Unusual + c.Days + c.Statistics
}

// Add adds o to c.
func (c *Counts) Add(o Counts) {
	c.Rooms += o.Rooms
	c.Sessions += o.Sessions
	c.Samples += o.Samples
	c.Events += o.Events
	c.Unusual += o.Unusual
	c.Days += o.Days
	c.Statistics += o.Statistics
	c.NullSamples += o.NullSamples
}

// AddPart adds the rows of a part by its kind.
func (c *Counts) AddPart(kind call.PartKind, rows, nulls uint64) {
	switch kind {
	case call.PartRoom:
		c.Rooms += rows
	case call.PartUsers:
		c.Sessions += rows
	case call.PartSeries:
		c.Samples += rows
	case call.PartEvents:
		c.Events += rows
	case call.PartUnusual:
		c.Unusual += rows
	case call.PartScale:
		c.Days += rows
	case call.PartStatistics:
		c.Statistics += rows
	}
	c.NullSamples += nulls
}
