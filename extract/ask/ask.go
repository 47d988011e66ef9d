package ask

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/callvault/callvault/extract/quota"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/span"
	"github.com/callvault/callvault/transform"
)

// Vendor sends a request once. trtc.Client implements it.
type Vendor interface {
	Do(ctx context.Context, r trtc.Request, region string) (trtc.Response, error)
}

// Attempts bounds how often a request is sent.
type Attempts struct {
	Faults int           // attempts after failures of the network or the vendor
	Quota  int           // attempts after the vendor reported that the quota is used up
	Least  time.Duration // the first pause; later ones double, with jitter, up to Most
	Most   time.Duration
}

// DefaultAttempts returns attempts that outlast a fault of about a minute, and several
// minutes in which others use the quota.
func DefaultAttempts() Attempts {
	return Attempts{Faults: 7, Quota: 30, Least: 500 * time.Millisecond, Most: 15 * time.Second}
}

// Asker asks the vendor for one account. It is safe for concurrent use.
type Asker struct {
	vendor   Vendor
	dialect  trtc.Dialect
	limits   *quota.Limits
	attempts Attempts
	tally    *tally

	sizes    *quota.Sizes
	learning learning
	known    damages
	hangs    *hanging

	everybody *Everybody

	mu       sync.Mutex
	answered time.Time       // when the vendor last answered anything; zero: not yet
	served   map[string]bool // actions that the vendor has answered
	regions  map[string]int  // action → index of its current region in the dialect's Regions
	fullest  map[string]int  // action → most rows of a page of its lists
	endless  map[string]bool // actions with a list that had no end

	totalsOfCalls bool // the Total of a user list counts the call, not the window
	lasting       map[failure]lasting
}

// firstSize is the assumed size of an answer, in bytes for each unit of work, until the
// first answer. The unit is a row of a list, or the 17 metrics that a user sends in a
// second, at 32 bytes a point and a point every 2 s.
const firstSize = 300

// flood is the assumed size of an answer that is too large to be read.
const flood = 32 << 20

// NewAsker returns the Asker of an account.
func NewAsker(v Vendor, d trtc.Dialect, l *quota.Limits, a Attempts) *Asker {
	return &Asker{
		vendor: v, dialect: d, limits: l, attempts: a, tally: newTally(),
		sizes: quota.NewSizes(firstSize), hangs: newHanging(), everybody: newEverybody(), regions: map[string]int{}, served: map[string]bool{},
		learning: learning{busy: map[string]chan struct{}{}, gone: map[string]bool{}}, fullest: map[string]int{}, endless: map[string]bool{}, lasting: map[failure]lasting{},
	}
}

// Dialect returns the account's dialect of the API.
func (a *Asker) Dialect() trtc.Dialect { return a.dialect }

// Stats returns the counts of the requests so far.
func (a *Asker) Stats() Counts { return a.tally.counts() }

// Answer is a response that was accepted. It uses its share of the memory for answers until
// Release.
type Answer struct {
	Request trtc.Request
	Body    []byte
	Asked   time.Time
	Recycle func() // returns the body for reuse; nil: the body belongs to somebody else
	Reason  string // why it could not be read in full; "": it could
	Null    bool   // it is null where rows may be due, at every attempt
	pass    *quota.Pass
	tried   bool // an error of the vendor is no error of the run
}

// Release notes that the data of the answer is no longer in memory. The caller must not ask
// for another answer before.
func (a *Answer) Release() {
	if a.Recycle != nil {
		a.Recycle()
		a.Recycle, a.Body = nil, nil
	}
	if a.pass != nil {
		a.pass.Done()
	}
}

// Ask sends r until it is answered and decode accepts the body. decode may run several
// times: once for each answer. The answer's size is expected to be proportional to work.
func (a *Asker) Ask(ctx context.Context, r trtc.Request, work float64, decode func(body []byte) error) (Answer, error) {
	if err := a.name(ctx, r); err != nil {
		return Answer{}, err
	}
	answer := Answer{Request: r}
	var faults, quotas, nulls, damage int
	for attempt := 1; ; attempt++ {
		region := a.region(r.Action)
		err := a.once(ctx, &answer, work, region, attempt, decode)
		switch kind := a.kindOf(err); {
		case err == nil:
			return answer, nil
		case ctx.Err() != nil:
			return Answer{}, Ended(ctx)
		case errors.Is(err, ErrNull):
			if nulls++; nulls >= NullAttempts {
				a.tally.null(r.Action)
				answer.Null = true
				return answer, nil
			}
		case errors.Is(err, ErrNullDue):
			if nulls++; nulls >= NullAttempts {
				return Answer{}, err
			}
		case IsDamage(err):
			if damage++; damage >= damageAttempts || a.known.has(r.Action, err) {
				return a.takeDamaged(answer, err, damage)
			}
		case kind == trtc.Quota:
			a.limits.Refused(r.Action)
			if quotas++; quotas >= a.attempts.Quota {
				return Answer{}, err
			}
		case kind == trtc.Retryable:
			if faults++; a.lasts(r.Action, err, faults) {
				return Answer{}, a.outage(r.Action, err)
			}
		case kind == trtc.WrongRegion:
			if !a.nextRegion(r.Action, region) {
				return Answer{}, err
			}
			continue
		default:
			return Answer{}, err
		}
		answer.Release()
		if err := a.pause(ctx, faults+quotas, nulls+damage, afterOf(err)); err != nil {
			return Answer{}, err
		}
	}
}

