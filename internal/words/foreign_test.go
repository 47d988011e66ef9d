package words_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/callvault/callvault/internal/words"
)

// upset is what the tests take for it, told in other words than the program.
func upset(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		switch {
		case r == '\n' || r == '\t':
			return false
		case 0x2028 <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069, r == 0x200e, r == 0x200f, r == 0x061c:
			return true
		}
		return unicode.Is(unicode.Cc, r)
	})
}

// FuzzForeign: whatever the text, what is shown cannot upset anybody, JSON stays the same to a
// program, and a terminal gets the same however the text is cut into writes.
func FuzzForeign(f *testing.F) {
	for _, text := range []string{"", "plain — text", "\x1b[2J", "caf\xe9", "\u009b31m", "a\u202eb\u2066c\u2069", "\u2028\u2029", "new\nline\tand tab", "👩\u200d👧", "\xf0\x9f", "\x7f", "\u061c\u200e\u200f"} {
		f.Add(text, 1)
	}
	f.Fuzz(func(t *testing.T, text string, cut int) {
		for what, shown := range map[string]string{"Shown": words.Shown(text), "Line": words.Line(text)} {
			if upset(shown) || strings.ContainsAny(shown, "\n\t") || len(shown) > 4*4000+10 {
				t.Errorf("%s of %q: %q", what, text, shown)
			}
		}
		asJSON, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		var before, after string
		escaped := words.JSON(asJSON)
		if json.Unmarshal(asJSON, &before) != nil || json.Unmarshal(escaped, &after) != nil || before != after || upset(string(escaped)) {
			t.Errorf("JSON of %q: %q", text, escaped)
		}
		var once, twice bytes.Buffer
		_, _ = words.Terminal(&once).Write([]byte(text))
		cut = max(0, min(cut, len(text)))
		w := words.Terminal(&twice)
		_, _ = w.Write([]byte(text[:cut]))
		_, _ = w.Write([]byte(text[cut:]))
		if upset(once.String()) || once.String() != twice.String() {
			t.Errorf("on a terminal %q is %q, cut at %d %q", text, once.String(), cut, twice.String())
		}
	})
}

func TestTerminal(t *testing.T) {
	for text, want := range map[string]string{
		"a,b\n\"c\td\"\n": "a,b\n\"c\td\"\n", "\x1b[2J": `\x1b[2J`, "caf\xe9!": `caf\xe9!`, "\u202ex": `\u202ex`, "\uFFFD": "\uFFFD", "会议": "会议", "\r\n": "\\r\n",
	} {
		var out bytes.Buffer
		if n, err := words.Terminal(&out).Write([]byte(text)); n != len(text) || err != nil || out.String() != want {
			t.Errorf("%q: %d %v %q, want %q", text, n, err, out.String(), want)
		}
	}
}

func TestChat(t *testing.T) {
	if got := words.Chat("<!channel> <https://evil|here> & more"); got != "&lt;!channel&gt; &lt;https://evil|here&gt; &amp; more" {
		t.Error(got)
	}
}

func TestHTML(t *testing.T) {
	for page, want := range map[string]string{
		"<p>plain</p>\n":                                 "<p>plain</p>\n",
		"<td>a\u202eb\x7f</td>":                          "<td>a\\u202eb\\u007f</td>",
		"<input value=\"a\u202eb\"><b>\u2066</b>":        "<input value=\"a&#x202e;b\"><b>\\u2066</b>",
		"<p title=\"\x1b\">\x00\r</p>":                   "<p title=\"␛\">␀␍</p>",
		"<p>👩\u200d👧 \u0645\u0631\u062d\u0628\u0627</p>": "<p>👩\u200d👧 \u0645\u0631\u062d\u0628\u0627</p>",
	} {
		if got := string(words.HTML([]byte(page))); got != want {
			t.Errorf("%q: %q, want %q", page, got, want)
		}
	}
}
