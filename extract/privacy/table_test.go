package privacy_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/extract/privacy"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/transform"
)

// tableBody is an answer with a CSV file.
func tableBody(text string) string {
	data, _ := json.Marshal(text)
	return `{"Response":{"Data":` + string(data) + `,"RequestId":"x"}}`
}

// TestTable: the rooms of a CSV file get pseudonyms, the numbers stay, and nothing passes of a
// file that cannot be read.
func TestTable(t *testing.T) {
	t.Parallel()
	p := policy(t, true)
	read := func(body string) string {
		x := privacy.New(p).Begin(false)
		x.Table()
		got, err := io.ReadAll(x.Body(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	const secret = "se\"cret,\nroom"
	got := read(tableBody("\ufeffAudio,Room Id,Owner UserId,SD\n1,\"se\"\"cret,\nroom\",alice,2\n3,se\"cret,x,4\n,secret\n5,other,,\n"))
	for _, word := range []string{"cret", "alice", "other"} {
		if strings.Contains(got, word) {
			t.Errorf("%q passes: %s", word, got)
		}
	}
	w := call.Window{Start: time.Unix(0, 0), End: time.Unix(1, 0)}
	rows, info, err := new(transform.Decoder).Statistics(call.Statement{Shape: call.ShapeTable}, 1, w, transform.AllLines(), []byte(got), nil)
	if err != nil || len(rows) != 4 || len(info.Damage) == 0 {
		t.Fatalf("%d rows, %+v, %v of %s", len(rows), info, err, got)
	}
	for _, x := range rows[:3] {
		if id := privacy.New(p).Room(secret); x.RoomID != id || x.Line != 1 {
			t.Errorf("row %+v, want room %s", x, id)
		}
	}
	if rows[0].Value != 1 || rows[2].Value != 2 || rows[3].Value != 5 || rows[3].RoomID != privacy.New(p).Room("other") {
		t.Errorf("rows %+v", rows)
	}
	for name, body := range map[string]string{
		"without a name of rooms": tableBody("\"secret\nsecret,1"),
		"cut off":                 tableBody("RoomId,A\nsecret,1\n")[:40],
		"of another kind":         `{"Response":{"Error":{"Code":"X","Message":"no"}}}`,
		"a list":                  `{"Response":{"Data":[{"RoomId":"secret"}]}}`,
		"null":                    `{"Response":{"Data":null}}`,
	} {
		if got := read(body); strings.Contains(got, "secret") {
			t.Errorf("%s: it passes: %s", name, got)
		}
	}
	if got := read(`{"Response":{"Data":null}}`); got != `{"Response":{"Data":null}}` {
		t.Error(got)
	}
}
