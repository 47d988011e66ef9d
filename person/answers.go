package person

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/load"
	"github.com/callvault/callvault/load/bodies"
	"github.com/callvault/callvault/load/erased"
	"github.com/callvault/callvault/load/upkeep"
)

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// answer is a kept response.
type answer struct {
	id            uint64
	app           uint32
	asked         time.Time
	run, action   string
	request, body []byte
	expires       time.Time
	reason        string
}

// answers deletes the kept responses that name what was erased. A list of rooms is kept
// without it, under another id. Parts that were made from a deleted response have
// call.ErasedResponse in its place, so that a replay leaves them as they are.
func (e *Erasure) answers(ctx context.Context) error {
	gone, err := e.gone(ctx)
	if err != nil {
		return err
	}
	for {
		found, err := e.naming(ctx, gone)
		if err != nil || len(found) == 0 {
			return err
		}
		if err := e.replaceAnswers(ctx, gone, found); err != nil {
			return err
		}
	}
}

// answersAtOnce bounds the answers in memory, and the text of a statement.
const (
	answersAtOnce = 2000
	bytesAtOnce   = 64 << 20
)

// naming reads some of the responses that name what was erased.
func (e *Erasure) naming(ctx context.Context, gone *erased.Set) (found []answer, err error) {
	size := 0
	err = e.Store.Retry(ctx, func(ctx context.Context) error {
		found, size = nil, 0
		return e.eachAnswer(ctx, e.Store, func(x answer) {
			if len(found) >= answersAtOnce || size >= bytesAtOnce || !x.names(gone) {
				return
			}
			kept, keep := gone.Answer(call.AppID(x.app), x.request, x.body, x.asked)
			x.request, x.body = bytes.Clone(x.request), nil
			if keep {
				x.body = bytes.Clone(kept)
			}
			found, size = append(found, x), size+len(x.body)
		})
	})
	return found, err
}

// eachAnswer reads the responses that may name the person. The server finds those that have an
// id as it is, or a text with escapes, or that could not be read; only these are read.
func (w Who) eachAnswer(ctx context.Context, a Archive, f func(answer)) error {
	escaped := condition{"(position(request, '\\\\') > 0 OR position(body, '\\\\') > 0)", nil}
	c := allOf(w.inApps(), anyOf(w.inAnswers(), escaped, condition{"reason != ''", nil}))
	q := "SELECT response_id, sdk_app_id, asked_at, run_id, action, request, " + bodies.Columns + ", expires_at, reason FROM raw_responses WHERE " + c.text + " ORDER BY response_id"
	var x answer
	var body bodies.Packed
	var damaged error
	err := read(ctx, a.StoreConn(), q, c.args, func() {
		var err error
		if x.body, err = body.Unpack(); err != nil {
			damaged = fmt.Errorf("read raw response %d: %w", x.id, err)
			return
		}
		f(x)
	}, &x.id, &x.app, &x.asked, &x.run, &x.action, &x.request, &body.Text, &body.Times, &body.Numbers, &x.expires, &x.reason)
	return cmp.Or(err, damaged)
}

// inAnswers is the condition that a response has an id as it is, or as JSON writes it.
func (w Who) inAnswers() condition {
	var forms []string
	for _, id := range slices.Concat(w.Users, w.Rooms) {
		forms = append(forms, `"`+id+`"`)
		if text, err := json.Marshal(id); err == nil {
			forms = append(forms, string(text))
		}
	}
	has := func(column string) condition { return condition{"multiSearchAny(" + column + ", ?)", []any{forms}} }
	return allOf(w.inApps(), anyOf(has("body"), has("request")))
}

// names reports whether a response may not be kept as it is.
func (x *answer) names(gone *erased.Set) bool {
	kept, keep := gone.Answer(call.AppID(x.app), x.request, x.body, x.asked)
	return !keep || !bytes.Equal(kept, x.body) || gone.Text(call.AppID(x.app), x.reason) != x.reason
}

// replaceAnswers inserts what is kept of responses, then names it in the parts, and then
// deletes the responses.
func (e *Erasure) replaceAnswers(ctx context.Context, gone *erased.Set, found []answer) error {
	var kept []answer
	var from, to []string
	for _, x := range found {
		from = append(from, number(x.id))
		if x.body == nil {
			to = append(to, number(call.ErasedResponse))
			e.Done.Answers++
			continue
		}
		x.id, x.reason = e.Store.IDs().New(), gone.Text(call.AppID(x.app), x.reason)
		to, kept = append(to, number(x.id)), append(kept, x)
		e.Done.Rewritten++
	}
	err := e.Store.Retry(ctx, func(ctx context.Context) error {
		if err := insertAnswers(ctx, e.Store, kept); err != nil {
			return err
		}
		return e.Store.Cluster().Copied(ctx, e.Store.StoreConn(), "raw_responses")
	})
	if err != nil {
		return err
	}
	ids := "[" + strings.Join(from, ",") + "]::Array(UInt64)"
	set := "responses = arrayMap(x -> transform(x, " + ids + ", [" + strings.Join(to, ",") + "]::Array(UInt64), x), responses)"
	if err := upkeep.Update(ctx, e.Store, "ledger_parts", set, "hasAny(responses, "+ids+")"); err != nil {
		return err
	}
	return upkeep.Rewrite(ctx, e.Store, "raw_responses", "response_id IN ("+strings.Join(from, ",")+")")
}

func insertAnswers(ctx context.Context, a Archive, rows []answer) error {
	if len(rows) == 0 {
		return nil
	}
	some := make([]load.Response, len(rows))
	for i, r := range rows {
		some[i] = load.Response{ID: r.id, App: call.AppID(r.app), Action: r.action, Request: r.request, Body: r.body, Asked: r.asked, Reason: r.reason, Run: r.run, Expires: r.expires}
	}
	return load.InsertResponses(ctx, a.StoreConn(), some)
}
