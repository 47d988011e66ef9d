package simulator

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// service is the service name in the credential scope.
const service = "trtc"

// maxSkew is how far a request's timestamp may be off, in seconds.
const maxSkew = 5 * minute

// verify checks the signature of a request. Its timestamp is compared with time.Now and
// the vendor's skew, not with the clock of the data: clients sign by their own clock.
func (s *Simulator) verify(e *envelope) *fault {
	now := time.Now().Add(s.skew()).Unix()
	timestamp, err := strconv.ParseInt(e.timestamp, 10, 64)
	if err != nil {
		return &fault{codeMissing, "Timestamp"}
	}
	if e.secretID != s.options.SecretID {
		return &fault{code: codeSecretIDNotFound}
	}
	if timestamp < now-maxSkew || timestamp > now+maxSkew {
		return &fault{code: codeSignatureExpire}
	}
	for _, host := range hosts(e.host) {
		for _, want := range s.signatures(e, host, timestamp) {
			if hmac.Equal([]byte(want), []byte(e.signature)) {
				return s.verifyToken(e)
			}
		}
	}
	return &fault{codeSignatureFailure, "Please check that your signature is calculated correctly."}
}

func (s *Simulator) verifyToken(e *envelope) *fault {
	if e.token != s.options.Token {
		return &fault{code: codeTokenFailure}
	}
	return nil
}

// hosts returns the forms of the Host header that a client may sign: Go's SDK signs it
// with its port, Node's without.
func hosts(host string) []string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return []string{host, name}
	}
	return []string{host}
}

// signatures returns the valid signatures of a request to a host.
func (s *Simulator) signatures(e *envelope, host string, timestamp int64) []string {
	if e.v1 {
		return []string{signV1(e.form, e.method, host, s.options.SecretKey)}
	}
	date := time.Unix(timestamp, 0).UTC().Format(time.DateOnly)
	if e.scope != date+"/"+service+"/tc3_request" || !signsRequired(e.signedHeaders) {
		return nil
	}
	var found []string
	for _, lower := range []bool{false, true} {
		canonical := e.canonical(host, lower)
		found = append(found, signV3(canonical, e.timestamp, e.scope, s.options.SecretKey))
	}
	return found
}

// signsRequired reports whether the two headers that must be signed are signed.
func signsRequired(headers []string) bool {
	return slices.Contains(headers, "host") && slices.Contains(headers, "content-type")
}

// canonical returns the text that TC3-HMAC-SHA256 signs a hash of. Header values should be
// in lower case; the SDKs leave them as they are.
func (e *envelope) canonical(host string, lower bool) string {
	var b strings.Builder
	b.WriteString(e.method + "\n/\n" + e.query + "\n")
	for _, name := range e.signedHeaders {
		value := strings.TrimSpace(e.header.Get(name))
		if name == "host" {
			value = host
		}
		if lower {
			value = strings.ToLower(value)
		}
		b.WriteString(name + ":" + value + "\n")
	}
	b.WriteString("\n" + strings.Join(e.signedHeaders, ";") + "\n")
	payload := e.body
	if e.header.Get("X-TC-Content-SHA256") == "UNSIGNED-PAYLOAD" {
		payload = []byte("UNSIGNED-PAYLOAD")
	}
	b.WriteString(hexSHA256(payload))
	return b.String()
}

// signV3 returns the vendor's TC3-HMAC-SHA256 over a canonical request. The scope is
// date/service/tc3_request.
func signV3(canonical, timestamp, scope, key string) string {
	text := "TC3-HMAC-SHA256\n" + timestamp + "\n" + scope + "\n" + hexSHA256([]byte(canonical))
	derived := []byte("TC3" + key)
	for part := range strings.SplitSeq(scope, "/") {
		derived = sum(sha256.New, derived, part)
	}
	return hex.EncodeToString(sum(sha256.New, derived, text))
}

// signV1 returns HmacSHA1 or HmacSHA256 over the sorted parameters, the signature before
// TC3.
func signV1(form map[string]string, method, host, key string) string {
	var b strings.Builder
	b.WriteString(method + host + "/?")
	for i, name := range slices.Sorted(maps.Keys(form)) {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name + "=" + form[name])
	}
	algorithm := sha1.New
	if form["SignatureMethod"] == "HmacSHA256" {
		algorithm = sha256.New
	}
	return base64.StdEncoding.EncodeToString(sum(algorithm, []byte(key), b.String()))
}

func sum(algorithm func() hash.Hash, key []byte, text string) []byte {
	mac := hmac.New(algorithm, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

func hexSHA256(data []byte) string {
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}
