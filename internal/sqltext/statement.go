package sqltext

import (
	"slices"
	"strings"
)

// Statement is one statement of a text, as well as it can be parsed without the server.
type Statement struct {
	Text   string
	Verb   string // its first word, in capitals; "": it does not begin with a word
	Format string // of its FORMAT clause; "": it has none
	// Plain is Text without its FORMAT clause and the comments after it, if that is the
	// last clause. Otherwise it is Text.
	Plain   string
	Outfile bool // it has INTO OUTFILE
	// Writes is the kind of a statement that may write: it is not known to only read, and a
	// read-only connection (readonly = 2) may not refuse it. ClickHouse lets some through
	// there, such as KILL and BACKUP. "": it cannot write.
	Writes string
}

// Statements splits a text at every semicolon outside of strings and comments.
func Statements(text string) (all []Statement) {
	from := 0
	var piece []token
	for _, t := range tokens(text) {
		if !t.is(text, ";") {
			piece = append(piece, t)
			continue
		}
		all = appendStatement(all, text[from:t.from], piece, from)
		from, piece = t.to, nil
	}
	return appendStatement(all, text[from:], piece, from)
}

// appendStatement adds a statement unless it is empty. The positions of its tokens count
// from offset.
func appendStatement(all []Statement, text string, ts []token, offset int) []Statement {
	if len(ts) == 0 {
		return all
	}
	for i := range ts {
		ts[i].from -= offset
		ts[i].to -= offset
	}
	s := Statement{Text: text, Plain: text}
	if ts[0].kind == word {
		s.Verb = strings.ToUpper(text[ts[0].from:ts[0].to])
	}
	s.Writes = writes(text, ts)
	if s.Writes == "INSERT" { // the format is that of the data that follow
		return append(all, s)
	}
	top := slices.DeleteFunc(slices.Clone(ts), func(t token) bool { return t.depth > 0 })
	s.Outfile = outfile(text, top)
	if i := format(text, top); i > 0 {
		s.Format = strings.Trim(text[top[i+1].from:top[i+1].to], "\"`")
		if i+2 == len(top) {
			s.Plain = text[:top[i].from]
		}
	}
	return append(all, s)
}

// harmless are the kinds of statements that only read, and those that a connection with
// readonly = 2 refuses.
var harmless = strings.Fields(`SELECT WITH FROM SHOW DESCRIBE DESC EXPLAIN EXISTS CHECK SET USE
	DROP TRUNCATE OPTIMIZE RENAME EXCHANGE ALTER UPDATE DELETE DETACH ATTACH MOVE`)

func writes(text string, ts []token) string {
	begins := true // the next word begins a statement: the first one, or one in parallel with others
	for i, t := range ts {
		if begins && t.kind == word {
			if w := strings.ToUpper(text[t.from:t.to]); !slices.Contains(harmless, w) {
				return w
			}
		}
		beside := t.is(text, "WITH") && i > 0 && ts[i-1].is(text, "PARALLEL")
		begins = t.is(text, "(") && begins || beside
	}
	if len(ts) > 1 && ts[0].is(text, "SET") && ts[1].is(text, "DEFAULT") {
		return "SET DEFAULT ROLE"
	}
	if ts[0].is(text, "WITH") || ts[0].is(text, "FROM") {
		for i := range ts[:len(ts)-1] {
			if ts[i].depth == 0 && ts[i].is(text, "INSERT") && ts[i+1].is(text, "INTO") {
				return "INSERT"
			}
		}
	}
	return ""
}

func outfile(text string, top []token) bool {
	for i := 2; i < len(top); i++ {
		if top[i].kind == literal && top[i-1].is(text, "OUTFILE") && top[i-2].is(text, "INTO") {
			return true
		}
	}
	return false
}

// format returns the index of the word FORMAT of a clause among the tokens outside of
// brackets. A name follows it, and then nothing or settings. It returns 0 if there is no
// such clause.
func format(text string, top []token) int {
	for i := len(top) - 2; i > 0; i-- {
		named := top[i+1].kind == word || top[i+1].kind == name
		ends := i+2 == len(top) || top[i+2].is(text, "SETTINGS")
		if top[i].is(text, "FORMAT") && named && ends && !wantsOperand(text, top[:i]) {
			return i
		}
	}
	return 0
}

// wanting are keywords that an expression or a name must follow.
var wanting = strings.Fields(`SELECT DISTINCT BY AS WHERE PREWHERE HAVING QUALIFY AND OR NOT IN LIKE ILIKE REGEXP
	IS BETWEEN FROM JOIN ON USING WHEN THEN ELSE CASE INTERVAL LIMIT OFFSET DIV MOD GLOBAL EXCEPT TABLE DATABASE DESCRIBE
	WITH UNION ALL INTERSECT SET USE`)

// wantsOperand reports whether a word after these tokens is an operand, such as a column,
// and not the beginning of a clause.
func wantsOperand(text string, before []token) bool {
	last := before[len(before)-1]
	switch {
	case last.kind == word:
		up := strings.ToUpper(text[last.from:last.to])
		return slices.Contains(wanting, up) && !(len(before) > 1 && before[len(before)-2].is(text, ".")) && !byAll(text, before)
	case last.kind != mark:
		return false
	}
	switch text[last.from:last.to] {
	case ")", "]", "}":
		return false
	case "*": // either all columns, or a product
		return len(before) > 1 && !before[len(before)-2].is(text, ",") && !before[len(before)-2].is(text, ".") && !wantsOperand(text, before[:len(before)-1])
	}
	return true
}

// byAll reports whether the last token is the ALL of GROUP BY ALL or a similar clause.
func byAll(text string, before []token) bool {
	return len(before) > 1 && before[len(before)-1].is(text, "ALL") && before[len(before)-2].is(text, "BY")
}
