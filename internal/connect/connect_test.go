package connect

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/callvault/callvault/internal/config"
	"github.com/callvault/callvault/internal/embedded"
	"github.com/callvault/callvault/load/store"
)

func TestHints(t *testing.T) {
	for _, h := range hints {
		if got := hinted(fmt.Errorf("open: %w: x", h.err)); !errors.Is(got, h.err) || got.Error() != "open: "+h.err.Error()+": x; "+h.try {
			t.Errorf("%v: %v", h.err, got)
		}
	}
	other := errors.New("other")
	if got := hinted(other); got != other {
		t.Errorf("another error: %v", got)
	}
	var setting config.Error
	if _, err := Store(t.Context(), "http://host", store.Options{}); !errors.As(err, &setting) || setting.Setting != "CLICKHOUSE_DSN" {
		t.Errorf("no DSN: %v", err)
	}
	if err := NoArchive("sql"); !errors.Is(err, ErrNoArchive) || !strings.HasSuffix(err.Error(), "callvault sql --demo)") {
		t.Error(err)
	}
}

func TestEmpty(t *testing.T) {
	for want, s := range map[bool]Server{
		true:  {Embedded: embedded.Options{Path: t.TempDir() + "/none"}},
		false: {Embedded: embedded.Options{Path: t.TempDir()}},
	} {
		if s.Empty() != want {
			t.Errorf("%s: empty %v", s.Embedded.Path, !want)
		}
		if s.DSN = "clickhouse://host"; s.Empty() {
			t.Error("a server counts as empty")
		}
	}
}

// TestAwait waits for a ClickHouse in virtual time.
func TestAwait(t *testing.T) {
	const wait = time.Minute
	away := fmt.Errorf("%w: down", store.ErrUnreachable)
	for _, c := range []struct {
		name        string
		comes       time.Duration // when it can be opened; -1: never
		wrong       error         // in place of being away
		limit       time.Duration // 0: none
		interrupted time.Duration // 0: it is not
		err         error
		least, most time.Duration // that it takes
		told        int
	}{
		{"there", 0, nil, wait, 0, nil, 0, 0, 0},
		{"it comes", 10 * time.Second, nil, wait, 0, nil, 10 * time.Second, 20 * time.Second, 1},
		{"it comes late, and nobody hurries", 10 * time.Hour, nil, 0, 0, nil, 10 * time.Hour, 10*time.Hour + 18*time.Second, 1},
		{"it does not come", -1, nil, wait, 0, away, wait, wait, 1},
		{"a wrong password stays wrong", -1, store.ErrAuth, wait, 0, store.ErrAuth, 0, 0, 0},
		{"interrupted", -1, nil, 0, 3 * time.Second, away, 3 * time.Second, 3 * time.Second, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.interrupted > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.interrupted)
					defer cancel()
				}
				began, told, closed := time.Now(), 0, false
				open := func(context.Context) (*store.Store, func(), error) {
					switch {
					case c.wrong != nil:
						return nil, nil, c.wrong
					case c.comes < 0 || time.Since(began) < c.comes:
						return nil, nil, away
					}
					return nil, func() { closed = true }, nil
				}
				var until time.Time
				if c.limit > 0 {
					until = began.Add(c.limit)
				}
				_, done, err := await(ctx, open, until, func(err error) {
					told++
					if !errors.Is(err, away) {
						t.Errorf("told of %v", err)
					}
				})
				took := time.Since(began)
				if !errors.Is(err, c.err) || took < c.least || took > c.most || told != c.told {
					t.Errorf("%v after %v, told %d times", err, took, told)
				}
				if err == nil {
					if done(); !closed {
						t.Error("not what was opened")
					}
				}
			})
		})
	}
}
