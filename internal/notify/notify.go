// Package notify tells a webhook what became of runs.
//
// An Event is sent as JSON of its own, or as a text in the form that Slack,
// DingTalk and WeCom robots take. A webhook's URL is a secret: no error has it.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Kinds of events.
const (
	Failure  = "failure"
	Loss     = "loss"
	Recovery = "recovery"
)

// Event is what is told. Text says it to people; it names callvault, which
// robots that want a keyword can look for.
type Event struct {
	Event    string    `json:"event"` // failure, loss or recovery
	Text     string    `json:"text"`
	Command  string    `json:"command"`
	Schedule string    `json:"schedule"`
	RunID    string    `json:"run_id"`
	Outcome  string    `json:"outcome"`
	Reason   string    `json:"reason"`
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended"`
	Archived uint64    `json:"calls_archived"`
	Failed   uint64    `json:"failed"`
	Lost     uint64    `json:"lost"`
	Host     string    `json:"host"`
	Version  string    `json:"version"`
}

// Webhook is where events are sent. The zero value sends nothing.
type Webhook struct {
	URL    string
	Format string // json, slack, dingtalk or wecom
	// Attempts bounds how often an event is sent (5), First is the first pause
	// between two (1 s; it doubles), Within bounds all of it (30 s).
	Attempts uint
	First    time.Duration
	Within   time.Duration
	Client   *http.Client // (http.DefaultClient)
}

// Send sends an event until it is taken, or it is not worth another attempt.
func (w Webhook) Send(ctx context.Context, e Event) error {
	if w.URL == "" {
		return nil
	}
	body, err := w.body(e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, or(w.Within, 30*time.Second))
	defer cancel()
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.Multiplier = or(w.First, time.Second), 2
	_, err = backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, w.post(ctx, body) },
		backoff.WithBackOff(pause), backoff.WithMaxTries(or(w.Attempts, 5)), backoff.WithMaxElapsedTime(0))
	if err != nil {
		return fmt.Errorf("send notification: %w", err)
	}
	return nil
}

func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// body is an event in the webhook's format.
func (w Webhook) body(e Event) ([]byte, error) {
	switch w.Format {
	case "", "json":
		return json.Marshal(e)
	case "slack":
		return json.Marshal(map[string]string{"text": e.Text})
	case "dingtalk", "wecom":
		return json.Marshal(map[string]any{"msgtype": "text", "text": map[string]string{"content": e.Text}})
	}
	return nil, fmt.Errorf("send notification: no such format %q", w.Format)
}

// mostAnswer is how much of an answer is read.
const mostAnswer = 64 << 10

// post sends once. An answer that says that the request is wrong is for good.
func (w Webhook) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(errors.New("the URL cannot be used"))
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := or(w.Client, http.DefaultClient).Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	switch {
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500:
		return fmt.Errorf("the webhook answers HTTP %d", resp.StatusCode)
	case resp.StatusCode >= 300:
		return backoff.Permanent(fmt.Errorf("the webhook answers HTTP %d", resp.StatusCode))
	case err != nil:
		return withoutURL(err)
	}
	return w.refused(answer)
}

// refused reads the error that DingTalk and WeCom put into an answer of 200.
func (w Webhook) refused(answer []byte) error {
	if w.Format != "dingtalk" && w.Format != "wecom" {
		return nil
	}
	var a struct {
		Code    int    `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if json.Unmarshal(answer, &a) != nil || a.Code == 0 {
		return nil
	}
	const busy, tooFast = -1, 45009 // WeCom's system busy, and its limit
	err := fmt.Errorf("the webhook answers errcode %d: %.200s", a.Code, a.Message)
	if a.Code == busy || a.Code == tooFast {
		return err
	}
	return backoff.Permanent(err)
}

// withoutURL is an error of net/http without the address that it is about.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
