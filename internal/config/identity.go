package config

import (
	"fmt"
	"slices"

	"github.com/callvault/callvault/internal/identity"
)

// Values of Identities.
const (
	plainIdentities = "plain"
	keyedUsers      = "keyed"
	keyedRooms      = "keyed+rooms"
)

const identityKeyUse = "use 32 or more random characters, such as openssl rand -hex 32 prints; earlier keys come after it, with commas"

func (r *reader) validateIdentities() {
	addresses := []string{string(identity.Full), string(identity.Prefix), string(identity.None)}
	r.check(slices.Contains(addresses, r.ClientIP), "CALLVAULT_CLIENT_IP", fmt.Sprintf("%q is unknown", short(r.ClientIP)), "use full, prefix or none")
	r.check(slices.Contains([]string{plainIdentities, keyedUsers, keyedRooms}, r.Identities), "CALLVAULT_IDENTITIES", fmt.Sprintf("%q is unknown", short(r.Identities)), "use plain, keyed or keyed+rooms")
	if r.IdentityKey == "" {
		return
	}
	if _, err := identity.ParseKeys(r.IdentityKey.Reveal()); err != nil {
		r.say(nil, "CALLVAULT_IDENTITY_KEY", err.Error(), identityKeyUse)
	}
}

// Privacy is what a pass keeps of persons. It may lack a key that it needs: commands that
// only read the archive do without.
func (c *Config) Privacy() identity.Policy {
	return identity.Policy{
		Address: identity.Address(c.ClientIP), Keys: c.IdentityKeys(),
		Users: c.Identities == keyedUsers || c.Identities == keyedRooms, Rooms: c.Identities == keyedRooms,
	}
}

// IdentityKeys are the keys of pseudonyms, the present one first.
func (c *Config) IdentityKeys() identity.Keys {
	if c.IdentityKey == "" {
		return identity.Keys{}
	}
	keys, _ := identity.ParseKeys(c.IdentityKey.Reveal()) // Load has checked them
	return keys
}
