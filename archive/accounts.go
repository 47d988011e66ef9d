package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/callvault/callvault/extract/ask"
	"github.com/callvault/callvault/extract/privacy"
	"github.com/callvault/callvault/extract/quota"
	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/config"
)

// Connect finds the credentials of the accounts that have applications. It sends no
// request to the vendor.
func (j *Run) Connect(ctx context.Context) error {
	share := j.Options.Memory
	budget, memory := quota.NewBudget(share.Answers), trtc.NewMemory(share.Answers)
	var clients []*Account
	for i, a := range j.Accounts {
		if len(a.Apps) == 0 {
			continue
		}
		cred, err := Credential(ctx, a)
		if err != nil {
			return err
		}
		secure, err := a.ToVendor()
		if err != nil {
			return err
		}
		edge := privacy.New(j.Options.Privacy)
		c, err := trtc.New(trtc.Options{Credential: cred, TLS: secure, Privacy: edge, Region: a.Region, Endpoint: a.Endpoint, Spare: int(share.Spare) / len(j.Accounts), MaxBody: maxBody(share.Answers), Memory: memory})
		if err != nil {
			return err
		}
		clients = append(clients, &Account{Settings: j.Accounts[i], vendor: c, edge: edge, Limits: quota.New(quota.Options{PerSecond: a.QPS, Reserve: a.Reserve, Budget: budget})})
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.Clients = clients
	return nil
}

// maxBody returns the limit of one answer: half the memory for all answers, but at least
// the 23 MB that the vendor's limits allow.
func maxBody(answers int64) int {
	const largestLegal = 32 << 20
	return int(max(largestLegal, answers/2))
}

// Account is an account with the client that asks for it.
type Account struct {
	Settings config.Account
	vendor   *trtc.Client
	edge     *privacy.Edge
	Limits   *quota.Limits
	asker    atomic.Pointer[ask.Asker] // set by detect
}

// detect finds out which dialect of the API the account has.
func (c *Account) detect(ctx context.Context, now time.Time, attempts ask.Attempts, w ask.Waiting) error {
	apps := make([]call.AppID, len(c.Settings.Apps))
	for i, a := range c.Settings.Apps {
		apps[i] = call.AppID(a)
	}
	d, err := w.Detect(ctx, c.vendor, c.Limits, apps, now, Dialects(c.Settings)...)
	if err != nil {
		return accountError(c.Settings, err)
	}
	c.asker.Store(ask.NewAsker(c.vendor, d, c.Limits, attempts))
	return nil
}

// Dialects returns the dialects that the account may have.
func Dialects(a config.Account) []trtc.Dialect {
	if d, err := trtc.ParseDialect(a.API); err == nil {
		return []trtc.Dialect{d}
	}
	return []trtc.Dialect{trtc.Current(), trtc.Legacy()}
}

// accountError adds to err what to try if an account cannot be asked.
func accountError(a config.Account, err error) error {
	if hint := AccountHint(a, err); hint != "" {
		return fmt.Errorf("%w; %s", err, hint)
	}
	return err
}

// AccountHint says what to try. It returns "" if err already says it.
func AccountHint(a config.Account, err error) string {
	hint := trtc.Hint(err)
	if hint == "" || strings.Contains(err.Error(), hint) {
		return ""
	}
	if e, ok := errors.AsType[*trtc.Error](err); ok && (e.Code == trtc.CodeNetwork || e.Code == trtc.CodeHTTP) {
		return hint + " (the endpoint is " + a.Endpoint + ")"
	}
	if other := a.OtherSite(); other != "" && trtc.UnknownHere(err) {
		return hint + ", or set CALLVAULT_TRTC_ENDPOINT=" + other + ": " + a.Site() + ", which was asked, does not know the keys of the vendor's other site"
	}
	return hint
}

// Asked returns the accounts that the run asks.
func (j *Run) Asked() []*Account {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.Clients
}

// Counts sums up the requests of the accounts since detect.
func (j *Run) Counts() ask.Counts {
	all := ask.NewCounts()
	for _, c := range j.Asked() {
		if a := c.asker.Load(); a != nil {
			all.Add(a.Stats())
		}
	}
	return all
}

// othersWait is how long an account that does not answer may delay the others.
const othersWait = 5 * time.Minute

// waiting returns the patience with an account that does not answer.
func (j *Run) waiting(c *Account) ask.Waiting {
	w := ask.Waiting{For: j.Patience, Unreached: unreachedFor(j.Patience), Least: j.Attempts.Least, Most: j.Attempts.Most}
	if len(j.Clients) > 1 {
		w.For = min(w.For, othersWait)
	}
	if j.Waits != nil {
		w.OnWait = func(err error, until time.Time) { j.Waits(accountError(c.Settings, err), until) }
	}
	return w
}

// Detect finds out the dialects of all accounts. It leaves out accounts that cannot be
// asked and names them in refused. It returns an error if no account can be asked.
func (j *Run) Detect(ctx context.Context) error {
	errs := make([]error, len(j.Clients))
	var wg sync.WaitGroup
	for i, c := range j.Clients {
		wg.Go(func() { errs[i] = c.detect(ctx, j.Now(), j.Attempts, j.waiting(c)) })
	}
	wg.Wait()
	var good []*Account
	for i, c := range j.Clients {
		if errs[i] == nil {
			good = append(good, c)
			continue
		}
		if len(j.Clients) > 1 {
			errs[i] = fmt.Errorf("%s: %w", c.Settings.Name, errs[i])
		}
		j.Refused = append(j.Refused, errs[i])
	}
	j.mu.Lock()
	j.Clients = good
	j.mu.Unlock()
	if len(good) > 0 {
		return nil
	}
	if i := slices.IndexFunc(j.Refused, Passing); i >= 0 {
		return j.Refused[i]
	}
	return j.Refused[0]
}
