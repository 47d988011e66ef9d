package privacy

import (
	"hash"
	"io"
)

// Reader passes on an answer as the policy has it.
type Reader struct {
	src io.Reader
	x   *Exchange

	in  []byte
	out []byte // to be read from at on
	at  int
	err error // of src

	state
	open   nesting
	rule   rule // of the field whose value comes, and of all within it
	level  int  // of nesting, at which that field is
	hidden bool // the text or word that comes is held back
	isKey  bool // it is the name of a field
	escape int  // in a text: digits of an escape still to come, or one of these
	held   []byte
	long   hash.Hash // of a text that is too long to be held; nil: it is not
}

// state is what comes next.
type state uint8

const (
	atBegin   state = iota // the object that an answer is
	atPage                 // more of what is no JSON
	atField                // the name of a field
	atFirst                // the same, or the end of an object
	atColon                // what divides name and value
	atValue                // a value
	atElement              // a value, or the end of a list
	atNext                 // what divides values, or the end
	inText                 // more of a text
	inNumber               // more of a number or word
	atEnd                  // white space after the document
	ended                  // nothing more passes
)

const (
	noEscape    = 0
	beginEscape = -1
)

// pieces is how much is read at once.
const pieces = 32 << 10

// longestHeld is the longest text that is held back, in bytes as it is spelled. A longer id
// is taken as it is spelled, and requests cannot name it.
const longestHeld = 64 << 10

func newReader(src io.Reader, x *Exchange) *Reader { return &Reader{src: src, x: x} }

func (r *Reader) Read(p []byte) (int, error) {
	for r.at == len(r.out) {
		if r.state == ended {
			return 0, io.EOF
		}
		if r.err != nil {
			return 0, r.err
		}
		if r.in == nil {
			r.in = make([]byte, pieces)
		}
		r.out, r.at = r.out[:0], 0
		var n int
		n, r.err = r.src.Read(r.in)
		r.rewrite(r.in[:n])
	}
	n := copy(p, r.out[r.at:])
	r.at += n
	return n, nil
}

// rewrite puts out what may pass of in.
func (r *Reader) rewrite(in []byte) {
	for len(in) > 0 && r.state != ended {
		n := 0
		switch r.state {
		case inText:
			n = r.text(in)
		case inNumber:
			n = r.word(in)
		case atPage:
			n = r.page(in)
		default:
			n = r.structure(in)
		}
		in = in[n:]
	}
}

// put puts a byte out.
func (r *Reader) put(c byte) { r.out = append(r.out, c) }

// stop ends what passes with the byte that is wrong.
func (r *Reader) stop(c byte) int {
	r.put(c)
	r.state = ended
	return 1
}

// page passes on what is no JSON, up to where something could be quoted.
func (r *Reader) page(in []byte) int {
	for i, c := range in {
		if c == '"' || c == '{' || c == '[' || c == '\'' {
			r.out = append(r.out, in[:i]...)
			r.state = ended
			return len(in)
		}
	}
	r.out = append(r.out, in...)
	return len(in)
}

// structure passes on white space and one byte of what is between texts and words, or begins
// one of these.
func (r *Reader) structure(in []byte) int {
	for i, c := range in {
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			r.put(c)
			continue
		}
		return i + r.token(c)
	}
	return len(in)
}

// token takes a byte that is not white space, and returns how many it has taken: a word's
// first byte is taken with the word.
func (r *Reader) token(c byte) int {
	switch r.state {
	case atBegin:
		if c != '{' {
			r.state = atPage
			return 0
		}
		return r.begin(c)
	case atField, atFirst:
		switch {
		case c == '"':
			return r.beginText(true)
		case c == '}' && r.state == atFirst:
			return r.close(c)
		}
	case atColon:
		if c == ':' {
			r.put(c)
			r.state = atValue
			return 1
		}
	case atValue, atElement:
		switch {
		case c == '{' || c == '[':
			return r.begin(c)
		case c == '"':
			return r.beginText(false)
		case c == ']' && r.state == atElement:
			return r.close(c)
		case inWord[c]:
			r.state, r.hidden, r.isKey = inNumber, r.rule != pass, false
			r.held, r.long = r.held[:0], nil
			return 0
		}
	case atNext:
		switch {
		case c == ',' && r.open.object():
			r.put(c)
			r.state = atField
			return 1
		case c == ',':
			r.put(c)
			r.state = atValue
			return 1
		case c == '}' && r.open.object(), c == ']' && !r.open.object():
			return r.close(c)
		}
	}
	return r.stop(c)
}

// begin begins an object or list.
func (r *Reader) begin(c byte) int {
	r.put(c)
	r.open.push(c == '{')
	if r.state = atElement; c == '{' {
		r.state = atFirst
	}
	return 1
}

// close ends one. The rule of a field within it ends with it.
func (r *Reader) close(c byte) int {
	r.put(c)
	r.open.pop()
	if r.open.depth < r.level {
		r.rule = pass
	}
	r.after()
	return 1
}

// after says what comes after a value.
func (r *Reader) after() {
	if r.state = atNext; r.open.depth == 0 {
		r.state = atEnd
	}
}

// nesting is the stack of objects and lists that are open.
type nesting struct {
	words []uint64
	depth int
}

func (n *nesting) push(object bool) {
	i, bit := n.depth/64, uint64(1)<<(n.depth%64)
	if i == len(n.words) {
		n.words = append(n.words, 0)
	}
	if n.words[i] &^= bit; object {
		n.words[i] |= bit
	}
	n.depth++
}

func (n *nesting) pop() { n.depth-- }

// object says that the innermost is an object.
func (n *nesting) object() bool {
	i := n.depth - 1
	return n.words[i/64]>>(i%64)&1 != 0
}
