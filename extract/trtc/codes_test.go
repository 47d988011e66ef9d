package trtc

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of docs/operations.md")

// TestKinds has every common code of API 3.0, those of the monitoring actions,
// and some that nobody has documented.
func TestKinds(t *testing.T) {
	for kind, codes := range map[Kind]string{
		Quota: `RequestLimitExceeded RequestLimitExceeded.UinLimitExceeded RequestLimitExceeded.IPLimitExceeded
			RequestLimitExceeded.GlobalRegionUinLimitExceeded LimitExceeded LimitExceeded.Anything`,
		Retryable: `InternalError InternalError.EsQueryError InternalError.DBError InternalError.New ServiceUnavailable
			ServiceUnavailable.Busy ResourceInsufficient ResourceInsufficient.Memory ResourceInUse FailedOperation FailedOperation.New`,
		TooLarge: `ResponseSizeLimitExceeded ResponseSizeLimitExceeded.Rows InvalidParameter.QueryScaleOversize TooLarge`,
		Expired:  `InvalidParameter.StartTsOversize InvalidParameter.StartTimeOversize InvalidParameter.StartTimeExpire StartTimeExpire`,
		Denied: `AuthFailure AuthFailure.SignatureFailure AuthFailure.SignatureExpire AuthFailure.SecretIdNotFound AuthFailure.InvalidSecretId
			AuthFailure.InvalidAuthorization AuthFailure.TokenFailure AuthFailure.MFAFailure AuthFailure.UnRealNameAuthenticated
			IpInBlacklist IpNotInWhitelist NoSuchProduct NoSuchVersion UnsupportedProtocol
			UnauthorizedOperation.InArrears ResourceUnavailable.InArrears FailedOperation.InArrears NewFamily.InArrears authfailure.inarrears`,
		Unavailable: `AuthFailure.UnauthorizedOperation UnauthorizedOperation UnauthorizedOperation.CamNoAuth InvalidAction ActionOffline
			UnsupportedOperation UnsupportedOperation.New ResourceUnavailable ResourceUnavailable.InsufficientPermission OperationDenied`,
		WrongRegion: `UnsupportedRegion`,
		UnknownApp:  `InvalidParameter.SdkAppId InvalidParameter.SdkAppid InvalidParameterValue.SdkAppId FailedOperation.SdkAppIdNotExist UnauthorizedOperation.SdkAppId`,
		Permanent: `DryRunOperation InvalidParameter InvalidParameter.PageSize InvalidParameterValue InvalidRequest MissingParameter MissingParameter.CommId
			MissingParameter.SdkAppId UnknownParameter RequestSizeLimitExceeded ResourceNotFound FailedOperation.RoomNotExist NobodyKnows NobodyKnows.This . *.InArrearsNot`,
	} {
		for code := range strings.FieldsSeq(codes) {
			if got := NewError("X", code, "", "").Kind; got != kind {
				t.Errorf("%s: kind %d, want %d", code, got, kind)
			}
		}
	}
}

func TestCodesAreInOneRow(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range table {
		for code := range strings.SplitSeq(r.codes, ", ") {
			if key := strings.ToLower(code); seen[key] || key == "" {
				t.Errorf("%q is there twice, or nothing", code)
			} else {
				seen[key] = true
			}
		}
	}
}

func TestHints(t *testing.T) {
	for code, want := range map[string]string{
		"RequestLimitExceeded":                       hintQuota,
		"UnauthorizedOperation.InArrears":            hintArrears,
		"AuthFailure.UnauthorizedOperation":          hintCAM,
		"UnauthorizedOperation.CamNoAuth":            hintCAM,
		"InvalidParameter.SdkAppId":                  hintApp,
		"UnauthorizedOperation.SdkAppId":             hintAppRight,
		"ResourceUnavailable.InsufficientPermission": hintPlan,
		"IpNotInWhitelist":                           hintAddress,
		"AuthFailure.SignatureExpire":                hintClock,
		"AuthFailure.SecretIdNotFound":               hintKeys,
		"InvalidParameter.PageSize":                  "",
	} {
		if got := NewError("X", code, "", "").Hint(); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	plan, denied := NewError("A", "InvalidAction", "", ""), NewError("B", "UnauthorizedOperation", "", "")
	if got := Hint(fmt.Errorf("none: %w", errors.Join(plan, denied))); got != hintCAM {
		t.Errorf("of two: %q", got)
	}
	if got := Hint(errors.Join(nil, plan)); got != hintPlan {
		t.Errorf("of one: %q", got)
	}
	if got := Hint(errors.New("other")); got != "" {
		t.Errorf("of another's: %q", got)
	}
}

// TestDocsHaveTheTable compares docs/operations.md with the code.
func TestDocsHaveTheTable(t *testing.T) {
	const page, begin, end = "../../docs/operations.md", "go test ./extract/trtc -update -->\n", "<!-- end -->"
	var b strings.Builder
	b.WriteString("| code | callvault | what to do |\n| --- | --- | --- |\n")
	for _, r := range table {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", strings.ReplaceAll(r.codes, ", ", "`, `"), r.kind.Means(), r.hint)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	has, after, closed := strings.Cut(rest, end)
	switch want := b.String(); {
	case !ok || !closed:
		t.Fatalf("%s has no place for the table", page)
	case *update:
		if err := os.WriteFile(page, []byte(before+begin+want+end+after), 0o666); err != nil {
			t.Fatal(err)
		}
	case has != want:
		t.Errorf("%s has\n%s\nwant (go test ./extract/trtc -update)\n%s", page, has, want)
	}
}
