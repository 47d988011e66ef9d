package status

import (
	"testing"
	"time"

	"github.com/callvault/callvault/load/upkeep"
)

func TestForecastOfWhatIsKeptForATime(t *testing.T) {
	free := uint64(1 << 40)
	s := Space{Bytes: 500, Free: &free}
	f := s.forecast([]upkeep.Usage{{Relation: "quality_samples", Bytes: 1000}}, upkeep.Growth{Days: 10, Shares: map[string]float64{"quality_samples": 1}}, 40*24*time.Hour, time.Now())
	if f.PerDay != 100 || f.InAYear != 4000 || f.DiskFull != nil {
		t.Errorf("forecast of 100 bytes a day, of which 40 days are kept: %+v", f)
	}
}
