package simulator

import (
	"io"
	"net/http"
	"net/url"
	"strings"
)

// maxBody bounds the body of a request. The vendor's own limit is 10 MB.
const maxBody = 1 << 20

// envelope is a received request with its common parameters. Its signature is not
// checked yet.
type envelope struct {
	method, host, query string
	header              http.Header
	body                []byte

	action, version, region, timestamp string
	secretID, signature, token         string
	english                            bool

	v1            bool              // HmacSHA1 or HmacSHA256 over form
	form          map[string]string // v1: all parameters except the signature
	scope         string            // TC3: date/service/tc3_request
	signedHeaders []string

	params      params
	paramsFault *fault // the fault of the parameters, returned after the check of the signature
}

// read parses a request. The envelope is never nil, so that an error response has the
// right language.
func read(r *http.Request) (*envelope, *fault) {
	e := &envelope{method: r.Method, host: r.Host, query: r.URL.RawQuery, header: r.Header}
	e.english = r.Header.Get("X-TC-Language") == "en-US"
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		return e, &fault{codeInvalid, "The request method must be GET or POST."}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		return e, &fault{code: codeBody}
	}
	e.body = body
	if authorization := r.Header.Get("Authorization"); authorization != "" {
		return e, e.readV3(authorization)
	}
	return e, e.readV1()
}

// readV3 reads the common parameters from the headers.
func (e *envelope) readV3(authorization string) *fault {
	h := e.header
	e.action, e.version, e.region = h.Get("X-TC-Action"), h.Get("X-TC-Version"), h.Get("X-TC-Region")
	e.timestamp, e.token = h.Get("X-TC-Timestamp"), h.Get("X-TC-Token")
	rest, ok := strings.CutPrefix(authorization, "TC3-HMAC-SHA256 ")
	if !ok {
		return &fault{codeSignatureFailure, "The algorithm must be TC3-HMAC-SHA256."}
	}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch name {
		case "Credential":
			e.secretID, e.scope, _ = strings.Cut(value, "/")
		case "SignedHeaders":
			e.signedHeaders = strings.Split(value, ";")
		case "Signature":
			e.signature = value
		}
	}
	if e.method == http.MethodGet {
		e.params, e.paramsFault = textParams(e.query)
		return nil
	}
	if media, _, _ := strings.Cut(h.Get("Content-Type"), ";"); strings.TrimSpace(media) != "application/json" {
		return &fault{codeInvalid, "Content-Type must be application/json."}
	}
	if e.query != "" {
		return &fault{codeInvalid, "A POST request must not have a query string."}
	}
	e.params, e.paramsFault = jsonParams(e.body)
	return nil
}

// commonParams lists the parameters of a V1 request that do not belong to the action.
var commonParams = []string{
	"Action", "Version", "Region", "Timestamp", "Nonce", "SecretId", "SignatureMethod",
	"Signature", "Token", "Language", "RequestClient",
}

// readV1 reads all parameters from the query string or the form.
func (e *envelope) readV1() *fault {
	text := e.query
	if e.method == http.MethodPost {
		text = string(e.body)
	}
	values, err := url.ParseQuery(text)
	if err != nil {
		return &fault{code: codeBody}
	}
	e.v1, e.form = true, make(map[string]string, len(values))
	for name, all := range values {
		e.form[name] = all[0]
	}
	e.signature = e.form["Signature"]
	delete(e.form, "Signature")
	e.action, e.version, e.region = e.form["Action"], e.form["Version"], e.form["Region"]
	e.timestamp, e.token, e.secretID = e.form["Timestamp"], e.form["Token"], e.form["SecretId"]
	e.english = e.english || e.form["Language"] == "en-US"
	for _, name := range commonParams {
		values.Del(name)
	}
	e.params, e.paramsFault = formParams(values)
	switch {
	case e.action == "":
		return &fault{codeMissing, "Action"}
	case e.signature == "":
		return &fault{codeSignatureFailure, "The request is not signed."}
	case e.form["Nonce"] == "":
		return &fault{codeMissing, "Nonce"}
	}
	return nil
}
