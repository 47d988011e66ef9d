package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/callvault/callvault/internal/simulator"
)

const app = 1400353843

// began is when all calls of the benchmark began: fixed, so that two runs have
// the same rows.
var began = time.Now().UTC().Truncate(24 * time.Hour).Add(-48 * time.Hour)

// shape is a kind of call, and how many of them a round has.
type shape struct {
	Name                  string
	About                 string
	Users, Peers, Seconds int
	Calls                 int
	Bodies                int // different ones
}

var shapes = []shape{
	{"full", "6 users, 5 peers each, 1 h", 6, 5, 3600, 30, 30},
	{"M", "6 users, 2 peers each, 1 h", 6, 2, 3600, 60, 30},
	{"S", "a 1:1 call of 10 minutes", 2, 1, 600, 1500, 100},
}

func shapeNamed(name string) shape {
	for _, s := range shapes {
		if s.Name == name {
			return s
		}
	}
	panic("no shape " + name)
}

// of is the shape with so many calls a round.
func (s shape) of(calls int) shape {
	s.Calls, s.Bodies = calls, min(s.Bodies, calls)
	return s
}

// points of one call.
func (s shape) points() int {
	const up, down = 12, 11 // metrics of what a user sends, and receives from a peer
	return s.Users * (up + s.Peers*down) * s.Seconds / 2
}

// body is the call with this number.
func (s shape) body(i int) simulator.Canned {
	return simulator.Canned{Seed: uint64(i%s.Bodies) + 1, Start: began, Seconds: s.Seconds, Users: s.Users, Peers: s.Peers}
}

// commID names a call of a shape; index finds its number.
func (s shape) commID(i int) string {
	return fmt.Sprintf("%d_%s-%d_%d", app, s.Name, i, began.Unix())
}

func (s shape) index(commID string) int {
	_, rest, _ := strings.Cut(commID, "-")
	n, _, _ := strings.Cut(rest, "_")
	i, _ := strconv.Atoi(n)
	return i
}
