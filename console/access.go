package console

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/callvault/callvault/internal/config"
)

// Access says who may see the console. Without password and header everybody may who
// reaches it.
type Access struct {
	Password string         // any name with this password; "": none
	Header   string         // in which a proxy names the visitor; "": none
	Proxies  []netip.Prefix // whose header counts
	Hosts    []string       // names under which the console is reached, besides addresses and localhost
}

// AccessOf is what settings say.
func AccessOf(s config.Console) Access {
	return Access{Password: s.Password.Reveal(), Header: s.Header, Proxies: s.Networks(), Hosts: s.Hosts}
}

// policy allows files of this site and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard lets in who may see the console, and tells browsers what its pages may do.
func (c *console) guard(next http.Handler) http.Handler {
	var wrong turnstile
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for name, value := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "no-store",
		} {
			h.Set(name, value)
		}
		switch {
		case !c.Access.knows(r.Host):
			http.Error(w, "callvault: the console is not known by this name; add it to CALLVAULT_CONSOLE_HOSTS", http.StatusMisdirectedRequest)
		case !c.Access.admits(r):
			if _, _, tried := r.BasicAuth(); tried && !wrong.pass(r) {
				return
			}
			if c.Access.Password != "" {
				h.Set("WWW-Authenticate", `Basic realm="callvault", charset="UTF-8"`)
			}
			http.Error(w, "callvault: the console wants a password, or a visitor named by its proxy", http.StatusUnauthorized)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// knows says whether the console is reached under a Host header. A page of another site
// whose name is made to point here has a name that is not known; an address cannot be.
func (a Access) knows(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.ToLower(strings.Trim(name, "[]")), ".")
	if _, err := netip.ParseAddr(name); err == nil || name == "localhost" {
		return true
	}
	return slices.ContainsFunc(a.Hosts, func(h string) bool { return strings.EqualFold(h, name) })
}

// admits says whether a visitor may see the console.
func (a Access) admits(r *http.Request) bool {
	if a.Password == "" && a.Header == "" {
		return true
	}
	if a.Header != "" && strings.TrimSpace(r.Header.Get(a.Header)) != "" && a.isProxy(r.RemoteAddr) {
		return true
	}
	_, password, ok := r.BasicAuth()
	given, want := sha256.Sum256([]byte(password)), sha256.Sum256([]byte(a.Password))
	return ok && a.Password != "" && subtle.ConstantTimeCompare(given[:], want[:]) == 1
}

func (a Access) isProxy(remote string) bool {
	from, err := netip.ParseAddrPort(remote)
	return err == nil && slices.ContainsFunc(a.Proxies, func(p netip.Prefix) bool { return p.Contains(from.Addr().Unmap()) })
}

// turnstile answers wrong passwords one after the other, half a second each, so that they
// cannot be guessed in numbers.
type turnstile struct{ mu sync.Mutex }

// pass reports whether the visitor has waited.
func (t *turnstile) pass(r *http.Request) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-time.After(500 * time.Millisecond):
		return true
	case <-r.Context().Done():
		return false
	}
}
