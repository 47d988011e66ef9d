package simulator

import (
	"slices"
	"strings"
	"time"
)

// changes lists all possible changes of a value.
func (m *mutator) changes(sp *spot) []alteration {
	if sp.up == nil {
		return m.wholeChanges(sp)
	}
	all := m.typeChanges(sp)
	switch sp.n.kind {
	case '0':
		all = append(all, m.numberChanges(sp)...)
	case '"':
		all = append(all, sp.become("value", `""`), sp.become("value", `"`+strings.Repeat("long ", 20_000)+`"`))
		all[len(all)-1].unseen, all[len(all)-2].unseen = true, true
	}
	all = append(all, m.orderChanges(sp)...)
	if sp.up.n.kind == '[' {
		all = append(all, m.rowChanges(sp)...)
	} else {
		all = append(all, m.keyChanges(sp)...)
	}
	if !m.matters(sp) {
		for i := range all {
			all[i].harmless, all[i].unseen = true, false
		}
	}
	return slices.DeleteFunc(all, func(c alteration) bool { return c.now == sp.n.text && sp.n.text != "" })
}

// matters reports whether the vendor's pages name a value and the value has a meaning.
func (m *mutator) matters(sp *spot) bool {
	for ; sp.up != nil; sp = sp.up {
		if _, named := fields[sp.kinds]; !named {
			return false
		}
		if sp.kinds == "Response.Data" && m.q.family() == familyUsers && !m.q.wantsSeries() {
			return false
		}
	}
	return true
}

// wholeChanges lists the changes of the whole response.
func (m *mutator) wholeChanges(sp *spot) []alteration {
	share := 0.1 + 0.85*m.r.share()
	late := 50*time.Millisecond + time.Duration(m.r.next()%150)*time.Millisecond
	nothing := func() {}
	return []alteration{
		{at: sp, kind: "truncate", do: nothing, cut: share},
		{at: sp, kind: "delay", do: nothing, late: late, harmless: true},
	}
}

// become replaces a value.
func (sp *spot) become(kind, text string) alteration {
	return alteration{at: sp, kind: kind, now: text, do: func() { sp.up.n.items[sp.i] = scalar(text) }}
}

// typeChanges replaces a value with one of another type.
func (m *mutator) typeChanges(sp *spot) []alteration {
	var texts []string
	switch sp.n.kind {
	case '0':
		texts = []string{`"` + sp.n.text + `"`, "{}", "[" + sp.n.text + "]", "true", `"2026-11-20T15:04:05Z"`, "null"}
	case '"':
		texts = []string{"7", "{}", "[]", "null"}
	case 't':
		texts = []string{`"` + sp.n.text + `"`, map[string]string{"true": "1", "false": "0"}[sp.n.text], "null"}
	case 'n':
		texts = []string{"{}"}
	case '[':
		texts = []string{"{}", `"x"`, "null"}
	case '{':
		texts = []string{`"x"`, "[]", "null"}
	}
	var all []alteration
	for _, text := range texts {
		c := sp.become("type", text)
		c.unseen = text == "null" && !m.missesNull(sp) || text == "7" && sp.kinds != "Response.RequestId"
		all = append(all, c)
	}
	return all
}

// missesNull reports whether a reader notices null in place of a value.
func (m *mutator) missesNull(sp *spot) bool {
	f := fields[sp.kinds]
	switch {
	case f.counted:
		return len(sp.n.rows()) > 0 && !m.q.wantsSeries()
	case sp.kinds == "Response.Data":
		return m.q.wantsSeries() && slices.ContainsFunc(sp.n.rows(), func(n *node) bool { return isLong(n.get("Content")) })
	case sp.kinds == "Response.Data[].Content":
		return m.q.wantsSeries() && isLong(sp.n)
	case sp.unended():
		return false
	}
	return f.null
}

// isLong reports whether there are so many samples that null in their place must be a
// mistake.
func isLong(content *node) bool {
	rows := content.rows()
	return len(rows) > 1 && rows[len(rows)-1].integer("Time")-rows[0].integer("Time") >= shortest
}

// unended reports whether a value is the end of a room or session that has none.
func (sp *spot) unended() bool {
	switch sp.kinds {
	case "Response.RoomList[].DestroyTime":
		return sp.up.n.get("IsFinished").plain() != "true"
	case "Response.UserList[].LeaveTs":
		return sp.up.n.get("Finished").plain() != "true"
	}
	return false
}
