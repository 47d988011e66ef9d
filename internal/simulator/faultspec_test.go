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
		"error":              "write it as error=0.05",
		"error=2":            "want 0 to 1",
		"error=x":            "invalid syntax",
		"error=NaN":          "want 0 to 1",
		"error=0.6,html=0.6": "add up to 1.2",
		"typo=1":             "no such fault",
		"Describe@1=cut":     "want an action",
		detail + "@0=cut":    "want an action",
		detail + "@1=shift":  "want an action",
	} {
		if _, err := ParseFaults(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestFaultsOverHTTP switches faults on and off as another process does.
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
