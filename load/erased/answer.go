package erased

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/call"
)

// longestRetention is longer than any plan of the vendor keeps data. What was asked for so
// long after a time has nothing of calls that began before it.
const longestRetention = 90 * 24 * time.Hour

// Answer returns an answer of the vendor as it may be kept. keep is false if it may not: it
// names somebody who was erased, or is cut within a text that may be a name. Only the lists of
// rooms are kept without what was erased, because each is about up to a hundred calls; a
// replay reads the same rows of them as before.
func (s *Set) Answer(app call.AppID, request, body []byte, asked time.Time) (kept []byte, keep bool) {
	if !s.Any(app) {
		return body, true
	}
	m := &mentions{Set: s, app: app, asked: asked, known: map[string]bool{}}
	switch {
	case m.in(request):
		return nil, false
	case !m.in(body):
		return body, true
	}
	kept, ok := m.withoutRooms(body)
	return kept, ok && !m.in(kept)
}

// mentions looks for ids in answers.
type mentions struct {
	*Set
	app   call.AppID
	asked time.Time
	known map[string]bool // of texts: whether they are what was erased
}

// in reports whether a text of a JSON document was erased, or its last text has no end.
func (m *mentions) in(document []byte) bool {
	for {
		text, rest, ok := nextText(document)
		switch {
		case text == nil:
			return false
		case !ok || m.is(text):
			return true
		}
		document = rest
	}
}

// nextText returns the next text of a JSON document with its quotes, or nil if there is none.
// It is not ok if the text has no end.
func nextText(document []byte) (text, rest []byte, ok bool) {
	from := bytes.IndexByte(document, '"')
	if from < 0 {
		return nil, nil, true
	}
	document = document[from:]
	for at := 1; at < len(document); at++ {
		switch document[at] {
		case '\\':
			at++
		case '"':
			return document[:at+1], document[at+1:], true
		}
	}
	return document, nil, false
}

// is reports whether a text, given with its quotes, is an id that was erased.
func (m *mentions) is(text []byte) bool {
	if bytes.Contains(text, []byte(`\n`)) && m.inTable(text) {
		return true
	}
	yes, known := m.known[string(text)]
	if !known {
		id := string(text[1 : len(text)-1])
		if bytes.IndexByte(text, '\\') >= 0 {
			_ = json.Unmarshal(text, &id) // what is no text of JSON stays as it came
		}
		yes = m.late(User, id) || m.late(Room, id)
		m.known[string(text)] = yes
	}
	return yes
}

// inTable reports whether a value of a CSV file, given as a text with its quotes, is an id that
// was erased.
func (m *mentions) inTable(text []byte) bool {
	var file string
	if json.Unmarshal(text, &file) != nil {
		return false
	}
	in := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff")))
	in.FieldsPerRecord, in.LazyQuotes, in.ReuseRecord = -1, true, true
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return false
		}
		for _, value := range record {
			if m.late(User, value) || m.late(Room, value) {
				return true
			}
		}
	}
}

// late reports whether an answer may have something that was erased of an id.
func (m *mentions) late(kind Kind, id string) bool {
	till := m.Until(m.app, kind, id)
	return !till.IsZero() && id != "" && (till.Equal(Always()) || m.asked.Before(till.Add(longestRetention)))
}

// withoutRooms returns a list of rooms without the rooms that were erased, and without
// creators that were. It is not ok if the answer is no such list.
func (m *mentions) withoutRooms(body []byte) (kept []byte, ok bool) {
	var answer, response map[string]json.RawMessage
	var list []json.RawMessage
	left := []json.RawMessage{}
	if json.Unmarshal(body, &answer) != nil || json.Unmarshal(answer["Response"], &response) != nil || json.Unmarshal(response["RoomList"], &list) != nil {
		return nil, false
	}
	for _, element := range list {
		if room, keep, ok := m.room(element); !ok {
			return nil, false
		} else if keep {
			left = append(left, room)
		}
	}
	response["RoomList"] = marshalled(left)
	answer["Response"] = marshalled(response)
	return marshalled(answer), true
}

// room returns an element of a list of rooms.
func (m *mentions) room(element json.RawMessage) (room json.RawMessage, keep, ok bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(element, &fields) != nil {
		return nil, false, false
	}
	var r call.Room
	var created int64
	_ = json.Unmarshal(fields["RoomString"], &r.RoomID) // what cannot be read is empty, and then the whole answer goes
	_ = json.Unmarshal(fields["UserId"], &r.Creator)
	_ = json.Unmarshal(fields["CreateTime"], &created)
	r.App, r.CreatedAt = m.app, time.Unix(created, 0)
	listed, keep := m.Listed(r)
	if listed.Creator == r.Creator {
		return element, keep, true
	}
	fields["UserId"] = json.RawMessage(`""`)
	return marshalled(fields), keep, true
}

// marshalled is JSON that was read as such.
func marshalled(v any) json.RawMessage {
	text, _ := json.Marshal(v) // what was read can be written
	return text
}
