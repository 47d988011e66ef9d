package transform

import "math"

// ListState tells how the vendor sent a list.
type ListState uint8

const (
	ListAbsent  ListState = iota // no such field
	ListNull                     // null
	ListPresent                  // an array, perhaps an empty one
)

func (l ListState) String() string {
	switch l {
	case ListAbsent:
		return "absent"
	case ListNull:
		return "null"
	}
	return "present"
}

// Info is what a response tells beside its rows.
type Info struct {
	RequestID string
	Total     int // as the vendor says; 0 unless HasTotal
	HasTotal  bool
	List      ListState // of the list that holds the rows
	Items     int       // elements of that list; an element can make no row or several

	Damage      []Damage // the first that are different
	DamageCount int      // pieces of the answer that are damaged, kept rows included
	Repeated    int      // rows left out because the same answer has them already
	Nulls       int      // fields that are null and that every row has: they are read as empty
}

// Decoder reads responses. It holds scratch memory and the strings it has met,
// so that reading many responses of one shape allocates little; no result
// refers to a body. The zero Decoder is ready. It is not safe for concurrent use.
type Decoder struct {
	scan  scanner
	names interner
	nulls []uint32 // times of the points without a value in the series being read
}

// Reset lets go of everything d remembers.
func (d *Decoder) Reset() { *d = Decoder{} }

// decode walks {"Response":{…}} and hands each field of the response to field,
// which returns false for one it does not know. It calls begin before the fields
// of a response, to drop what an earlier, repeated "Response" left.
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
				requestID = string(s.text())
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
		s.failAt(0, `no "Response" in the body`)
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

// vendorError reads the value of "Error"; it is nil for null.
func (s *scanner) vendorError() *VendorError {
	if s.null() {
		return nil
	}
	e := &VendorError{}
	s.begin('{')
	for s.member() {
		switch string(s.key) {
		case "Code":
			e.Code = string(s.text())
		case "Message":
			e.Message = string(s.text())
		default:
			s.skip()
		}
	}
	return e
}

// total reads the value of "Total".
func (i *Info) total(s *scanner) {
	n, ok := s.integer(0, math.MaxInt32)
	i.Total, i.HasTotal = int(n), ok
}

// name reads a string that is likely to come again.
func (d *Decoder) name() string { return d.names.intern(d.scan.text()) }

// rows reads a response that holds its rows in one list. The function element
// reads an element of it and appends the rows that makes to dst.
func rows[T any](d *Decoder, what, list string, body []byte, dst []T, element func(dst []T) []T) ([]T, Info, error) {
	s := &d.scan
	base := len(dst)
	var info Info
	id, err := d.decode(what, body, func() {
		dst, info = dst[:base], Info{}
	}, func(key []byte) bool {
		switch string(key) {
		case "Total":
			info.total(s)
		case list:
			dst, info.Items = dst[:base], 0
			info.List = s.list()
			for info.List == ListPresent && s.element() {
				dst = element(dst)
				info.Items++
			}
		default:
			return false
		}
		return true
	})
	if err != nil {
		return dst[:base], Info{}, err
	}
	info.RequestID = id
	return dst, info, nil
}
