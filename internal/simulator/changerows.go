package simulator

import (
	"slices"
	"strconv"
)

// numberChanges replaces a number with an odd one.
func (m *mutator) numberChanges(sp *spot) []alteration {
	n, err := strconv.ParseInt(sp.n.text, 10, 64)
	if sp.kinds == "Response.Total" {
		return m.totalChanges(sp, n)
	}
	other := n * 1000
	if m.q.family() == familyEvents {
		other = n / 1000
	}
	if err != nil {
		other = 0
	}
	var all []alteration
	for bit, text := range []string{"NaN", "1e400", "-1", "0", "1099511627776", "9223372036854775808", "18446744073709551615", strconv.FormatInt(other, 10)} {
		if 1<<bit == unit && other == 0 {
			continue
		}
		c := sp.become("value", text)
		c.unseen = fields[sp.kinds].odd&(1<<bit) == 0 || sp.unended() && bit > 1
		all = append(all, c)
	}
	return all
}

// totalChanges changes a Total. A reader cannot notice a changed count of users in a
// series response, nor a count that makes this page of users the last.
func (m *mutator) totalChanges(sp *spot, n int64) []alteration {
	var all []alteration
	rows := len(sp.up.n.get(m.q.family().list()).rows())
	for i, text := range []string{
		strconv.FormatInt(n+1, 10), strconv.FormatInt(n-1, 10), strconv.FormatInt(n*2, 10), "0", "-1",
		"NaN", "1e400", "1099511627776", "9223372036854775808", "18446744073709551615",
	} {
		c := sp.become("count", text)
		if i > 4 {
			c.kind = "value"
		}
		if m.q.family() == familyUsers && i < 4 {
			read := rows
			if m.q.size > 0 {
				read += m.q.page * m.q.rowsPerPage(defaultUsers)
			}
			c.unseen = m.q.wantsSeries() || text == strconv.Itoa(read)
		}
		all = append(all, c)
	}
	return all
}

// orderChanges shuffles rows or fields, or drops half of the rows.
func (m *mutator) orderChanges(sp *spot) []alteration {
	n := sp.n
	if len(n.items) < 2 {
		return nil
	}
	turn := 1 + int(m.r.next()%uint64(len(n.items)-1))
	all := []alteration{{at: sp, kind: "order", now: "from item " + strconv.Itoa(turn) + " on, then the others", harmless: true, do: func() {
		n.items = append(slices.Clone(n.items[turn:]), n.items[:turn]...)
		if n.kind == '{' {
			n.keys = append(slices.Clone(n.keys[turn:]), n.keys[:turn]...)
		}
	}}}
	if n.kind == '[' {
		half := len(n.items) / 2
		all = append(all, alteration{at: sp, kind: "half", now: strconv.Itoa(half) + " rows", unseen: !m.counts(sp), do: func() { n.items = n.items[:half] }})
	}
	return all
}

// counts reports whether Total counts the rows of a list.
func (m *mutator) counts(list *spot) bool { return fields[list.kinds].counted && !m.q.wantsSeries() }

// rowChanges drops or repeats a row. Without a Total that counts the rows, a repeated
// row is harmless.
func (m *mutator) rowChanges(sp *spot) []alteration {
	list, counted := sp.up.n, m.counts(sp.up)
	again := func() { list.items = slices.Insert(slices.Clone(list.items), sp.i, sp.n) }
	all := []alteration{
		{at: sp, kind: "drop", now: "nothing", unseen: !counted, do: func() { list.drop(sp.i) }},
		{at: sp, kind: "repeat", now: "twice", harmless: !counted, do: again},
	}
	if total := sp.up.up.n.get("Total"); counted && total != nil {
		all = append(all, alteration{at: sp, kind: "repeat", now: "twice, counted", harmless: true, do: func() {
			again()
			sp.up.up.n.set("Total", integerNode(sp.up.up.n.integer("Total")+1))
		}})
	}
	return all
}

// keyChanges renames, drops or repeats a key.
func (m *mutator) keyChanges(sp *spot) []alteration {
	o, key := sp.up.n, sp.up.n.keys[sp.i]
	other := map[byte]string{'0': "-7", '"': `"other"`, 't': "null", 'n': "{}", '[': "null", '{': "null"}[sp.n.kind]
	return []alteration{
		{at: sp, kind: "key", now: "renamed " + key + "_", do: func() { o.keys[sp.i] = key + "_" }},
		{at: sp, kind: "key", now: "left out", do: func() { o.drop(sp.i) }},
		{at: sp, kind: "key", now: "again " + other, do: func() {
			o.keys = slices.Insert(slices.Clone(o.keys), sp.i+1, key)
			o.items = slices.Insert(slices.Clone(o.items), sp.i+1, scalar(other))
		}},
	}
}