// once waits for its turn, sends and decodes. After an error the answer uses no memory.
func (a *Asker) once(ctx context.Context, answer *Answer, work float64, region string, attempt int, decode func([]byte) error) error {
	action := answer.Request.Action
	ctx, left, err := a.hangs.enter(ctx, action)
	if err != nil {
		return err
	}
	defer left()
	pass, err := a.limits.Enter(ctx, action, a.dialect.MinInterval(action), a.sizes.Upper(action, work))
	if err != nil {
		return hung(ctx, action, err)
	}
	answer.pass, answer.Asked = pass, time.Now()
	ctx, s := span.Begin(ctx, action, attrAction.String(action), attrAttempt.Int(attempt), attrRegion.String(region))
	sent := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { pass.Sent() }}
	resp, err := a.vendor.Do(httptrace.WithClientTrace(ctx, sent), answer.Request, region)
	err = hung(ctx, action, err)
	if !unreachable(err) && ctx.Err() == nil {
		a.answers(action)
	}
	switch kind := a.kindOf(err); {
	case timedOut(err):
		a.hangs.timedOut(action, answer.Asked)
	case ctx.Err() != nil:
	case err != nil && kind == trtc.Quota:
		a.hangs.fails(action, errRefused)
	case err != nil && kind == trtc.Retryable:
		a.hangs.fails(action, errFails)
	default:
		a.hangs.answered(action)
	}
	switch {
	case err == nil:
		answer.Body, answer.Recycle = resp.Body, resp.Recycle
		a.sizes.Learn(action, work, int64(len(resp.Body)))
		err = decodeAs(action, resp.Body, decode)
	case tooLarge(err) && !saysLess(err): // then ask for a few at a time
		a.sizes.Learn(action, work, flood)
	}
	if !answer.tried || unreachable(err) {
		a.tally.asked(action, len(resp.Body), err)
	} else {
		a.tally.asked(action, len(resp.Body), nil)
	}
	endRequest(s, resp.Body, err)
	if err != nil && !errors.Is(err, ErrNull) && !IsDamage(err) {
		answer.Release()
	}
	return err
}

// decodeAs decodes and adds the action to the error. It also classifies a vendor's error in
// a body that was too large for the client to look at.
func decodeAs(action string, body []byte, decode func([]byte) error) (err error) {
	defer func() {
		if r := recover(); r != nil { // a bug of ours must not cost more than the answer
			err = DamageError{Problem: fmt.Sprintf("it cannot be read: %v", r), unreadable: true}
		}
	}()
	err = decode(body)
	if e, ok := errors.AsType[*transform.VendorError](err); ok {
		return trtc.NewError(action, e.Code, e.Message, e.RequestID)
	}
	e, ok := errors.AsType[*transform.DecodeError](err)
	switch {
	case ok && !e.Truncated:
		return DamageError{Problem: e.Error(), unreadable: true}
	case ok:
		return &trtc.Error{Action: action, Code: trtc.CodeHTTP, Message: err.Error(), Kind: trtc.Retryable, Cause: err}
	}
	return err
}

// afterOf returns the time for which the vendor has asked to wait.
func afterOf(err error) time.Duration {
	if e, ok := errors.AsType[*trtc.Error](err); ok {
		return e.After
	}
	return 0
}

func (a *Asker) kindOf(err error) trtc.Kind {
	if e, ok := errors.AsType[*trtc.Error](err); ok {
		return e.Kind
	}
	return trtc.Permanent
}

// nullPause is the pause before a null or damaged answer is asked for again. Most such
// answers do not change.
const nullPause = 100 * time.Millisecond

// pause waits before the next attempt, longer after more failures. unusable is the number
// of null or damaged answers. least is the time for which the vendor has asked to wait.
func (a *Asker) pause(ctx context.Context, failed, unusable int, least time.Duration) error {
	b := backoff.ExponentialBackOff{
		InitialInterval: a.attempts.Least, MaxInterval: a.attempts.Most,
		Multiplier: 2, RandomizationFactor: 0.5,
	}
	d := min(a.attempts.Least, time.Duration(unusable)*nullPause)
	for range failed {
		d = b.NextBackOff()
	}
	select {
	case <-time.After(max(d, least)):
		return nil
	case <-ctx.Done():
		return Ended(ctx)
	}
}
