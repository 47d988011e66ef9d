// Package notify sends the outcome of runs to a webhook.
//
// An Event is sent as JSON, or as a text for a Slack, DingTalk or WeCom robot. The URL
// of a webhook is a secret: errors do not contain it.
package notify

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/callvault/callvault/internal/words"
)

// Kinds of events.
const (
	Failure  = "failure"
	Loss     = "loss"
	Recovery = "recovery"
)

// Event is the outcome of a run. Text is for people. It contains "callvault", which
// serves as the keyword that some robots require.
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
	// Attempts is the most attempts to send an event (5). First is the first pause
	// between them (1 s); pauses double. Within bounds the whole (30 s).
	Attempts uint
	First    time.Duration
	Within   time.Duration
	Client   *http.Client // (http.DefaultClient)
}

// Send sends an event. It retries until the webhook accepts it, rejects it for good, or
// Attempts or Within is exhausted.
func (w Webhook) Send(ctx context.Context, e Event) error {
	if w.URL == "" {
		return nil
	}
	body, err := w.body(e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(w.Within, 30*time.Second))
	defer cancel()
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.Multiplier = cmp.Or(w.First, time.Second), 2
	_, err = backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, w.post(ctx, body) },
		backoff.WithBackOff(pause), backoff.WithMaxTries(cmp.Or(w.Attempts, 5)), backoff.WithMaxElapsedTime(0))
	if err != nil {
		return fmt.Errorf("send notification: %w", err)
	}
	return nil
}

// body formats an event for the webhook.
func (w Webhook) body(e Event) ([]byte, error) {
	switch w.Format {
	case "", "json":
		return json.Marshal(e)
	case "slack":
		return json.Marshal(map[string]any{"text": words.Chat(e.Text), "mrkdwn": false})
	case "dingtalk":
		return robotText(e.Text)
	case "wecom":
		return robotText(short(strings.ReplaceAll(e.Text, "<@", "< @"), mostOfWeCom)) // <@id> calls somebody
	}
	return nil, fmt.Errorf("send notification: no such format %q", w.Format)
}

// mostOfWeCom is the longest text, in bytes, that WeCom's robot takes; a longer one is refused
// (https://developer.work.weixin.qq.com/document/path/91770).
const mostOfWeCom = 2048

// robotText is a message without markup, of DingTalk's and WeCom's robots.
func robotText(text string) ([]byte, error) {
	return json.Marshal(map[string]any{"msgtype": "text", "text": map[string]string{"content": text}})
}

// short cuts out the middle of a text of more than most bytes. Its end says which run it is about.
func short(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const end = 300
	return strings.ToValidUTF8(text[:most-end-len("…")], "") + "…" + strings.ToValidUTF8(text[len(text)-end:], "")
}

// mostAnswer is the most bytes read of a response.
const mostAnswer = 64 << 10

// post sends once. Its error is permanent if the webhook rejects the request.
func (w Webhook) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(errors.New("the URL cannot be used"))
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := cmp.Or(w.Client, http.DefaultClient).Do(req)
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

// refused returns the error that DingTalk and WeCom put into a response of status 200.
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
	const busy, tooFast = -1, 45009 // WeCom: system busy, rate limit
	err := fmt.Errorf("the webhook answers errcode %d: %s", a.Code, words.Shown(a.Message))
	if a.Code == busy || a.Code == tooFast {
		return err
	}
	return backoff.Permanent(err)
}

// withoutURL removes the URL from an error of net/http.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
