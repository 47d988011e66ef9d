package identity_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/callvault/callvault/internal/identity"
)

const one, two = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"

func keys(t *testing.T, text string) identity.Keys {
	t.Helper()
	k, err := identity.ParseKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestPseudonyms(t *testing.T) {
	t.Parallel()
	k := keys(t, one+", "+two)
	alice := k.Pseudonym(identity.User, "alice")
	if want := "u_"; !strings.HasPrefix(alice, want) || len(alice) != 28 || !identity.IsPseudonym(alice) {
		t.Errorf("pseudonym %q", alice)
	}
	if again := keys(t, one).Pseudonym(identity.User, "alice"); again != alice {
		t.Errorf("another process says %q and %q", alice, again)
	}
	others := []string{
		k.Pseudonym(identity.User, "alicf"), k.Pseudonym(identity.User, "alice "), keys(t, two).Pseudonym(identity.User, "alice"),
		"u_" + strings.TrimPrefix(k.Pseudonym(identity.Room, "alice"), "r_"),
	}
	for _, other := range others {
		if other == alice {
			t.Errorf("%q is another's, too", alice)
		}
	}
	if got, want := k.Pseudonyms(identity.User, "alice"), fmt.Sprint([]string{alice, keys(t, two).Pseudonym(identity.User, "alice")}); fmt.Sprint(got) != want {
		t.Errorf("under both keys: %v, want %v", got, want)
	}
	if got := k.Pseudonym(identity.User, ""); got != "" {
		t.Errorf("nobody is %q", got)
	}
	for _, text := range []string{"", "alice", "u_", "u_0123456789abcdefghjkmnpqr", "x_" + alice[2:], strings.ToUpper(alice)} {
		if identity.IsPseudonym(text) {
			t.Errorf("%q counts as a pseudonym", text)
		}
	}
}

// TestKeysAreNotTold: nothing that is printed or stored has a key in it.
func TestKeysAreNotTold(t *testing.T) {
	t.Parallel()
	k := keys(t, one)
	p := identity.Policy{Users: true, Keys: k}
	told := fmt.Sprintf("%v %+v %#v %s %v %+v %#v", k, k, k, k.Fingerprint(), p, struct{ P identity.Policy }{p}, k)
	if strings.Contains(told, one[:8]) || strings.Contains(told, fmt.Sprint([]byte(one))[1:20]) {
		t.Error(told)
	}
	if k.Fingerprint() == keys(t, two).Fingerprint() || len(k.Fingerprint()) != 8 {
		t.Errorf("fingerprints %q, %q", k.Fingerprint(), keys(t, two).Fingerprint())
	}
	for _, text := range []string{"", "short", one + ",", one + "," + one} {
		if _, err := identity.ParseKeys(text); err == nil || len(text) > 5 && strings.Contains(err.Error(), text) {
			t.Errorf("keys %q: %v", text, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"203.0.113.77": "203.0.113.0", "203.0.113.77:5004": "203.0.113.0", " 203.0.113.77 ": "203.0.113.0", "::ffff:203.0.113.77": "203.0.113.0",
		"2001:db8:1:2:3::4": "2001:db8:1::", "[2001:db8:1:2::4]:80": "2001:db8:1::", "fe80::1%eth0": "fe80::",
		"": "", "unknown": "", "203.0.113": "", "203.0.113.77, 10.0.0.1": "", "1234567890": "",
	} {
		if got := identity.Prefix.Of(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
		if got := identity.None.Of(text); got != "" {
			t.Errorf("%q becomes %q", text, got)
		}
		if got := identity.Full.Of(text); got != text {
			t.Errorf("%q becomes %q", text, got)
		}
	}
}

func TestPolicyNames(t *testing.T) {
	t.Parallel()
	k := keys(t, one)
	for _, w := range []struct {
		p    identity.Policy
		want string
	}{
		{identity.Policy{}, ""}, {identity.Policy{Address: identity.Full}, ""},
		{identity.Policy{Address: identity.Prefix}, "client_ip=prefix"},
		{identity.Policy{Address: identity.None, Users: true, Rooms: true, Keys: k}, "client_ip=none identities=keyed+rooms key=" + k.Fingerprint()},
		{identity.Policy{Users: true, Keys: k}, "identities=keyed key=" + k.Fingerprint()},
	} {
		if got := w.p.String(); got != w.want || w.p.Plain() != (got == "") {
			t.Errorf("%q (plain: %v), want %q", got, w.p.Plain(), w.want)
		}
	}
}
