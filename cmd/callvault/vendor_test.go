package main

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/callvault/callvault/internal/simulator"
)

// vendor is a simulator that notes its requests and can call a function when a given number of
// requests has come in.
type vendor struct {
	*simulator.Simulator
	url string

	mu    sync.Mutex
	left  int
	do    func()
	done  bool                      // do has been called, or is about to be
	calls map[string]map[string]int // requests about a call, by CommId and action
	other map[string]int            // other requests, by action
}

func newVendor(t *testing.T, o simulator.Options) *vendor {
	t.Helper()
	sim, err := simulator.New(o)
	if err != nil {
		t.Fatal(err)
	}
	v := &vendor{Simulator: sim}
	v.forget()
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	v.url = server.URL
	return v
}

// at calls do once, when n more requests have come in, before the last of them is answered. It
// replaces the function of an earlier call; do may be nil.
func (v *vendor) at(n int, do func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.left, v.do, v.done = n, do, false
}

// disarm removes the function and reports whether it has been called.
func (v *vendor) disarm() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.do = nil
	return v.done
}

// forget begins to note anew.
func (v *vendor) forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.calls, v.other = map[string]map[string]int{}, map[string]int{}
}

// noted returns the requests since forget.
func (v *vendor) noted() (calls map[string]map[string]int, other map[string]int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	calls = map[string]map[string]int{}
	for id, n := range v.calls {
		calls[id] = maps.Clone(n)
	}
	return calls, maps.Clone(v.other)
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if do := v.note(r); do != nil {
		do()
	}
	v.Simulator.ServeHTTP(w, r)
}

// note notes a request and returns the function to call before it is answered.
func (v *vendor) note(r *http.Request) func() {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	var about struct {
		CommID string `json:"CommId"`
	}
	_ = json.Unmarshal(body, &about) // a body that is not JSON names no call
	v.mu.Lock()
	defer v.mu.Unlock()
	action := r.Header.Get("X-TC-Action")
	switch {
	case about.CommID == "":
		v.other[action]++
	case v.calls[about.CommID] == nil:
		v.calls[about.CommID] = map[string]int{action: 1}
	default:
		v.calls[about.CommID][action]++
	}
	if v.left--; v.left != 0 || v.do == nil {
		return nil
	}
	v.done = true
	return v.do
}
