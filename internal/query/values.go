package query

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/callvault/callvault/internal/words"
)

// object is a map or a named tuple, in order.
type object []member

type member struct {
	name  string
	value any
}

// plainer turns a scanned value into one that every format can write: nil, a bool, a number
// (json.Number above 64 bits), a string, or a []any or an object of these.
type plainer func(reflect.Value) any

// plainOf returns the plainer of one of ClickHouse's types.
func plainOf(kind string) plainer {
	name, args := splitType(kind)
	switch {
	case name == "Nullable", name == "LowCardinality":
		return nullable(plainOf(args[0]))
	case name == "SimpleAggregateFunction":
		return plainOf(args[1])
	case name == "Array":
		return plainList(plainOf(args[0]))
	case name == "Map":
		return plainMap(plainOf(args[0]), plainOf(args[1]))
	case name == "Tuple":
		return plainTuple(args)
	case name == "Nested":
		return plainList(plainTuple(args))
	case name == "Date", name == "Date32":
		return plainTime(time.DateOnly)
	case name == "DateTime":
		return plainTime(time.DateTime)
	case name == "DateTime64":
		return plainTime(time.DateTime + fraction(args[0]))
	case name == "Time":
		return plainClock(0)
	case name == "Time64":
		digits, _ := strconv.Atoi(args[0])
		return plainClock(digits)
	}
	return nullable(func(v reflect.Value) any { return plainValue(v.Interface()) })
}

// splitType splits a type into its name and its arguments.
func splitType(kind string) (name string, args []string) {
	name, rest, ok := strings.Cut(kind, "(")
	if !ok {
		return kind, nil
	}
	rest = strings.TrimSuffix(rest, ")")
	depth, from, quote := 0, 0, byte(0)
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '\\' && quote != 0:
			i++
		case c == quote:
			quote = 0
		case quote != 0:
		case c == '\'' || c == '`' || c == '"':
			quote = c
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			args = append(args, strings.TrimSpace(rest[from:i]))
			from = i + 1
		}
	}
	return name, append(args, strings.TrimSpace(rest[from:]))
}

// memberOf splits an element of a tuple into its name, if it has one, and its type.
func memberOf(arg string) (name, kind string) {
	if strings.HasPrefix(arg, "`") {
		if i := strings.LastIndexByte(arg, '`'); i > 0 && i+2 < len(arg) {
			return strings.ReplaceAll(arg[1:i], "\\`", "`"), arg[i+2:]
		}
	}
	bracket := strings.IndexByte(arg+"(", '(')
	if i := strings.IndexByte(arg[:bracket], ' '); i > 0 {
		return arg[:i], arg[i+1:]
	}
	return "", arg
}

func fraction(digits string) string {
	n, _ := strconv.Atoi(digits)
	if n == 0 {
		return ""
	}
	return "." + strings.Repeat("0", n)
}

// inner follows pointers and interfaces. The result is not valid if they are nil.
func inner(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if _, ok := v.Interface().(*big.Int); ok {
			return v
		}
		v = v.Elem()
	}
	return v
}

func nullable(p plainer) plainer {
	return func(v reflect.Value) any {
		if v = inner(v); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
			return nil
		}
		return p(v)
	}
}

func plainList(of plainer) plainer {
	return nullable(func(v reflect.Value) any {
		list := make([]any, v.Len())
		for i := range list {
			list[i] = of(v.Index(i))
		}
		return list
	})
}

// plainMap orders a map by key, because the client does not keep its order.
func plainMap(key, value plainer) plainer {
	return nullable(func(v reflect.Value) any {
		o := make(object, 0, v.Len())
		for k, x := range v.Seq2() {
			o = append(o, member{cell(key(k)), value(x)})
		}
		slices.SortFunc(o, func(a, b member) int { return strings.Compare(a.name, b.name) })
		return o
	})
}

func plainTuple(args []string) plainer {
	names, of := make([]string, len(args)), make([]plainer, len(args))
	for i, a := range args {
		var kind string
		names[i], kind = memberOf(a)
		of[i] = plainOf(kind)
	}
	return nullable(func(v reflect.Value) any {
		if v.Kind() == reflect.Map {
			o := make(object, len(names))
			for i, n := range names {
				o[i] = member{n, of[i](v.MapIndex(reflect.ValueOf(n)))}
			}
			return o
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = of[i](v.Index(i))
		}
		return list
	})
}

