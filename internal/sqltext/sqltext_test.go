package sqltext

import "testing"

func TestQuoted(t *testing.T) {
	for s, want := range map[string][2]string{
		"":          {"''", "``"},
		"trtc":      {"'trtc'", "`trtc`"},
		"it's":      {`'it\'s'`, "`it's`"},
		"a`b":       {"'a`b'", "`a\\`b`"},
		`back\`:     {`'back\\'`, "`back\\\\`"},
		`\' OR 1=1`: {`'\\\' OR 1=1'`, "`\\\\' OR 1=1`"},
	} {
		if got := [2]string{Literal(s), Identifier(s)}; got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}
