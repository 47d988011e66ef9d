package privacy

import (
	"strings"

	"github.com/callvault/callvault/internal/identity"
)

// rule is what becomes of the texts of a field.
type rule uint8

const (
	pass    rule = iota // nothing
	user                // ids of users
	room                // ids of rooms
	callID              // ids of calls, which may have the room's id in them
	address             // addresses of clients
	words               // the vendor's own words, which may repeat an id that was asked for
)

// kinds are the ids of rules.
var kinds = map[rule]identity.Kind{user: identity.User, room: identity.Room, callID: identity.Call}

// fields are the fields of the vendor's pages that name persons, or could be taken for such
// a field, in lower case:
//
//	room lists      CommId, RoomString, UserId
//	user lists      RoomStr, UserId, ClientIp
//	series          UserId, PeerId
//	user events     UserId (of questions about all users), PeerId
//	unusual events  UserId, RoomId, PeerId
//	scale           none
//	errors          Code, Message
var fields = map[string]rule{
	"commid":     callID,
	"roomstring": room, "roomstr": room, "roomid": room,
	"userid": user, "peerid": user,
	"clientip": address,
	"code":     words, "message": words, "codedesc": words,

	"userlist": pass, "usernumber": pass, "usercount": pass, "roomlist": pass, "roomnumbers": pass,
}

// longestField is the longest name of a field that can have a rule.
const longestField = 64

// ruleOf finds the rule of a field. A field that is on no page and looks like one of these,
// such as UserIds or InviterUserName, is treated like it.
func ruleOf(name string) rule {
	if len(name) > longestField {
		return pass
	}
	name = strings.ToLower(name)
	if r, ok := fields[name]; ok {
		return r
	}
	switch name = strings.TrimRight(name, "_0123456789"); {
	case strings.Contains(name, "commid"):
		return callID
	case strings.Contains(name, "user"), strings.Contains(name, "peer"):
		return user
	case strings.Contains(name, "room"):
		return room
	case strings.HasSuffix(name, "ip"), strings.HasSuffix(name, "addr"), strings.HasSuffix(name, "address"):
		return address
	}
	return pass
}
