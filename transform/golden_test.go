package transform

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/callvault/callvault/internal/call"
)

var update = flag.Bool("update", false, "write the golden files anew")

// readBodies returns the responses in testdata by name.
func readBodies(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	bodies := map[string][]byte{}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		bodies[strings.TrimSuffix(filepath.Base(f), ".json")] = bytes.TrimSpace(body)
	}
	return bodies
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Format("2006-01-02T15:04:05.999Z07:00")
}

// describe decodes a body as the kind that its name says and writes the result.
func describe(name string, body []byte) string {
	var d Decoder
	var out strings.Builder
	kind, _, _ := strings.Cut(name, "-")
	var info any
	var damage []Damage
	var err error
	switch kind {
	case "rooms":
		rows, i, e := d.Rooms(body, 1400353843, nil)
		damage, i.Damage = i.Damage, nil
		info, err = i, e
		for _, r := range rows {
			fmt.Fprintf(&out, "%d %q %q %s..%s finished=%t by %q\n", r.App, r.CommID, r.RoomID,
				clock(r.CreatedAt), clock(r.DestroyedAt), r.Finished, r.Creator)
		}
	case "users":
		rows, i, e := d.Users(body, nil)
		damage, i.Damage = i.Damage, nil
		info, err = i, e
		for _, u := range rows {
			fmt.Fprintf(&out, "%q in %q %s..%s finished=%t %q %q %q\n", u.UserID, u.RoomID,
				clock(u.JoinedAt), clock(u.LeftAt), u.Finished, u.DeviceType, u.SDKVersion, u.ClientIP)
		}
	case "events":
		rows, i, e := d.Events(body, "user_1", "218695", nil)
		damage, i.Damage = i.Damage, nil
		info, err = i, e
		for _, e := range rows {
			fmt.Fprintf(&out, "%q in %q peer %q %d at %s stream %d (%d, %d)\n", e.UserID, e.RoomID,
				e.PeerID, e.EventID, clock(e.Time), e.StreamType, e.ParamOne, e.ParamTwo)
		}
	case "unusual":
		rows, i, e := d.UnusualEvents(body, nil)
		damage, i.Damage = i.Damage, nil
		info, err = i, e
		for _, e := range rows {
			fmt.Fprintf(&out, "%q in %q %d at %s cause %d peer %q\n", e.UserID, e.RoomID,
				e.ExperienceID, clock(e.Time), e.AbnormalEventID, e.PeerID)
		}
	case "scale":
		rows, i, e := d.DailyScale(body, nil)
		damage, i.Damage = i.Damage, nil
		info, err = i, e
		for _, s := range rows {
			fmt.Fprintf(&out, "%s %d users %d entries %d rooms\n", clock(s.Start), s.UserNumber, s.UserCount, s.RoomNumber)
		}
	default:
		var dst Detail
		i, e := d.Detail(body, call.Window{}, nil, &dst)
		damage, i.Damage = i.Damage, nil
		info, err = i, e
		for _, u := range dst.Sessions {
			fmt.Fprintf(&out, "%q in %q %s..%s finished=%t %q %q %q\n", u.UserID, u.RoomID,
				clock(u.JoinedAt), clock(u.LeftAt), u.Finished, u.DeviceType, u.SDKVersion, u.ClientIP)
		}
		from := 0
		for _, s := range dst.Samples.Series {
			fmt.Fprintf(&out, "%q peer %q %q\n", s.UserID, s.PeerID, s.Metric)
			for i := from; i < from+s.Rows; i++ {
				fmt.Fprintf(&out, "  %d %v\n", dst.Samples.Time[i], dst.Samples.Value[i])
			}
			from += s.Rows
		}
		fmt.Fprintf(&out, "%d rows, %d nulls\n", dst.Samples.Rows(), dst.Samples.Nulls)
	}
	if vendor, ok := errors.AsType[*VendorError](err); ok {
		return fmt.Sprintf("%+v\n", *vendor)
	}
	if err != nil {
		return err.Error() + "\n"
	}
	describeDamage(&out, damage)
	fmt.Fprintf(&out, "%+v\n", info)
	return out.String()
}

func describeDamage(out *strings.Builder, damage []Damage) {
	for _, x := range damage {
		fmt.Fprintf(out, "damaged: %d %s of %q, %q, kept=%t: %s\n", x.Count, x.What, x.User, x.Key, x.Kept, x.Problem)
		if x.Room != nil {
			fmt.Fprintf(out, "  %+v\n", *x.Room)
		}
		if x.Session != nil {
			fmt.Fprintf(out, "  %+v\n", *x.Session)
		}
	}
}

func TestGolden(t *testing.T) {
	for name, body := range readBodies(t) {
		t.Run(name, func(t *testing.T) {
			got := describe(name, body)
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-golden +got):\n%s", diff)
			}
		})
	}
}
