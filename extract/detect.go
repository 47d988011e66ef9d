package extract

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/callvault/callvault/extract/quota"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// Detect finds out which dialect the account has by asking each for a room
// list, the current one first, of the first application that the vendor knows.
// It also finds out, within half a minute, that the endpoint or the credentials
// do not work.
func Detect(ctx context.Context, v Vendor, l *quota.Limits, apps []call.AppID, now time.Time, dialects ...trtc.Dialect) (d trtc.Dialect, err error) {
	for _, app := range apps {
		d, err = detectBy(ctx, v, l, app, now, dialects)
		if e, ok := errors.AsType[*trtc.Error](err); !ok || e.Kind != trtc.UnknownApp {
			return d, err
		}
	}
	return d, err
}

func detectBy(ctx context.Context, v Vendor, l *quota.Limits, app call.AppID, now time.Time, dialects []trtc.Dialect) (trtc.Dialect, error) {
	w := call.Window{Start: now.Add(-time.Hour), End: now}
	attempts := Attempts{Faults: 4, Quota: 10, Least: 500 * time.Millisecond, Most: 4 * time.Second}
	var refused error
	for _, d := range dialects {
		answer, err := NewAsker(v, d, l, attempts).ask(ctx, d.Rooms(app, w, "", 0, trtc.MaxPageSize), 100, func(body []byte) error {
			var dec transform.Decoder
			_, _, err := dec.Rooms(body, app, nil)
			return err
		})
		if err == nil {
			answer.Release()
			return d, nil
		}
		if e, ok := errors.AsType[*trtc.Error](err); !ok || e.Kind != trtc.Unavailable {
			return trtc.Dialect{}, err
		}
		refused = errors.Join(refused, err)
	}
	if len(dialects) == 1 {
		return trtc.Dialect{}, fmt.Errorf("the account does not have the %s API; set CALLVAULT_TRTC_API=auto: %w", dialects[0].Name, refused)
	}
	return trtc.Dialect{}, fmt.Errorf("the account has no call-monitoring API (a paid plan is needed): %w", refused)
}
