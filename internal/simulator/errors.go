package simulator

// fault is an error response of the vendor: a code of its pages, and the detail in the
// message, such as a parameter.
type fault struct{ code, detail string }

func (f *fault) Error() string { return f.message(true) }

// Codes of the vendor, from the page of DescribeCallDetail, the page of common errors,
// and the other call-monitoring pages.
const (
	codeInternal           = "InternalError"
	codeDB                 = "InternalError.DBError"
	codeES                 = "InternalError.EsQueryError"
	codeInvalidAction      = "InvalidAction"
	codeNoSuchVersion      = "NoSuchVersion"
	codeUnsupportedRegion  = "UnsupportedRegion"
	codeUnsupported        = "UnsupportedOperation"
	codeSignatureExpire    = "AuthFailure.SignatureExpire"
	codeSignatureFailure   = "AuthFailure.SignatureFailure"
	codeSecretIDNotFound   = "AuthFailure.SecretIdNotFound"
	codeTokenFailure       = "AuthFailure.TokenFailure"
	codeRequestLimit       = "RequestLimitExceeded"
	codeUnknownParameter   = "UnknownParameter"
	codeMissing            = "MissingParameter"
	codeMissingCommID      = "MissingParameter.CommId"
	codeMissingCommIDOrApp = "MissingParameter.CommIdOrSdkAppId"
	codeMissingEnd         = "MissingParameter.EndTs"
	codeMissingApp         = "MissingParameter.SdkAppId"
	codeMissingStart       = "MissingParameter.StartTs"
	codeMissingUser        = "MissingParameter.UserId"
	codeMissingRoom        = "MissingParameter.RoomId"
	codeInvalid            = "InvalidParameter"
	codeBody               = "InvalidParameter.BodyParamsError"
	codePageNumber         = "InvalidParameter.PageNumber"
	codePageSize           = "InvalidParameter.PageSize"
	codePageSizeOversize   = "InvalidParameter.PageSizeOversize"
	codeQueryScale         = "InvalidParameter.QueryScaleOversize"
	codeApp                = "InvalidParameter.SdkAppId"
	codeStart              = "InvalidParameter.StartTs"
	codeStartOversize      = "InvalidParameter.StartTsOversize"   // legacy
	codeStartTimeOversize  = "InvalidParameter.StartTimeOversize" // current
	codeTooLarge           = "ResponseSizeLimitExceeded"
	codeMoreThanSix        = "InvalidParameter.UserIdsMorethanSix"
)

// messages are the texts of the codes in English and Chinese. %s is the detail. Where
// the page of DescribeCallDetail has an English text, it is used.
var messages = map[string][2]string{
	codeInternal:           {"Internal error.", "内部错误。"},
	codeDB:                 {"An error occurred while querying the database.", "查询数据库错误。"},
	codeES:                 {"An error occurred while querying ES.", "查询ES错误。"},
	codeInvalidAction:      {"The request action=`%s` is invalid or not found.", "接口`%s`不存在。"},
	codeNoSuchVersion:      {"The request version=`%s` does not exist.", "接口版本`%s`不存在。"},
	codeUnsupportedRegion:  {"The region `%s` is not supported by this API.", "接口不支持所传地域`%s`。"},
	codeUnsupported:        {"The account is not entitled to `%s`.", "账号无权使用接口`%s`。"},
	codeSignatureExpire:    {"Signature expired: the timestamp differs from the server time by more than five minutes.", "签名过期,时间戳与服务器时间相差超过五分钟。"},
	codeSignatureFailure:   {"The provided credentials could not be validated. %s", "签名错误,请检查签名计算是否正确。%s"},
	codeSecretIDNotFound:   {"The SecretId is not found, please ensure that your SecretId is correct.", "密钥不存在,请检查SecretId是否正确。"},
	codeTokenFailure:       {"The token is illegal.", "token错误。"},
	codeRequestLimit:       {"Your current request times equals to `%s` in a second, which exceeds the frequency limit. Please retry later.", "请求频率超过每秒`%s`次的限制,请稍后重试。"},
	codeUnknownParameter:   {"The parameter `%s` is not recognized.", "未知参数`%s`。"},
	codeMissing:            {"The request is missing a required parameter `%s`.", "缺少必要参数`%s`。"},
	codeMissingCommID:      {"CommId is missing.", "缺少CommId。"},
	codeMissingCommIDOrApp: {"SdkAppId or CommID missing.", "缺少SdkAppId或CommId。"},
	codeMissingEnd:         {"endTS_s is missing.", "缺少endTS_s。"},
	codeMissingApp:         {"SdkAppId is missing.", "缺少SdkAppId。"},
	codeMissingStart:       {"startTS_s is missing.", "缺少startTS_s。"},
	codeMissingUser:        {"UserId is missing.", "缺少UserId。"},
	codeMissingRoom:        {"RoomId is missing.", "缺少RoomId。"},
	codeInvalid:            {"Invalid parameter. %s", "参数错误。%s"},
	codeBody:               {"Failed to parse the body parameter.", "body参数解析失败。"},
	codePageNumber:         {"PageNumber is invalid.", "PageNumber错误。"},
	codePageSize:           {"PageSize is invalid.", "PageSize错误。"},
	codePageSizeOversize:   {"The value of PageSize exceeds %s.", "PageSize超过%s。"},
	codeQueryScale:         {"The range for query exceeded the limit.", "查询范围超过限制。"},
	codeApp:                {"SdkAppId is incorrect.", "SdkAppId错误。"},
	codeStart:              {"Invalid StartTs.", "StartTs错误。"},
	codeStartOversize:      {"The start time for query exceeded the limit.", "查询开始时间超过限制。"},
	codeStartTimeOversize:  {"The start time for query exceeded the limit.", "查询开始时间超过限制。"},
	codeTooLarge:           {"The response is too large.", "返回数据过大。"},
	codeMoreThanSix:        {"The number of UserIds exceeds %s.", "UserIds超过%s个。"},
}

// message returns the text of a fault in English or Chinese.
func (f *fault) message(english bool) string {
	text := messages[f.code][1]
	if english || text == "" {
		text = messages[f.code][0]
	}
	if text == "" { // a code that is not on the vendor's pages
		return "The request cannot be answered."
	}
	for i := range len(text) - 1 {
		if text[i] == '%' && text[i+1] == 's' {
			return text[:i] + f.detail + text[i+2:]
		}
	}
	return text
}