func plainTime(layout string) plainer {
	return nullable(func(v reflect.Value) any {
		if t, ok := v.Interface().(time.Time); ok {
			return t.Format(layout)
		}
		return plainValue(v.Interface())
	})
}

// plainClock formats a time of day, or a time span, with digits after the second.
func plainClock(digits int) plainer {
	return nullable(func(v reflect.Value) any {
		d, ok := v.Interface().(time.Duration)
		if !ok {
			return plainValue(v.Interface())
		}
		sign := ""
		if d < 0 {
			sign, d = "-", -d
		}
		s := fmt.Sprintf("%s%02d:%02d:%02d", sign, d/time.Hour, d/time.Minute%60, d/time.Second%60)
		if digits > 0 {
			s += "." + fmt.Sprintf("%09d", d%time.Second)[:min(digits, 9)]
		}
		return s
	})
}

// plainValue decides by the Go type that the client returns.
func plainValue(x any) any {
	switch x := x.(type) {
	case clickhouse.Variant: // and Dynamic
		return plainOf(x.Type())(reflect.ValueOf(x.Any()))
	case clickhouse.JSON:
		return plainNested(x.NestedMap())
	case *big.Int:
		return json.Number(x.String())
	case big.Int:
		return json.Number(x.String())
	case net.IP: // a v4 address in v6 form remains one
		if a, ok := netip.AddrFromSlice(x); ok {
			return a.String()
		}
	case time.Time:
		return x.Format(time.DateTime)
	case fmt.Stringer:
		return x.String()
	case []byte:
		return plainList(plainOf("UInt8"))(reflect.ValueOf(x))
	}
	switch v := reflect.ValueOf(x); v.Kind() {
	case reflect.Slice, reflect.Array:
		return plainList(plainOf(""))(v)
	case reflect.Map:
		return plainMap(plainOf(""), plainOf(""))(v)
	}
	return x
}

// plainNested returns the paths of a JSON.
func plainNested(m map[string]any) any {
	o := object{}
	for k, x := range m {
		if sub, ok := x.(map[string]any); ok {
			o = append(o, member{k, plainNested(sub)})
			continue
		}
		o = append(o, member{k, plainOf("")(reflect.ValueOf(x))})
	}
	slices.SortFunc(o, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return o
}

// cell returns a plain value as text.
func cell(v any) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case string:
		return x
	}
	return string(appendJSON(nil, v, true))
}

// appendJSON writes a plain value as JSON. Values such as nan, inf and -inf are null in
// JSON, and words for people.
func appendJSON(b []byte, v any, people bool) []byte {
	switch x := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, x)
	case float64:
		return appendFloat(b, x, 64, people)
	case float32:
		return appendFloat(b, float64(x), 32, people)
	case string:
		return appendString(b, x)
	case json.Number:
		return append(b, x...)
	case []any:
		b = append(b, '[')
		for i, e := range x {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, e, people)
		}
		return append(b, ']')
	case object:
		b = append(b, '{')
		for i, m := range x {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(append(appendString(b, m.name), ':'), m.value, people)
		}
		return append(b, '}')
	}
	switch n := reflect.ValueOf(v); {
	case n.CanInt():
		return strconv.AppendInt(b, n.Int(), 10)
	case n.CanUint():
		return strconv.AppendUint(b, n.Uint(), 10)
	}
	return appendString(b, fmt.Sprint(v))
}

// appendFloat writes a number, without an exponent if it is of ordinary size.
func appendFloat(b []byte, x float64, bits int, people bool) []byte {
	switch a := math.Abs(x); {
	case math.IsNaN(x) || math.IsInf(x, 0):
		if !people {
			return append(b, "null"...)
		}
		return append(b, strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(x, 'g', -1, bits)), "+")...)
	case a != 0 && (a < 1e-6 || a >= 1e21):
		mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', -1, bits), "e")
		return append(b, mantissa+"e"+strings.NewReplacer("+", "", "-0", "-").Replace(exponent)...)
	}
	return strconv.AppendFloat(b, x, 'f', -1, bits)
}

func appendString(b []byte, s string) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can always be encoded
	return append(b, words.JSON(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))...)
}
