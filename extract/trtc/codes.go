package trtc

import (
	"errors"
	"strings"
)

// What the user can do about a refusal.
const (
	hintKeys       = "check TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY"
	hintToken      = "renew TENCENTCLOUD_TOKEN and its keys, which may have expired"
	hintClock      = "set this machine's clock"
	hintMFA        = "use the key of a user who needs no second factor"
	hintIdentity   = "verify the account's identity with the vendor"
	hintAddress    = "let the key be used from this machine's address"
	hintCAM        = "grant the key's CAM user QcloudTRTCReadonlyAccess"
	hintArrears    = "settle the account's bill"
	hintPlan       = "a paid plan is needed, with the Standard or Premium edition of TRTC's monitoring dashboard"
	hintAPI        = "set CALLVAULT_TRTC_API=auto"
	hintApp        = "check CALLVAULT_SDK_APP_IDS, which must be applications of this account"
	hintAppRight   = "check CALLVAULT_SDK_APP_IDS, and let the key's CAM user read this application"
	hintRegion     = "set TENCENTCLOUD_REGION to one of ap-singapore, ap-guangzhou, ap-beijing, ap-mumbai"
	hintRetention  = "set CALLVAULT_RETENTION to what the plan keeps"
	hintQuota      = "lower CALLVAULT_QPS, or leave more to other programs with CALLVAULT_QPS_RESERVE"
	hintEndpoint   = "check CALLVAULT_TRTC_ENDPOINT, the network and the proxy"
	hintProxy      = "put user and password into HTTPS_PROXY, as http://user:password@host:port"
	hintAuthority  = "name the file with the authority's certificate in CALLVAULT_TRTC_CA"
	hintServerName = "name the host as the certificate does, in CALLVAULT_TRTC_ENDPOINT or in CALLVAULT_TRTC_SERVER_NAME"
	hintExpired    = "renew the server's certificate, or set this machine's clock"
	hintClientCert = "name a certificate that the server takes in CALLVAULT_TRTC_CERT and CALLVAULT_TRTC_KEY"
	hintVendor     = "if it lasts, ask the vendor about the RequestId"
)

// row says what codes mean. A code is a whole code, a family of codes with the same
// beginning ("LimitExceeded.*", which includes "LimitExceeded"), or the end of codes of any
// family ("*.InArrears").
type row struct {
	codes string // separated by ", "
	kind  Kind
	hint  string // what the user can do; "": nothing
}

// table has the known codes of the vendor: those of API 3.0 that all products share, and
// TRTC's own of https://www.tencentcloud.com/document/product/647/35130. A whole code goes
// before an end of codes, and that before a family. Codes that are not in the table are
// Permanent.
var table = []row{
	{"RequestLimitExceeded.*, LimitExceeded.*", Quota, hintQuota},
	{"InternalError.*, ServerError.*, ServiceUnavailable.*, ResourceInsufficient.*, ResourceInUse.*, FailedOperation.*", Retryable, hintVendor},
	{"ResponseSizeLimitExceeded.*, InvalidParameter.QueryScaleOversize", TooLarge, ""},
	{"*.StartTsOversize, *.StartTimeOversize, *.StartTimeExpire, StartTsOversize, StartTimeOversize, StartTimeExpire", Expired, hintRetention},
	{"UnsupportedRegion.*", WrongRegion, hintRegion},

	{"AuthFailure.*", Denied, hintKeys},
	{"AuthFailure.TokenFailure", Denied, hintToken},
	{"AuthFailure.SignatureExpire", Denied, hintClock},
	{"AuthFailure.MFAFailure", Denied, hintMFA},
	{"AuthFailure.UnRealNameAuthenticated", Denied, hintIdentity},
	{"IpInBlacklist.*, IpNotInWhitelist.*", Denied, hintAddress},
	{"*.InArrears, *.Arrears, *.AccountArrears, *.ServiceIsolate, InArrears", Denied, hintArrears},
	{"NoSuchProduct.*, NoSuchVersion.*, UnsupportedProtocol.*", Denied, hintEndpoint},

	{"AuthFailure.UnauthorizedOperation, UnauthorizedOperation.*, OperationDenied.*", Unavailable, hintCAM},
	{"ActionOffline.*", Unavailable, hintAPI},
	{"InvalidAction.*, UnsupportedOperation.*, ResourceUnavailable.*", Unavailable, hintPlan},

	{"InvalidParameter.SdkAppId, InvalidParameter.AppId, InvalidParameterValue.SdkAppId, InvalidParameterValue.AppId, ResourceNotFound.SdkAppId, *.SdkAppIdNotExist", UnknownApp, hintApp},
	{"UnauthorizedOperation.SdkAppId", UnknownApp, hintAppRight},

	{"DryRunOperation.*, InvalidParameter.*, InvalidParameterValue.*, InvalidRequest.*, MissingParameter.*, UnknownParameter.*, RequestSizeLimitExceeded.*, ResourceNotFound.*, FailedOperation.RoomNotExist", Permanent, ""},

	{CodeNetwork + ", " + CodeHTTP, Retryable, hintEndpoint},
	{CodeProxy, Denied, hintProxy},
	{CodeAuthority, Denied, hintAuthority},
	{CodeServerName, Denied, hintServerName},
	{CodeExpired, Denied, hintExpired},
	{CodeClientCertificate, Denied, hintClientCert},
	{CodeTooLarge, TooLarge, ""},
	{CodeNameless, Permanent, ""},
}

// known has the row of each code, in lower case.
var known = func() map[string]*row {
	m := map[string]*row{}
	for i := range table {
		for code := range strings.SplitSeq(table[i].codes, ", ") {
			m[strings.ToLower(code)] = &table[i]
		}
	}
	return m
}()

// unknown is the meaning of a code that is not in the table.
var unknown = row{kind: Permanent}

// meaning returns what a code means. Case does not matter.
func meaning(code string) *row {
	code = strings.ToLower(code)
	family, _, _ := strings.Cut(code, ".")
	end := code[strings.LastIndexByte(code, '.')+1:]
	for _, key := range []string{code, "*." + end, family + ".*"} {
		if r := known[key]; r != nil && (key[0] != '*' || end != code) {
			return r
		}
	}
	return &unknown
}

// Hint returns what the user can do about the failure, as a command or as what is needed.
// It returns "" if there is nothing to do.
func (e *Error) Hint() string {
	if e.Code == CodeHTTP && e.Kind == Quota {
		return hintQuota
	}
	return meaning(e.Code).hint
}

// UnknownHere reports whether the vendor does not know the key at all. It may belong to an
// account of the vendor's other site, which another endpoint serves.
func UnknownHere(err error) bool {
	for _, e := range all(err) {
		switch strings.ToLower(e.Code) {
		case "authfailure.secretidnotfound", "authfailure.invalidsecretid":
			return true
		}
	}
	return false
}

// Hint returns the hint of an error. Of several joined errors it returns the most useful
// hint: a missing plan is named only if nothing else is wrong.
func Hint(err error) string {
	plan := ""
	for _, e := range all(err) {
		switch hint := e.Hint(); hint {
		case "":
		case hintPlan, hintAPI:
			plan = hint
		default:
			return hint
		}
	}
	return plan
}

// all returns the vendor's errors that err wraps.
func all(err error) []*Error {
	if e, ok := err.(*Error); ok {
		return []*Error{e}
	}
	var found []*Error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			found = append(found, all(err)...)
		}
		return found
	}
	if err = errors.Unwrap(err); err != nil {
		return all(err)
	}
	return nil
}
