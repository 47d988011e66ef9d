package simulator

import (
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseFaults(t *testing.T) {
	text := "error=0.05,html=0.02,cut=0.02,stall=0.01,reset=0.02,null=0.02,limit=0.03,slow=0.1,shift=1,poison=0.01,mute=0.02," +
		"busy=0.01,jumble=0.1,twice=0.1,valueless=0.1,text-values=0.1,date-times=0.1,listless=0.1,odd=0.1,failing-days=0.1,gzip=0.1," +
		"mutate=0.1,mutate-sticky=0.2,mutate-once=true,mutate-any=true,mutate-kinds=type+key,page-size=20,deep-pages=100,too-large=1800," +
		"hang=DescribeUserEvent,hang-for=1s,endless=DescribeRoomInfo,endless=DescribeUserInfo,same-page=DescribeRoomInfo,down-for=1m," +
		"code=DescribeUserEvent:LimitExceeded.Foo,flood=DescribeScaleInfo:bomb," +
		"stall-for=3s,slow-for=2s,skew=-1m30s,in-a-row=5,seed=7,DescribeCallDetailInfo@3=cut,DescribeUserInfo@1=reset-late"
	f, err := ParseFaults(text)
	if err != nil {
		t.Fatal(err)
	}
	if f.Error != 0.05 || f.Shift != 1 || f.Skew != -90*time.Second || f.Script[Step{detail, 3}] != FaultCut {
		t.Errorf("faults %+v", f)
	}
	again, err := ParseFaults(f.String())
	if err != nil || !reflect.DeepEqual(again, f) {
		t.Errorf("%s reads as %+v: %v", f, again, err)
	}
	for text, want := range map[string]string{
		"error":                     "write it as error=0.05",
		"error=2":                   "want 0 to 1",
		"error=x":                   "invalid syntax",
		"error=NaN":                 "want 0 to 1",
		"error=0.6,html=0.6":        "add up to 1.2",
		"endless=DescribeScaleInfo": "lists rooms or users",
		"hang=Describe":             "want an action",
		"code=DescribeUserEvent":    "want an action and a code",
		"flood=DescribeUserEvent:x": "one of [spaces",
		"mutate-kinds=x":            "want some of [type",
		"page-size=-1":              "must not be negative",
		"hang-for=-1s":              "want 0s or more",
		"typo=1":                    "no such fault",
		"Describe@1=cut":            "want an action",
		detail + "@0=cut":           "want an action",
		detail + "@1=shift":         "want an action",
	} {
		if _, err := ParseFaults(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestFaultsOverHTTP turns faults on and off like another process.
func TestFaultsOverHTTP(t *testing.T) {
	c := newClient(t, Options{Calls: 3})
	server := httptest.NewServer(c.s)
	defer server.Close()
	params := about(&c.s.calls[DefaultApp][0], 60)
	for _, step := range []struct {
		text string
		want string
		code string
	}{
		{"DescribeUserInfo@1=error\n", "DescribeUserInfo@1=error", "InternalError"},
		{"", "in-a-row=3", ""},
		{"DescribeUserInfo@1=limit", "DescribeUserInfo@1=limit", "RequestLimitExceeded"},
		{"nonsense", `parse faults: "nonsense" has no value`, ""},
	} {
		response, err := http.Post(server.URL+"/faults", "text/plain", strings.NewReader(step.text))
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(response.Body)
		response.Body.Close()
		if !strings.Contains(string(text), step.want) || (response.StatusCode == 200) == (step.text == "nonsense") {
			t.Errorf("POST %q: %d %s", step.text, response.StatusCode, text)
		}
		if code, _ := errorOf(c.call("DescribeUserInfo", params)); !strings.HasPrefix(code, step.code) || step.code == "" && code != "" {
			t.Errorf("after %q: code %q", step.text, code)
		}
	}
}
