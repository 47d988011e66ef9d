package transform

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/callvault/callvault/internal/call"
)

var sameBits = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
}

// keepSome keeps different seconds for different users.
func keepSome(userID string) (from, to uint32) {
	if len(userID)%2 == 0 {
		return 1590065779, 1590065785
	}
	return 0, 1590065781
}

// known removes from a vendor error what the reference does not read.
func known(e *VendorError, body []byte) VendorError {
	k := *e
	if e.Code == UnreadableError || !json.Valid(body) {
		k.Message = ""
	}
	return k
}

// same fails unless d and the reference return the same rows and counts, or both an
// error.
func same[R, I any](t *testing.T, body []byte, got R, gotInfo *I, gotDamage *[]Damage, err error, want R, wantInfo *I, wantErr error) {
	t.Helper()
	if (err != nil) != (wantErr != nil) {
		t.Fatalf("error %v, reference %v\nbody %q", err, wantErr, body)
	}
	var vendor, wantVendor *VendorError
	if errors.As(wantErr, &wantVendor) && (!errors.As(err, &vendor) || known(vendor, body) != known(wantVendor, body)) {
		t.Fatalf("error %#v, reference %#v\nbody %q", err, wantErr, body)
	}
	if wantErr != nil {
		return
	}
	if diff := cmp.Diff(want, got, sameBits); diff != "" {
		t.Fatalf("rows (-reference +got):\n%s\nbody %q", diff, body)
	}
	damage := *gotDamage
	*gotDamage = nil
	if diff := cmp.Diff(wantInfo, gotInfo); diff != "" {
		t.Fatalf("info (-reference +got):\n%s\nbody %q", diff, body)
	}
	*gotDamage = damage
}

// accounted fails unless each damage is well formed, and each row received is kept,
// repeated or damaged. Unless whole is true, a damage can stand for several rows.
func accounted(t *testing.T, body []byte, info Info, rows int, whole bool) {
	t.Helper()
	told, lost := 0, 0
	for i, x := range info.Damage {
		told += x.Count
		if !x.Kept {
			lost += x.Count
		}
		plain := strings.IndexFunc(x.Problem, func(r rune) bool { return r < ' ' || r > '~' }) < 0
		if x.What == "" || x.Problem == "" || !plain || len(x.Problem) > 1000 || x.Count < 1 {
			t.Fatalf("damage %+v\nbody %q", x, body)
		}
		if slices.ContainsFunc(info.Damage[:i], func(y Damage) bool { return x.same(&y) }) {
			t.Fatalf("damage told twice: %+v\nbody %q", x, body)
		}
	}
	if told > info.DamageCount || told < info.DamageCount && len(info.Damage) < mostDamage {
		t.Fatalf("%d damages told, %d counted\nbody %q", told, info.DamageCount, body)
	}
	if whole && len(info.Damage) < mostDamage && rows+info.Repeated+lost != info.Received {
		t.Fatalf("%d rows, %+v\nbody %q", rows, info, body)
	}
}

// comparisons decode a body both ways, one for each kind of response.
var comparisons = map[string]func(*testing.T, *Decoder, []byte){
	"rooms": func(t *testing.T, d *Decoder, body []byte) {
		got, info, err := d.Rooms(body, 7, nil)
		want, wantInfo, wantErr := refRows(body, "RoomList", refRoom)
		same(t, body, got, &info, &info.Damage, err, want, &wantInfo, wantErr)
		accounted(t, body, info, len(got), true)
	},
	"users": func(t *testing.T, d *Decoder, body []byte) {
		got, info, err := d.Users(body, nil)
		want, wantInfo, wantErr := refRows(body, "UserList", refSession)
		same(t, body, got, &info, &info.Damage, err, want, &wantInfo, wantErr)
		accounted(t, body, info, len(got), true)
	},
	"detail": func(t *testing.T, d *Decoder, body []byte) {
		for i, keep := range []Keep{nil, keepSome, nil, keepSome} {
			asked := []call.Window{{}, {Start: time.Unix(1590065839, 0)}, {End: time.Unix(1590065721, 0)},
				{Start: time.Unix(1590065840, 0), End: time.Unix(1590065843, 0)}}[i]
			// Earlier rows of dst must not change, with or without an error.
			dst := Detail{
				Sessions: []call.Session{{UserID: "before"}},
				Samples: call.Samples{Series: []call.Series{{Metric: "before", Rows: 1}},
					Time: []uint32{1}, Value: []float64{2}, Nulls: 3},
			}
			held := dst
			info, err := d.Detail(body, asked, keep, &dst)
			want, wantInfo, wantErr := refDetail(body, asked, keep)
			if err != nil {
				if diff := cmp.Diff(held, dst); diff != "" {
					t.Fatalf("not rolled back: %s\nbody %q", diff, body)
				}
				dst = Detail{}
			} else {
				dst.Sessions = dst.Sessions[1:]
				dst.Samples.Series = dst.Samples.Series[1:]
				dst.Samples.Time, dst.Samples.Value = dst.Samples.Time[1:], dst.Samples.Value[1:]
				dst.Samples.Nulls -= 3
			}
			same(t, body, dst, &info, &info.Damage, err, want, &wantInfo, wantErr)
			accounted(t, body, info.Info, len(dst.Sessions), false)
		}
	},
	"events": func(t *testing.T, d *Decoder, body []byte) {
		got, info, err := d.Events(body, "u", "r", nil)
		want, wantInfo, wantErr := refRows(body, "Data", refEvents)
		same(t, body, got, &info, &info.Damage, err, want, &wantInfo, wantErr)
		accounted(t, body, info, len(got), !slices.ContainsFunc(info.Damage, func(x Damage) bool { return x.What == "events" }))
	},
	"unusual": func(t *testing.T, d *Decoder, body []byte) {
		got, info, err := d.UnusualEvents(body, nil)
		want, wantInfo, wantErr := refRows(body, "AbnormalExperienceList", refExperience)
		same(t, body, got, &info, &info.Damage, err, want, &wantInfo, wantErr)
		accounted(t, body, info, len(got), false)
	},
	"scale": func(t *testing.T, d *Decoder, body []byte) {
		got, info, err := d.DailyScale(body, nil)
		want, wantInfo, wantErr := refRows(body, "ScaleList", refScale)
		same(t, body, got, &info, &info.Damage, err, want, &wantInfo, wantErr)
		accounted(t, body, info, len(got), true)
	},
}
