package config

import (
	"cmp"
	"encoding"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// setting is a field of Config that a user can set.
type setting struct {
	variable string // in the environment; "": none
	key      string // in the file; "": none
	use      string // what a value looks like
	value    reflect.Value
}

// name returns the name of the setting in places.
func (s setting) name() string { return cmp.Or(s.variable, s.key) }

// secret reports whether the value is a secret of callvault's own, which may be in a file.
func (s setting) secret() bool { return s.value.Type() == reflect.TypeFor[Secret]() }

// settingsOf returns the settings of a struct, given its address, and of the structs within
// it. The tags of such a struct begin the names of its settings.
func settingsOf(s any) []setting { return settingsIn(reflect.ValueOf(s).Elem(), "", "") }

func settingsIn(s reflect.Value, variable, key string) (all []setting) {
	for i := range s.NumField() {
		f := s.Type().Field(i)
		env, yaml, use := f.Tag.Get("env"), f.Tag.Get("yaml"), f.Tag.Get("use")
		if f.Type.Kind() == reflect.Struct {
			all = append(all, settingsIn(s.Field(i), variable+env, key+yaml)...)
		}
		if use == "" {
			continue
		}
		one := setting{use: use, value: s.Field(i)}
		if env != "" {
			one.variable = variable + env
		}
		if yaml != "" {
			one.key = key + yaml
		}
		all = append(all, one)
	}
	return all
}

// set reads the value. A list has commas.
func (s setting) set(text string) error {
	v := s.value
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if v.Kind() != reflect.Slice {
		return parse(v, text)
	}
	v.SetZero()
	for item := range strings.SplitSeq(text, ",") {
		one := reflect.New(v.Type().Elem()).Elem()
		if err := parse(one, strings.TrimSpace(item)); err != nil {
			return err
		}
		v.Set(reflect.Append(v, one))
	}
	return nil
}

func parse(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		v.SetFloat(f)
		return err
	case reflect.Int:
		n, err := strconv.Atoi(text)
		v.SetInt(int64(n))
		return err
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return err
	}
	v.SetString(text)
	return nil
}

// flaw returns what is wrong with a text, whatever setting it is for, or "". It does not
// quote the text.
func flaw(text string) string {
	switch {
	case !utf8.ValidString(text):
		return "is not UTF-8 text"
	case strings.ContainsAny(text, "\r\n"):
		return "contains a line break"
	case strings.ContainsFunc(text, unicode.IsControl):
		return "contains a control character"
	case strings.TrimSpace(text) != text:
		return "begins or ends with a blank"
	}
	return ""
}

// short returns the beginning of a text.
func short(text string) string {
	const most = 60
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
