package privacy_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/callvault/callvault/extract/privacy"
	"github.com/callvault/callvault/internal/call"
	"github.com/callvault/callvault/internal/identity"
	"github.com/callvault/callvault/transform"
)

const key = "0123456789abcdef0123456789abcdef"

func policy(t testing.TB, rooms bool) identity.Policy {
	t.Helper()
	keys, err := identity.ParseKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	return identity.Policy{Address: identity.Prefix, Users: true, Rooms: rooms, Keys: keys}
}

// rewritten is a body as the policy has it, read by pieces of so many bytes, or as it comes.
func rewritten(t testing.TB, p identity.Policy, body []byte, oneByOne bool) []byte {
	t.Helper()
	var src io.Reader = bytes.NewReader(body)
	if oneByOne {
		src = iotest.OneByteReader(src)
	}
	got, err := io.ReadAll(privacy.New(p).Begin(true).Body(src))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestWhatBecomesOfABody: USER(x), ROOM(x) and CALL(x) are pseudonyms.
func TestWhatBecomesOfABody(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("a", 70<<10)
	for _, w := range []struct{ body, want string }{
		{`{"UserId":"alice"}`, `{"UserId":"USER(alice)"}`},
		{" {\"UserId\" :\t\"alice\" , \"Other\":\n1.50e+3 } \n", " {\"UserId\" :\t\"USER(alice)\" , \"Other\":\n1.50e+3 } \n"},
		{`{"UserId":"\u0061lic\u0065"}`, `{"UserId":"USER(alice)"}`},
		{`{"\u0055serId":"alice"}`, `{"\u0055serId":"USER(alice)"}`},
		{`{"UserId":""}`, `{"UserId":""}`}, {`{"PeerId":null}`, `{"PeerId":null}`},
		{`{"UserId":1716}`, `{"UserId":"USER(1716)"}`}, {`{"UserId":-5}`, `{"UserId":"USER(-5)"}`},
		{`{"UserId":1.5}`, `{"UserId":0.5}`}, {`{"UserId":true}`, `{"UserId":true}`}, {`{"UserId":alice}`, `{"UserId":x}`}, {`{"UserId":007}`, `{"UserId":x}`},
		{`{"UserId":"a","UserId":"b"}`, `{"UserId":"USER(a)","UserId":"USER(b)"}`},
		{`{"UserId":["a",{"b":"c"},[1]],"X":"d"}`, `{"UserId":["USER(a)",{"USER(b)":"USER(c)"},["USER(1)"]],"X":"d"}`},
		{`{"L":[{"UserId":"a"},"b"],"M":"c"}`, `{"L":[{"UserId":"USER(a)"},"b"],"M":"c"}`},
		{`{"UserIds":["a","b"],"userid":"c","InviterUser":"d","UserNumber":"5","UserList":["e"]}`, `{"UserIds":["USER(a)","USER(b)"],"userid":"USER(c)","InviterUser":"USER(d)","UserNumber":"5","UserList":["e"]}`},
		{`{"RoomStr":"r","RoomString":"r","RoomId":"r","CommId":"1_r_2"}`, `{"RoomStr":"ROOM(r)","RoomString":"ROOM(r)","RoomId":"ROOM(r)","CommId":"CALL(1_r_2)"}`},
		{`{"ClientIp":"203.0.113.7"}`, `{"ClientIp":"203.0.113.0"}`}, {`{"ClientIp":"::"}`, `{"ClientIp":"::"}`}, {`{"ClientIp":5}`, `{"ClientIp":""}`}, {`{"ClientIp":"?"}`, `{"ClientIp":""}`},
		{"{\"UserId\":\"a\xffb\"}", "{\"UserId\":\"USER(a\uFFFDb)\"}"}, {`{"UserId":"a\ud800b"}`, "{\"UserId\":\"USER(a\uFFFDb)\"}"},
		{`{"UserId":"🎉"}`, `{"UserId":"USER(🎉)"}`}, {`{"UserId":"\ud83c\udf89"}`, `{"UserId":"USER(🎉)"}`},
		{`{"UserId":"` + big + `"}`, `{"UserId":"USER(` + big + `)"}`}, {`{"ClientIp":"` + big + `"}`, `{"ClientIp":""}`},
		{`{"X":"` + big + `"}`, `{"X":"` + big + `"}`},

		// what is damaged passes up to the damage
		{`{"UserId":"alice`, `{"UserId":`}, {`{"UserId":17`, `{"UserId":`}, {`{"UserId" "alice"}`, `{"UserId" "`}, {`{"UserId":"al\ice"}`, `{"UserId":"\i`},
		{`{"UserId":"al\u00zce"}`, `{"UserId":"\uz`}, {"{\"UserId\":\"al\nice\"}", "{\"UserId\":\"\n"}, {`{"a":"b\x"}`, `{"a":"b\x`}, {`{"a":1}"alice"`, `{"a":1}"`},
		{`{"a":1,}`, `{"a":1,}`}, {`{"a":[1,]}`, `{"a":[1,]`}, {`{"a":1]`, `{"a":1]`}, {`{"a" 1}`, `{"a" 1`}, {`{,`, `{,`},
		{"<html>\n<title>502</title>", "<html>\n<title>502</title>"}, {`)]}' {"UserId":"alice"}`, `)]}`}, {`"alice"`, ``}, {`["alice"]`, ``}, {"", ""}, {"  ", "  "},
	} {
		want := names(policy(t, true)).Replace(w.want)
		for _, oneByOne := range []bool{false, true} {
			if got := string(rewritten(t, policy(t, true), []byte(w.body), oneByOne)); got != want {
				t.Errorf("%.200q\nbecomes %.200q\nwant    %.200q", w.body, got, want)
			}
		}
	}
}

// names spells USER(x), ROOM(x) and CALL(x).
func names(p identity.Policy) interface{ Replace(string) string } { return spelling{p} }

type spelling struct{ p identity.Policy }

func (s spelling) Replace(text string) string {
	for word, kind := range map[string]identity.Kind{"USER(": identity.User, "ROOM(": identity.Room, "CALL(": identity.Call} {
		for {
			i := strings.Index(text, word)
			if i < 0 {
				break
			}
			id, rest, _ := strings.Cut(text[i+len(word):], ")")
			text = text[:i] + s.p.Keys.Pseudonym(kind, id) + rest
		}
	}
	return text
}

// TestOnlyWhatThePolicySays: each setting changes its own fields and no other byte.
func TestOnlyWhatThePolicySays(t *testing.T) {
	t.Parallel()
	body := `{"UserId":"a","RoomId":"r","CommId":"1_r_2","ClientIp":"203.0.113.7","Message":"m"}`
	all := policy(t, true)
	for _, w := range []struct {
		p    identity.Policy
		want string
	}{
		{identity.Policy{Address: identity.None}, `{"UserId":"a","RoomId":"r","CommId":"1_r_2","ClientIp":"","Message":"m"}`},
		{identity.Policy{Users: true, Keys: all.Keys}, `{"UserId":"USER(a)","RoomId":"r","CommId":"1_r_2","ClientIp":"203.0.113.7","Message":"m"}`},
		{identity.Policy{Users: true, Rooms: true, Keys: all.Keys}, `{"UserId":"USER(a)","RoomId":"ROOM(r)","CommId":"CALL(1_r_2)","ClientIp":"203.0.113.7","Message":"m"}`},
	} {
		if got, want := string(rewritten(t, w.p, []byte(body), false)), names(all).Replace(w.want); got != want {
			t.Errorf("%v: %s\nwant %s", w.p, got, want)
		}
	}
	if privacy.New(identity.Policy{}) != nil {
		t.Error("a plain policy rewrites")
	}
}

// decodings are the decoders of all answers.
var decodings = map[string]func(d *transform.Decoder, body []byte) (any, error){
	"rooms": func(d *transform.Decoder, b []byte) (any, error) { r, _, err := d.Rooms(b, 1, nil); return r, err },
	"users": func(d *transform.Decoder, b []byte) (any, error) { r, _, err := d.Users(b, nil); return r, err },
	"events": func(d *transform.Decoder, b []byte) (any, error) {
		r, _, err := d.Events(b, "", "", nil)
		return r, err
	},
	"unusual": func(d *transform.Decoder, b []byte) (any, error) { r, _, err := d.UnusualEvents(b, nil); return r, err },
	"scale":   func(d *transform.Decoder, b []byte) (any, error) { r, _, err := d.DailyScale(b, nil); return r, err },
	"detail": func(d *transform.Decoder, b []byte) (any, error) {
		var all transform.Detail
		asked := call.Window{Start: time.Unix(1590065000, 0), End: time.Unix(1590069000, 0)}
		_, err := d.Detail(b, asked, func(string) (uint32, uint32) { return 0, 1 << 31 }, &all)
		return []any{all.Sessions, all.Samples.Series, all.Samples.Time, all.Samples.Value}, err
	},
}

// check holds the law: what is decoded of a body that was rewritten is what is decoded of the
// body, but for the names; and both fail alike.
func check(t *testing.T, body []byte) {
	t.Helper()
	p := policy(t, true)
	got := rewritten(t, p, body, false)
	if other := rewritten(t, p, body, true); !bytes.Equal(got, other) {
		t.Fatalf("by single bytes %q becomes %q, and else %q", body, other, got)
	}
	if len(bytes.TrimLeft(body, " \t\r\n")) == 0 || bytes.TrimLeft(body, " \t\r\n")[0] != '{' {
		return
	}
	for what, decode := range decodings {
		want, wantErr := decode(new(transform.Decoder), body)
		rows, err := decode(new(transform.Decoder), got)
		if sameError(err, wantErr) != "" {
			t.Fatalf("%s of %q, rewritten %q: %s", what, body, got, sameError(err, wantErr))
		}
		if wantErr == nil && !reflect.DeepEqual(fmt.Sprintf("%+v", rows), fmt.Sprintf("%+v", renamed(p, reflect.ValueOf(want)).Interface())) {
			t.Fatalf("%s of %q\nrewritten %q:\n%+v\nwant %+v", what, body, got, rows, renamed(p, reflect.ValueOf(want)).Interface())
		}
	}
}

// sameError says how two errors differ; "": they do not. Where they are differs.
func sameError(got, want error) string {
	var a, b *transform.DecodeError
	if errors.As(got, &a) && errors.As(want, &b) && a.Truncated == b.Truncated && (a.Truncated || a.Problem == b.Problem) || (got == nil) == (want == nil) && a == nil && b == nil {
		return ""
	}
	return fmt.Sprintf("%v, and of the body %v", got, want)
}

// renamed is a copy of rows with pseudonyms for ids.
func renamed(p identity.Policy, v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.Interface:
		if !v.IsNil() {
			out.Set(renamed(p, v.Elem()))
		}
	case reflect.Slice:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(renamed(p, v.Index(i)))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			if f := out.Field(i); f.Kind() == reflect.String {
				f.SetString(renamedText(p, v.Type().Field(i).Name, f.String()))
			}
		}
	}
	return out
}

func renamedText(p identity.Policy, field, text string) string {
	switch field {
	case "UserID", "PeerID", "Creator":
		return p.Keys.Pseudonym(identity.User, text)
	case "RoomID":
		return p.Keys.Pseudonym(identity.Room, text)
	case "CommID":
		return p.Keys.Pseudonym(identity.Call, text)
	case "ClientIP":
		return p.Address.Of(text)
	}
	return text
}

// bodies are those of package transform's golden tests.
func bodies(t testing.TB) (all [][]byte) {
	t.Helper()
	files, err := filepath.Glob("../../transform/testdata/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, body)
	}
	return all
}

func TestDecodedAsBefore(t *testing.T) {
	t.Parallel()
	for _, body := range bodies(t) {
		check(t, body)
		for cut := 0; cut < len(body); cut += 1 + len(body)/60 { // and what is left of it
			check(t, body[:cut])
			damaged := bytes.Clone(body)
			damaged[cut] ^= 0x10
			check(t, damaged)
		}
	}
}

func FuzzReader(f *testing.F) {
	for _, body := range bodies(f) {
		f.Add(body)
	}
	f.Fuzz(check)
}
