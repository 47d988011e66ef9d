package transform

import (
	"errors"
	"math"
	"testing"

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

// same fails unless d and the reference agree: on the rows and the info, or on
// there being an error.
func same[R, I any](t *testing.T, body []byte, got R, gotInfo I, err error, want R, wantInfo I, wantErr error) {
	t.Helper()
	if (err != nil) != (wantErr != nil) {
		t.Fatalf("error %v, reference %v\nbody %q", err, wantErr, body)
	}
	var vendor, wantVendor *VendorError
	if errors.As(wantErr, &wantVendor) && (!errors.As(err, &vendor) || *vendor != *wantVendor) {
		t.Fatalf("error %#v, reference %#v\nbody %q", err, wantErr, body)
	}
	if wantErr != nil {
		return
	}
	if diff := cmp.Diff(want, got, sameBits); diff != "" {
		t.Fatalf("rows (-reference +got):\n%s\nbody %q", diff, body)
	}
	if diff := cmp.Diff(wantInfo, gotInfo); diff != "" {
		t.Fatalf("info (-reference +got):\n%s\nbody %q", diff, body)
	}
}

// comparisons decode a body both ways, one for each kind of response.
var comparisons = map[string]func(*testing.T, *Decoder, []byte){
	"rooms": func(t *testing.T, d *Decoder, body []byte) {
		got, info, err := d.Rooms(body, 7, nil)
		want, wantInfo, wantErr := refRows(body, "RoomList", refRoom)
		same(t, body, got, info, err, want, wantInfo, wantErr)
	},
	"users": func(t *testing.T, d *Decoder, body []byte) {
		got, info, err := d.Users(body, nil)
		want, wantInfo, wantErr := refRows(body, "UserList", refSession)
		same(t, body, got, info, err, want, wantInfo, wantErr)
	},
	"detail": func(t *testing.T, d *Decoder, body []byte) {
		for _, keep := range []Keep{nil, keepSome} {
			// What dst held must stay as it was, with and without an error.
			dst := Detail{
				Sessions: []call.Session{{UserID: "before"}},
				Samples: call.Samples{Series: []call.Series{{Metric: "before", Rows: 1}},
					Time: []uint32{1}, Value: []float64{2}, Nulls: 3},
			}
			held := dst
			info, err := d.Detail(body, keep, &dst)
			want, wantInfo, wantErr := refDetail(body, keep)
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
			same(t, body, dst, info, err, want, wantInfo, wantErr)
		}
	},
	"events": func(t *testing.T, d *Decoder, body []byte) {
		got, info, err := d.Events(body, "u", "r", nil)
		want, wantInfo, wantErr := refRows(body, "Data", refEvents)
		same(t, body, got, info, err, want, wantInfo, wantErr)
	},
	"unusual": func(t *testing.T, d *Decoder, body []byte) {
		got, info, err := d.UnusualEvents(body, nil)
		want, wantInfo, wantErr := refRows(body, "AbnormalExperienceList", refExperience)
		same(t, body, got, info, err, want, wantInfo, wantErr)
	},
	"scale": func(t *testing.T, d *Decoder, body []byte) {
		got, info, err := d.DailyScale(body, nil)
		want, wantInfo, wantErr := refRows(body, "ScaleList", refScale)
		same(t, body, got, info, err, want, wantInfo, wantErr)
	},
}
