package ask

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/extract/quota"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// script is a vendor that answers its n-th request with its n-th step, and later ones with
// the last step.
type script struct {
	mu      sync.Mutex
	steps   []func(ctx context.Context, region string) (string, error)
	asked   int
	regions []string
}

func (s *script) Do(ctx context.Context, r trtc.Request, region string) (trtc.Response, error) {
	s.mu.Lock()
	step := s.steps[min(s.asked, len(s.steps)-1)]
	s.asked++
	s.regions = append(s.regions, region)
	s.mu.Unlock()
	body, err := step(ctx, region)
	return trtc.Response{Action: r.Action, Body: []byte(body)}, err
}

func says(body string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return body, nil }
}

func refuses(code string) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) {
		return "", trtc.NewError("DescribeRoomInfo", code, "no", "r")
	}
}

func repeat(n int, step func(context.Context, string) (string, error)) []func(context.Context, string) (string, error) {
	var out []func(context.Context, string) (string, error)
	for range n {
		out = append(out, step)
	}
	return out
}

const noRooms = `{"Response":{"Total":0,"RoomList":[],"RequestId":"r"}}`

var rooms = trtc.Current().Rooms(1, call.Window{Start: time.Unix(1, 0), End: time.Unix(2, 0)}, "", 0, trtc.MaxPageSize)

func decodeRooms(body []byte) error {
	var d transform.Decoder
	_, info, err := d.Rooms(body, 1, nil)
	if err == nil && info.List == transform.ListNull {
		return ErrNull
	}
	return err
}

func TestAsk(t *testing.T) {
	for _, c := range []struct {
		name  string
		steps []func(context.Context, string) (string, error)
		asked int
		err   string // "" for success, else part of the error
	}{
		{"answered", repeat(1, says(noRooms)), 1, ""},
		{"a passing fault", append(repeat(3, refuses("InternalError.EsQueryError")), says(noRooms)), 4, ""},
		{"a lasting fault", repeat(1, refuses("InternalError")), 7, "InternalError"},
		{"over the quota for long", append(repeat(20, refuses("RequestLimitExceeded")), says(noRooms)), 21, ""},
		{"refused for good", repeat(1, refuses("InvalidParameter.SdkAppId")), 1, "InvalidParameter.SdkAppId"},
		{"denied", repeat(1, refuses("AuthFailure.SignatureFailure")), 1, "AuthFailure"},
		{"body cut, then whole", append(repeat(2, says(noRooms[:30])), says(noRooms)), 3, ""},
		{"body cut for good", repeat(1, says(noRooms[:30])), 7, "decode rooms"},
		{"null, then data", append(repeat(1, says(`{"Response":{"RoomList":null}}`)), says(noRooms)), 2, ""},
		{"null for good is believed", repeat(1, says(`{"Response":{"RoomList":null}}`)), 3, ""},
		{"an error within a body", append(repeat(1, says(`{"Response":{"Error":{"Code":"InternalError","Message":"m"},"RequestId":"r"}}`)), says(noRooms)), 2, ""},
		{"another region", append(repeat(2, refuses("UnsupportedRegion")), says(noRooms)), 3, ""},
		{"no region", repeat(1, refuses("UnsupportedRegion")), 6, "UnsupportedRegion"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &script{steps: c.steps}
				a := NewAsker(v, trtc.Current(), quota.New(quota.Options{PerSecond: 20}), DefaultAttempts())
				_, err := a.Ask(t.Context(), rooms, 1, decodeRooms)
				if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q", err, c.err)
				}
				if v.asked != c.asked || a.Stats().Requests["DescribeRoomInfo"] != c.asked {
					t.Errorf("asked %d times, counted %d, want %d", v.asked, a.Stats().Requests["DescribeRoomInfo"], c.asked)
				}
			})
		})
	}
}

func TestRegionIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &script{steps: []func(context.Context, string) (string, error){
			func(_ context.Context, region string) (string, error) {
				if region != "ap-beijing" {
					return "", trtc.NewError("DescribeRoomInfo", "UnsupportedRegion", "no", "r")
				}
				return noRooms, nil
			},
		}}
		a := NewAsker(v, trtc.Current(), quota.New(quota.Options{PerSecond: 20}), DefaultAttempts())
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := a.Ask(t.Context(), rooms, 1, decodeRooms); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		before := v.asked
		if _, err := a.Ask(t.Context(), rooms, 1, decodeRooms); err != nil || v.asked != before+1 {
			t.Errorf("%d more requests, err %v", v.asked-before, err)
		}
	})
}

func TestAskHonoursContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		a := NewAsker(&script{steps: repeat(1, refuses("RequestLimitExceeded"))}, trtc.Current(), quota.New(quota.Options{PerSecond: 20}), DefaultAttempts())
		began := time.Now()
		if _, err := a.Ask(ctx, rooms, 1, decodeRooms); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// TestCauseIsFatal ends a context for another reason, which must not count as a failure of
