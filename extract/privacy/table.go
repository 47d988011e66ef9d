package privacy

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/callvault/callvault/internal/call"
)

// tableReader passes on an answer whose Data is a CSV file, without the ids in the columns that
// a Reader would hide if they were fields. It reads the whole answer before it passes anything
// on. Of a file that it cannot read nothing passes that may be an id.
type tableReader struct {
	src  io.Reader // has dealt with everything else
	x    *Exchange
	rest *bytes.Reader // nil: nothing has been read
}

// mostTable bounds the answer in memory; more is cut off, and the answer is damaged.
const mostTable = 128 << 20

func (t *tableReader) Read(p []byte) (int, error) {
	if t.rest == nil {
		body, err := io.ReadAll(io.LimitReader(t.src, mostTable))
		if err != nil {
			return 0, err
		}
		t.rest = bytes.NewReader(t.rewrite(body))
	}
	return t.rest.Read(p)
}

// rewrite returns the answer as it may pass.
func (t *tableReader) rewrite(body []byte) []byte {
	var answer struct {
		Response map[string]json.RawMessage
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Response == nil {
		if at := bytes.Index(body, []byte(`"Data"`)); at >= 0 { // it is cut off, or damaged
			return body[:at]
		}
		return body
	}
	var text string
	if data, ok := answer.Response["Data"]; !ok || data[0] != '"' || json.Unmarshal(data, &text) != nil {
		return body
	}
	answer.Response["Data"], _ = json.Marshal(t.hide(text)) // a string always can
	whole, _ := json.Marshal(answer)                        // what was read can be written
	return whole
}

// hide returns a CSV file without ids. A line that does not fit the header becomes one with a
// single value, which does not fit it either.
func (t *tableReader) hide(text string) string {
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	in.FieldsPerRecord = -1
	var b strings.Builder
	out := csv.NewWriter(&b)
	var rules []rule
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		switch {
		case rules == nil && err != nil:
			return "damaged\n" // a header without a name of rooms
		case rules == nil:
			rules = make([]rule, len(record))
			for i, name := range record {
				rules[i] = ruleOf(strings.TrimSpace(name))
			}
			if at := call.RoomColumn(record); at >= 0 {
				rules[at] = room
			}
		case err != nil || len(record) != len(rules):
			record = []string{"damaged"}
		default:
			for i, r := range rules {
				record[i] = t.cell(r, record[i])
			}
		}
		_ = out.Write(record) // a Builder takes everything
	}
	out.Flush()
	return b.String()
}

// cell returns what becomes of a value.
func (t *tableReader) cell(r rule, text string) string {
	e := t.x.edge
	switch r = e.in(r); r {
	case user:
		return e.hide(user, text, t.x.users)
	case room, callID:
		return e.hide(r, text, true)
	case address:
		return e.policy.Address.Of(text)
	case words:
		return t.x.Words(text)
	}
	return text
}
