package extract_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/callvault/callvault/internal/call"
)

func (t *truth) debugParts(id, user string) string {
	var b strings.Builder
	u := call.Unit{App: t.app(), Kind: call.UnitCall, Key: id}
	for _, x := range t.vault.of(u).visible {
		for _, p := range x.parts {
			for _, o := range p.Owned {
				if o.User == user || p.Kind == call.PartUsers {
					fmt.Fprintf(&b, "\n   %s %s settled %v asked %d window %d-%d owned %d-%d rows %v", p.Kind, p.Key, p.Settled, p.Asked.Unix(), p.Window.Start.Unix(), p.Window.End.Unix(), o.From, o.To, p.sums)
				}
			}
			for _, s := range p.rows.Sessions {
				if s.UserID == user {
					fmt.Fprintf(&b, "\n   session %d-%d %v", s.JoinedAt.Unix(), unix(s.LeftAt), s.Finished)
				}
			}
		}
	}
	return b.String()
}

var dbgUser = os.Getenv("DBG")
