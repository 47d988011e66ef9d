package config

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// Console holds the settings of the console.
type Console struct {
	// Listen is where the daemon serves the console; empty: it does not.
	Listen string `yaml:"console" env:"CALLVAULT_CONSOLE" use:"host:port such as 127.0.0.1:8081"`
	// Password is what visitors need; empty: none.
	Password Secret `yaml:"console_password" env:"CALLVAULT_CONSOLE_PASSWORD" use:"a password of 8 characters or more"`
	// Header is where a proxy names the visitor, whom it has let in; empty: no proxy does.
	Header string `yaml:"console_header" env:"CALLVAULT_CONSOLE_HEADER" use:"a header that your proxy sets, such as X-Forwarded-User"`
	// Proxies are the addresses, or networks, from which Header counts; none: this machine's.
	Proxies []string `yaml:"console_proxies" env:"CALLVAULT_CONSOLE_PROXIES" use:"addresses or networks separated by commas, such as 10.0.0.0/8"`
	// Hosts are names under which visitors reach the console.
	Hosts []string `yaml:"console_hosts" env:"CALLVAULT_CONSOLE_HOSTS" use:"names separated by commas, such as calls.example.com"`
}

// Networks are Proxies as networks.
func (c Console) Networks() (all []netip.Prefix) {
	for _, p := range c.Proxies {
		if n, err := network(p); err == nil {
			all = append(all, n)
		}
	}
	if len(c.Proxies) == 0 {
		all = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	return all
}

// network reads a network, or an address as a network of one.
func network(text string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(text); err == nil {
		return a.Unmap().Prefix(a.Unmap().BitLen())
	}
	return netip.ParsePrefix(text)
}

// Refused returns an error if the console must not listen on an address: others can reach
// it, and nothing keeps them out.
func (c Console) Refused(address string) error {
	host, _, err := net.SplitHostPort(address)
	ip, notIP := netip.ParseAddr(host)
	local := host == "localhost" || notIP == nil && ip.IsLoopback()
	if err != nil || local || c.Password != "" || c.Header != "" {
		return nil
	}
	return Error{"CALLVAULT_CONSOLE", fmt.Sprintf("%q can be reached from other machines, and the console has no password", short(address)),
		"set CALLVAULT_CONSOLE_PASSWORD, or CALLVAULT_CONSOLE_HEADER behind a proxy, or listen on 127.0.0.1"}
}

// leastPassword is how many characters a password has at least.
const leastPassword = 8

var (
	headerName = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)
	hostName   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)
)

func (r *reader) validateConsole() {
	c := r.Console
	r.check(c.Listen == "" || listenable(c.Listen), "CALLVAULT_CONSOLE", fmt.Sprintf("%q is not an address", short(c.Listen)), "use host:port such as 127.0.0.1:8081")
	r.check(c.Password == "" || len(c.Password) >= leastPassword, "CALLVAULT_CONSOLE_PASSWORD", "is too short", fmt.Sprintf("use %d characters or more", leastPassword))
	r.check(c.Header == "" || headerName.MatchString(c.Header) && len(c.Header) < 100 && strings.Contains(c.Header, "-"), "CALLVAULT_CONSOLE_HEADER", fmt.Sprintf("%q is not the name of a header that a proxy sets", short(c.Header)), "use a name such as X-Forwarded-User")
	r.checkOnce("CALLVAULT_CONSOLE_PROXIES", c.Proxies)
	r.checkOnce("CALLVAULT_CONSOLE_HOSTS", c.Hosts)
	for _, p := range c.Proxies {
		_, err := network(p)
		r.check(err == nil, "CALLVAULT_CONSOLE_PROXIES", fmt.Sprintf("%q is neither an address nor a network", short(p)), "use 10.0.0.7 or 10.0.0.0/8")
	}
	r.check(len(c.Proxies) == 0 || c.Header != "", "CALLVAULT_CONSOLE_PROXIES", "is set without CALLVAULT_CONSOLE_HEADER", "set both")
	for _, h := range c.Hosts {
		r.check(hostName.MatchString(h) && len(h) < 254, "CALLVAULT_CONSOLE_HOSTS", fmt.Sprintf("%q is not the name of a host", short(h)), "use names such as calls.example.com, without port")
	}
	if err, ok := c.Refused(c.Listen).(Error); ok && c.Listen != "" {
		r.say(nil, err.Setting, err.Problem, err.Try)
	}
}

// checkOnce refuses a list that names something twice.
func (r *reader) checkOnce(name string, list []string) {
	for i, s := range list {
		r.check(s == "" || !slices.Contains(list[:i], s), name, fmt.Sprintf("names %q twice", short(s)), "leave one of them out")
	}
}
