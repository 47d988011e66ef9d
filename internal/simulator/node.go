package simulator

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// node is a value in a response: a list, an object, or text as it was written. So a
// number keeps its form and need not be valid. An object keeps the order of its keys
// and may repeat them.
type node struct {
	kind  byte // one of { [ " 0 t n, by how it begins
	text  string
	keys  []string
	items []*node
}

// parseNode parses a valid body.
func parseNode(body []byte) (*node, error) {
	p := parser{body: body}
	n := p.value()
	if p.space(); p.broken || p.pos != len(body) {
		return nil, fmt.Errorf("parse a response: it is broken at byte %d", p.pos)
	}
	return n, nil
}

type parser struct {
	body   []byte
	pos    int
	broken bool
}

// space skips white space and returns the next byte, 0 at the end.
func (p *parser) space() byte {
	for p.pos < len(p.body) {
		if c := p.body[p.pos]; c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
		p.pos++
	}
	return 0
}

func (p *parser) value() *node {
	switch c := p.space(); c {
	case '{', '[':
		p.pos++
		return p.list(c)
	case '"':
		return scalar(p.quoted())
	}
	from := p.pos
	for p.pos < len(p.body) && !strings.ContainsRune(",:]} \n\r\t", rune(p.body[p.pos])) {
		p.pos++
	}
	p.broken = p.broken || p.pos == from
	return scalar(string(p.body[from:p.pos]))
}

// list reads the items of a list or an object to its end.
func (p *parser) list(kind byte) *node {
	n := &node{kind: kind}
	for !p.broken && p.space() != kind+2 { // in ASCII the closing bracket follows so
		if len(n.items) > 0 && !p.take(',') {
			break
		}
		if kind == '{' {
			p.space()
			n.keys = append(n.keys, scalar(p.quoted()).plain())
			p.take(':')
		}
		n.items = append(n.items, p.value())
	}
	p.take(kind + 2)
	return n
}

// take reads a byte that must be next.
func (p *parser) take(c byte) bool {
	if p.space() != c {
		p.broken = true
		return false
	}
	p.pos++
	return true
}

// quoted reads a text, with its quotes.
func (p *parser) quoted() string {
	from := p.pos
	if !p.take('"') {
		return ""
	}
	for p.pos < len(p.body) && p.body[p.pos] != '"' {
		if p.body[p.pos] == '\\' {
			p.pos++
		}
		p.pos++
	}
	p.broken = p.broken || p.pos >= len(p.body)
	p.pos = min(p.pos+1, len(p.body))
	return string(p.body[from:p.pos])
}

// scalar makes a value from its text, which need not be JSON.
func scalar(text string) *node {
	n := &node{kind: '0', text: text}
	switch {
	case text == "null":
		n.kind = 'n'
	case text == "true" || text == "false":
		n.kind = 't'
	case strings.HasPrefix(text, `"`):
		n.kind = '"'
	}
	return n
}

func integerNode(n int64) *node { return scalar(strconv.FormatInt(n, 10)) }

func textNode(s string) *node { return scalar(string(appendString(nil, s, false))) }

// appendTo writes the value.
func (n *node) appendTo(dst []byte) []byte {
	if n.kind != '{' && n.kind != '[' {
		return append(dst, n.text...)
	}
	dst = append(dst, n.kind)
	for i, item := range n.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if n.kind == '{' {
			dst = append(appendString(dst, n.keys[i], false), ':')
		}
		dst = item.appendTo(dst)
	}
	return append(dst, n.kind+2) // in ASCII the closing bracket follows so
}

func (n *node) String() string { return string(n.appendTo(nil)) }

// get returns the value of a key of an object, nil if it has none.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i, k := range n.keys {
		if k == key {
			return n.items[i]
		}
	}
	return nil
}

// set replaces the value of an existing key.
func (n *node) set(key string, value *node) {
	for i, k := range n.keys {
		if k == key {
			n.items[i] = value
		}
	}
}

// drop removes an item, and its key.
func (n *node) drop(i int) {
	n.items = append(n.items[:i:i], n.items[i+1:]...)
	if n.kind == '{' {
		n.keys = append(n.keys[:i:i], n.keys[i+1:]...)
	}
}

// rows returns the items of a list, none for any other value.
func (n *node) rows() []*node {
	if n == nil || n.kind != '[' {
		return nil
	}
	return n.items
}

// integer returns the value of a key as a number, 0 if it is not one.
func (n *node) integer(key string) int64 {
	v, _ := strconv.ParseInt(n.get(key).plain(), 10, 64)
	return v
}

// plain returns a text without its quotes, or a number as it is written.
func (n *node) plain() string {
	if n == nil {
		return ""
	}
	var s string
	if n.kind == '"' && !strings.Contains(n.text, `\`) {
		return n.text[1 : len(n.text)-1]
	}
	if n.kind == '"' && json.Unmarshal([]byte(n.text), &s) == nil {
		return s
	}
	return n.text
}
