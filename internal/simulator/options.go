package simulator

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Limits of Options.
const (
	MinRetention = time.Hour
	MaxCalls     = 5_000_000
)

// DefaultApp is the SDKAppID of the vendor's own examples.
const DefaultApp uint32 = 1400353843

// edgeMargin is how long after the retention edge of New the oldest call starts. So a
// pass soon after New sees every call.
const edgeMargin = 20 * time.Minute

// Options say what to simulate. The zero value is an account with both dialects, the
// default app and no calls.
type Options struct {
	// Seed decides everything random. The same seed and the same instant of New give
	// the same data.
	Seed uint64
	// Calls is the number of calls, spread over the retention and over Apps.
	Calls int
	// Ahead is how long after New calls keep starting, as many a day as before. A
	// client and Truth know of a call once it has started.
	Ahead time.Duration
	// Long adds calls that last LongFor (the retention and 6 days) and up to an hour
	// more. The first runs at New; the others start in the first half of Ahead.
	Long    int
	LongFor time.Duration
	// Mix is the mix of shapes (MixAll).
	Mix Mix
	// Troubles makes all calls steady, so that no value is bad by chance, and plants
	// trouble in three of four calls in which two users are together for three whole
	// minutes; see Simulator.Troubles. It makes some calls longer. Users of two Apps
	// share ids: see Simulator.SharedUsers.
	Troubles bool
	// Hostile gives rooms, users, devices and versions names that a stranger would choose
	// to upset whoever reads, shows or logs them.
	Hostile bool
	// Straddle adds a call to the first app that begins half an hour before the
	// retention edge of New and ends half an hour after it. Truth has all of it,
	// although no client can fetch its first half.
	Straddle bool
	// Apps are the SDKAppIDs of the account (DefaultApp).
	Apps []uint32

	// SecretID and SecretKey are the keys of the account; empty keys are derived from
	// Seed. Token, if set, must come with each request.
	SecretID, SecretKey, Token string

	// Now is the clock of the data (time.Now). Data lies before the Now of New, except
	// for calls of Ahead. As Now advances, running calls continue, calls ahead begin,
	// and the retention edge moves. It may be virtual. Quota, Stats, Latency and the
	// age of a signature always use time.Now.
	Now func() time.Time
	// Began is the instant of New for the data, if it is not Now. It recreates an
	// account of the past.
	Began time.Time
	// Retention is how far back the account's plan allows (14 days).
	Retention time.Duration
	// Settle is the longest delay until a sample is visible (0: none). Truth has all
	// samples.
	Settle time.Duration

	// QPS is the account's quota a second and action: 0 is the vendor's 20, a negative
	// one unlimited. DescribeAbnormalEvent has a twentieth of it, at least 1.
	QPS int
	// Legacy and Current are the dialects of the account; if neither is set, it has
	// both.
	Legacy, Current bool
	// Statistics says that the account has the vendor's statistics (usage and dashboards), except
	// for the actions of Without.
	Statistics bool
	Without    []string
	// MonitoringDays is how far back dashboards go: 30 days on the basic plan, 60 on the
	// advanced one (30).
	MonitoringDays int
	// Everybody is what becomes of a question for events that names no user (it is refused).
	Everybody Everybody
	// Latency delays each response of the API.
	Latency time.Duration

	// Faults are how the vendor misbehaves; SetFaults changes them later.
	Faults Faults
	// Fault, if set, returns the fault of each valid request within the quota, before
	// Faults; NoFault leaves it to them. It is called concurrently and must not block.
	Fault func(Asked) FaultKind
}

// withDefaults fills in defaults and checks the rest.
func (o Options) withDefaults() (Options, error) {
	if o.Calls < 0 || o.Calls > MaxCalls {
		return o, fmt.Errorf("check options: Calls is %d, want 0 to %d", o.Calls, MaxCalls)
	}
	if len(o.Apps) == 0 {
		o.Apps = []uint32{DefaultApp}
	}
	o.Apps = slices.Clone(o.Apps)
	if seen := slices.Sorted(slices.Values(o.Apps)); len(slices.Compact(seen)) != len(o.Apps) {
		return o, errors.New("check options: Apps has an app twice")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Began.IsZero() {
		o.Began = o.Now()
	}
	if o.Retention == 0 {
		o.Retention = 14 * 24 * time.Hour
	}
	if o.Retention < MinRetention {
		return o, fmt.Errorf("check options: Retention is %s, want at least %s", o.Retention, MinRetention)
	}
	if o.Ahead < 0 || o.Settle < 0 || o.Latency < 0 || o.LongFor < 0 || o.Long < 0 {
		return o, errors.New("check options: Ahead, Settle, Latency, Long and LongFor must not be negative")
	}
	if total := o.total(); total+o.Long > MaxCalls {
		return o, fmt.Errorf("check options: Calls, those Ahead and Long are %d, want at most %d", total+o.Long, MaxCalls)
	}
	if o.LongFor == 0 {
		o.LongFor = o.Retention + 6*24*time.Hour
	}
	mix, err := ParseMix(string(o.Mix))
	if err != nil {
		return o, fmt.Errorf("check options: %w", err)
	}
	o.Mix = mix
	if o.Everybody, err = ParseEverybody(string(o.Everybody)); err != nil {
		return o, fmt.Errorf("check options: Everybody: %w", err)
	}
	if o.QPS == 0 {
		o.QPS = 20
	}
	if o.MonitoringDays == 0 {
		o.MonitoringDays = 30
	}
	if !o.Legacy && !o.Current {
		o.Legacy, o.Current = true, true
	}
	return o.withKeys(), nil
}

// total returns the number of calls before and after New, without special ones.
func (o *Options) total() int {
	return o.Calls + int(float64(o.Calls)*float64(o.Ahead)/float64(o.Retention))
}

// withKeys derives missing keys from the seed.
func (o Options) withKeys() Options {
	if o.SecretID == "" {
		o.SecretID = "AKID" + letters(hash2(o.Seed, 1), 32)
	}
	if o.SecretKey == "" {
		o.SecretKey = letters(hash2(o.Seed, 2), 32)
	}
	return o
}

// letters returns n letters and digits that look like a key.
func letters(seed uint64, n int) string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
	r := rng{seed}
	text := make([]byte, n)
	for i := range text {
		text[i] = alphabet[r.next()%uint64(len(alphabet))]
	}
	return string(text)
}
