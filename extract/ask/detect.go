package ask

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/callvault/callvault/extract/quota"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
)

// Waiting says for how long the first request is repeated while the vendor does not answer
// properly. The zero value gives up after a few attempts, which take seconds unless answers
// are slow to fail.
type Waiting struct {
	For         time.Duration // since the first attempt
	Unreached   time.Duration // the same while no connection can be made, because the address is then likely to be wrong (0: For)
	Least, Most time.Duration // pauses between attempts, growing (500 ms, 15 s)
	// OnWait, if set, is called once after the first few attempts, with the reason and the
	// end of the waiting.
	OnWait func(err error, until time.Time)
}

// Detect is Waiting.Detect with the zero Waiting.
func Detect(ctx context.Context, v Vendor, l *quota.Limits, apps []call.AppID, now time.Time, dialects ...trtc.Dialect) (trtc.Dialect, error) {
	return Waiting{}.Detect(ctx, v, l, apps, now, dialects...)
}

// Detect finds out which dialect the account has. It asks in each dialect for a room list,
// the current one first, of the first application that the vendor knows. It also finds out
// whether the endpoint and the credentials work: an error of the vendor about them ends
// Detect at once, the lack of an answer at the end of the waiting.
func (w Waiting) Detect(ctx context.Context, v Vendor, l *quota.Limits, apps []call.AppID, now time.Time, dialects ...trtc.Dialect) (trtc.Dialect, error) {
	if w.Least <= 0 {
		w.Least = 500 * time.Millisecond
	}
	if w.Most <= 0 {
		w.Most = 15 * time.Second
	}
	began := time.Now()
	attempts := Attempts{Faults: 4, Quota: 10, Least: w.Least, Most: min(8*w.Least, w.Most)}
	pause := backoff.ExponentialBackOff{InitialInterval: min(8*w.Least, w.Most), MaxInterval: w.Most, Multiplier: 2, RandomizationFactor: 0.2}
	for waiting := false; ; waiting = true {
		d, err := detect(ctx, inTime{v}, l, attempts, apps, now, dialects)
		until := began.Add(w.For)
		if w.Unreached > 0 && Unconnected(err) {
			until = began.Add(min(w.For, w.Unreached))
		}
		left := time.Until(until)
		if err == nil || ctx.Err() != nil || !Passing(err) || left <= 0 {
			return d, err
		}
		if !waiting && w.OnWait != nil {
			w.OnWait(err, until)
		}
		select {
		case <-time.After(min(pause.NextBackOff(), left)):
		case <-ctx.Done():
			return trtc.Dialect{}, Ended(ctx)
		}
		attempts.Faults, attempts.Quota = 1, 1
	}
}

// Passing reports whether a failure ends by itself: one of the network, or of the vendor,
// which may be down or may want fewer requests.
func Passing(err error) bool {
	e, ok := errors.AsType[*trtc.Error](err)
	return errors.Is(err, ErrOutage) || ok && (e.Kind == trtc.Retryable || e.Kind == trtc.Quota)
}

// Unconnected reports whether no connection could be made.
func Unconnected(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	_, unknown := errors.AsType[*net.DNSError](err)
	return unknown
}

// answerWithin is longer than any page of a room list takes.
const answerWithin = 30 * time.Second

// inTime is a Vendor whose requests end after answerWithin.
type inTime struct{ Vendor }

func (v inTime) Do(ctx context.Context, r trtc.Request, region string) (trtc.Response, error) {
	bounded, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	resp, err := v.Vendor.Do(bounded, r, region)
	if err != nil && ctx.Err() == nil && bounded.Err() != nil {
		err = &trtc.Error{Action: r.Action, Code: trtc.CodeNetwork, Message: fmt.Sprintf("no answer within %s", answerWithin), Kind: trtc.Retryable}
	}
	return resp, err
}

// detect asks for each application in turn until the vendor knows one.
func detect(ctx context.Context, v Vendor, l *quota.Limits, attempts Attempts, apps []call.AppID, now time.Time, dialects []trtc.Dialect) (d trtc.Dialect, err error) {
	for _, app := range apps {
		d, err = detectBy(ctx, v, l, attempts, app, now, dialects)
		if e, ok := errors.AsType[*trtc.Error](err); !ok || e.Kind != trtc.UnknownApp {
			return d, err
		}
	}
	return d, err
}

func detectBy(ctx context.Context, v Vendor, l *quota.Limits, attempts Attempts, app call.AppID, now time.Time, dialects []trtc.Dialect) (trtc.Dialect, error) {
	w := call.Window{Start: now.Add(-time.Hour), End: now}
	var refused error
	for _, d := range dialects {
		_, err := NewAsker(v, d, l, attempts).anyRooms(ctx, app, w)
		if err == nil || IsUnreadable(err) || tooLarge(err) { // the action exists, whatever it answers
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
	return trtc.Dialect{}, fmt.Errorf("the account has no call-monitoring API: %w", refused)
}
