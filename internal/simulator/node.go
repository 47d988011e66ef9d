package simulator

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// node is a value of an answer: text as it is written, so that numbers stay
// as they are and may be none, or a list, or an object whose keys keep their
// order and may come twice.
type node struct {
	kind  byte // one of { [ " 0 t n, by how it begins
	text  string
	keys  []string
	items []*node
}

// parseNode reads a body that is in order.
func parseNode(body []byte) (*node, error) {
	p := parser{body: body, d: json.NewDecoder(bytes.NewReader(body))}
	p.d.UseNumber()
	return p.value()
}

type parser struct {
	body []byte
	d    *json.Decoder
	at   int64
}

// next returns a token and its text.
func (p *parser) next() (json.Token, string, error) {
	token, err := p.d.Token()
	end := p.d.InputOffset()
	raw := strings.TrimLeft(string(p.body[p.at:end]), ",: \r\n\t")
	p.at = end
	return token, raw, err
}

func (p *parser) value() (*node, error) {
	token, raw, err := p.next()
	if err != nil {
		return nil, err
	}
	if token != json.Delim('{') && token != json.Delim('[') {
		return scalar(raw), nil
	}
	n := &node{kind: raw[0]}
	for p.d.More() {
		if n.kind == '{' {
			key, _, err := p.next()
			if err != nil {
				return nil, err
			}
			n.keys = append(n.keys, key.(string))
		}
		item, err := p.value()
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	_, _, err = p.next()
	return n, err
}

// scalar is a value by its text, which need not be JSON.
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

// get is the value of a key of an object; nil where there is none.
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

// set replaces the value of a key that is there.
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

// rows are the items of a list; none of anything else.
func (n *node) rows() []*node {
	if n == nil || n.kind != '[' {
		return nil
	}
	return n.items
}

// integer is the value of a key as a number, 0 where it is none.
func (n *node) integer(key string) int64 {
	v, _ := strconv.ParseInt(n.get(key).plain(), 10, 64)
	return v
}

// plain is a text without its quotes, or a number as it is written.
func (n *node) plain() string {
	if n == nil {
		return ""
	}
	var s string
	if n.kind == '"' && json.Unmarshal([]byte(n.text), &s) == nil {
		return s
	}
	return n.text
}
