package forecast

import (
	"fmt"
	"testing"
	"time"
)

var begin = time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)

// sampleOf adds n calls: call i lasts i minutes and has a deadline i minutes after begin.
func sampleOf(n int) *Sample[int] {
	s := NewSample[int]()
	for i := range n {
		s.Add(i, fmt.Sprint("call ", i), time.Duration(i)*time.Minute, begin.Add(time.Duration(i)*time.Minute))
	}
	return s
}

func TestSampleIsExactWhileItHasRoom(t *testing.T) {
	for n, exact := range map[int]bool{0: true, 100: true, 500: true, 501: false} {
		s := sampleOf(n)
		if s.Exact() != exact || s.Seen() != n || len(s.Longest()) != min(n, 100) || len(s.Others()) != min(max(n-100, 0), 400) {
			t.Errorf("%d calls: exact %t, %d seen, %d longest and %d others", n, s.Exact(), s.Seen(), len(s.Longest()), len(s.Others()))
		}
	}
}

func TestSampleHasTheLongestCalls(t *testing.T) {
	s := sampleOf(2000)
	s.Add(-1, "running", Running, begin)
	longest := s.Longest()
	if longest[0] != -1 || longest[1] != 1999 || longest[99] != 1901 {
		t.Errorf("the longest are %v", longest)
	}
	seen := map[int]bool{}
	for _, c := range s.Others() {
		if c > 1900 || seen[c] {
			t.Errorf("call %d is among the others", c)
		}
		seen[c] = true
	}
}

func TestEstimateScalesTheOthersOnly(t *testing.T) {
	s := sampleOf(1100)
	longest, others := make([]Cost, 100), make([]Cost, 400)
	for i := range longest {
		longest[i] = Cost{Users: 10, Series: 100}
	}
	for i := range others {
		others[i] = Cost{Users: 1, Series: 2, Events: 3}
	}
	if got, want := s.Estimate(longest, others), (Cost{Users: 1000 + 1000, Series: 10000 + 2000, Events: 3000}); got != want {
		t.Errorf("estimate %+v, want %+v", got, want)
	}
	if got := sampleOf(3).Estimate(longest[:3], nil); got != (Cost{Users: 30, Series: 300}) {
		t.Errorf("estimate of three calls: %+v", got)
	}
}

// TestExpiringCallsAreThoseWhoseTurnComesTooLate makes a pass of four hours over calls of
// which 60 expire in each of two hours.
func TestExpiringCallsAreThoseWhoseTurnComesTooLate(t *testing.T) {
	s := sampleOf(120)
	if !s.Deadline().Equal(begin) {
		t.Errorf("deadline %s", s.Deadline())
	}
	if n, first := s.Expiring(begin, time.Hour); n != 0 || !first.IsZero() {
		t.Errorf("a pass of an hour: %d expire, the first at %s", n, first)
	}
	if n, first := s.Expiring(begin, 4*time.Hour); n != 120 || !first.Equal(begin) {
		t.Errorf("a pass of four hours: %d expire, the first at %s", n, first)
	}
	if n, first := s.Expiring(begin.Add(-time.Hour), 3*time.Hour+time.Minute); n != 60 || !first.Equal(begin.Add(time.Hour)) {
		t.Errorf("a pass of three hours: %d expire, the first at %s", n, first)
	}
	if n, first := sampleOf(0).Expiring(begin, time.Hour); n != 0 || !first.IsZero() {
		t.Errorf("without calls: %d expire, the first at %s", n, first)
	}
}

func TestDurationIsThatOfTheSlowestAction(t *testing.T) {
	f := Forecast{Requests: map[string]int{"fast": 100, "slow": 10}}
	rate := func(action string) float64 { return map[string]float64{"fast": 20, "slow": 1}[action] }
	if d := f.Duration(rate); d != 10*time.Second {
		t.Errorf("it takes %s", d)
	}
}

func TestEvenlyChoosesFromBeginningToEnd(t *testing.T) {
	if got := fmt.Sprint(Evenly([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 4)); got != "[0 2 5 7]" {
		t.Error(got)
	}
	if got := fmt.Sprint(Evenly([]int{0, 1}, 4)); got != "[0 1]" {
		t.Error(got)
	}
	if got := Scale(10, 4, 10); got != 25 {
		t.Errorf("10 requests for 4 of 10 are %d for all", got)
	}
	if got := Scale(1, 3, 10); got != 4 {
		t.Errorf("1 request for 3 of 10 is %d for all", got)
	}
}