// the request.
func TestCauseIsFatal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cause := errors.New("interrupt signal received")
		a := NewAsker(&script{steps: repeat(1, refuses("InternalError"))}, trtc.Current(), quota.New(quota.Options{PerSecond: 20}), DefaultAttempts())
		time.AfterFunc(time.Second, func() { cancel(cause) })
		if _, err := a.Ask(ctx, rooms, 1, decodeRooms); !errors.Is(err, cause) || !Fatal(err) {
			t.Errorf("error %v, fatal %v", err, Fatal(err))
		}
	})
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		steps []func(context.Context, string) (string, error)
		want  string
	}{
		{repeat(1, says(noRooms)), "current"},
		{append(repeat(1, refuses("InvalidAction")), says(noRooms)), "legacy"},
		{append(repeat(1, refuses("UnsupportedOperation")), says(noRooms)), "legacy"},
		{repeat(1, refuses("InvalidAction")), ""},
		{repeat(1, refuses("AuthFailure.SecretIdNotFound")), ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, err := Detect(t.Context(), &script{steps: c.steps}, quota.New(quota.Options{PerSecond: 20}), []call.AppID{1}, time.Now(), trtc.Current(), trtc.Legacy())
			if d.Name != c.want || (err == nil) != (c.want != "") {
				t.Errorf("dialect %q, err %v, want %q", d.Name, err, c.want)
			}
		})
	}
}

// TestDetectWaits checks that Detect waits while there is no proper answer, and that a
// definite answer ends it at once.
func TestDetectWaits(t *testing.T) {
	html := func(context.Context, string) (string, error) {
		return "", &trtc.Error{Action: "DescribeRoomInfo", Code: trtc.CodeHTTP, Kind: trtc.Retryable}
	}
	hangs := func(ctx context.Context, _ string) (string, error) {
		<-ctx.Done()
		return "", context.Cause(ctx)
	}
	for _, c := range []struct {
		name        string
		steps       []func(context.Context, string) (string, error)
		patience    time.Duration
		err         string // "" for success
		least, most time.Duration
		told        int
	}{
		{"a hiccup", append(repeat(2, html), says(noRooms)), 0, "", 0, 3 * time.Second, 0},
		{"a minute of a gateway's pages", append(repeat(9, html), says(noRooms)), 5 * time.Minute, "", 30 * time.Second, 2 * time.Minute, 1},
		{"answers that break off", append(repeat(9, says(noRooms[:30])), says(noRooms)), 5 * time.Minute, "", 30 * time.Second, 2 * time.Minute, 1},
		{"a vendor in trouble", append(repeat(9, refuses("InternalError")), says(noRooms)), 5 * time.Minute, "", 30 * time.Second, 2 * time.Minute, 1},
		{"a vendor that is busy", append(repeat(15, refuses("RequestLimitExceeded")), says(noRooms)), 5 * time.Minute, "", 30 * time.Second, 3 * time.Minute, 1},
		{"no patience", repeat(1, html), 0, trtc.CodeHTTP, time.Second, 10 * time.Second, 0},
		{"too long", repeat(1, html), 5 * time.Minute, trtc.CodeHTTP, 5 * time.Minute, 5*time.Minute + time.Second, 1},
		{"hangs, then answers", append(repeat(2, hangs), says(noRooms)), 0, "", time.Minute, 70 * time.Second, 0},
		{"hangs", repeat(1, hangs), 5 * time.Minute, "no answer within 30s", 5 * time.Minute, 6 * time.Minute, 1},
		{"denied", repeat(1, refuses("AuthFailure.SecretIdNotFound")), 5 * time.Minute, "AuthFailure", 0, time.Second, 0},
		{"denied in the end", append(repeat(6, html), refuses("AuthFailure.SecretIdNotFound")), 5 * time.Minute, "AuthFailure", 5 * time.Second, time.Minute, 1},
		{"no such application", repeat(1, refuses("InvalidParameter.SdkAppId")), 5 * time.Minute, "InvalidParameter.SdkAppId", 0, time.Second, 0},
		{"no plan", repeat(1, refuses("InvalidAction")), 5 * time.Minute, "has no call-monitoring API", 0, time.Second, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, told := time.Now(), 0
				w := Waiting{For: c.patience, OnWait: func(err error, until time.Time) {
					if told++; err == nil || !until.Equal(began.Add(c.patience)) || time.Since(began) > 3*time.Minute {
						t.Errorf("after %s told of %v until %s", time.Since(began), err, until.Sub(began))
					}
				}}
				_, err := w.Detect(t.Context(), &script{steps: c.steps}, quota.New(quota.Options{PerSecond: 20}), []call.AppID{1}, time.Now(), trtc.Current(), trtc.Legacy())
				if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q", err, c.err)
				}
				if took := time.Since(began); took < c.least || took > c.most || told != c.told {
					t.Errorf("took %s, told %d times", took, told)
				}
			})
		})
	}
}

// TestDetectIsInterrupted ends the context while Detect waits.
func TestDetectIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		began := time.Now()
		_, err := Waiting{For: time.Hour}.Detect(ctx, &script{steps: repeat(1, refuses("InternalError"))}, quota.New(quota.Options{PerSecond: 20}), []call.AppID{1}, began, trtc.Current())
		if took := time.Since(began); !errors.Is(err, context.Canceled) || took != time.Minute {
			t.Errorf("%v after %s", err, took)
		}
	})
}
