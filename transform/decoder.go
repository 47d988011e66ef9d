package transform

import "math"

// ListState is how the vendor sent a list.
type ListState uint8

const (
	ListAbsent  ListState = iota // no such field
	ListNull                     // null
	ListPresent                  // an array, possibly empty
	ListWrong                    // neither an array nor null
)

func (l ListState) String() string {
	switch l {
	case ListAbsent:
		return "absent"
	case ListNull:
		return "null"
	case ListPresent:
		return "present"
	}
	return "wrong"
}

// Info is the information of a response besides its rows.
type Info struct {
	RequestID string
	Total     int // the vendor's count; 0 unless HasTotal
	HasTotal  bool
	List      ListState // of the list with the rows
	Items     int       // elements of that list; an element can make no row or several

	// Received counts the rows received, damaged and repeated rows included: the
	// events of Events, the sessions of Detail, elsewhere the elements of the list.
	Received    int
	Damage      []Damage // each distinct damage; if there are too many, several in one
	DamageCount int      // damaged pieces, kept rows included
	Repeated    int      // rows dropped because an equal row is kept
	Nulls       int      // null fields that are read as empty
	Differs     string   // how the vendor's total differs from the sum of its statistics; "": it does not
}

// Decoder reads responses. It reuses its scratch memory and the strings it has read,
// so reading many responses of one shape allocates little. Results do not refer to
// the body. The zero Decoder is ready to use. It is not safe for concurrent use.
type Decoder struct {
	scan  scanner
	names interner
	nulls []uint32 // times of the points without a value in the current series
	bad   tally    // damaged points of the current series
}

// Reset frees the memory of d.
func (d *Decoder) Reset() { *d = Decoder{} }

// decode walks {"Response":{…}} and calls field for each field of the response. field
// returns false if it does not know the field. decode calls begin before the fields of
// each "Response", to drop the rows of a repeated one.
func (d *Decoder) decode(what string, body []byte, begin func(), field func(key []byte) bool) (requestID string, err error) {
	s := &d.scan
	s.start(what, body)
	defer s.release()
	var vendor *VendorError
	seen := false
	s.begin('{')
	for s.member() {
		if string(s.key) != "Response" {
			s.skip()
			continue
		}
		seen, vendor, requestID = true, nil, ""
		begin()
		s.begin('{')
		for s.member() {
			switch string(s.key) {
			case "RequestId":
				text, _ := s.text()
				requestID = string(text)
			case "Error":
				vendor = s.vendorError()
			default:
				if !field(s.key) {
					s.skip()
				}
			}
		}
	}
	s.end()
	if !seen {
		s.failWith(&DecodeError{Problem: `no "Response" in the body`})
	}
	if s.err != nil {
		return "", s.err
	}
	if vendor != nil {
		vendor.RequestID = requestID
		return "", vendor
	}
	return requestID, nil
}

// vendorError reads the value of "Error". It returns nil for null.
func (s *scanner) vendorError() *VendorError {
	e := &VendorError{Code: UnreadableError}
	if s.space() != '{' {
		message, f := s.text()
		if f.state == null {
			return nil
		}
		e.Message = string(message) + f.problem
		return e
	}
	s.begin('{')
	for s.member() {
		switch string(s.key) {
		case "Code":
			if e.Code = s.id().v; e.Code == "" {
				e.Code = UnreadableError
			}
		case "Message":
			message, _ := s.text()
			e.Message = string(message)
		default:
			s.skip()
		}
	}
	return e
}

// setTotal sets the value of "Total".
func (i *Info) setTotal(total value[int64]) {
	i.Total, i.HasTotal = int(total.v), total.state == good
	if total.state == wrong {
		var t tally
		t.add(Damage{What: "total", Problem: "Total: " + total.problem, Kept: true})
		i.addDamage(&t)
	}
}

// addDamage adds the damages of t.
func (i *Info) addDamage(t *tally) {
	all := tally{i.Damage, i.DamageCount}
	all.merge(t)
	i.Damage, i.DamageCount = all.list, all.count
}

// total reads the value of "Total".
func (s *scanner) total() value[int64] { return s.integer(0, math.MaxInt32) }

// rows reads a response whose rows are in one list. The function element reads one
// element of the list and adds its rows to t.
func rows[T comparable](d *Decoder, what, list string, body []byte, t *table[T], element func()) ([]T, Info, error) {
	s := &d.scan
	var info Info
	var total value[int64]
	id, err := d.decode(what, body, func() {
		info, total = Info{}, value[int64]{}
		t.reset()
	}, func(key []byte) bool {
		switch string(key) {
		case "Total":
			total.set(s.total())
		case list:
			again := info.List != ListAbsent
			t.reset()
			info.Items = 0
			info.List, _ = s.list()
			for info.List == ListPresent && s.element() {
				info.Items++
				element()
			}
			if again {
				info.List, info.Items = ListWrong, 0
				t.reset()
			}
		default:
			return false
		}
		return true
	})
	if err != nil {
		t.reset()
		return t.rows, Info{}, err
	}
	info.RequestID = id
	info.setTotal(total)
	t.report(&info)
	return t.rows, info, nil
}
