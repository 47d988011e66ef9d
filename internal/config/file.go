package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/callvault/callvault/internal/words"
)

// section is a mapping of the file: the top, or an account.
type section struct {
	file   string
	values []*ast.MappingValueNode
	within *document
}

// document resolves the anchors and aliases of a file.
type document struct {
	file    string
	anchors map[string]ast.Node
}

// readFile reads the settings at the top of the file, and returns its accounts: they can be
// read only when the top is known.
func (r *reader) readFile(flag, variable string) []section {
	file, named := flag, "--config"
	if file == "" {
		file, named = variable, "CALLVAULT_CONFIG"
	}
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		r.bad = append(r.bad, Error{named, err.Error(), "give the path of a YAML file"})
		return nil
	}
	d := &document{file, map[string]ast.Node{}}
	top, err := d.parse(text)
	if err != nil {
		r.bad = append(r.bad, Error{file, err.Error(), "docs/operations.md has all settings"})
		return nil
	}
	var accounts []section
	top.values, accounts = r.takeAccounts(top)
	r.readSection(top, settingsOf(r.Config), r.where)
	return accounts
}

// parse returns the top of a file. A file without values is empty.
func (d *document) parse(text []byte) (section, error) {
	top := section{file: d.file, within: d}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		return top, errors.New("is not UTF-8 text")
	}
	f, err := parser.ParseBytes(text, 0)
	if err != nil {
		return top, errors.New(yamlProblem(err))
	}
	var all []ast.Node
	for _, doc := range f.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.NullType && doc.Body.Type() != ast.CommentType {
			all = append(all, doc.Body)
		}
	}
	if len(all) == 0 {
		return top, nil
	}
	if len(all) > 1 {
		return top, fmt.Errorf("line %d: a second document begins; one is read", line(all[1]))
	}
	var ok bool
	if top.values, ok = d.mapping(all[0]); !ok {
		return top, fmt.Errorf("line %d: is not a mapping of settings, such as qps: 20", line(all[0]))
	}
	return top, nil
}

func line(n ast.Node) int { return n.GetToken().Position.Line }

// plain returns the node that an alias or anchor refers to.
func (d *document) plain(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.AnchorNode:
		d.anchors[n.Name.String()] = n.Value
		return d.plain(n.Value)
	case *ast.AliasNode:
		if to := d.anchors[n.Value.String()]; to != nil {
			return d.plain(to)
		}
	case *ast.TagNode:
		return d.plain(n.Value)
	}
	return n
}

// mapping returns the values of a mapping, including merged ones.
func (d *document) mapping(n ast.Node) (values []*ast.MappingValueNode, ok bool) {
	var own []*ast.MappingValueNode
	switch n := d.plain(n).(type) {
	case *ast.MappingNode:
		own = n.Values
	case *ast.MappingValueNode:
		own = []*ast.MappingValueNode{n}
	default:
		return nil, false
	}
	for _, v := range own {
		if !v.Key.IsMergeKey() {
			values = append(values, v)
			continue
		}
		merged, ok := d.mapping(v.Value)
		if !ok {
			return nil, false
		}
		values = append(merged, values...) // the mapping's own values come later, and so they count
	}
	return values, true
}

// takeAccounts removes the accounts from the values of the top.
func (r *reader) takeAccounts(top section) (rest []*ast.MappingValueNode, accounts []section) {
	for _, v := range top.values {
		if key(v) != "accounts" {
			rest = append(rest, v)
			continue
		}
		list, ok := top.within.plain(v.Value).(*ast.SequenceNode)
		if !ok && !none(v.Value) {
			r.bad = append(r.bad, Error{top.place(v), "is not a list of accounts", "begin each with a dash, as in docs/operations.md"})
		}
		if !ok {
			continue
		}
		for _, n := range list.Values {
			values, ok := top.within.mapping(n)
			if !ok {
				r.bad = append(r.bad, Error{fmt.Sprintf("%s: line %d: accounts", top.file, line(n)), "has an element that is not an account", "give it a name, secret_id, secret_key and sdk_app_ids"})
			}
			accounts = append(accounts, section{top.file, values, top.within})
		}
	}
	return rest, accounts
}

func key(v *ast.MappingValueNode) string { return v.Key.GetToken().Value }

func none(n ast.Node) bool { return n == nil || n.Type() == ast.NullType }

// place returns the name of a value's place in the file.
func (s section) place(v *ast.MappingValueNode) string {
	return fmt.Sprintf("%s: line %d: %s", s.file, line(v.Key), key(v))
}

// readSection reads the values of a section and notes where they are.
func (r *reader) readSection(s section, known []setting, where places) {
	byKey := map[string]setting{}
	var keys []string
	for _, k := range known {
		if k.key != "" {
			byKey[k.key] = k
			keys = append(keys, k.key)
		}
		if k.key != "" && k.secret() {
			byKey[k.key+inKey] = k
			keys = append(keys, k.key+inKey)
		}
	}
	for _, v := range s.values {
		k, ok := byKey[key(v)]
		if !ok {
			r.unknown(s.place(v), r.meant(key(v), known, keys))
			continue
		}
		text, ok := s.text(v.Value)
		if !ok {
			r.bad = append(r.bad, Error{s.place(v), "cannot be a mapping, or a list of lists", "use " + k.use})
			continue
		}
		if text != "" && key(v) != k.key {
			text = r.content(s.place(v), text)
		}
		if text != "" {
			where[k.name()] = s.place(v)
			r.set(k, s.place(v), text)
		}
	}
}

// meant returns the key that an unknown name most likely means, or "".
func (r *reader) meant(name string, known []setting, keys []string) string {
	for _, k := range known {
		if k.variable == name && k.key != "" {
			return k.key
		}
	}
	for _, k := range settingsOf(r.Config) {
		if k.key == name {
			return name + " at the top, outside accounts"
		}
	}
	return words.Nearest(name, append(keys, "accounts"), 4)
}

// text returns a value in the form of the environment: a list has commas.
func (s section) text(n ast.Node) (text string, ok bool) {
	switch n := s.within.plain(n).(type) {
	case nil, *ast.NullNode:
		return "", true
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.SequenceNode:
		var items []string
		for _, item := range n.Values {
			if _, list := s.within.plain(item).(*ast.SequenceNode); list {
				return "", false
			}
			one, ok := s.text(item)
			if !ok {
				return "", false
			}
			items = append(items, one)
		}
		return strings.Join(items, ","), true
	case ast.ScalarNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// yamlProblem returns a YAML error in one line, with its line number.
func yamlProblem(err error) string {
	if e, ok := errors.AsType[yaml.Error](err); ok {
		if t := e.GetToken(); t != nil {
			return fmt.Sprintf("line %d: %s", t.Position.Line, words.FirstLine(e.GetMessage()))
		}
	}
	return words.FirstLine(err.Error())
}
