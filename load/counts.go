package load

// Counts is what a unit holds, in rows of each relation.
type Counts struct {
	Rooms, Sessions, Samples, Events, Unusual, Days uint64
	NullSamples                                     uint64 // points the vendor sent without a value; they are not rows
}

// Rows is the sum over the relations.
func (c Counts) Rows() uint64 {
	return c.Rooms + c.Sessions + c.Samples + c.Events + c.Unusual + c.Days
}

// Add adds o to c.
func (c *Counts) Add(o Counts) {
	c.Rooms += o.Rooms
	c.Sessions += o.Sessions
	c.Samples += o.Samples
	c.Events += o.Events
	c.Unusual += o.Unusual
	c.Days += o.Days
	c.NullSamples += o.NullSamples
}
