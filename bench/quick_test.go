package main

import (
	"math"
	"strings"
	"testing"
)

func TestFailures(t *testing.T) {
	for _, c := range []struct {
		name   string
		checks []check
		want   []string // lines
	}{
		{"nothing measured", nil, nil},
		{"below its goal", []check{{"way", 1.3, 1.4, 1.4, 0}}, nil},
		{"at its goal", []check{{"way", 1.4, 1.4, 1.4, 0}}, nil},
		{"above its goal, within its noise", []check{{"way", 1.45, 1.4, 1.4, 0.1}}, nil},
		{"above its goal by more than its noise", []check{{"way", 1.55, 1.4, 1.4, 0.1}}, []string{"way: 1.550, goal ≤ 1.4, limit 1.4, noise 0.100"}},
		{"above its goal, below its limit", []check{{"way", 1.7, 1.4, 1.8, 0}}, nil},
		{"above its limit, within its noise", []check{{"way", 1.85, 1.4, 1.8, 0.1}}, nil},
		{"above its limit by more than its noise", []check{{"way", 1.95, 1.4, 1.8, 0.1}}, []string{"way: 1.950, goal ≤ 1.4, limit 1.8, noise 0.100"}},
		{"exact, a little above its goal", []check{{"value", 0.701, 0.7, 0.7, 0}}, []string{"value: 0.701, goal ≤ 0.7, limit 0.7, noise 0.000"}},
		{"no number", []check{{"value", math.NaN(), 0.7, 0.7, 0}}, []string{"value: NaN, goal ≤ 0.7, limit 0.7, noise 0.000"}},
		{"each has its line", []check{{"way", 2, 1.4, 1.4, 0.1}, {"value", 0.6, 0.7, 0.7, 0}, {"rest", 0.1, 0.06, 0.06, 0}},
			[]string{"way: 2.000, goal ≤ 1.4, limit 1.4, noise 0.100", "rest: 0.100, goal ≤ 0.06, limit 0.06, noise 0.000"}},
	} {
		got := ""
		if err := failures(c.checks); err != nil {
			got = err.Error()
		}
		if want := strings.Join(c.want, "\n"); got != want {
			t.Errorf("%s: %q, want %q", c.name, got, want)
		}
	}
}

func TestNoiseOf(t *testing.T) {
	for _, c := range []struct {
		rounds []float64
		want   float64
	}{{nil, 0}, {[]float64{1.3}, 0}, {[]float64{1.5, 1.25, 1.375}, 0.125}} {
		if got := noiseOf(c.rounds); got != c.want {
			t.Errorf("noise of %v: %g, want %g", c.rounds, got, c.want)
		}
	}
}

func TestWayLimits(t *testing.T) {
	for _, s := range shapes {
		if most := wayLimits[s.Name]; most < mostWay {
			t.Errorf("the limit of %s is %g, below the goal of %g", s.Name, most, mostWay)
		}
	}
}
