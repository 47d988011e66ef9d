package archive

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/callvault/callvault/extract/trtc"
	"github.com/callvault/callvault/internal/config"
)

// TestOtherSite checks when the vendor's other endpoint is suggested.
func TestOtherSite(t *testing.T) {
	for _, c := range []struct{ endpoint, code, want string }{
		{config.MainlandURL, "AuthFailure.SecretIdNotFound", "CALLVAULT_TRTC_ENDPOINT=international"},
		{config.InternationalURL, "AuthFailure.InvalidSecretId", "CALLVAULT_TRTC_ENDPOINT=mainland"},
		{config.MainlandURL, "AuthFailure.SignatureFailure", ""},
		{"https://trtc.example", "AuthFailure.SecretIdNotFound", ""},
	} {
		hint := AccountHint(config.Account{Endpoint: c.endpoint}, trtc.NewError("DescribeRoomInfo", c.code, "no", "r"))
		if !strings.Contains(hint, "TENCENTCLOUD_SECRET_ID") || !strings.Contains(hint, c.want) || c.want == "" && strings.Contains(hint, "CALLVAULT_TRTC_ENDPOINT") {
			t.Errorf("%s at %s: %s", c.code, c.endpoint, hint)
		}
	}
}

// TestAccountErrors checks that each refusal gets a hint of its own.
func TestAccountErrors(t *testing.T) {
	a := config.Account{Endpoint: "https://trtc.example"}
	for code, want := range map[string]string{
		"AuthFailure.SignatureFailure":      "; check TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY",
		"AuthFailure.SignatureExpire":       "; set this machine's clock",
		"AuthFailure.UnauthorizedOperation": "; grant the key's CAM user QcloudTRTCReadonlyAccess",
		"UnauthorizedOperation.InArrears":   "; settle the account's bill",
		"InvalidParameter.SdkAppId":         "; check CALLVAULT_SDK_APP_IDS",
		"UnsupportedOperation":              "; a paid plan is needed",
		"UnsupportedRegion":                 "; set TENCENTCLOUD_REGION",
		trtc.CodeNetwork:                    "the network and the proxy (the endpoint is https://trtc.example)",
		"InvalidParameter.PageSize":         "(RequestId r)",
	} {
		err := accountError(a, fmt.Errorf("none: %w", trtc.NewError("DescribeRoomInfo", code, "no", "r")))
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", code, err, want)
		}
	}
	err := accountError(a, errors.New("other"))
	if err.Error() != "other" || AccountHint(a, err) != "" {
		t.Errorf("%v", err)
	}
}
