package trtc

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/callvault/callvault/extract/privacy"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/identity"
)

func edge(t *testing.T) (*privacy.Edge, identity.Keys) {
	t.Helper()
	keys, err := identity.ParseKeys("0123456789abcdef0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	return privacy.New(identity.Policy{Address: identity.Prefix, Users: true, Rooms: true, Keys: keys}), keys
}

// TestNamesOnTheWire: the vendor gets its own names, the program pseudonyms, in answers and
// in what the vendor says of a mistake. Nobody whom no answer has named is asked about.
func TestNamesOnTheWire(t *testing.T) {
	e, keys := edge(t)
	alice, room, comm := keys.Pseudonym(identity.User, `al"ice`), keys.Pseudonym(identity.Room, "7"), keys.Pseudonym(identity.Call, "1_7_2")
	var sent []byte
	answer := `{"Response":{"Total":1,"UserList":[{"RoomStr":"7","UserId":"al\"ice","ClientIp":"203.0.113.9"}],"RoomList":[{"CommId":"1_7_2"}],"RequestId":"r"}}`
	c := clientOf(t, Options{Privacy: e}, func(w http.ResponseWriter, r *http.Request) {
		sent, _ = io.ReadAll(r.Body)
		io.WriteString(w, answer)
	})
	w := call.Window{Start: time.Unix(100, 0), End: time.Unix(200, 0)}
	events := Current().EventsOf(1, comm, room, alice, w)
	if err := c.Nameless(events); err == nil || !strings.Contains(err.Error(), "UnknownName") || sent != nil {
		t.Fatalf("%v, sent %s", err, sent)
	}
	resp, err := c.Do(t.Context(), Current().UserList(1, "1_7_2", w, nil, 0, 100), "")
	if want := `{"Response":{"Total":1,"UserList":[{"RoomStr":"` + room + `","UserId":"` + alice + `","ClientIp":"203.0.113.0"}],"RoomList":[{"CommId":"` + comm + `"}],"RequestId":"r"}}`; err != nil || string(resp.Body) != want {
		t.Fatalf("%s, %v\nwant %s", resp.Body, err, want)
	}
	answer = `{"Response":{"Error":{"Code":"InvalidParameter.UserId","Message":"al\"ice was not in 7 (code 17) of 1_7_2"},"RequestId":"r"}}`
	_, err = c.Do(t.Context(), events, "")
	if want := "DescribeUserEvent: InvalidParameter.UserId: " + alice + " was not in " + room + " (code 17) of " + comm + " (RequestId r)"; err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	var asked struct{ CommId, UserId, RoomId string }
	if err := json.Unmarshal(sent, &asked); err != nil || asked.CommId != "1_7_2" || asked.UserId != `al"ice` || asked.RoomId != "7" {
		t.Errorf("sent %s", sent)
	}
	if kept, _ := events.JSON(); strings.Contains(string(kept), "ice") || !strings.Contains(string(kept), alice) {
		t.Errorf("kept %s", kept)
	}
	answer = `sorry, al"ice`
	if _, err := c.Do(t.Context(), events, ""); err == nil || strings.Contains(err.Error(), "ice") {
		t.Errorf("a page: %v", err)
	}
}

// TestEndlessBodiesOfPersons bounds what a body takes that passes through an edge, packed or
// not.
func TestEndlessBodiesOfPersons(t *testing.T) {
	const most = 8 << 20
	for begin, on := range map[string]string{`{"Response":{"UserId":"`: "x", `{"UserId":`: "7", `{"UserIds":[`: `"a",`, `{`: " ", "": " \n", `{"Message":"`: "y"} {
		for _, packed := range []bool{false, true} {
			var e endless
			private, _ := edge(t)
			done := make(chan struct{})
			c := clientOf(t, Options{MaxBody: most, Privacy: private}, func(w http.ResponseWriter, _ *http.Request) {
				defer close(done)
				var to io.Writer = w
				if packed {
					z := gzip.NewWriter(w)
					defer z.Close()
					to = z
				}
				io.WriteString(to, begin)
				e.write(to, on)
			})
			_, err := c.Do(t.Context(), roomList(), "")
			if err == nil {
				t.Errorf("%q: no error", begin+on)
			}
			<-done
			if n := e.wrote.Load(); !packed && n > most+inTransit {
				t.Errorf("%q: the server could write %d MB", begin+on, n>>20)
			}
		}
	}
}
