package transform

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// The reference decoder has the same rules, on top of encoding/json, and is slow. It
// panics with a string for a body that must be an error.

func refCatch(err *error) {
	switch r := recover().(type) {
	case nil:
	case string:
		*err = errors.New(r)
	case *VendorError:
		*err = r
	default:
		panic(r)
	}
}

var refWord = regexp.MustCompile(`"(?:[^"\\]|\\(?s:.))*"?|[-+._0-9A-Za-z]+`)

// refNormal replaces each word that is not JSON with a number that no field accepts,
// so that encoding/json can read the rest.
func refNormal(body []byte) []byte {
	return refWord.ReplaceAllFunc(body, func(word []byte) []byte {
		if word[0] == '"' || json.Valid(word) {
			return word
		}
		return []byte("1e999")
	})
}

func refIs(raw json.RawMessage, open byte) bool { return len(raw) > 0 && raw[0] == open }

// refFields walks an object's members in order.
func refFields(raw json.RawMessage, field func(key string, value json.RawMessage)) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		panic("not an object")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			panic(err.Error())
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			panic(err.Error())
		}
		field(key.(string), value)
	}
}

// refObject returns the fields of an object, nil for any other value.
func refObject(raw json.RawMessage) (fields map[string]json.RawMessage) {
	if !refIs(raw, '{') {
		return nil
	}
	fields = map[string]json.RawMessage{}
	refFields(raw, func(key string, value json.RawMessage) {
		if fields[key] != nil && key != "Error" && key != "RequestId" {
			value = json.RawMessage("{}") // a value that no field accepts
		}
		fields[key] = value
	})
	return fields
}

func refList(raw json.RawMessage) (list []json.RawMessage, st ListState) {
	switch {
	case raw == nil:
		return nil, ListAbsent
	case string(raw) == "null":
		return nil, ListNull
	case !refIs(raw, '['):
		return nil, ListWrong
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		panic(err.Error())
	}
	return list, ListPresent
}

// refState returns the state of a field as far as it does not depend on the type.
func refState(raw json.RawMessage) state {
	switch {
	case raw == nil:
		return absent
	case string(raw) == "null":
		return null
	}
	return wrong
}

var refDigits = regexp.MustCompile(`^-?[0-9]+$`)

func refText(raw json.RawMessage) (s string, st state) {
	if refDigits.Match(raw) {
		return string(raw), good
	}
	if !refIs(raw, '"') {
		return "", refState(raw)
	}
	if err := json.Unmarshal(raw, &s); err != nil {
		panic(err.Error())
	}
	return s, good
}

func refBool(raw json.RawMessage) (bool, state) {
	text, st := string(raw), good
	if refIs(raw, '"') {
		if text, _ = refText(raw); len(text) == 1 {
			return false, wrong
		}
	}
	switch text {
	case "true", "1":
		return true, st
	case "false", "0":
		return false, st
	}
	return false, refState(raw)
}

// refNumber returns the text of a number, quoted or not.
func refNumber(raw json.RawMessage) (text string, st state) {
	text = string(raw)
	if refIs(raw, '"') {
		text, _ = refText(raw)
	}
	if text == "" || !json.Valid([]byte(text)) || strings.ContainsAny(text[:1], "\"{[tfn \t\r\n") || strings.TrimSpace(text) != text {
		return "", refState(raw)
	}
	return text, good
}

func refFloat(raw json.RawMessage) (float64, state) {
	text, st := refNumber(raw)
	if st != good {
		return 0, st
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, wrong
	}
	return v, good
}

func refInteger(raw json.RawMessage, lowest, highest int64) (int64, state) {
	text, st := refNumber(raw)
	if st != good {
		return 0, st
	}
	f, err := strconv.ParseFloat(text, 64)
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	if !strings.ContainsAny(mantissa, "123456789") {
		f, err, text = 0, nil, "0"
	} else if err != nil || math.Abs(f) > 1e20 || math.Abs(f) < 0.5 {
		return 0, wrong
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok || !exact.IsInt() || !exact.Num().IsInt64() {
		return 0, wrong
	}
	v := exact.Num().Int64()
	if v < lowest || v > highest {
		return 0, wrong
	}
	return v, good
}

// refBody returns the fields of the response.
func refBody(body []byte) map[string]json.RawMessage {
	body = refNormal(body)
	if !json.Valid(body) {
		panic("not JSON")
	}
	var response map[string]json.RawMessage
	refFields(body, func(key string, value json.RawMessage) {
		if key == "Response" {
			if response = refObject(value); response == nil {
				panic("the response is not an object")
			}
		}
	})
	if response == nil {
		panic("no response")
	}
	if raw := response["Error"]; refState(raw) == wrong {
		e := &VendorError{Code: UnreadableError}
		e.RequestID, _ = refText(response["RequestId"])
		if fields := refObject(raw); fields == nil {
			e.Message, _ = refText(raw)
		} else {
			if code, _ := refText(fields["Code"]); code != "" {
				e.Code = code
			}
			e.Message, _ = refText(fields["Message"])
		}
		panic(e)
	}
	return response
}

// refInfo reads what a response says besides its rows.
func refInfo(response map[string]json.RawMessage, list string) (info Info, elements []json.RawMessage) {
	info.RequestID, _ = refText(response["RequestId"])
	total, st := refInteger(response["Total"], 0, math.MaxInt32)
	info.Total, info.HasTotal = int(total), st == good
	if st == wrong {
		info.DamageCount++
	}
	elements, info.List = refList(response[list])
	info.Items = len(elements)
	return info, elements
}

// refOnce drops repeated rows.
func refOnce[T comparable](rows []T, info *Info) (once []T) {
	seen := map[T]bool{}
	for _, r := range rows {
		if seen[r] {
			info.Repeated++
			continue
		}
		seen[r] = true
		once = append(once, r)
	}
	return once
}

// refRows reads a response with its rows in one list.
func refRows[T comparable](body []byte, list string, element func(json.RawMessage, *Info) []T) (rows []T, info Info, err error) {
	defer refCatch(&err)
	info, elements := refInfo(refBody(body), list)
	for _, raw := range elements {
		rows = append(rows, element(raw, &info)...)
	}
	return refOnce(rows, &info), info, nil
}
