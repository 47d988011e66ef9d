package simulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// paramType is the type of a parameter on a dialect's page.
type paramType uint8

const (
	text   paramType = iota // a JSON string
	number                  // a JSON integer
	list                    // an array of strings
	boolean
)

// param is a parameter of a request. An untyped one comes from a query string or a
// form, where everything is text.
type param struct {
	kind    paramType
	untyped bool
	bad     bool // of a type that no parameter has
	text    string
	list    []string
}

type params map[string]param

// jsonParams parses the body of a POST. A null parameter counts as missing.
func jsonParams(body []byte) (params, *fault) {
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil || object == nil {
		return nil, &fault{code: codeBody}
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, &fault{code: codeBody}
	}
	all := make(params, len(object))
	for name, raw := range object {
		if raw != nil {
			all[name] = jsonParam(raw)
		}
	}
	return all, nil
}

func jsonParam(raw any) param {
	switch value := raw.(type) {
	case string:
		return param{kind: text, text: value}
	case bool:
		return param{kind: boolean, text: strconv.FormatBool(value)}
	case json.Number:
		return param{kind: number, text: value.String()}
	case []any:
		p := param{kind: list, list: make([]string, 0, len(value))}
		for _, item := range value {
			s, ok := item.(string)
			p.bad = p.bad || !ok
			p.list = append(p.list, s)
		}
		return p
	}
	return param{bad: true}
}

func textParams(query string) (params, *fault) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return nil, &fault{code: codeBody}
	}
	return formParams(values)
}

// formParams collects Name.0, Name.1 … into lists, in the order of their numbers.
func formParams(values url.Values) (params, *fault) {
	all := make(params, len(values))
	type item struct {
		position int
		text     string
	}
	lists := map[string][]item{}
	for key, value := range values {
		name, position, isItem := strings.Cut(key, ".")
		if !isItem {
			all[name] = param{kind: text, untyped: true, text: value[0]}
			continue
		}
		n, err := strconv.Atoi(position)
		if err != nil {
			return nil, &fault{codeUnknownParameter, key}
		}
		lists[name] = append(lists[name], item{n, value[0]})
	}
	for name, items := range lists {
		slices.SortFunc(items, func(a, b item) int { return a.position - b.position })
		p := param{kind: list, untyped: true}
		for _, it := range items {
			p.list = append(p.list, it.text)
		}
		all[name] = p
	}
	return all, nil
}

// is reports whether a parameter can have a type.
func (p param) is(want paramType) bool {
	if p.bad {
		return false
	}
	return p.kind == want || p.untyped && p.kind == text && want == number
}
