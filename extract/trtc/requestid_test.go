package trtc

import (
	"strings"
	"testing"
)

func TestRequestID(t *testing.T) {
	for body, want := range map[string]string{
		`{"Response":{"Data":null,"RequestId":"8e6c-41"}}`:           "8e6c-41",
		`{"Response":{"RequestId" : "8e6c-41", "Total":1}}`:          "8e6c-41",
		`{"Response":{"Room":"\"RequestId\":","RequestId":"8e6c"}}`:  "8e6c",
		`{"Response":{"RequestId":"` + strings.Repeat("8", 65) + `"`: "",
		`{"Response":{"RequestId":"8e6c`:                             "",
		`{"Response":{"RequestId":`:                                  "",
		`{"Response":{}}`:                                            "",
		"":                                                           "",
	} {
		if got := RequestID([]byte(body)); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}
