// Package identity has what becomes of the data of persons before anything is stored: the
// ids of users and rooms become pseudonyms under a key, addresses become networks.
package identity

import (
	"net/netip"
	"strings"
)

// Address is what is kept of a client's address.
type Address string

const (
	Full   Address = "full"
	Prefix Address = "prefix" // the network: /24 of IPv4, /48 of IPv6
	None   Address = "none"
)

const prefix4, prefix6 = 24, 48

// Of is what is kept of an address as the vendor sends it. With Prefix, what is no address
// becomes "".
func (a Address) Of(text string) string {
	switch a {
	case Prefix:
		return network(text)
	case None:
		return ""
	}
	return text
}

func network(text string) string {
	text = strings.TrimSpace(text)
	ip, err := netip.ParseAddr(text)
	if err != nil {
		with, err := netip.ParseAddrPort(text)
		if err != nil {
			return ""
		}
		ip = with.Addr()
	}
	ip = ip.Unmap().WithZone("")
	bits := prefix6
	if ip.Is4() {
		bits = prefix4
	}
	p, err := ip.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.Addr().String()
}

// Policy says what is kept of persons. The zero Policy keeps all as the vendor sends it.
type Policy struct {
	Address Address // "": full
	Users   bool    // ids of users are pseudonyms
	Rooms   bool    // and those of rooms and calls
	Keys    Keys    // for Users
}

// Plain says that all is kept as it comes.
func (p Policy) Plain() bool { return !p.Users && (p.Address == "" || p.Address == Full) }

// Lacking says that the policy needs a key and has none.
func (p Policy) Lacking() bool { return p.Users && p.Keys.None() }

// String names the policy, as the archive remembers it: "" if all is kept as it comes.
// Two policies of one name make the same rows.
func (p Policy) String() string {
	var all []string
	if p.Address != "" && p.Address != Full {
		all = append(all, "client_ip="+string(p.Address))
	}
	switch {
	case p.Users && p.Rooms:
		all = append(all, "identities=keyed+rooms", "key="+p.Keys.Fingerprint())
	case p.Users:
		all = append(all, "identities=keyed", "key="+p.Keys.Fingerprint())
	}
	return strings.Join(all, " ")
}

// InWords is the name of a policy for people.
func InWords(name string) string {
	if name == "" {
		return "all that the vendor sends"
	}
	return name
}
