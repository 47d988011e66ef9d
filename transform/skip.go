package transform

// isWord marks the bytes of words and numbers.
var isWord = func() (is [256]bool) {
	for _, c := range "+-._0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		is[c] = true
	}
	return is
}()

// word reads a value that is not a string, object or list: a number, true, false,
// null, or any other word.
func (s *scanner) word() []byte {
	s.space()
	start := s.pos
	for s.pos < len(s.buf) && isWord[s.buf[s.pos]] {
		s.pos++
	}
	if s.pos == start {
		s.fail("a value")
		return nil
	}
	return s.buf[start:s.pos]
}

// skip reads a value of any kind, however deep it nests.
func (s *scanner) skip() {
	s.open.depth = 0
	for {
		switch c := s.space(); c {
		case '{', '[':
			s.open.push(c == '{')
			s.begin(c)
		case '"':
			s.quoted()
		default:
			s.word()
		}
		for s.open.depth > 0 && !s.more() {
			s.open.depth--
		}
		if s.open.depth == 0 {
			return
		}
	}
}

// more moves to the next value of the innermost object or list.
func (s *scanner) more() bool {
	if s.open.top() {
		return s.member()
	}
	return s.element()
}

// bitStack is a stack of bits.
type bitStack struct {
	words []uint64
	depth int
}

func (b *bitStack) push(bit bool) {
	i, mask := b.depth/64, uint64(1)<<(b.depth%64)
	if i == len(b.words) {
		b.words = append(b.words, 0)
	}
	b.words[i] &^= mask
	if bit {
		b.words[i] |= mask
	}
	b.depth++
}

// top returns the bit pushed last.
func (b *bitStack) top() bool {
	i := b.depth - 1
	return b.words[i/64]>>(i%64)&1 != 0
}
