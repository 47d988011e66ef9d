package call

import "time"

// UnitKind says what a Unit is about.
type UnitKind string

const (
	UnitCall    UnitKind = "call"    // Key is a CommID
	UnitUnusual UnitKind = "unusual" // Key is the start of the hour, RFC 3339
	UnitScale   UnitKind = "scale"   // Key is the start of the vendor's day, RFC 3339
)

// Unit is what is archived, replaced and made visible as a whole.
type Unit struct {
	App  AppID
	Kind UnitKind
	Key  string
}

// Window is a span of time with both ends included, as the vendor's windows are.
type Window struct {
	Start, End time.Time
}
