package ask

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/callvault/callvault/extract/trtc"
)

// pagesOf returns a list of rows with pages of one size, whatever size is asked for. Pages
// after its end return the error beyond, or are empty if it is nil.
func pagesOf(rows, size int, counted bool, beyond error) *List {
	seen := map[string]bool{}
	l := &List{Asker: NewAsker(nil, trtc.Current(), nil, Attempts{}), Action: "DescribeRoomInfo", Size: 100, Most: 50}
	l.Fetch = func(_ context.Context, number, _ int, _ bool) (p Page, err error) {
		if number*size >= rows && number > 0 && beyond != nil {
			return p, beyond
		}
		for i := number * size; i < min(rows, (number+1)*size); i++ {
			key := fmt.Sprint("row ", i)
			if p.Keys = append(p.Keys, key); !seen[key] {
				seen[key], p.Fresh = true, p.Fresh+1
			}
		}
		p.Total, p.HasTotal = rows, counted
		return p, nil
	}
	return l
}

// TestListsOfAnyPages checks that lists are read to their end, whatever pages the vendor
// makes.
func TestListsOfAnyPages(t *testing.T) {
	refused := trtc.NewError("DescribeRoomInfo", "InvalidParameter.PageNumber", "no such page", "r")
	for _, rows := range []int{0, 1, 19, 20, 21, 99, 100, 101, 250} {
		for _, size := range []int{20, 100} {
			for _, counted := range []bool{true, false} {
				for _, beyond := range []error{nil, refused} {
					l := pagesOf(rows, size, counted, beyond)
					if err := l.Read(t.Context()); err != nil || l.union != rows || l.Short() {
						t.Errorf("%d rows in pages of %d, counted %v, beyond the end %v: %d came, short %v, %v", rows, size, counted, beyond, l.union, l.Short(), err)
					}
				}
			}
		}
	}
	failed := errors.New("an error of the vendor")
	if err := pagesOf(30, 20, false, failed).Read(t.Context()); !errors.Is(err, failed) {
		t.Errorf("a page that fails: %v", err)
	}
}
