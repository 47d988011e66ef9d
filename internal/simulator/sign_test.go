package simulator

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The vectors are from the vendor's pages on the two signatures.
func TestVendorVectors(t *testing.T) {
	const key = "Gu5t9xGARNpq86cd98joQYCN3*******"
	const body = `{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`
	for headers, want := range map[string]string{
		"content-type;host":             "2230eefd229f582d8b1b891af7107b91597240707d778ab3738f756258d7652c",
		"content-type;host;x-tc-action": "be4f67d323c78ab9acb7395e43c0dbcf822a9cfac32fea2449a7bc7726b770a3",
	} {
		e := envelope{method: "POST", body: []byte(body), signedHeaders: strings.Split(headers, ";"), header: http.Header{
			"Content-Type": {"application/json; charset=utf-8"}, "X-Tc-Action": {"DescribeInstances"},
		}}
		got := signV3(e.canonical("cvm.tencentcloudapi.com", true), "1551113065", "2019-02-25/cvm/tc3_request", key)
		if got != want {
			t.Errorf("TC3 over %s = %s, want %s", headers, got, want)
		}
	}
	form := map[string]string{
		"Action": "DescribeInstances", "InstanceIds.0": "ins-09dx96dg", "Limit": "20", "Nonce": "11886", "Offset": "0",
		"Region": "ap-guangzhou", "SecretId": "AKIDz8krbsJ5yKBZQpn74WFkmLPx3*******", "Timestamp": "1465185768", "Version": "2017-03-12",
	}
	if got, want := signV1(form, "GET", "cvm.tencentcloudapi.com", key), "zmmjn35mikh6pM3V7sUEuX4wyYM="; got != want {
		t.Errorf("HmacSHA1 = %s, want %s", got, want)
	}
}

// TestAuthentication makes a good request wrong in one way each.
func TestAuthentication(t *testing.T) {
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	replace := func(old, text string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, text, 1))
		}
	}
	late := strconv.FormatInt(time.Now().Add(-6*time.Minute).Unix(), 10)
	for name, test := range map[string]struct {
		edit func(*http.Request)
		want string
	}{
		"good":              {func(*http.Request) {}, ""},
		"timestamp":         {header("X-TC-Timestamp", late), "AuthFailure.SignatureExpire"},
		"timestamp missing": {func(r *http.Request) { r.Header.Del("X-TC-Timestamp") }, "MissingParameter"},
		"secret id":         {replace("Credential=AKID", "Credential=AKIE"), "AuthFailure.SecretIdNotFound"},
		"signature":         {replace("Signature=", "Signature=0"), "AuthFailure.SignatureFailure"},
		"host":              {func(r *http.Request) { r.Host = "elsewhere" }, "AuthFailure.SignatureFailure"},
		"service":           {replace("/trtc/", "/cvm/"), "AuthFailure.SignatureFailure"},
		"signed headers":    {replace("content-type;host", "host"), "AuthFailure.SignatureFailure"},
		"algorithm":         {replace("TC3-HMAC", "TC4-HMAC"), "AuthFailure.SignatureFailure"},
		"not signed":        {func(r *http.Request) { r.Header.Del("Authorization") }, "MissingParameter"},
		"token":             {header("X-TC-Token", "surplus"), "AuthFailure.TokenFailure"},
		"region":            {header("X-TC-Region", "eu-frankfurt"), "UnsupportedRegion"},
		"region missing":    {header("X-TC-Region", ""), "MissingParameter"},
		"version":           {header("X-TC-Version", "2019-07-23"), "NoSuchVersion"},
		"action":            {header("X-TC-Action", "DescribeRooms"), "InvalidAction"},
		"content type":      {header("Content-Type", "text/plain"), "InvalidParameter"},
		"method":            {func(r *http.Request) { r.Method = "PUT" }, "InvalidParameter"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, Options{})
			c.edit = test.edit
			answer := c.call("DescribeRoomInfo", object{"SdkAppId": DefaultApp, "StartTime": fixed.Unix() - 60, "EndTime": fixed.Unix()})
			if code, _ := errorOf(answer); code != test.want {
				t.Errorf("code %q, want %q", code, test.want)
			}
		})
	}
}

// TestHostWithoutPort signs like the vendor's SDK for Node: without the port of the
// request.
func TestHostWithoutPort(t *testing.T) {
	c := newClient(t, Options{})
	for host, want := range map[string]string{"127.0.0.1:8199": "", "127.0.0.1": "", "127.0.0.1:8198": codeSignatureFailure} {
		c.signedHost = host
		params := object{"SdkAppId": DefaultApp, "StartTime": fixed.Unix() - 60, "EndTime": fixed.Unix()}
		if code, _ := errorOf(c.call("DescribeRoomInfo", params)); code != want {
			t.Errorf("signed for %s: %q, want %q", host, code, want)
		}
	}
}

func TestToken(t *testing.T) {
	c := newClient(t, Options{Token: "session"})
	params := object{"SdkAppId": DefaultApp, "StartTime": fixed.Unix() - 60, "EndTime": fixed.Unix()}
	if code, _ := errorOf(c.call("DescribeRoomInfo", params)); code != "AuthFailure.TokenFailure" {
		t.Errorf("without token: %q", code)
	}
	c.edit = func(r *http.Request) { r.Header.Set("X-TC-Token", "session") }
	c.must("DescribeRoomInfo", params)
}

// TestSignatureV1 sends requests like clients before TC3: all parameters in a query string
// or a form, lists as Name.0, numbers as text.
func TestSignatureV1(t *testing.T) {
	c := newClient(t, Options{Calls: 3})
	for _, method := range []string{"GET", "POST"} {
		for _, algorithm := range []string{"", "HmacSHA1", "HmacSHA256"} {
			form := map[string]string{
				"Action": "DescribeRoomInformation", "Version": version, "Region": "ap-guangzhou", "Nonce": "7", "Language": "en-US",
				"Timestamp": strconv.FormatInt(time.Now().Unix(), 10), "SecretId": c.s.SecretID(), "SdkAppId": "1400353843",
				"StartTime": strconv.FormatInt(fixed.Unix()-7*86400, 10), "EndTime": strconv.FormatInt(fixed.Unix(), 10),
			}
			if algorithm != "" {
				form["SignatureMethod"] = algorithm
			}
			values := url.Values{"Signature": {signV1(form, method, "trtc.localhost", c.s.SecretKey())}}
			for name, value := range form {
				values.Set(name, value)
			}
			r := httptest.NewRequest(method, "http://trtc.localhost:8199/?"+values.Encode(), nil)
			if method == "POST" {
				r = httptest.NewRequest(method, "http://trtc.localhost:8199/", strings.NewReader(values.Encode()))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			}
			if code, message := errorOf(c.send(r)); code != "" {
				t.Errorf("%s %s: %s: %s", method, algorithm, code, message)
			}
		}
	}
}
